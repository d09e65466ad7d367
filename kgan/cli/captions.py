"""The captions of a run: their vectors, their encoder, and the files of both."""

import dataclasses
import hashlib
import json
import os
import pathlib

import keras
import numpy as np

import kgan
from kgan.cli.dataset import AnyData
from kgan.files import atomic_path
from kgan.types import ArrayLike
from kgan_cli.settings import ModelSettings

# The files of a run folder.
ENCODER, VECTORS = "encoder.json", "vectors.npy"
# The rows of a grid, each with a caption.
ROWS = 8

Captions = list[tuple[str, ...]]


@dataclasses.dataclass(frozen=True)
class EncodedCaptions:
    """Captions with their vectors.

    Args:
        texts: The captions of each picture.
        vectors: Float32 array `(m, d)`, the vectors of all captions in their order.
        encoder: The encoder; None if its file is kept already.
    """

    texts: Captions
    vectors: np.ndarray
    encoder: kgan.text.Encoder | None

    @property
    def flat(self) -> list[str]:
        """All captions in the order of their vectors."""
        return [text for texts in self.texts for text in texts]

    @property
    def rows(self) -> "EncodedCaptions":
        """The captions of the rows of the grids: the first of pictures evenly spaced."""
        chosen = np.linspace(0, len(self.texts) - 1, ROWS).astype(int)
        starts = np.cumsum([0, *map(len, self.texts)])
        texts = [self.texts[i][:1] for i in chosen]
        return EncodedCaptions(texts, self.vectors[starts[chosen]], self.encoder)

    def batches(
        self, samples: ArrayLike, batch_size: int, seed: int
    ) -> kgan.data.CaptionBatches:
        """Returns the batches of the pictures."""
        counts = [len(texts) for texts in self.texts]
        return kgan.data.CaptionBatches(
            samples, self.vectors, counts, batch_size, seed=seed, drop_remainder=True
        )

    def write(self, folder: pathlib.Path) -> None:
        """Writes the encoder, for texts that are given later, and the vectors.

        A resumed run reads the vectors: another machine might compute other last digits.
        """
        if self.encoder is None:
            return
        self.encoder.save(folder / ENCODER)
        with atomic_path(folder / VECTORS) as path, open(path, "wb") as file:
            np.save(file, self.vectors)


def check(settings: ModelSettings) -> None:
    """Checks the options for captions, before any work.

    Raises:
        ValueError: If the GAN would be conditional on labels too.
        FileNotFoundError: If there is no file of captions.
    """
    if settings.captions is None:
        return
    if settings.conditional:
        raise ValueError(
            "A GAN is trained on labels or on captions: give --conditional or "
            f"--captions. Received: --conditional, --captions {settings.captions}"
        )
    if not os.path.isfile(settings.captions):
        raise FileNotFoundError(
            f"There is no file of captions. Received: --captions {settings.captions}"
        )


def read(settings: ModelSettings, data: AnyData) -> Captions | None:
    """Returns the captions of the pictures; None for a training without captions.

    Raises:
        ValueError: If the data are no pictures, or the captions don't fit the pictures.
    """
    if settings.captions is None:
        return None
    if data.report is None or not os.path.exists(settings.data):
        raise ValueError(
            "--captions are for a folder or an archive of pictures. Received: --data "
            f"{settings.data}, --captions {settings.captions}"
        )
    return kgan.data.captions_of(
        data.report, settings.data, settings.captions, settings.flip
    )


def encode(
    settings: ModelSettings, texts: Captions | None, kept: pathlib.Path | None = None
) -> EncodedCaptions | None:
    """Returns the captions with their vectors; None for a training without captions.

    Args:
        settings: The settings of the command.
        texts: The result of `read`.
        kept: The file of an encoder that is used again if it exists.

    Raises:
        ImportError: If the package of the encoder is not installed.
    """
    if texts is None:
        return None
    flat = [text for several in texts for text in several]
    if kept is not None and kept.exists():
        encoder = kgan.text.load(kept)
        return EncodedCaptions(texts, encoder(flat), encoder)
    standardize = kgan.text.Standardize(settings.encoder)
    return EncodedCaptions(texts, standardize.adapt(flat), standardize)


def of_run(
    settings: ModelSettings, texts: Captions | None, folder: pathlib.Path
) -> EncodedCaptions | None:
    """Returns the captions of a run that continues, with the vectors that it has kept.

    Args:
        settings: See `encode`.
        texts: See `encode`.
        folder: The run folder.
    """
    if texts is None or not (folder / VECTORS).exists():
        return encode(settings, texts, folder / ENCODER)
    return EncodedCaptions(texts, np.load(folder / VECTORS), None)


def fingerprint(texts: Captions | None) -> dict[str, str]:
    """Returns the hash of captions under its name in `config.json`; empty for None."""
    if texts is None:
        return {}
    content = json.dumps(texts).encode("utf-8")
    return {"captions_sha256": hashlib.sha256(content).hexdigest()}


class RowCaptions(keras.callbacks.Callback):
    """Writes the captions of the rows of the grids, one in a line.

    Args:
        path: The file to write.
        captions: List of str, a caption for each row.
    """

    def __init__(self, path: pathlib.Path, captions: list[str]):
        super().__init__()
        self.path, self.captions = path, captions

    def on_train_begin(self, logs: dict | None = None) -> None:
        if not self.model.devices.is_chief:
            return
        with atomic_path(self.path) as path:
            lines = [" ".join(text.split()) for text in self.captions]
            path.write_text("\n".join(lines) + "\n", "utf-8")
