"""Numbers that say how they were made."""

import dataclasses
import hashlib
import importlib.metadata
import json
import pathlib
import re
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from kgan import data
from kgan.files import PathLike, atomic_path
from kgan.metrics import frechet, kernel, neighbors, scores
from kgan.metrics.extractors import Extracted, Extractor

_PACKAGES = ("kgan", "keras", "numpy", "pillow")
# Of what Inception's features give, the names by which it is known.
_INCEPTION_NAMES = {"fid": "fd", "fid_infinity": "fd_infinity", "kid": "kd"}


@dataclasses.dataclass(frozen=True)
class Result:
    """A number with all that it depends on.

    Args:
        name: Str, such as `fid10k` or `fd10k_classifier`.
        value: Float.
        protocol: Dict of what it was made by: extractor and hash of its weights, counts,
            seed, hash of the real set, versions.
    """

    name: str
    value: float
    protocol: dict[str, Any]

    def __str__(self) -> str:
        shown = {key: str(value)[:16] for key, value in self.protocol.items()}
        versions = {key: shown.pop(key) for key in _PACKAGES if key in shown}
        facts = ", ".join(f"{key} {value}" for key, value in shown.items())
        made_by = " ".join(f"{key} {value}" for key, value in versions.items())
        return f"{self.name} {self.value:.6g} ({facts}; {made_by})"

    def compare(self, other: "Result") -> float:
        """Returns this value less another one's.

        Warns if they were made otherwise, so that they don't compare.
        """
        keys = sorted(set(self.protocol) | set(other.protocol))
        different = [
            f"{key} {self.protocol.get(key)} and {other.protocol.get(key)}"
            for key in keys
            if self.protocol.get(key) != other.protocol.get(key)
        ]
        if self.name != other.name:
            different.insert(0, f"name {self.name} and {other.name}")
        if different:
            warnings.warn(
                f"These numbers don't compare: {'; '.join(different)}.", stacklevel=2
            )
        return self.value - other.value


def save(results: Sequence[Result], path: PathLike) -> None:
    """Writes results as JSON, a list of their names, values and protocols."""
    with atomic_path(path) as temporary:
        rows = [dataclasses.asdict(result) for result in results]
        temporary.write_text(json.dumps(rows, indent=2) + "\n", "utf-8")


def load(path: PathLike) -> list[Result]:
    """Reads what `save` wrote."""
    rows = json.loads(pathlib.Path(path).read_text("utf-8"))
    return [Result(**row) for row in rows]


# From the real set, its statistics, the fakes and the seed to a number.
_KINDS: dict[str, Callable] = {
    "fd": lambda real, stats, fake, seed: frechet.frechet_distance(stats, fake.features),
    "fd_infinity": lambda real, stats, fake, seed: frechet.frechet_distance_infinity(
        stats, fake.features, seed=seed
    ),
    "kd": lambda real, stats, fake, seed: kernel.kernel_distance(
        real.features, fake.features, seed=seed,
        subset_size=min(1000, len(real.features), len(fake.features)),
    ),
    "is": lambda real, stats, fake, seed: scores.inception_score(fake.probabilities),
    "precision": lambda real, stats, fake, seed: neighbors.precision_recall(
        real.features, fake.features
    )[0],
    "recall": lambda real, stats, fake, seed: neighbors.precision_recall(
        real.features, fake.features
    )[1],
    "density": lambda real, stats, fake, seed: neighbors.density_coverage(
        real.features, fake.features
    )[0],
    "coverage": lambda real, stats, fake, seed: neighbors.density_coverage(
        real.features, fake.features
    )[1],
}  # fmt: skip


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
    if kind not in _KINDS:
        raise ValueError(
            f"There is no such metric; there are {', '.join(_KINDS)}, with how many "
            f"fakes behind, such as fd10k. Received: metric {name!r}"
        )
    count = int(text.removesuffix("k")) * (1000 if text.endswith("k") else 1)
    return Metric(kind, count, text)


class Evaluation:
    """Metrics of fakes against a real set, whose features are computed once.

    Args:
        reals: uint8 images `(n, height, width, channels)`, an array or a
            `kgan.data.Store`.
        extractor: An `Extractor`.
        metrics: Names, see `parse`.
        seed: Int, of random subsets.
        cache: Folder in which the features of real sets are kept, by their content.

    Raises:
        ValueError: If there is no such metric.

    Example:

    >>> import kgan
    >>> images, _ = kgan.data.load("digits")
    >>> pixels = kgan.metrics.Function(lambda x: x[..., 0] / 255.0, name="pixels")
    >>> evaluation = kgan.metrics.Evaluation(images[:900], pixels, ["fd500"])
    >>> (result,) = evaluation(images[900:1400])
    >>> result.name, result.value < 1
    ('fd500_pixels', True)
    """

    def __init__(
        self,
        reals: Any,
        extractor: Extractor,
        metrics: Sequence[str] = ("fd10k",),
        seed: int = 0,
        cache: PathLike | None = None,
    ):
        self.extractor, self.seed = extractor, seed
        self.metrics = [parse(name, extractor) for name in metrics]
        self.reals_sha256 = _sha256(reals)
        self.reals = self._features(reals, cache)
        self.statistics = frechet.statistics(self.reals.features)

    @property
    def names(self) -> list[str]:
        """What the numbers are called."""
        return [metric.name(self.extractor) for metric in self.metrics]

    @property
    def count(self) -> int:
        """How many fakes it takes."""
        return max(metric.count for metric in self.metrics)

    def __call__(self, fakes: Any) -> list[Result]:
        """Returns a result for each metric, of its number of the first fakes.

        Args:
            fakes: uint8 images, at least `count`.

        Raises:
            ValueError: If there are too few.
        """
        if len(fakes) < self.count:
            raise ValueError(
                f"The metrics take {self.count:,} fakes. Received: {len(fakes):,} fakes"
            )
        found = self.extractor(fakes[: self.count])
        return [self._result(metric, found) for metric in self.metrics]

    def _result(self, metric: Metric, found: Extracted) -> Result:
        some = (
            None if found.probabilities is None else found.probabilities[: metric.count]
        )
        part = Extracted(found.features[: metric.count], some)
        if metric.kind == "is" and part.probabilities is None:
            raise ValueError(
                "The Inception score takes an extractor with probabilities. "
                f"Received: extractor {self.extractor.name!r}"
            )
        value = _KINDS[metric.kind](self.reals, self.statistics, part, self.seed)
        protocol = {
            **self.extractor.protocol(),
            "fakes": metric.count,
            "reals": len(self.reals.features),
            "reals_sha256": self.reals_sha256,
            "seed": self.seed,
            **{package: importlib.metadata.version(package) for package in _PACKAGES},
        }
        return Result(metric.name(self.extractor), float(value), protocol)

    def _features(self, reals: Any, cache: PathLike | None) -> Extracted:
        if cache is None:
            return Extracted(self.extractor(reals).features)
        key = json.dumps([self.reals_sha256, self.extractor.protocol()], sort_keys=True)
        digest = hashlib.sha256(key.encode()).hexdigest()[:32]
        path = pathlib.Path(cache, f"{self.extractor.name}-{digest}.npy")
        if path.exists():
            return Extracted(np.load(path, allow_pickle=False))
        features = self.extractor(reals).features
        with atomic_path(path) as temporary, open(temporary, "wb") as file:
            np.save(file, features)
        return Extracted(features)


def _sha256(images: Any) -> str:
    digest = hashlib.sha256(str(images.shape).encode())
    for part in data.chunks(images):
        digest.update(np.ascontiguousarray(part).data)
    return digest.hexdigest()
