"""One door for data: names, files, folders and arrays in, uint8 NHWC and labels out."""

import importlib.resources
import os
import warnings
from typing import Any

import numpy as np

from kgan.data import named, tables
from kgan.data.archives import Archive
from kgan.data.arrays import of_arrays, of_dataset
from kgan.data.collect import Data, read
from kgan.data.options import Options
from kgan.data.reports import some
from kgan.data.sources import Folder
from kgan.data.store import Store
from kgan.files import PathLike

_TABLES = (".npz", ".npy", ".csv")
_ARCHIVES = (".zip", ".tar", ".tgz", ".tar.gz", ".tar.bz2", ".tar.xz")
_KINDS = (
    f'"digits", one of {", ".join(named.KERAS)}, "tfds:NAME", an array, a pair of '
    "arrays, a data set, a `Store`, a folder of pictures, an archive of them (.zip or "
    ".tar), or the path of an .npz, .npy or .csv file"
)


def load(
    source: Any = "digits",
    size: int | tuple[int, int] | None = None,
    channels: int | None = None,
    labels: str = "folder",
    crop: str = "center",
    background: str | tuple[int, int, int] = "white",
    flip: bool = False,
    on_error: str = "raise",
    max_bad: float = 0.1,
    memory: int = 1 << 30,
    cache: PathLike | None = None,
    workers: int | None = None,
    seed: int = 0,
) -> tuple[Any, np.ndarray | None]:
    """Loads samples and, where there are any, labels.

    Pictures of any kind become uint8 of one shape: turned as their EXIF data says, grey
    of 16 bits scaled to 8, of animations the first picture. Where there is transparency
    and no alpha is wanted, it is laid on `background`. They are resized by Pillow's
    bicubic filter, which takes in all pixels.

    Args:
        source: One of

            - `"digits"`: the 1,797 handwritten digits of 8x8 pixels that come with
              kgan (UCI optical digits, Alpaydin and Kaynak, 1998);
            - `"mnist"`, `"fashion_mnist"`, `"cifar10"` or `"cifar100"`: the training
              images of `keras.datasets`, which are downloaded;
            - `"tfds:NAME"` or `"tfds:NAME:SPLIT"`: of tensorflow-datasets, which comes
              with `pip install kgan[tfds]`;
            - the path of a folder of pictures, or of a `.zip` or `.tar` file of them.
              Folders in it are searched; those just below the root are the classes, if
              each picture lies in one;
            - an array `(n, height, width, channels)` or `(n, height, width)` of
              uint8 pixels, or float samples of any shape;
            - a pair `(samples, labels)` of arrays;
            - a `Store`, which stays on disk, alone or in place of an array;
            - a `tf.data.Dataset` or `keras.utils.PyDataset` of such samples or pairs,
              which is read to its end. uint8 of three axes of which the last is 1 to 4
              long is a single picture;
            - the path of an `.npz` or `.npy` file of such arrays. In an `.npz` samples
              are looked for as `images`, `x_train`, `x`, `data` or `arr_0`, labels as
              `labels`, `y_train`, `y`, `targets` or `arr_1`;
            - the path of a `.csv` file of numbers, a row for each sample, with or
              without a first row of names, none of which is a number. The column
              `label`, else `labels`, `class`, `target` or, where there is no column `x`,
              `y` is of labels, which become 0, 1, ... in the order of their values.
        size: Int, or pair `(height, width)`. By default that of the pictures, if all
            have the same, of files at most 256 a side; otherwise a square, whose side is
            the largest power of two within the median of their shorter sides, 8 to 64.
        channels: 1 grey, 2 grey and alpha, 3 RGB or 4 RGBA. By default what all can be
            shown with.
        labels: `"folder"`, or `"none"` to leave labels aside, with the column of them.
        crop: `"center"`, the largest window of the wanted proportions; `"random"`, such
            a window at a place that is drawn for each picture by `seed` and its name,
            the same in each epoch; `"pad"`, all of the picture and the background,
            transparent where there is alpha, around it; `"none"`, all of it, distorted.
        background: Name of a color, or three ints of 0 to 255.
        flip: Bool, whether each is followed by its mirror image, which doubles the data.
        on_error: `"raise"` names the first file that can't be trained on; `"skip"`
            leaves such files out, and warns of how many and which are the first. All
            are in `kgan.data.load_all(source, kgan.data.Options(...)).report.left_out`,
            reasons by names, with those that are no pictures by their names.
        max_bad: Float, the share of files above which even `"skip"` raises.
        memory: Int, bytes. Pictures that take more stay on disk, in a `Store`, which is
            indexed as an array is. Arrays and tables are in memory as they are.
        cache: Folder to keep the pictures of a folder or archive in, decoded, so that
            the next run need not decode them. Names, sizes and times of the files, and
            the options, tell when they have changed. Without one they are in a file of
            the system's temporary folder, which is gone with the process.
        workers: Int, how many threads decode; as many as cores by default, up to 8. The
            result is the same with any.
        seed: Int, of random windows.

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
    >>> images, _ = kgan.data.load("digits", size=16, channels=3)
    >>> images.shape
    (1797, 16, 16, 3)
    """
    options = Options(
        size, channels, labels, crop, background, flip, on_error, max_bad, memory, cache,
        workers, seed,
    )  # fmt: skip
    data = load_all(source, options)
    if data.report is not None and data.report.bad:
        warnings.warn(
            f"{len(data.report.bad):,} files are left out: {some(data.report.bad)}. See "
            "`on_error` of `kgan.data.load` for how to get all of them.",
            stacklevel=2,
        )
    return data[:2]


