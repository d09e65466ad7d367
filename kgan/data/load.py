"""`kgan.data.load`: names, files, folders and arrays in, samples and labels out."""

import importlib.resources
import os
import warnings

import numpy as np

from kgan.data.options import Options
from kgan.data.reading import named, tables
from kgan.data.reading.arrays import dark_images, from_arrays, from_dataset
from kgan.data.reading.paths import pictures_at
from kgan.data.reading.read_pictures import LoadedData, read_pictures
from kgan.data.reading.reports import bad_files_warning
from kgan.data.store import Store
from kgan.types import ArrayLike, Data, PathLike

TABLE_EXTENSIONS = (".npz", ".npy", ".csv")
_NAMES = (
    f'"digits", one of {", ".join(named.KERAS)}, "tfds:NAME", a folder of pictures, an '
    "archive of pictures (.zip or .tar), or the path of an .npz, .npy or .csv file"
)
_SOURCES = f"an array, a pair of arrays, a dataset, a `Store`, {_NAMES}"


def load(
    source: Data | PathLike = "digits",
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
) -> tuple[ArrayLike, np.ndarray | None]:
    """Loads samples and, if the source has any, labels.

    Pictures of any format become uint8 arrays of one shape. A picture is rotated as its
    EXIF data says, 16-bit grey is scaled to 8 bits, and an animation gives its first
    frame. Transparent pixels are blended with `background`; if the samples have an alpha
    channel, transparent pixels get the colors around them. Pictures are resized by
    Pillow's bicubic filter, which is anti-aliased. The function warns of
    pictures that are almost black because they use the lowest part of their range only,
    as 12 bits in a 16-bit file do, and of a table whose index is one of its columns.

    Args:
        source: One of

            - `"digits"`: the 1,797 handwritten digits of 8x8 pixels that come with
              kgan (UCI optical digits, Alpaydin and Kaynak, 1998);
            - `"mnist"`, `"fashion_mnist"`, `"cifar10"` or `"cifar100"`: the training
              images of `keras.datasets`, which are downloaded;
            - `"tfds:NAME"` or `"tfds:NAME:SPLIT"`: a dataset of tensorflow-datasets,
              which is installed by `pip install "kgan[tfds]"`;
            - the path of a folder of pictures, or of a `.zip` or `.tar` file of
              pictures. All folders in it are searched. The top folders are the classes,
              if every picture lies in one of them;
            - an array `(n, height, width, channels)` or `(n, height, width)` of
              uint8 pixels, or float samples of any shape;
            - a pair `(samples, labels)` of arrays;
            - a `Store`, alone or in place of an array. It stays on disk;
            - a `tf.data.Dataset` or `keras.utils.PyDataset` of samples, of pairs
              `(samples, labels)`, or of batches of either. It is read to its end. A
              uint8 element with three axes, the last of length 1 to 4, is one picture;
            - the path of an `.npz` or `.npy` file of arrays. In an `.npz` file the
              samples are named `images`, `x_train`, `x`, `data` or `arr_0`, the labels
              `labels`, `y_train`, `y`, `targets` or `arr_1`;
            - the path of a `.csv` file of numbers, with a sample in each row. Between
              the columns are commas; or semicolons, and then a number may have a
              decimal comma. The first row may hold the names of the columns. The
              labels are the column `label`, else `labels`, `class`, `target` or `y`;
              beside a column `x`, `y` is a coordinate. Labels become 0, 1, ... in the
              order of their values.
        size: Int, or pair `(height, width)`. By default the common size of the
            pictures, if all have the same size with sides of at most 256. Otherwise a
            square: its side is the largest power of two up to the median of the
            pictures' shorter sides, but 8 at least and 64 at most.
        channels: 1 grey, 2 grey and alpha, 3 RGB or 4 RGBA. By default the fewest
            channels that can show each picture.
        labels: `"folder"`, or `"none"` to ignore labels.
        crop: How a picture of other proportions becomes `size`. `"center"` cuts the
            largest window with these proportions from the middle; `"random"` cuts the
            window from a place that depends on `seed` and the name of the file, the
            same in each epoch; `"pad"` keeps the whole picture and fills up with the
            background, which is transparent if there is an alpha channel; `"none"`
            distorts the picture.
        background: Name of a color, or three ints of 0 to 255.
        flip: Bool, whether to add the mirror image of each picture, right after it.
        on_error: `"raise"` raises an error that names the first bad file; `"skip"`
            leaves bad files out, and warns with their number and the first names. To
            get the reasons of all files that are left out, use
            `kgan.data.load_all(source, kgan.data.Options(...)).report.left_out`.
        max_bad: Float of 0 to 1, the share of bad files above which even `"skip"`
            raises an error.
        memory: Int, bytes. Pictures that take more stay on disk, in a `Store`, which is
            indexed like an array. Arrays and tables are not changed.
        cache: Folder in which decoded pictures of a folder or an archive are kept for
            the next run. They are decoded again when an option, or the name, size or
            time of a file changes. Without a cache, the decoded pictures are in a
            temporary file, which is deleted with the process.
        workers: Int, number of threads that decode. By default the number of cores, at
            most 8. The result does not depend on it.
        seed: Int, seed of random windows.

    Returns:
        `(samples, labels)`: the samples are a uint8 array `(n, height, width,
        channels)`, a `Store`, or a float32 array of the given shape; the labels are an
        int64 array `(n,)`, or None.

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
        size=size,
        channels=channels,
        labels=labels,
        crop=crop,
        background=background,
        flip=flip,
        on_error=on_error,
        max_bad=max_bad,
        memory=memory,
        cache=cache,
        workers=workers,
        seed=seed,
    )
    data, found = _load(source, options)
    if data.report is not None:
        found += bad_files_warning(data.report)
    for warning in found:
        warnings.warn(warning, stacklevel=2)
    return data.samples, data.labels


def load_all(source: Data | PathLike, options: Options) -> LoadedData:
    """Loads data like `load`, and returns all facts about the data.

    Args:
        source: See `load`.
        options: The other arguments of `load`.

    Returns:
        A `LoadedData`, `(samples, labels, classes, report)`: beside samples and labels
        the names of the classes, or None, and a `Report` about the pictures, or None.
    """
    data, found = _load(source, options)
    for warning in found:
        warnings.warn(warning, stacklevel=2)
    return data


def _load(source: Data | PathLike, options: Options) -> tuple[LoadedData, list[str]]:
    """Returns the data, and warnings about the data."""
    found: list[str] = []
    data = _read(source, options, found)
    if data.report is not None:
        found += data.report.warnings
    elif dark := dark_images(data.samples):
        found.append(dark)
    return data, found


def _read(source: Data | PathLike, options: Options, found: list[str]) -> LoadedData:
    if isinstance(source, str) and source in ("digits", *named.KERAS):
        return _load_by_name(source, options, found)
    if isinstance(source, str) and source.startswith(named.TFDS):
        return read_pictures(named.from_tfds(source), options, f"source={source!r}")
    if isinstance(source, str | os.PathLike):
        return _load_path(source, options, found)
    if isinstance(source, tuple):
        if len(source) != 2:
            raise ValueError(
                "A tuple `source` must be a pair (samples, labels). "
                f"Received: source with {len(source)} items"
            )
        return from_arrays(*source, options, "source")
    if hasattr(source, "as_numpy_iterator") or hasattr(source, "num_batches"):
        return from_dataset(source, options, "source")
    if isinstance(source, list | Store) or hasattr(source, "__array__"):
        return from_arrays(source, None, options, "source")
    raise ValueError(
        f"Expected `source` to be {_SOURCES}. "
        f"Received: source of type {type(source).__name__}"
    )


def _load_by_name(name: str, options: Options, found: list[str]) -> LoadedData:
    if name != "digits":
        return from_arrays(*named.from_keras(name), options, f"source={name!r}")
    file = importlib.resources.files("kgan.data") / "digits.npz"
    with importlib.resources.as_file(file) as path:
        return from_arrays(*tables.read(path, found), options, "source")


def _load_path(path: PathLike, options: Options, found: list[str]) -> LoadedData:
    argument, name = f"source={os.fspath(path)!r}", os.fspath(path).lower()
    if os.path.isfile(path) and name.endswith(TABLE_EXTENSIONS):
        return from_arrays(*tables.read(path, found), options, f"{argument}, samples")
    return read_pictures(pictures_at(_NAMES, source=path), options, argument)
