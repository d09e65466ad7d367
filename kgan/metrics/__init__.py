"""Metrics of samples: functions of feature arrays, and the extractors of features."""

from kgan.metrics.evaluation import Evaluation
from kgan.metrics.extractors import (
    Extracted,
    Extractor,
    Function,
    Inception,
    Network,
    check_extractor,
    check_images,
    classifier,
    default_extractor,
    untrained,
)
from kgan.metrics.frechet import (
    Statistics,
    frechet_distance,
    frechet_distance_infinity,
    statistics,
)
from kgan.metrics.kernel import kernel_distance, kernel_distances
from kgan.metrics.nearest import Neighbors, nearest_neighbors
from kgan.metrics.neighbors import density_coverage, precision_recall
from kgan.metrics.result import Result, load, save
from kgan.metrics.scores import Modes, inception_score, mode_coverage
from kgan.metrics.specs import Metric, MetricSpec, names, parse, parse_all

__all__ = [
    "Evaluation",
    "Extracted",
    "Extractor",
    "Function",
    "Inception",
    "Metric",
    "MetricSpec",
    "Modes",
    "Neighbors",
    "Network",
    "Result",
    "Statistics",
    "check_extractor",
    "check_images",
    "classifier",
    "default_extractor",
    "density_coverage",
    "frechet_distance",
    "frechet_distance_infinity",
    "inception_score",
    "kernel_distance",
    "kernel_distances",
    "load",
    "mode_coverage",
    "names",
    "nearest_neighbors",
    "parse",
    "parse_all",
    "precision_recall",
    "save",
    "statistics",
    "untrained",
]
