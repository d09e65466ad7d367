"""Files of arrays: `.npz`, `.npy` and `.csv`."""

import contextlib
import csv
import math
import os
import zipfile
from collections.abc import Iterator
from typing import IO

import numpy as np

from kgan.data.reading.entries import max_unpacked, unpacks_to_more
from kgan.types import PathLike

# Names of the samples and of the labels in an `.npz` file, in order of preference.
_SAMPLES = ("images", "x_train", "x", "data", "arr_0")
_LABELS = ("labels", "y_train", "y", "targets", "arr_1")
# Readers of the headers by the version of the format. Further versions are for arrays
# of named fields.
_HEADERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}
# Names of the column of labels in a table, in order of preference.
_LABEL_COLUMNS = ("label", "labels", "class", "target", "y")
# Names of a column that counts the rows. pandas reads an empty name as "Unnamed: 0".
_INDEX_COLUMNS = ("", "index", "id")


def read(path: PathLike, warnings: list[str]) -> tuple[np.ndarray, np.ndarray | None]:
    """Reads the samples of a file, and the labels if the file has any.

    Args:
        path: Path of a file that ends in `.npz`, `.npy` or `.csv`.
        warnings: List to which the function adds warnings about the samples.

    Returns:
        `(samples, labels)`; the labels may be None.

    Raises:
        ValueError: If the file can't be read, or holds no samples.
    """
    suffix = os.path.splitext(path)[1].lower()
    if suffix == ".csv":
        return _read_csv(path, warnings)
    return {".npz": _read_npz, ".npy": _read_npy}[suffix](path)


def _read_npz(path: PathLike) -> tuple[np.ndarray, np.ndarray | None]:
    with (
        _errors_named(path, ".npz file of plain arrays", "savez"),
        zipfile.ZipFile(path) as archive,
    ):
        members = {m.filename.removesuffix(".npy"): m for m in archive.infolist()}
        chosen = [
            next((members[name] for name in names if name in members), None)
            for names in (_SAMPLES, _LABELS)
        ]
        if sum(m.file_size for m in chosen if m is not None) > max_unpacked(path):
            raise ValueError(f"{unpacks_to_more(path)}: save it without compression")
        samples, labels = (
            None if member is None else _read_member(archive, member) for member in chosen
        )
    if samples is None:
        raise ValueError(
            f"An .npz file must hold samples as one of {', '.join(_SAMPLES)}. Received: "
            f"source={os.fspath(path)!r} with {', '.join(members) or 'nothing'}"
        )
    return samples, labels


def _read_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> np.ndarray:
    # `zipfile` bounds the bytes that it unpacks at once for these two only.
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise ValueError("it is compressed otherwise than by numpy")
    with archive.open(member) as file:
        return _read_array(file, member.file_size)


def _read_npy(path: PathLike) -> tuple[np.ndarray, None]:
    with (
        _errors_named(path, ".npy file of a plain array", "save"),
        open(path, "rb") as file,
    ):
        return _read_array(file, os.path.getsize(path)), None


def _read_array(file: IO[bytes], size: int) -> np.ndarray:
    """Reads an array from a file of a number of bytes."""
    version = np.lib.format.read_magic(file)
    if version not in _HEADERS:
        raise ValueError(f"its format has the version {version}")
    shape, _, dtype = _HEADERS[version](file)
    # numpy allocates the array before it reads the numbers.
    needed, present = math.prod(shape) * dtype.itemsize, size - file.tell()
    if min(shape, default=0) < 0 or needed > present:
        raise ValueError(f"its header says {needed:,} bytes, the file has {present:,}")
    file.seek(0)
    # Pickled objects are refused: loading them could run code.
    return np.lib.format.read_array(file, allow_pickle=False)


@contextlib.contextmanager
def _errors_named(path: PathLike, expected: str, function: str) -> Iterator[None]:
    """Turns each error into a `ValueError` that names the file."""
    try:
        yield
    # numpy parses the header as Python text, so damage can raise any exception.
    except Exception as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise ValueError(
            f"Expected an {expected}, as `numpy.{function}` writes it; this one can't be "
            f"read ({reason}). Received: source={os.fspath(path)!r}"
        ) from None


