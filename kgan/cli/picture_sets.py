"""The data of image to image: pairs of pictures, or two sets that are no pairs."""

import dataclasses
from typing import Any, ClassVar

import kgan
from kgan.presets.translation import TranslatorPreset
from kgan.types import ArrayLike
from kgan_cli.translation import TranslationSettings


@dataclasses.dataclass(frozen=True)
class PictureSets:
    """Pictures to translate, and pictures to draw.

    The other attributes are those of `kgan.data.LoadedData`.

    Args:
        sources: Array, or a `kgan.data.Store`: the sources, or the pictures of A.
        samples: Array, or a `kgan.data.Store`: the targets, or the pictures of B.
        paired: Bool, whether the pictures in one place are a pair.
    """

    sources: ArrayLike
    samples: ArrayLike
    paired: bool
    labels: ClassVar[None] = None
    classes: ClassVar[None] = None
    report: ClassVar[None] = None

    @property
    def count(self) -> int:
        """The number of pictures that an epoch shows."""
        return max(len(self.sources), len(self.samples))

    @property
    def names(self) -> tuple[str, str]:
        """What the sources and the samples are called."""
        return ("sources", "targets") if self.paired else ("A", "B")

    def batches(
        self, preset: TranslatorPreset, seed: int
    ) -> kgan.data.PairBatches | kgan.data.UnpairedBatches:
        """Returns the batches of the pictures."""
        return getattr(kgan.data, preset.kind)(
            self.sources,
            self.samples,
            batch_size=preset.batch_size,
            seed=seed,
            drop_remainder=True,
            **preset.batches,
        )

    def describe(self) -> list[str]:
        """Returns lines that describe the pictures."""
        kind = "pairs of pictures" if self.paired else "pictures, which are no pairs"
        lines = [f"{self.count:,} {kind}."] if self.paired else []
        for name, pictures in zip(self.names, (self.sources, self.samples), strict=True):
            count = "" if self.paired else f"{len(pictures):,} pictures "
            lines.append(f"{name}: {count}of shape {pictures.shape[1:]}.")
        return lines

    def fingerprint(self) -> dict[str, str]:
        """Returns the hash of the sources under its name in `config.json`."""
        return {"sources_sha256": kgan.data.fingerprint(self.sources)}


def load(settings: TranslationSettings, options: dict[str, Any]) -> PictureSets:
    """Loads the pictures of a training.

    Args:
        settings: The settings of the command.
        options: The options of `kgan.data.load`, by name.
    """
    name, paths = settings.sides
    paired = name == "pairs"
    loader = kgan.data.load_pairs if paired else kgan.data.load_unpaired
    given = {key: value for key, value in options.items() if key != "labels"}
    return PictureSets(*loader(*paths, **given), paired)
