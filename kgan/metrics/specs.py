"""Metrics by name: the function, the options and the number of fakes of each."""

import dataclasses
import re
from collections.abc import Callable, Sequence

import numpy as np

from kgan import checks
from kgan.metrics import frechet, kernel, neighbors, scores
from kgan.metrics.extractors import Extracted, Extractor

# The values of a metric that computes several numbers at once.
Values = float | tuple[float, ...]


class RealSet:
    """The features of the real set, and their statistics.

    Args:
        features: Float array `(n, d)`.
    """

    def __init__(self, features: np.ndarray):
        self.features = features
        self.statistics = frechet.statistics(features)

    def __len__(self) -> int:
        return len(self.features)


def _frechet(reals: RealSet, fakes: Extracted, seed: int) -> float:
    return frechet.frechet_distance(reals.statistics, fakes.features)


def _frechet_infinity(reals: RealSet, fakes: Extracted, seed: int, points: int) -> float:
    return frechet.frechet_distance_infinity(
        reals.statistics, fakes.features, points, seed=seed
    )


def _kernel(
    reals: RealSet, fakes: Extracted, seed: int, subsets: int, subset_size: int
) -> float:
    return kernel.kernel_distance(
        reals.features, fakes.features, subsets, subset_size, seed
    )


def _score(reals: RealSet, fakes: Extracted, seed: int, splits: int) -> float:
    return scores.inception_score(fakes.probabilities, splits)


def _precision_recall(reals: RealSet, fakes: Extracted, seed: int, k: int) -> Values:
    return neighbors.precision_recall(reals.features, fakes.features, k)


def _density_coverage(reals: RealSet, fakes: Extracted, seed: int, k: int) -> Values:
    return neighbors.density_coverage(reals.features, fakes.features, k)


@dataclasses.dataclass(frozen=True)
class MetricSpec:
    """The specification of a metric.

    Args:
        name: Str, for example `fd`.
        function: Callable from the `RealSet`, the `Extracted` fakes, a seed and the
            options to a float or a tuple of floats.
        minimum: Int, the smallest number of samples of each set.
        options: Dict, part of the protocol.
        index: Int, the index of this metric's value in the tuple that the function
            returns.
        needs_probabilities: Bool, whether the extractor must give probabilities.
        inception_name: Str, the name of the number with the features of the published
            Inception network; the same name by default.
        higher_is_better: Bool, whether better samples have a higher value.
    """

    name: str
    function: Callable[..., Values]
    minimum: int
    options: dict[str, int] = dataclasses.field(default_factory=dict)
    index: int | None = None
    needs_probabilities: bool = False
    inception_name: str | None = None
    higher_is_better: bool = False

    def options_for(self, count: int) -> dict[str, int]:
        """Returns the options for sets of at least `count` samples.

        A subset can't have more samples than the smaller set.
        """
        return {
            name: min(value, count) if name == "subset_size" else value
            for name, value in self.options.items()
        }


SPECS = {
    spec.name: spec
    for spec in (
        MetricSpec("fd", _frechet, 2, inception_name="fid"),
        MetricSpec(
            "fd_infinity",
            _frechet_infinity,
            6,
            {"points": 15},
            inception_name="fid_infinity",
        ),
        MetricSpec(
            "kd",
            _kernel,
            2,
            {"subsets": 100, "subset_size": 1000},
            inception_name="kid",
        ),
        MetricSpec(
            "is",
            _score,
            10,
            {"splits": 10},
            needs_probabilities=True,
            higher_is_better=True,
        ),
        MetricSpec(
            "precision", _precision_recall, 4, {"k": 3}, index=0, higher_is_better=True
        ),
        MetricSpec(
            "recall", _precision_recall, 4, {"k": 3}, index=1, higher_is_better=True
        ),
        MetricSpec(
            "density", _density_coverage, 6, {"k": 5}, index=0, higher_is_better=True
        ),
        MetricSpec(
            "coverage", _density_coverage, 6, {"k": 5}, index=1, higher_is_better=True
        ),
    )
}
# The names that only the published Inception network may give, for example "fid".
_INCEPTION_SPECS = {
    spec.inception_name: spec for spec in SPECS.values() if spec.inception_name
}


def names() -> list[str]:
    """Returns the names of the metrics, with any extractor."""
    return list(SPECS)


@dataclasses.dataclass(frozen=True)
class Metric:
    """A metric and the number of fakes that it uses.

    Args:
        spec: A `MetricSpec`.
        count: Int, the number of fakes.
        text: Str, the count as written in the name, for example `10k`.
    """

    spec: MetricSpec
    count: int
    text: str

    def name(self, extractor: Extractor) -> str:
        """Returns the name of the number, for example `fd10k_classifier`.

        Only numbers of the published Inception network have the names FID and KID.
        """
        if not extractor.is_fid:
            return f"{self.spec.name}{self.text}_{extractor.name}"
        name = self.spec.inception_name or self.spec.name
        # FID without a further word means the protocol "tf1"; other protocols give
        # other numbers.
        protocol = extractor.name.removeprefix("inception_")
        return f"{name}{self.text}" + ("" if protocol == "tf1" else f"_{protocol}")


def parse(name: str, extractor: Extractor) -> Metric:
    """Returns the metric with a name, for example `"fd10k"`.

    Args:
        name: `fd`, `fd_infinity`, `kd`, `is`, `precision`, `recall`, `density` or
            `coverage`, followed by the number of fakes, for example `500` or `10k`;
            10k by default. With the published Inception network also `fid`,
            `fid_infinity` and `kid`.
        extractor: The `Extractor` of the features.

    Raises:
        ValueError: If no metric has that name, or if the extractor is not the network
            that FID and KID are defined by, or no extractor.
    """
    checks.instance(str, "a name", metric=name)
    checks.instance(Extractor, "a `kgan.metrics.Extractor`", extractor=extractor)
    match = re.fullmatch(r"([a-z_]+?)_?(\d+k?)?", name)
    base, text = (match[1], match[2] or "10k") if match else (name, "10k")
    if base in _INCEPTION_SPECS and not extractor.is_fid:
        raise ValueError(
            "Only features of the published Inception network give FID and KID. With "
            f"another extractor the metric is {_INCEPTION_SPECS[base].name!r}. "
            f"{checks.received(metric=name, extractor=extractor.name)}"
        )
    spec = _INCEPTION_SPECS.get(base) or SPECS.get(base)
    if spec is None:
        raise ValueError(
            f"Unknown metric. The metrics are {', '.join(SPECS)}, followed by the number "
            f"of fakes, as in fd10k. {checks.received(metric=name)}"
        )
    count = int(text.removesuffix("k")) * (1000 if text.endswith("k") else 1)
    if count < spec.minimum:
        raise ValueError(
            f"The metric {spec.name!r} needs at least {spec.minimum} fakes. "
            f"{checks.received(metric=name)}"
        )
    return Metric(spec, count, text)


def parse_all(names: str | Sequence[str], extractor: Extractor) -> list[Metric]:
    """Returns the metrics with several names, or with one name."""
    return [parse(name, extractor) for name in checks.names(metrics=names)]