def _read_csv(
    path: PathLike, warnings: list[str]
) -> tuple[np.ndarray, np.ndarray | None]:
    """Reads a sample from each row, and labels from the column with their name."""
    texts, sign = _read_rows(path)
    # Labels keep their commas.
    rows = texts if sign == "," else [list(map(_with_point, row)) for row in texts]
    header, rows = (rows[0], rows[1:]) if _has_header(rows) else ([], rows)
    texts = texts[len(texts) - len(rows) :]
    column = _label_column(header)
    lengths = {len(row) for row in (header, *rows) if row}
    if not rows or len(lengths) != 1 or lengths == {int(column is not None)}:
        raise ValueError(
            "A table needs rows of numbers, all of the same length. "
            f"Received: source={os.fspath(path)!r} with rows of lengths {lengths or '{}'}"
        )
    samples = [
        [_number(cell, i, number, path) for i, cell in enumerate(row) if i != column]
        for number, row in enumerate(rows, 1)
    ]
    labels = None if column is None else _number_labels(texts, column, path)
    names = [name for i, name in enumerate(header) if i != column]
    warnings += _index_columns(names, np.array(samples), path)
    return np.array(samples, "float32"), labels


def _index_columns(names: list[str], samples: np.ndarray, path: PathLike) -> list[str]:
    """Returns a warning for each column that pandas has written as an index."""
    found = []
    for name, values in zip(names, samples.T, strict=False):
        known = name.strip().lower()
        counts = bool((np.diff(values) == 1).all()) and len(values) > 1
        if known.startswith("unnamed:") or (known in _INDEX_COLUMNS and counts):
            found.append(
                f"The column {name!r} looks like the index of a pandas table, and trains "
                "as a feature. Leave it out by `table.to_csv(path, index=False)`. "
                f"Received: source={os.fspath(path)!r}"
            )
    return found


def _read_rows(path: PathLike) -> tuple[list[list[str]], str]:
    """Returns the rows that are not empty, and the sign between their columns."""
    with open(path, newline="", encoding="utf-8-sig", errors="surrogateescape") as file:
        try:
            sign = _separator(file)
            return [row for row in csv.reader(file, delimiter=sign) if row], sign
        except csv.Error as error:
            raise ValueError(
                f"The table can't be read ({error}). Received: source={os.fspath(path)!r}"
            ) from None


def _separator(file: IO[str]) -> str:
    """Returns a semicolon if it divides all rows into equally many columns, else a comma.

    Excel writes semicolons where a comma is in the place of a decimal point.

    Args:
        file: A file, which is at its start again afterwards.
    """
    rows = (row for row in csv.reader(file, delimiter=";") if row)
    columns = len(next(rows, []))
    fits = columns > 1 and all(len(row) == columns for row in rows)
    file.seek(0)
    return ";" if fits else ","


def _with_point(cell: str) -> str:
    """Returns a number with a decimal point in place of a comma; else the same text."""
    changed = cell.replace(",", ".")
    return changed if _is_number(changed) else cell


def _has_header(rows: list[list[str]]) -> bool:
    """Whether the first row of a table has the names of the columns."""
    if not rows or not any(map(str.strip, rows[0])):
        return False
    numbers = list(filter(_is_number, rows[0]))
    if not numbers:
        return True
    # pandas numbers columns without names. Another row with both names and numbers is a
    # damaged row of numbers.
    others = {cell.strip().lower() for cell in rows[0] if not _is_number(cell)}
    is_counted = numbers == [str(i) for i in range(len(numbers))]
    if not is_counted:
        return False
    if others:
        return others <= {*_LABEL_COLUMNS, *_INDEX_COLUMNS}
    # Two whole numbers may be a sample.
    return len(numbers) > 2 or any("." in cell for row in rows[1:2] for cell in row)


def _label_column(header: list[str]) -> int | None:
    names = [name.strip().lower() for name in header]
    # In a table with a column x, the column y is a coordinate.
    known = _LABEL_COLUMNS[:-1] if "x" in names else _LABEL_COLUMNS
    return next((names.index(name) for name in known if name in names), None)


def _number_labels(rows: list[list[str]], column: int, path: PathLike) -> np.ndarray:
    """Returns labels 0, 1, ... for the sorted values of a column."""
    values = [row[column] for row in rows]
    for row, value in enumerate(values, 1):
        if not value.strip() or (_is_number(value) and not math.isfinite(float(value))):
            expected = "Each row of a table needs a label"
            raise _cell_error(expected, value, column, row, path)
    key = float if all(map(_is_number, values)) else str
    numbers = {value: i for i, value in enumerate(sorted({key(v) for v in values}))}
    return np.array([numbers[key(v)] for v in values])


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _number(cell: str, column: int, row: int, path: PathLike) -> float:
    if not _is_number(cell):
        raise _cell_error("A table must hold numbers", cell, column, row, path)
    return float(cell)


def _cell_error(
    expected: str, cell: str, column: int, row: int, path: PathLike
) -> ValueError:
    return ValueError(
        f"{expected}. Received: source={os.fspath(path)!r} with {cell!r} in row {row}, "
        f"column {column + 1}"
    )
