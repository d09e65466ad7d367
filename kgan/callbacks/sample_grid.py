"""Saves grids of samples during training."""

import contextlib
import pathlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from PIL import Image

from kgan import checks, data
from kgan.callbacks.grid_layout import Layout, are_drawable
from kgan.callbacks.interval import (
    Interval,
    check_every,
    samples_interval,
    samples_shown,
)
from kgan.callbacks.model_callback import ModelCallback
from kgan.callbacks.paths import check_file, check_folder
from kgan.data.animation import on_white, save_gif
from kgan.data.conditions import check_rows
from kgan.files import atomic_path
from kgan.models.latents import as_floats
from kgan.types import ArrayLike, PathLike, Tensors

# The largest number of frames in an animation.
_MAX_FRAMES = 100
# The time in ms to show each frame, and to show the last one.
_DURATION, _LAST_DURATION = 100, 2000


class SampleGrid(ModelCallback):
    """Saves grids of samples during training, drawn from the same latents each time.

    The callback writes `samples-000000000.png` before the first update, and one more grid
    after every epoch, every n samples or every n batches. The number in a name counts the
    real samples shown. `reals.png` is a grid of real images. Each file is complete or
    absent.

    A resumed run continues the files of the interrupted run. A run that was stopped
    inside an epoch also leaves a grid of that moment. With several workers, only the
    chief writes. Samples that are NaN or infinite cause a warning in place of a grid.

    Args:
        directory: Folder for the pictures; created if missing.
        rows: Int, rows of a grid. None for 8, or for one row per class of a conditional
            GAN with labels. Each row of a conditional GAN has one class, from 0 on, or
            the conditions of one real sample, and all rows have the same latents. A
            translator shows groups of a source, its translation and the target.
        columns: Int, columns of a grid.
        scale: Int, the side in pixels of each pixel of a sample; None for a grid of
            about 512 pixels in width.
        save_freq: `"epoch"`, or an int, the number of batches from one grid to the next,
            counted from the first batch of training.
        gif: Path of an animation of the grids, written when training ends; True
            for `samples.gif` in the directory.
        seed: Int, seed of the latents.
        latents: Float array `(rows * columns, latent_dim)` to use instead.
        reals: Bool, whether to write `reals.png`.
        every: Int, the number of real samples to show from one grid to the next, in place
            of `save_freq`. A grid is drawn at the end of the batch that completes this
            number, and at the end of training.
        conditions: The conditions of each row, see `kgan.GAN.sample`, in place of those
            of real samples.
        captions: List of str, a caption for each row, drawn beside the row.

    Raises:
        ValueError: If an argument is out of range, or both `every` and `save_freq` are
            given; or, when training begins, if the GAN does not draw images, or the
            conditions or the captions don't fit.

    Example:

    ```python
    gan.fit(images, epochs=10, callbacks=[kgan.callbacks.SampleGrid("samples")])
    ```
    """

    def __init__(
        self,
        directory: PathLike,
        rows: int | None = None,
        columns: int = 8,
        scale: int | None = None,
        save_freq: int | str = "epoch",
        gif: PathLike | bool = False,
        seed: int = 0,
        latents: ArrayLike | None = None,
        reals: bool = True,
        every: int | None = None,
        conditions: Tensors | None = None,
        captions: Sequence[str] | None = None,
    ):
        super().__init__()
        self.directory = check_folder(directory=directory)
        self.rows = checks.optional_count(rows=rows)
        self.columns = checks.count(columns=columns)
        self.scale = checks.optional_count(scale=scale)
        self.save_freq = _check_save_freq(save_freq)
        self.every = check_every(every)
        self._interval = self._make_interval()
        self.gif = self._gif_path(gif)
        self.seed = checks.fixed_seed(seed=seed)
        self.latents = latents
        if latents is not None:
            checks.resolved(_rows, "numbers of shape (n, latent_dim)", latents=latents)
        self.reals = checks.flag(reals=reals)
        self.conditions = check_rows(conditions=conditions)
        self.captions = _check_captions(captions)
        # The grids of this training; None until its first epoch begins.
        self._grids: list[pathlib.Path] | None = None

    def _make_interval(self) -> Interval | None:
        """Returns the interval from grid to grid; None for a grid after every epoch."""
        if self.every is None:
            is_epoch = isinstance(self.save_freq, str)
            return None if is_epoch else Interval(int(self.save_freq), self._batch)
        if self.save_freq != "epoch":
            both = checks.received(every=self.every, save_freq=self.save_freq)
            raise ValueError(f"`every` takes the place of `save_freq`: give one. {both}")
        return samples_interval(self.every, self)

    def _gif_path(self, gif: PathLike | bool) -> PathLike | None:
        if gif is True:
            return self.directory / "samples.gif"
        return None if gif is None or gif is False else check_file(gif=gif)

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        if not data.is_image_shape(self.model.sample_shape):
            raise ValueError(
                "SampleGrid draws images of shape (height, width, channels) with 1 to "
                f"4 channels. Received: samples of shape {self.model.sample_shape}"
            )
        self._grids = None
        self._layout = Layout(
            self.model,
            self.rows,
            self.columns,
            self.seed,
            self.latents,
            self.conditions,
        )
        rows = self._layout.rows
        if self.captions is not None and len(self.captions) != rows:
            raise ValueError(
                f"`captions` must have a caption for each of the {rows} rows. "
                f"{checks.received(captions=self.captions)}"
            )
        reals = self._layout.reals() if self.reals else None
        if reals is not None:
            self._save(reals, "reals.png")

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        if self._interval is not None:
            self._interval.begin()
        if self._grids is not None:
            return
        self._grids = []
        if epoch == 0 and self.model.progress.batch == 0:
            self._save_samples()
        else:
            self._grids = self._earlier_grids()

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        # Keras may make one call for several batches.
        if self._interval is not None and self._interval.has_passed():
            self._save_samples()

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        if self._interval is None or self._is_end():
            self._save_samples()

    def _is_end(self) -> bool:
        """Whether the last epoch is done, and its last samples need a grid."""
        is_done = self.model.epoch == self.params["epochs"]
        is_drawn = self._path() in (self._grids or [])
        return self.every is not None and is_done and not is_drawn

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        grids = self._earlier_grids() if self._grids is None else self._grids
        if self.gif is not None and grids and self.model.devices.is_chief:
            _save_gif(self.gif, grids)

    def _batch(self) -> int:
        """Returns the number of batches since the start of training."""
        return int(self.model.steps_seen.numpy())

    def _shown(self) -> int:
        """Returns the number of real samples shown since the start of training."""
        return samples_shown(self.model)

    def _path(self) -> pathlib.Path:
        return self.directory / f"samples-{self._shown():09d}.png"

    def _earlier_grids(self) -> list[pathlib.Path]:
        """Returns the grids in the directory, up to now."""
        saved = {
            int(number): path
            for path in self.directory.glob("samples-*.png")
            if (number := path.stem.removeprefix("samples-")).isdecimal()
        }
        return [saved[number] for number in sorted(saved) if number <= self._shown()]

    def _save_samples(self) -> None:
        assert self._grids is not None
        samples = self._layout.draw()
        if not are_drawable(samples, "SampleGrid", self._batch()):
            return
        path = self._save(samples, self._path().name)
        if path not in self._grids:
            self._grids.append(path)

    def _save(self, images: np.ndarray, name: str) -> pathlib.Path:
        if self.model.devices.is_chief:
            pixels = self.model.sample_range.to_uint8(images)
            rows, columns = self._layout.rows, self._layout.columns
            if self.captions is None or name == "reals.png":
                picture = data.grid(pixels, rows, columns, self.scale)
            else:
                picture = data.captioned_grid(pixels, self.captions, self.scale)
            with atomic_path(self.directory / name) as path:
                picture.save(path, format="PNG")
        return self.directory / name


