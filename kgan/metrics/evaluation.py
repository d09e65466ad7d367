"""Fakes against a real set, by an extractor and some metrics."""

import hashlib
import json
import math
import pathlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from kgan import data
from kgan.files import PathLike, atomic_path
from kgan.metrics.extractors import Extracted, Extractor, check_images
from kgan.metrics.kinds import KINDS, Metric, Reals, parse_all
from kgan.metrics.result import Result, versions

_SOME = 32


class Evaluation:
    """Metrics of fakes against a real set, whose features are computed once.

    Args:
        reals: uint8 images `(n, height, width, channels)`, an array or a
            `kgan.data.Store`.
        extractor: An `Extractor`.
        metrics: Names, see `parse`, or one.
        seed: Int, of random subsets.
        cache: Folder in which the features of real sets are kept, by their content.

    Raises:
        ValueError: If there is no such metric, or it can't be computed of these.

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
        metrics: str | Sequence[str] = ("fd10k",),
        seed: int = 0,
        cache: PathLike | None = None,
    ):
        self.extractor, self.seed = extractor, int(seed)
        self.metrics = parse_all(metrics, extractor)
        check_images(reals)
        # A few of them tell extractors of the same name apart.
        some = extractor(reals[:_SOME])
        self._check(some, len(reals))
        self.reals_sha256 = _sha256(reals)
        self.reals = Reals(self._features(reals, some.features, cache))

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
        found, known = self.extractor(fakes[: self.count]), {}
        for metric in self.metrics:
            if metric.computation not in known:
                known[metric.computation] = self._computed(metric, found)
        return self._results([known[metric.computation] for metric in self.metrics])

    def of(self, sample: Callable) -> list[Result]:
        """Returns a result for each metric, of what a function draws.

        Args:
            sample: Callable of a number of samples and a `seed`, such as `gan.sample`,
                that returns images in [-1, 1]. Of NaN, which a generator draws that has
                diverged, all numbers are NaN.
        """
        drawn = sample(self.count, seed=self.seed)
        if np.isfinite(drawn).all():
            return self(data.to_uint8(drawn))
        return self._results([math.nan] * len(self.metrics))

    def _computed(self, metric: Metric, found: Extracted) -> Any:
        some = slice(metric.count)
        probabilities = found.probabilities
        part = Extracted(
            found.features[some], None if probabilities is None else probabilities[some]
        )
        function, options = KINDS[metric.kind].function, self._options(metric)
        return function(self.reals, part, self.seed, **options)

    def _options(self, metric: Metric) -> dict[str, int]:
        return KINDS[metric.kind].settled(min(metric.count, len(self.reals)))

    def _results(self, values: list) -> list[Result]:
        by_what = self.extractor.protocol()
        pairs = zip(self.metrics, values, strict=True)
        return [self._result(metric, value, by_what) for metric, value in pairs]

    def _result(self, metric: Metric, value: Any, by_what: dict[str, Any]) -> Result:
        part = KINDS[metric.kind].part
        value = value if part is None or not isinstance(value, tuple) else value[part]
        protocol = {
            **by_what,
            **self._options(metric),
            "fakes": metric.count,
            "reals": len(self.reals),
            "reals_sha256": self.reals_sha256,
            "seed": self.seed,
            **versions(),
        }
        return Result(metric.name(self.extractor), float(value), protocol)

    def _check(self, some: Extracted, count: int) -> None:
        for metric in self.metrics:
            if metric.kind == "is" and some.probabilities is None:
                raise ValueError(
                    "The Inception score takes an extractor with probabilities. "
                    f"Received: extractor {self.extractor.name!r}"
                )
            if count < KINDS[metric.kind].least:
                raise ValueError(
                    f"{metric.kind!r} takes at least {KINDS[metric.kind].least} reals. "
                    f"Received: {count} reals"
                )

    def _features(
        self, reals: Any, some: np.ndarray, cache: PathLike | None
    ) -> np.ndarray:
        if cache is None:
            return self.extractor(reals).features
        key = json.dumps([self.reals_sha256, self.extractor.protocol()], sort_keys=True)
        digest = hashlib.sha256(key.encode() + np.ascontiguousarray(some).tobytes())
        name = f"{self.extractor.name}-{digest.hexdigest()[:32]}.npy"
        path = pathlib.Path(cache, name)
        kept = _kept(path)
        if kept is not None and kept.shape == (len(reals), some.shape[1]):
            return kept
        features = self.extractor(reals).features
        with atomic_path(path) as temporary, open(temporary, "wb") as file:
            np.save(file, features)
        return features


def _kept(path: pathlib.Path) -> np.ndarray | None:
    """Returns the array of a file, or None if it is not there, or damaged."""
    try:
        return np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None


def _sha256(images: Any) -> str:
    digest = hashlib.sha256(str(images.shape).encode())
    for part in data.chunks(images):
        digest.update(np.ascontiguousarray(part).data)
    return digest.hexdigest()
