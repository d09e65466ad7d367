"""Files of arrays: `.npz`, `.npy` and `.csv`."""

import contextlib
import csv
import math
import os
from collections.abc import Iterator
from typing import Any

import numpy as np

_SAMPLES = ("images", "x_train", "x", "data", "arr_0")
_LABELS = ("labels", "y_train", "y", "targets", "arr_1")
_COLUMNS = ("label", "labels", "class", "target", "y")


def read(path: str | os.PathLike) -> tuple[Any, Any]:
    """Returns the samples and the labels, or None, of a file.

    Args:
        path: Of a file whose name ends in `.npz`, `.npy` or `.csv`.

    Raises:
        ValueError: If it can't be read, or holds no samples.
    """
    suffix = os.path.splitext(path)[1].lower()
    return {".npz": _npz, ".npy": _npy, ".csv": _csv}[suffix](path)


def _npz(path: Any) -> tuple[Any, Any]:
    with _whole(path, ".npz file of plain arrays", "savez"), open(path, "rb") as file:
        # Pickles, which could run code, stay shut.
        archive = np.load(file, allow_pickle=False)
        if not isinstance(archive, np.lib.npyio.NpzFile):
            raise ValueError("it holds a single array")
        samples, labels = (
            next((archive[name] for name in names if name in archive), None)
            for names in (_SAMPLES, _LABELS)
        )
        if isinstance(samples, bytes) or isinstance(labels, bytes):
            raise ValueError("what it holds is no array")
        names = archive.files
    if samples is None:
        raise ValueError(
            f"An .npz file must hold samples as one of {', '.join(_SAMPLES)}. "
            f"Received: source={os.fspath(path)!r} with {', '.join(names) or 'nothing'}"
        )
    return samples, labels


def _npy(path: Any) -> tuple[Any, None]:
    with _whole(path, ".npy file of a plain array", "save"), open(path, "rb") as file:
        array = np.load(file, allow_pickle=False)
        if not isinstance(array, np.ndarray):
            raise ValueError("it holds several arrays")
    return array, None


@contextlib.contextmanager
def _whole(path: Any, kind: str, function: str) -> Iterator[None]:
    try:
        yield
    # A header is Python text, and may be damaged so that anything is raised of it.
    except Exception as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise ValueError(
            f"Expected an {kind}, as `numpy.{function}` writes it; this one can't be "
            f"read ({reason}). Received: source={os.fspath(path)!r}"
        ) from None


def _csv(path: Any) -> tuple[np.ndarray, np.ndarray | None]:
    """Reads numbers, a row for each sample, and labels where a column is named so."""
    rows = _rows(path)
    header = rows.pop(0) if rows and _is_header(rows[0]) else []
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
    labels = None if column is None else _labels(rows, column, path)
    return np.array(samples, "float32"), labels


def _rows(path: Any) -> list[list[str]]:
    with open(path, newline="", encoding="utf-8-sig", errors="surrogateescape") as file:
        try:
            return [row for row in csv.reader(file) if row]
        except csv.Error as error:
            raise ValueError(
                f"The table can't be read ({error}). Received: source={os.fspath(path)!r}"
            ) from None


def _is_header(row: list[str]) -> bool:
    # A row of both is one of numbers with something wrong in it.
    return any(map(str.strip, row)) and not any(map(_is_number, row))


def _label_column(header: list[str]) -> int | None:
    names = [name.strip().lower() for name in header]
    # Beside x, y is a coordinate.
    known = _COLUMNS[:-1] if "x" in names else _COLUMNS
    return next((names.index(name) for name in known if name in names), None)


def _labels(rows: list[list[str]], column: int, path: Any) -> np.ndarray:
    """Returns 0, 1, ... for the values of a column, in their order."""
    values = [row[column] for row in rows]
    for row, value in enumerate(values, 1):
        if not value.strip() or (_is_number(value) and not math.isfinite(float(value))):
            raise _misplaced(
                "Each row of a table needs a label", value, column, row, path
            )
    key = float if all(map(_is_number, values)) else str
    numbers = {value: i for i, value in enumerate(sorted({key(v) for v in values}))}
    return np.array([numbers[key(v)] for v in values])


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _number(cell: str, column: int, row: int, path: Any) -> float:
    if not _is_number(cell):
        raise _misplaced("A table must hold numbers", cell, column, row, path)
    return float(cell)


def _misplaced(wanted: str, cell: str, column: int, row: int, path: Any) -> ValueError:
    return ValueError(
        f"{wanted}. Received: source={os.fspath(path)!r} with {cell!r} in row {row}, "
        f"column {column + 1}"
    )
