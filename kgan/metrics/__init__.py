"""How good samples are: pure functions of arrays of features, numbers out."""

from kgan.metrics.classifiers import classifier, default_extractor, untrained
from kgan.metrics.evaluation import Evaluation
from kgan.metrics.extractors import (
    Extracted,
    Extractor,
    Function,
    Inception,
    Network,
    check_images,
)
from kgan.metrics.frechet import (
    Statistics,
    frechet_distance,
    frechet_distance_infinity,
    statistics,
)
from kgan.metrics.kernel import kernel_distance, kernel_distances
from kgan.metrics.kinds import Metric, parse, parse_all
from kgan.metrics.neighbors import density_coverage, precision_recall
from kgan.metrics.result import Result, load, save
from kgan.metrics.scores import Modes, inception_score, mode_coverage

__all__ = [
    "Evaluation",
    "Extracted",
    "Extractor",
    "Function",
    "Inception",
    "Metric",
    "Modes",
    "Network",
    "Result",
    "Statistics",
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
    "parse",
    "parse_all",
    "precision_recall",
    "save",
    "statistics",
    "untrained",
]
