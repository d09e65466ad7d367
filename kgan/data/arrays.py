"""Arrays and data sets in memory, as samples or as pictures to make alike."""

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np
from PIL import Image

from kgan.data.collect import Data, read
from kgan.data.options import Options
from kgan.data.pictures import MODES
from kgan.data.sources import Entry


class Rows:
    """Arrays of one picture each, as entries.

    Args:
        rows: Callable that returns an iterator over pairs of uint8
            `(height, width, channels)` and a label, or None.
    """

    others = 0

    def __init__(self, rows: Any):
        self.rows = rows

    def __iter__(self) -> Iterator[Entry]:
        for number, (pixels, label) in enumerate(self.rows()):
            label = None if label is None else int(label)
            yield Entry(str(number), lambda pixels=pixels: to_image(pixels), label=label)


def to_image(pixels: Any) -> Image.Image:
    """Returns a picture of uint8 `(height, width, channels)`."""
    pixels = np.asarray(pixels)
    return Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels)


def of_arrays(samples: Any, labels: Any, options: Options, argument: str) -> Data:
    """Returns data of arrays, changed only where the options ask for it.

    Raises:
        ValueError: If they are no samples, or no pictures and shall be changed.
    """
    samples, labels = standardize(samples, labels, argument)
    if options.labels == "none":
        labels = None
    if not options.changes_arrays:
        return Data(samples, labels)
    if not _are_pictures(samples.dtype, samples.shape[1:]):
        raise ValueError(
            "`size`, `channels` and `flip` are for pictures: uint8 of shape (n, height, "
            f"width, channels). Received: {argument} of dtype {samples.dtype} and shape "
            f"{samples.shape}"
        )
    given = itertools.repeat(None) if labels is None else labels
    return read(Rows(lambda: zip(samples, given, strict=False)), options, argument)


def standardize(
    samples: Any, labels: Any, argument: str
) -> tuple[np.ndarray, np.ndarray | None]:
    """Returns uint8 or float32 samples, and int64 labels or None.

    Raises:
        ValueError: If they are no such things.
    """
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


def of_dataset(dataset: Any, options: Options, argument: str) -> Data:
    """Returns data of what yields samples, or batches of them, with or without labels.

    Args:
        dataset: A `tf.data.Dataset` or a `keras.utils.PyDataset`.
        options: How pictures are made alike.
        argument: What it is called in errors.

    Raises:
        ValueError: If it has no end, or nothing in it.
    """
    _refuse_endless(dataset, argument)
    batched = not _yields_single(dataset)

    def rows() -> Iterator[tuple[Any, Any]]:
        for element in _elements(dataset):
            x, y = element if isinstance(element, tuple | list) else (element, None)
            x = np.asarray(x)
            y = None if y is None else np.asarray(y)
            if not batched:
                yield x, y
            else:
                labels = itertools.repeat(None) if y is None else y.reshape(len(x))
                yield from zip(x, labels, strict=False)

    first = next(rows(), None)
    if first is None:
        raise ValueError(f"There is nothing in it. Received: {argument}={dataset!r}")
    if _are_pictures(first[0].dtype, first[0].shape):
        return read(Rows(rows), options, argument)
    samples, labels = zip(*rows(), strict=True)
    given = None if labels[0] is None else labels
    return of_arrays(np.stack(samples), given, options, argument)


def _elements(dataset: Any) -> Iterator[Any]:
    if hasattr(dataset, "as_numpy_iterator"):
        return dataset.as_numpy_iterator()
    elements = (dataset[i] for i in range(len(dataset)))
    return (x[0] if isinstance(x, tuple) and len(x) == 1 else x for x in elements)


def _refuse_endless(dataset: Any, argument: str) -> None:
    endless = (
        int(dataset.cardinality()) == -1
        if hasattr(dataset, "cardinality")
        else dataset.num_batches is None
    )
    if endless:
        raise ValueError(
            "It has no end: take a part of it, or pass it to `fit` with "
            f"`steps_per_epoch`. Received: {argument}={dataset!r}"
        )


def _yields_single(dataset: Any) -> bool:
    spec = getattr(dataset, "element_spec", None)
    if spec is None:
        return False
    spec = spec[0] if isinstance(spec, tuple) else spec
    # Of images (height, width, channels) the rank tells, of others an open first axis.
    return (len(spec.shape) == 3 and spec.dtype == "uint8") or len(spec.shape) == 1


def _are_pictures(dtype: Any, shape: tuple) -> bool:
    return dtype == np.uint8 and len(shape) == 3 and shape[-1] in MODES
