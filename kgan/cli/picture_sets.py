"""The data of image to image: pairs of pictures, or two sets that are no pairs."""

import dataclasses
from collections.abc import Sequence
from typing import Any, ClassVar

import kgan
from kgan.presets.translation import TranslatorPreset
from kgan.types import ArrayLike


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

    def __str__(self) -> str:
        shapes = f"{self.sources.shape[1:]} and {self.samples.shape[1:]}"
        if self.paired:
            return f"{self.count:,} pairs of pictures of shapes {shapes}"
        sizes = f"{len(self.sources):,} and {len(self.samples):,}"
        return f"{sizes} pictures, without pairs, of shapes {shapes}"

    def fingerprint(self) -> dict[str, str]:
        """Returns the hash of the sources under its name in `config.json`."""
        return {"sources_sha256": kgan.data.fingerprint(self.sources)}


def load(name: str, paths: Sequence[str], options: dict[str, Any]) -> PictureSets:
    """Loads pairs, or two sets.

    Args:
        name: `"pairs"` or `"unpaired"`.
        paths: The paths of both sets, or one path.
        options: The options of `kgan.data.load`, by name.
    """
    paired = name == "pairs"
    loader = kgan.data.load_pairs if paired else kgan.data.load_unpaired
    given = {key: value for key, value in options.items() if key != "labels"}
    return PictureSets(*loader(*paths, **given), paired)