def _check_save_freq(save_freq: int | str) -> int | str:
    if isinstance(save_freq, str) and save_freq == "epoch":
        return save_freq
    if not checks.is_count(save_freq):
        raise ValueError(
            '`save_freq` must be "epoch" or an int of at least 1. '
            f"{checks.received(save_freq=save_freq)}"
        )
    return int(save_freq)


def _check_captions(captions: Sequence[str] | None) -> list[str] | None:
    if captions is None:
        return None
    is_list = isinstance(captions, list | tuple)
    if not is_list or not all(isinstance(text, str) for text in captions):
        received = checks.received(captions=captions)
        raise ValueError(f"`captions` must be a list of str, or None. {received}")
    return list(captions)


def _save_gif(gif: PathLike, paths: list[pathlib.Path]) -> None:
    """Writes an animation of pictures, evenly spaced if there are too many.

    Pictures that were removed or changed after training drew them are left out.
    """
    chosen = np.linspace(0, len(paths) - 1, min(len(paths), _MAX_FRAMES))
    opened = [_open(paths[i]) for i in chosen.astype(int)]
    pictures = [picture for picture in opened if picture is not None]
    if not pictures:
        return
    same = [picture for picture in pictures if picture.size == pictures[-1].size]
    durations = [_DURATION] * (len(same) - 1) + [_LAST_DURATION]
    # Training ends when the animation is written.
    save_gif(gif, same, durations, Image.Quantize.FASTOCTREE)


def _open(path: pathlib.Path) -> Image.Image | None:
    """Returns the picture in a file; None if the file is missing or damaged."""
    with contextlib.suppress(OSError, SyntaxError, ValueError), Image.open(path) as file:
        file.load()
        # Here, since Pillow may not convert a picture that another program wrote.
        return on_white(file)
    return None


def _rows(latents: ArrayLike) -> np.ndarray:
    rows = as_floats(latents)
    if rows.ndim != 2:
        raise ValueError("Latents have two axes.")
    return rows
