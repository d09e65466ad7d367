import pathlib
from typing import Any

import keras
import numpy as np
from PIL import Image

from kgan import data
from kgan.callbacks import class_rows
from kgan.files import PathLike, atomic_path

# Frames of an animation, and how long each one and the last one stay, in ms.
_FRAMES = 100
_DURATION, _LAST = 100, 2000


class SampleGrid(keras.callbacks.Callback):
    """Saves grids of samples, from the same latents, as training goes on.

    It writes `samples-000000.png` before the first update, one more after every
    epoch or every n batches, named by the generator's updates, and beside them
    `reals.png`, a grid of real images. Every file is written whole or not at all.
    Training that is resumed goes on with them as if it never was interrupted; one that
    is stopped in the midst of an epoch leaves a picture of that moment besides. Of
    several workers the first one writes.

    Args:
        directory: Folder for the pictures; made if missing.
        rows: Int, rows of a grid; None for 8, or, of a conditional GAN, for one per
            class. There each row has one class, from 0 on, and the latents are the
            same in all rows.
        columns: Int, columns of a grid.
        scale: Int, the side that each pixel becomes; None for one that makes the
            grid about 512 pixels wide.
        save_freq: `"epoch"`, or an int, to save every so many batches, counted from
            the first of training.
        gif: Path of an animation of the grids, written when training ends; True
            for `samples.gif` in the directory.
        seed: Int, seed of the latents.
        latents: Float array `(rows * columns, latent_dim)` to use instead.
        reals: Bool, whether to write `reals.png`.

    Raises:
        ValueError: If an argument can't be used, or, when training begins, if
            the GAN does not draw images.

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
        latents: Any = None,
        reals: bool = True,
    ):
        super().__init__()
        sizes = {
            "rows": 8 if rows is None else rows,
            "columns": columns,
            "scale": 1 if scale is None else scale,
        }
        for name, value in sizes.items():
            if not isinstance(value, int) or value < 1:
                raise ValueError(
                    f"`{name}` must be an int of at least 1. Received: {name}={value!r}"
                )
        if save_freq != "epoch" and (not isinstance(save_freq, int) or save_freq < 1):
            raise ValueError(
                '`save_freq` must be "epoch" or an int of at least 1. '
                f"Received: save_freq={save_freq!r}"
            )
        self.directory = pathlib.Path(directory)
        self.rows = rows
        self.columns = columns
        self.scale = scale
        self.save_freq = save_freq
        self.gif = self._gif_path(gif)
        self.seed = seed
        self.latents = latents
        self.reals = reals
        # Pictures of this training; None until its first epoch begins.
        self._frames: list[pathlib.Path] | None = None

    def _gif_path(self, gif: PathLike | bool) -> PathLike | None:
        if gif is True:
            return self.directory / "samples.gif"
        return gif or None

    def on_train_begin(self, logs=None):
        if not data.is_image_shape(self.model.sample_shape):
            raise ValueError(
                "SampleGrid draws images of shape (height, width, channels) with 1 to "
                f"4 channels. Received: samples of shape {self.model.sample_shape}"
            )
        self._frames = None
        model, columns = self.model, self.columns
        self._rows = rows = class_rows.rows_of(model, self.rows)
        if self.latents is None:
            self.latents = class_rows.latents_of(model, rows, columns, self.seed)
        self._labels = class_rows.labels_of(model, rows, columns)
        if self.reals and model.real_samples is not None:
            reals, labels = model.real_samples, model.real_labels
            self._save(class_rows.by_class(reals, labels, self._labels), "reals.png")

    def on_epoch_begin(self, epoch, logs=None):
        if self._frames is not None:
            return
        self._frames = []
        self._last_batch = self._batch()
        if epoch == 0 and self.model.position.batch == 0:
            self._save_samples()
        else:
            self._frames = self._earlier_frames()

    def on_train_batch_end(self, batch, logs=None):
        if self.save_freq == "epoch":
            return
        # One call may stand for several batches.
        last, self._last_batch = self._last_batch, self._batch()
        if self._last_batch // self.save_freq > last // self.save_freq:
            self._save_samples()

    def on_epoch_end(self, epoch, logs=None):
        if self.save_freq == "epoch":
            self._save_samples()

    def on_train_end(self, logs=None):
        frames = self._earlier_frames() if self._frames is None else self._frames
        if self.gif is not None and frames and self.model.is_chief:
            self._save_gif(self.gif, frames)

    def _batch(self) -> int:
        return int(self.model.steps_seen.numpy())

    def _updates(self) -> int:
        return self._batch() * self.model.g_steps

    def _earlier_frames(self) -> list[pathlib.Path]:
        saved = {
            int(number): path
            for path in self.directory.glob("samples-*.png")
            if (number := path.stem.removeprefix("samples-")).isdecimal()
        }
        return [saved[number] for number in sorted(saved) if number <= self._updates()]

    def _save_samples(self) -> None:
        assert self._frames is not None
        name = f"samples-{self._updates():06d}.png"
        path = self._save(self.model.sample(z=self.latents, labels=self._labels), name)
        if path not in self._frames:
            self._frames.append(path)

    def _save(self, images: np.ndarray, name: str) -> pathlib.Path:
        if self.model.is_chief:
            picture = data.grid(images, self._rows, self.columns, self.scale)
            with atomic_path(self.directory / name) as path:
                picture.save(path, format="PNG")
        return self.directory / name

    def _save_gif(self, gif: PathLike, paths: list[pathlib.Path]) -> None:
        chosen = np.linspace(0, len(paths) - 1, min(len(paths), _FRAMES))
        frames = [Image.open(paths[i]).convert("RGBA") for i in chosen.astype(int)]
        # Animations have no half transparency: what shows through is white.
        white = Image.new("RGBA", frames[0].size, "white")
        frames = [Image.alpha_composite(white, frame).convert("RGB") for frame in frames]
        with atomic_path(gif) as path:
            frames[0].save(
                path,
                format="GIF",
                save_all=True,
                append_images=frames[1:],
                duration=[_DURATION] * (len(frames) - 1) + [_LAST],
                loop=0,
            )
