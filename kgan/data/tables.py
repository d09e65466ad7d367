"""Files of arrays: `.npz`, `.npy` and `.csv`."""

import csv
import os
import zipfile
import zlib
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
    try:
        # Pickles, which could run code, stay shut.
        with open(path, "rb") as file:
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
    except (ValueError, OSError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise _unreadable(path, ".npz file of plain arrays", "savez", error) from None
    if samples is None:
        raise ValueError(
            f"An .npz file must hold samples as one of {', '.join(_SAMPLES)}. "
            f"Received: source={os.fspath(path)!r} with {', '.join(names) or 'nothing'}"
        )
    return samples, labels


def _npy(path: Any) -> tuple[Any, None]:
    try:
        with open(path, "rb") as file:
            array = np.load(file, allow_pickle=False)
            if not isinstance(array, np.ndarray):
                raise ValueError("it holds several arrays")
    except (ValueError, OSError, EOFError, zipfile.BadZipFile) as error:
        raise _unreadable(path, ".npy file of a plain array", "save", error) from None
    return array, None


def _unreadable(path: Any, kind: str, function: str, error: Exception) -> ValueError:
    return ValueError(
        f"Expected an {kind}, as `numpy.{function}` writes it; this one can't be read "
        f"({str(error) or type(error).__name__}). Received: source={os.fspath(path)!r}"
    )


def _csv(path: Any) -> tuple[np.ndarray, np.ndarray | None]:
    """Reads numbers, a row for each sample.

    A first row that is no numbers has names. A column named as a label is of labels: its
    values, in their order, are 0, 1, ...
    """
    with open(path, newline="", encoding="utf-8-sig", errors="surrogateescape") as file:
        try:
            rows = [row for row in csv.reader(file) if row]
        except csv.Error as error:
            raise ValueError(
                f"The table can't be read ({error}). Received: source={os.fspath(path)!r}"
            ) from None
    header = rows.pop(0) if rows and not all(map(_is_number, rows[0])) else []
    # The first one only: others are numbers like any.
    named = [i for i, name in enumerate(header) if name.strip().lower() in _COLUMNS][:1]
    samples = [
        [_number(cell, i, number, path) for i, cell in enumerate(row) if i not in named]
        for number, row in enumerate(rows, 1)
    ]
    lengths = {len(row) for row in rows}
    if len(lengths) != 1 or not samples[0]:
        raise ValueError(
            "A table needs rows of numbers, all of the same length. "
            f"Received: source={os.fspath(path)!r} with rows of lengths {lengths or '{}'}"
        )
    if not named:
        return np.array(samples, "float32"), None
    values = [row[named[0]] for row in rows]
    key = float if all(map(_is_number, values)) else str
    numbers = {value: i for i, value in enumerate(sorted({key(v) for v in values}))}
    return np.array(samples, "float32"), np.array([numbers[key(v)] for v in values])


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _number(cell: str, column: int, row: int, path: Any) -> float:
    if not _is_number(cell):
        raise ValueError(
            f"A table must hold numbers. Received: source={os.fspath(path)!r} with "
            f"{cell!r} in row {row}, column {column + 1}"
        )
    return float(cell)
