"""The network of FID: its weights, its three resizes, and its layers."""

from kgan.metrics.inception.network import build, load
from kgan.metrics.inception.pth import read
from kgan.metrics.inception.resize import PROTOCOLS, RESIZES
from kgan.metrics.inception.weights import SHA256, find, sha256

__all__ = ["PROTOCOLS", "RESIZES", "SHA256", "build", "find", "load", "read", "sha256"]
