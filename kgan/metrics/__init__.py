"""How good samples are: pure functions of arrays of features, numbers out."""

from kgan.metrics.extractors import (
    Extracted,
    Extractor,
    Function,
    Inception,
    Network,
    classifier,
)
from kgan.metrics.frechet import (
    Statistics,
    frechet_distance,
    frechet_distance_infinity,
    statistics,
)
from kgan.metrics.kernel import kernel_distance, kernel_distances
from kgan.metrics.neighbors import density_coverage, precision_recall
from kgan.metrics.scores import Modes, inception_score, mode_coverage

__all__ = [
    "Extracted",
    "Extractor",
    "Function",
    "Inception",
    "Modes",
    "Network",
    "Statistics",
    "classifier",
    "density_coverage",
    "frechet_distance",
    "frechet_distance_infinity",
    "inception_score",
    "kernel_distance",
    "kernel_distances",
    "mode_coverage",
    "precision_recall",
    "statistics",
]
