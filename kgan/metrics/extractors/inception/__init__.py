"""The network of FID: its weights, its three resize methods, and its layers."""

from kgan.metrics.extractors.inception.extractor import Inception
from kgan.metrics.extractors.inception.network import build, load
from kgan.metrics.extractors.inception.pth import read
from kgan.metrics.extractors.inception.resize import PROTOCOLS, RESIZES
from kgan.metrics.extractors.inception.weights import SHA256, find, sha256

__all__ = [
    "PROTOCOLS",
    "RESIZES",
    "SHA256",
    "Inception",
    "build",
    "find",
    "load",
    "read",
    "sha256",
]
