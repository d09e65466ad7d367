"""Arrays and datasets: taken as samples, or read as pictures."""

import itertools
from collections.abc import Callable, Iterable, Iterator
from typing import TypeAlias

import numpy as np
from PIL import Image

from kgan.data.checks import ONE_LABEL, convert_labels, dark_pixels, to_array
from kgan.data.data_check import is_endless
from kgan.data.images import is_image_shape
from kgan.data.options import Options
from kgan.data.reading.entries import Entry, Source
from kgan.data.reading.read_pictures import LoadedData, read_pictures
from kgan.data.store import Store
from kgan.types import ArrayLike, Data, Shape, Tensors

# One picture, uint8 `(height, width, channels)`, and the label or None.
Row: TypeAlias = tuple[np.ndarray, ArrayLike | None]


class Rows(Source):
    """Pictures that are arrays already, as a source.

    Args:
        rows: Callable that returns an iterator over the rows. Each call begins anew.
    """

    def __init__(self, rows: Callable[[], Iterable[Row]]):
        self.rows = rows

    def __iter__(self) -> Iterator[Entry]:
        for number, (pixels, label) in enumerate(self.rows()):
            yield Entry(str(number), lambda pixels=pixels: to_image(pixels), label)


def to_image(pixels: ArrayLike) -> Image.Image:
    """Converts uint8 pixels `(height, width, channels)` to a `PIL.Image.Image`."""
    pixels = np.asarray(pixels)
    return Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels)


def from_arrays(
    samples: ArrayLike | Store, labels: ArrayLike | None, options: Options, argument: str
) -> LoadedData:
    """Returns arrays as data, and changes them only where the options ask for a change.

    Args:
        samples: Array `(n, ...)`, or a `Store`.
        labels: Array `(n,)`, or None.
        options: Options of `kgan.data.load`.
        argument: Name of the argument, for the errors.

    Raises:
        ValueError: If the arrays hold no samples, or the options ask for a change of
            samples that are not images.
    """
    labels = None if options.labels == "none" else labels
    samples = _check_samples(samples, argument)
    labels = None if labels is None else convert_labels(labels, len(samples))
    if not options.changes_arrays:
        return LoadedData(samples, labels)
    if not _are_pixels(samples.dtype, samples.shape[1:]):
        raise ValueError(
            "`size`, `channels` and `flip` are for images: uint8 of shape (n, height, "
            f"width, channels). Received: {argument} of dtype {samples.dtype} and shape "
            f"{samples.shape}"
        )
    given = itertools.repeat(None) if labels is None else labels
    rows = Rows(lambda: zip(samples, given, strict=False))
    return read_pictures(rows, options, argument)


def dark_images(samples: ArrayLike | Store) -> str | None:
    """Returns a warning if uint8 images are almost black. A `Store` is not read."""
    if isinstance(samples, Store) or not _are_pixels(samples.dtype, samples.shape[1:]):
        return None
    channels = samples.shape[-1]
    colors = samples[..., :-1] if channels in (2, 4) else samples
    return dark_pixels(int(colors.max()), 255, "uint8 pixels")


def _check_samples(samples: ArrayLike | Store, argument: str) -> np.ndarray | Store:
    """Returns samples as uint8 or float32."""
    samples = samples if isinstance(samples, Store) else to_array(samples, argument)
    if samples.ndim < 2 or samples.shape[0] == 0:
        raise ValueError(
            "Expected samples of shape (n, ...) with n at least 1. "
            f"Received: {argument} of shape {samples.shape}"
        )
    if isinstance(samples, Store):
        return samples
    if np.issubdtype(samples.dtype, np.floating):
        return samples.astype("float32", copy=False)
    if samples.dtype == np.uint8:
        return samples[..., None] if samples.ndim == 3 else samples
    raise ValueError(
        "Expected uint8 pixels or float samples. "
        f"Received: {argument} of dtype {samples.dtype}"
    )


