"""One door for data: names, arrays and files in, uint8 NHWC and labels out."""

import importlib.resources
import os
import zipfile
import zlib
from typing import Any

import numpy as np

_SAMPLES = ("images", "x_train", "x", "data", "arr_0")
_LABELS = ("labels", "y_train", "y", "targets", "arr_1")


def load(source: Any = "digits") -> tuple[np.ndarray, np.ndarray | None]:
    """Loads samples and, where there are any, labels.

    Args:
        source: One of

            - `"digits"`: the 1,797 handwritten digits of 8x8 pixels that come with
              kgan (UCI optical digits, Alpaydin and Kaynak, 1998);
            - an array `(n, height, width, channels)` or `(n, height, width)` of
              uint8 pixels, or float samples of any shape;
            - a pair `(samples, labels)` of arrays;
            - the path of an `.npz` file with such arrays. Samples are looked for as
              `images`, `x_train`, `x`, `data` or `arr_0`, labels as `labels`,
              `y_train`, `y`, `targets` or `arr_1`.

    Returns:
        `(samples, labels)`: uint8 `(n, height, width, channels)`, or float32 as
        given; labels int64 `(n,)`, or None.

    Raises:
        FileNotFoundError: If there is no file at the path.
        ValueError: If the source can't be read, or holds no samples.

    Example:

    >>> import kgan
    >>> images, labels = kgan.data.load("digits")
    >>> images.shape, images.dtype.name, labels.shape
    ((1797, 8, 8, 1), 'uint8', (1797,))
    """
    if isinstance(source, str) and source == "digits":
        with importlib.resources.as_file(
            importlib.resources.files("kgan.data") / "digits.npz"
        ) as path:
            return _from_npz(path)
    if isinstance(source, str | os.PathLike):
        return _from_npz(source)
    if isinstance(source, tuple):
        if len(source) != 2:
            raise ValueError(
                "A tuple `source` must be a pair (samples, labels). "
                f"Received: source with {len(source)} items"
            )
        return _standardize(source[0], source[1], "source")
    if isinstance(source, list) or hasattr(source, "__array__"):
        return _standardize(source, None, "source")
    raise ValueError(
        'Expected `source` to be "digits", an array, a pair of arrays, or the path of '
        f"an .npz file. Received: source of type {type(source).__name__}"
    )


def _from_npz(path: str | os.PathLike) -> tuple[np.ndarray, np.ndarray | None]:
    if not os.path.exists(path):
        raise FileNotFoundError(
            'Expected "digits" or the path of an .npz file; there is no such file. '
            f"Received: source={os.fspath(path)!r}"
        )
    samples, labels, names = _read_npz(path)
    if samples is None:
        raise ValueError(
            f"An .npz file must hold samples as one of {', '.join(_SAMPLES)}. "
            f"Received: source={os.fspath(path)!r} with {', '.join(names) or 'nothing'}"
        )
    return _standardize(samples, labels, f"source={os.fspath(path)!r}, samples")


def _read_npz(path: str | os.PathLike) -> tuple[Any, Any, list[str]]:
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
            return samples, labels, archive.files
    except (ValueError, OSError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise ValueError(
            "Expected an .npz file of plain arrays, as `numpy.savez` writes it; this "
            f"one can't be read ({str(error) or type(error).__name__}). "
            f"Received: source={os.fspath(path)!r}"
        ) from None


def _standardize(
    samples: Any, labels: Any, argument: str
) -> tuple[np.ndarray, np.ndarray | None]:
    samples = np.asarray(samples)
    if samples.ndim < 2 or samples.shape[0] == 0:
        raise ValueError(
            "Expected samples of shape (n, ...) with n at least 1. "
            f"Received: {argument} of shape {samples.shape}"
        )
    if np.issubdtype(samples.dtype, np.floating):
        samples = samples.astype("float32", copy=False)
    elif samples.dtype == np.uint8:
        samples = samples[..., None] if samples.ndim == 3 else samples
    else:
        raise ValueError(
            "Expected uint8 pixels or float samples. "
            f"Received: {argument} of dtype {samples.dtype}"
        )
    if labels is None:
        return samples, None
    labels = np.asarray(labels)
    if labels.shape[:1] != samples.shape[:1] or labels.size != len(labels):
        raise ValueError(
            f"Expected one label for each of the {len(samples)} samples. "
            f"Received: labels of shape {labels.shape}"
        )
    return samples, labels.reshape(-1).astype("int64")
