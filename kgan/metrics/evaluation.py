"""Compares fakes with a real set, by an extractor and several metrics."""

import hashlib
import json
import math
import pathlib
from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np

from kgan import checks, data
from kgan.files import atomic_path
from kgan.metrics.extractors import Extracted, Extractor, Images, check_images
from kgan.metrics.result import Result
from kgan.metrics.specs import Metric, RealSet, Values, parse_all
from kgan.types import PathLike
from kgan.version import versions

# The number of reals by whose features the cache recognises an extractor.
_PROBE = 32


class Evaluation:
    """Metrics of fakes against a real set, whose features are computed once.

    Args:
        reals: uint8 images `(n, height, width, channels)`, an array or a
            `kgan.data.Store`.
        extractor: An `Extractor`.
        metrics: Names of metrics, see `parse`, or one name.
        seed: Int, seed of random subsets.
        cache: Folder for the features of real sets, to be reused for the same images and
            the same extractor.

    Raises:
        ValueError: If no metric has one of the names, or if these reals or this
            extractor don't suit a metric.

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
        reals: Images,
        extractor: Extractor,
        metrics: str | Sequence[str] = ("fd10k",),
        seed: int = 0,
        cache: PathLike | None = None,
    ):
        self.extractor = extractor
        self.seed = checks.fixed_seed(seed=seed)
        self.metrics = parse_all(metrics, extractor)
        check_images(reals)
        probe = extractor(reals[:_PROBE])
        self._check_metrics(probe, len(reals))
        self.image_shape = tuple(reals.shape[1:])
        self.reals_sha256 = data.fingerprint(reals)
        self.reals = RealSet(self._real_features(reals, probe.features, cache))

    @property
    def names(self) -> list[str]:
        """The names of the numbers, for example `fd10k_classifier`."""
        return [metric.name(self.extractor) for metric in self.metrics]

    @property
    def count(self) -> int:
        """The number of fakes that the metrics need."""
        return max(metric.count for metric in self.metrics)

    def __call__(self, fakes: Images) -> list[Result]:
        """Returns a result for each metric, computed from the first fakes.

        Args:
            fakes: uint8 images, at least `count`.

        Raises:
            ValueError: If the fakes are no uint8 images, or fewer than `count`.
        """
        check_images(fakes)
        if len(fakes) < self.count:
            raise ValueError(
                f"The metrics need {self.count:,} fakes. Received: {len(fakes):,} fakes"
            )
        found = self.extractor(fakes[: self.count])
        # Some metrics share a function, for example precision and recall.
        computed: dict[tuple, Values] = {}
        values = []
        for metric in self.metrics:
            key = metric.spec.function, metric.count
            if key not in computed:
                computed[key] = self._compute(metric, found)
            values.append(_value(metric, computed[key]))
        return self._results(values)

    def of(
        self, sample: Callable, sample_range: data.SampleRange = data.UNBOUNDED
    ) -> list[Result]:
        """Returns a result for each metric, computed from samples of a function.

        Args:
            sample: Callable of a number of samples and a `seed`, for example
                `gan.sample`, that returns float images, or uint8 pixels. If a sample is
                NaN or infinite, because the generator has diverged, all numbers are NaN.
            sample_range: The range of float images, for example `gan.sample_range`;
                [-1, 1] by default.

        Raises:
            ValueError: If `sample` is no function.
        """
        if not callable(sample) or isinstance(sample, keras.layers.Layer):
            raise ValueError(
                "`sample` must be a function that draws samples, for example "
                f"`gan.sample`. {checks.received(sample=sample)}"
            )
        try:
            pixels = sample_range.to_uint8(sample(self.count, seed=self.seed))
        except data.NotFiniteError:
            return self._results([math.nan] * len(self.metrics))
        return self(pixels)

    def of_halves(self) -> list[float]:
        """Returns each metric of one half of the reals against the other half.

        A generator that draws like the data reaches about these values. The halves are
        random. Each has fewer samples than the whole set; a Fréchet distance of fewer
        samples is larger.

        Returns:
            A float for each metric; NaN for the Inception score, and for a metric that
            needs more reals.
        """
        order = np.random.default_rng(self.seed).permutation(len(self.reals))
        half = len(order) // 2
        features = self.reals.features
        reals = RealSet(features[order[half:]])
        others = Extracted(features[order[:half]], None)
        return [self._of_halves(metric, reals, others) for metric in self.metrics]

    def _of_halves(self, metric: Metric, reals: RealSet, others: Extracted) -> float:
        spec, count = metric.spec, min(metric.count, len(others.features))
        if spec.needs_probabilities or count < spec.minimum:
            return math.nan
        others = Extracted(others.features[:count], None)
        options = spec.options_for(min(count, len(reals)))
        return float(_value(metric, spec.function(reals, others, self.seed, **options)))

    def _compute(self, metric: Metric, found: Extracted) -> Values:
        features, probabilities = found
        if probabilities is not None:
            probabilities = probabilities[: metric.count]
        fakes = Extracted(features[: metric.count], probabilities)
        return metric.spec.function(self.reals, fakes, self.seed, **self._options(metric))

    def _options(self, metric: Metric) -> dict[str, int]:
        return metric.spec.options_for(min(metric.count, len(self.reals)))

    def _results(self, values: list[float]) -> list[Result]:
        extractor = self.extractor.protocol()
        pairs = zip(self.metrics, values, strict=True)
        return [self._result(metric, value, extractor) for metric, value in pairs]

    def _result(self, metric: Metric, value: float, extractor: dict[str, Any]) -> Result:
        protocol = {
            **extractor,
            **self._options(metric),
            "fakes": metric.count,
            "reals": len(self.reals),
            "reals_sha256": self.reals_sha256,
            "image_shape": "x".join(map(str, self.image_shape)),
            "seed": self.seed,
            **versions(),
        }
        return Result(metric.name(self.extractor), float(value), protocol)

    def _check_metrics(self, probe: Extracted, count: int) -> None:
        """Raises a `ValueError` if the reals or the extractor don't suit a metric."""
        for spec in (metric.spec for metric in self.metrics):
            if spec.needs_probabilities and probe.probabilities is None:
                raise ValueError(
                    "The Inception score needs an extractor with probabilities. "
                    f"{checks.received(metric=spec.name, extractor=self.extractor.name)}"
                )
            if count < spec.minimum:
                raise ValueError(
                    f"The metric {spec.name!r} needs at least {spec.minimum} reals. "
                    f"Received: {count} reals"
                )

    def _real_features(
        self, reals: Images, probe: np.ndarray, cache: PathLike | None
    ) -> np.ndarray:
        """Returns the features of the real set, from the cache if they are there."""
        if cache is None:
            return self.extractor(reals).features
        path = self._cache_path(cache, probe)
        features = _read_array(path)
        if features is None or features.shape != (len(reals), probe.shape[1]):
            features = self.extractor(reals).features
            with atomic_path(path) as temporary, open(temporary, "wb") as file:
                np.save(file, features)
                file.write(_mark(features))
        return features

    def _cache_path(self, cache: PathLike, probe: np.ndarray) -> pathlib.Path:
        facts = [self.reals_sha256, self.image_shape, self.extractor.protocol()]
        digest = hashlib.sha256(json.dumps(facts, sort_keys=True).encode())
        # Two extractors may have the same name and protocol, but other features.
        digest.update(np.ascontiguousarray(probe).data)
        return pathlib.Path(cache, f"{self.extractor.name}-{digest.hexdigest()[:32]}.npy")


def _value(metric: Metric, values: Values) -> float:
    """Returns the metric's own value of the values that its function computed."""
    if isinstance(values, tuple):
        assert metric.spec.index is not None
        return values[metric.spec.index]
    return values


def _read_array(path: pathlib.Path) -> np.ndarray | None:
    """Returns the array in a file, or None if the file is missing or damaged."""
    try:
        with open(path, "rb") as file:
            array = np.load(file, allow_pickle=False)
            return array if file.read() == _mark(array) else None
    # Damage in the header, which numpy parses as Python text, can raise any exception.
    except Exception:
        return None


def _mark(array: np.ndarray) -> bytes:
    """Returns the bytes behind an array in a file, by which damage is noticed."""
    return f"{array.dtype} {array.shape} {data.fingerprint(array)}".encode()