def load_all(source: Any, options: Options) -> Data:
    """Loads like `load`, and returns what is known of the data besides.

    Args:
        source: See `load`.
        options: The other arguments of `load`.

    Returns:
        `(samples, labels, classes, report)`: the names of the classes, or None; and of
        pictures what was found on the way, or None.
    """
    if isinstance(source, str) and source in ("digits", *named.KERAS):
        return _of_name(source, options)
    if isinstance(source, str) and source.startswith(named.TFDS):
        return read(named.of_tfds(source), options, f"source={source!r}")
    if isinstance(source, str | os.PathLike):
        return _of_path(source, options)
    if isinstance(source, tuple):
        if len(source) != 2:
            raise ValueError(
                "A tuple `source` must be a pair (samples, labels). "
                f"Received: source with {len(source)} items"
            )
        return of_arrays(*source, options, "source")
    if hasattr(source, "as_numpy_iterator") or hasattr(source, "num_batches"):
        return of_dataset(source, options, "source")
    if isinstance(source, list | Store) or hasattr(source, "__array__"):
        return of_arrays(source, None, options, "source")
    raise ValueError(
        f"Expected `source` to be {_KINDS}. "
        f"Received: source of type {type(source).__name__}"
    )


def _of_name(name: str, options: Options) -> Data:
    if name != "digits":
        return of_arrays(*named.of_keras(name), options, f"source={name!r}")
    file = importlib.resources.files("kgan.data") / "digits.npz"
    with importlib.resources.as_file(file) as path:
        return of_arrays(*tables.read(path), options, "source")


def _of_path(path: str | os.PathLike, options: Options) -> Data:
    argument, name = f"source={os.fspath(path)!r}", os.fspath(path).lower()
    if not os.path.exists(path):
        raise FileNotFoundError(f"Expected {_KINDS}; there is no such. {_at(argument)}")
    if os.path.isdir(path):
        return read(Folder(path), options, argument)
    if not os.path.isfile(path):
        raise ValueError(f"It is neither a folder nor a regular file. {_at(argument)}")
    if name.endswith(_TABLES):
        return of_arrays(*tables.read(path), options, f"{argument}, samples")
    if name.endswith(_ARCHIVES):
        return read(Archive(path), options, argument)
    raise ValueError(f"Expected {_KINDS}. {_at(argument)}")


def _at(argument: str) -> str:
    return f"Received: {argument}"