def from_dataset(dataset: Data, options: Options, argument: str) -> LoadedData:
    """Reads a dataset of samples or batches, with or without labels, to its end.

    Args:
        dataset: A `tf.data.Dataset` or a `keras.utils.PyDataset`.
        options: Options of `kgan.data.load`.
        argument: Name of the argument, for the errors.

    Raises:
        ValueError: If the dataset is endless or empty, or yields anything else.
    """
    _check_end(dataset, argument)
    batched = _yields_batches(dataset, argument)

    def rows() -> Iterator[Row]:
        for element in _elements(dataset):
            x, y = _unpack(element, argument)
            y = None if options.labels == "none" else y
            if not batched:
                x, y = x[None], None if y is None else y[None]
            x, labels = _check_batch(x, argument), _flatten_labels(y, len(x), argument)
            yield from zip(x, labels, strict=False)

    first = next(rows(), None)
    if first is None:
        raise ValueError(f"The dataset is empty. Received: {argument}={dataset!r}")
    if _are_pixels(first[0].dtype, first[0].shape):
        return read_pictures(Rows(rows), options, argument)
    samples, labels = zip(*rows(), strict=True)
    has_labels = labels[0] is not None
    return from_arrays(samples, labels if has_labels else None, options, argument)


def _check_batch(x: np.ndarray, argument: str) -> np.ndarray:
    if _are_pixels(x.dtype, x.shape):
        raise ValueError(
            "The dataset yields single samples, not batches, or grey images that need a "
            f"channel axis. Received: {argument} that yields shape {x.shape}"
        )
    # Wider grey images may come without a channel axis.
    return x[..., None] if x.ndim == 3 and x.dtype == np.uint8 else x


def _elements(dataset: Data) -> Iterator[Tensors]:
    if hasattr(dataset, "as_numpy_iterator"):
        return dataset.as_numpy_iterator()
    return (dataset[i] for i in range(len(dataset)))


def _check_end(dataset: Data, argument: str) -> None:
    if is_endless(dataset):
        raise ValueError(
            "The dataset is endless: take a part of it, or pass it to `fit` with "
            f"`steps_per_epoch`. Received: {argument}={dataset!r}"
        )


def _unpack(element: Tensors, argument: str) -> tuple[np.ndarray, np.ndarray | None]:
    """Returns the samples and the labels of an element of a dataset."""
    parts = element if isinstance(element, tuple | list) else (element,)
    if len(parts) > 2 or isinstance(parts[0], dict):
        found = f"{len(parts)} parts" if len(parts) > 2 else f"keys {sorted(parts[0])}"
        raise ValueError(
            "Expected samples, or pairs (samples, labels). "
            f"Received: {argument} that yields {found}"
        )
    x, y = (*parts, None)[:2]
    labels = None if y is None else to_array(y, f"labels of {argument}", ONE_LABEL)
    return to_array(x, argument), labels


def _flatten_labels(
    y: np.ndarray | None, count: int, argument: str
) -> Iterable[ArrayLike | None]:
    if y is None:
        return itertools.repeat(None)
    if y.size != count:
        raise ValueError(
            "Expected one int for each sample as its label, not one-hot vectors. "
            f"Received: {argument} that yields labels of shape {y.shape}"
        )
    return y.reshape(count)


def _yields_batches(dataset: Data, argument: str) -> bool:
    """Whether a dataset yields batches and not single samples."""
    if not hasattr(dataset, "element_spec"):
        return True
    spec = dataset.element_spec
    spec = spec[0] if isinstance(spec, tuple) else spec
    shape = getattr(spec, "shape", None)
    if isinstance(spec, dict) or shape is None or shape.rank is None:
        raise ValueError(
            "Expected a dataset of samples, or of pairs (samples, labels), of known "
            f"rank. Received: {argument} that yields {dataset.element_spec}"
        )
    # uint8 (None, None, 3) is a picture of unknown size, not a batch of grey images that
    # are 3 pixels wide.
    if shape.rank == 1 or _are_pixels(spec.dtype.as_numpy_dtype, tuple(shape)):
        return False
    if shape.rank == 4 or (shape.rank and shape[0] is None):
        return True
    raise ValueError(
        "The elements may be samples or batches: call `.batch(64)`, without "
        f"`drop_remainder`. Received: {argument} that yields shape {tuple(shape)}"
    )


def _are_pixels(dtype: np.dtype | type, shape: Shape) -> bool:
    """Whether an array of that dtype and shape holds the pixels of one image."""
    return dtype == np.uint8 and is_image_shape(shape)
