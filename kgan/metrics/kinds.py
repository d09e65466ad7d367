"""Metrics by their names: what each computes, and of how many fakes."""

import dataclasses
import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from kgan.metrics import frechet, kernel, neighbors, scores
from kgan.metrics.extractors import Extracted, Extractor


class Reals:
    """What is known of a real set.

    Args:
        features: Float array `(n, d)`.
    """

    def __init__(self, features: np.ndarray):
        self.features = features
        self.statistics = frechet.statistics(features)

    def __len__(self) -> int:
        return len(self.features)


def _frechet(reals: Reals, fakes: Extracted, seed: int) -> float:
    return frechet.frechet_distance(reals.statistics, fakes.features)


def _frechet_infinity(reals: Reals, fakes: Extracted, seed: int, points: int) -> float:
    return frechet.frechet_distance_infinity(
        reals.statistics, fakes.features, points, seed=seed
    )


def _kernel(reals: Reals, fakes: Extracted, seed: int, **options: int) -> float:
    return kernel.kernel_distance(reals.features, fakes.features, seed=seed, **options)


def _score(reals: Reals, fakes: Extracted, seed: int, splits: int) -> float:
    return scores.inception_score(fakes.probabilities, splits)


def _precision_recall(reals: Reals, fakes: Extracted, seed: int, k: int) -> tuple:
    return neighbors.precision_recall(reals.features, fakes.features, k)


def _density_coverage(reals: Reals, fakes: Extracted, seed: int, k: int) -> tuple:
    return neighbors.density_coverage(reals.features, fakes.features, k)


@dataclasses.dataclass(frozen=True)
class Kind:
    """What a metric computes.

    Args:
        function: From reals, what was extracted of fakes, a seed and the options to a
            number, or to several.
        least: Int, how many samples of each set it takes at least.
        options: Dict, part of the protocol. A size of subsets is that of the smaller set
            at most.
        part: Int, which of several numbers.
    """

    function: Callable
    least: int
    options: dict[str, int] = dataclasses.field(default_factory=dict)
    part: int | None = None

    def settled(self, count: int) -> dict[str, int]:
        """Returns the options for sets of which the smaller one has `count` samples."""
        return {
            name: min(value, count) if name == "subset_size" else value
            for name, value in self.options.items()
        }


KINDS = {
    "fd": Kind(_frechet, 2),
    "fd_infinity": Kind(_frechet_infinity, 6, {"points": 15}),
    "kd": Kind(_kernel, 2, {"subsets": 100, "subset_size": 1000}),
    "is": Kind(_score, 10, {"splits": 10}),
    "precision": Kind(_precision_recall, 4, {"k": 3}, 0),
    "recall": Kind(_precision_recall, 4, {"k": 3}, 1),
    "density": Kind(_density_coverage, 6, {"k": 5}, 0),
    "coverage": Kind(_density_coverage, 6, {"k": 5}, 1),
}
# Of what Inception's features give, the names by which it is known.
_INCEPTION_NAMES = {"fid": "fd", "fid_infinity": "fd_infinity", "kid": "kd"}


@dataclasses.dataclass(frozen=True)
class Metric:
    """A metric by its name.

    Args:
        kind: Str, such as `fd`.
        count: Int, how many fakes.
        text: Str, how the count is written.
    """

    kind: str
    count: int
    text: str

    @property
    def computation(self) -> tuple[Any, int]:
        """What tells it from metrics of another computation; some share one."""
        return KINDS[self.kind].function, self.count

    def name(self, extractor: Extractor) -> str:
        """Returns what the number is called: FID only if it is that."""
        if not extractor.is_fid:
            return f"{self.kind}{self.text}_{extractor.name}"
        known = {kind: name for name, kind in _INCEPTION_NAMES.items()}
        kind = known.get(self.kind, self.kind)
        # What all mean by FID is the first protocol; the others' numbers differ.
        protocol = extractor.name.removeprefix("inception_")
        return f"{kind}{self.text}" + ("" if protocol == "tf1" else f"_{protocol}")


def parse(name: str, extractor: Extractor) -> Metric:
    """Returns the metric of a name such as `"fd10k"`.

    Args:
        name: `fd`, `fd_infinity`, `kd`, `is`, `precision`, `recall`, `density` or
            `coverage`, and how many fakes it takes, such as `500` or `10k`, by default
            10k. With FID's own network also `fid`, `fid_infinity` and `kid`.
        extractor: By which it is computed.

    Raises:
        ValueError: If there is no such metric, or it is not FID that would be called so.
    """
    match = re.fullmatch(r"([a-z_]+?)_?(\d+k?)?", name)
    kind, text = (match[1], match[2] or "10k") if match else (name, "10k")
    if kind in _INCEPTION_NAMES and not extractor.is_fid:
        raise ValueError(
            "Only features of the published Inception network give FID and KID: with "
            f"another extractor the name is {_INCEPTION_NAMES[kind]!r}. "
            f"Received: metric {name!r} with the extractor {extractor.name!r}"
        )
    kind = _INCEPTION_NAMES.get(kind, kind)
    if kind not in KINDS:
        raise ValueError(
            f"There is no such metric; there are {', '.join(KINDS)}, with how many "
            f"fakes behind, such as fd10k. Received: metric {name!r}"
        )
    count = int(text.removesuffix("k")) * (1000 if text.endswith("k") else 1)
    if count < KINDS[kind].least:
        raise ValueError(
            f"{kind!r} takes at least {KINDS[kind].least} fakes. "
            f"Received: metric {name!r}"
        )
    return Metric(kind, count, text)


def parse_all(names: str | Sequence[str], extractor: Extractor) -> list[Metric]:
    """Returns the metrics of several names, or of one."""
    names = [names] if isinstance(names, str) else list(names)
    if not names:
        raise ValueError('Expected names of metrics, such as "fd10k". Received: none')
    return [parse(name, extractor) for name in names]
