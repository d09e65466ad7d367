"""Layers for networks that play against each other."""

from kgan.layers.by_name import normalized
from kgan.layers.normalization import (
    BatchNormalization,
    GroupNormalization,
    LayerNormalization,
)
from kgan.layers.spectral_normalization import SpectralNormalization

__all__ = [
    "BatchNormalization",
    "GroupNormalization",
    "LayerNormalization",
    "SpectralNormalization",
    "normalized",
]
