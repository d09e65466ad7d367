"""Files of captions: a table or lines of JSON, with the name of a picture in each row."""

import csv
import json
import os
import pathlib
from collections.abc import Iterable, Iterator
from typing import Any

from kgan.types import PathLike

FILE_NAME, TEXT = "file_name", "text"
# The files in which captions are looked for, in order.
_FILES = ("captions.csv", "metadata.csv", "metadata.jsonl")


def find(folder: PathLike) -> pathlib.Path:
    """Returns the path of the captions in a folder of pictures.

    Raises:
        FileNotFoundError: If the folder has no file of captions.
    """
    for name in _FILES:
        path = pathlib.Path(folder, name)
        if path.is_file():
            return path
    raise FileNotFoundError(
        f"Expected captions in a file {', '.join(_FILES[:-1])} or {_FILES[-1]} in the "
        "folder, or in the file `captions`. "
        f"Received: source={os.fspath(folder)!r}, captions=None"
    )


def read(path: PathLike) -> dict[str, tuple[str, ...]]:
    """Reads the captions of each picture.

    Args:
        path: Path of a `.csv` or `.jsonl` file.

    Returns:
        A dict from the names of the pictures to their captions, in the order of the file.

    Raises:
        FileNotFoundError: If there is no file at the path.
        ValueError: If the file can't be read, or a caption is empty.
    """
    if not os.path.isfile(path):
        raise FileNotFoundError(f"There is no file of captions. {_received(path)}")
    readers = {".csv": _csv_rows, ".jsonl": _jsonl_rows}
    suffix = os.path.splitext(path)[1].lower()
    if suffix not in readers:
        raise ValueError(f"Captions must be a .csv or .jsonl file. {_received(path)}")
    found: dict[str, tuple[str, ...]] = {}
    try:
        for name, text in readers[suffix](path):
            found[name] = (*found.get(name, ()), *_checked(name, text, path))
    except (UnicodeDecodeError, csv.Error) as error:
        raise ValueError(
            f"The captions can't be read ({error}); the file must be a text in UTF-8. "
            f"{_received(path)}"
        ) from None
    return found


def _csv_rows(path: PathLike) -> Iterator[tuple[str, Any]]:
    with open(path, newline="", encoding="utf-8-sig") as file:
        # Excel writes semicolons where a comma is in the place of a decimal point.
        header = next(csv.reader(file, delimiter=";"), [])
        file.seek(0)
        sign = ";" if {FILE_NAME, TEXT} <= set(header) else ","
        # The space of `a.png, "red, blue"` is no part of the caption.
        table = csv.DictReader(file, delimiter=sign, skipinitialspace=True)
        how = ", with commas or semicolons between them"
        _check_columns(table.fieldnames or (), path, how)
        for row in table:
            # Cells after the last column. Spreadsheets write empty cells there.
            more = row.get(None, ())  # type: ignore[call-overload]
            if any(map(str.strip, more)):
                raise ValueError(
                    "A row of captions must not have more cells than the header: put a "
                    f"caption with {sign!r} in quotation marks. {_received(path)} with "
                    f"more cells in line {table.line_num}"
                )
            yield row[FILE_NAME], row[TEXT]


def _jsonl_rows(path: PathLike) -> Iterator[tuple[str, Any]]:
    with open(path, encoding="utf-8-sig") as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            # A deep nest of brackets raises a `RecursionError`.
            except (ValueError, RecursionError):
                row = None
            if not isinstance(row, dict):
                raise ValueError(
                    "Each line of captions must be a JSON object. "
                    f"{_received(path)} with another line {number}"
                )
            _check_columns(row, path)
            yield str(row[FILE_NAME]), row[TEXT]


def _check_columns(columns: Iterable[str], path: PathLike, how: str = "") -> None:
    if not {FILE_NAME, TEXT} <= set(columns):
        raise ValueError(
            f"Captions must have the columns {FILE_NAME} and {TEXT}{how}. "
            f"{_received(path)} with {', '.join(columns) or 'no columns'}"
        )


def _checked(name: str, text: Any, path: PathLike) -> list[str]:
    """Returns the captions of a row."""
    texts = text if isinstance(text, list) else [text]
    if not texts or not all(isinstance(one, str) and one.strip() for one in texts):
        raise ValueError(
            "A caption must be a text that is not empty. "
            f"{_received(path)} with {text!r} for {name!r}"
        )
    return texts


def _received(path: PathLike) -> str:
    return f"Received: captions={os.fspath(path)!r}"
