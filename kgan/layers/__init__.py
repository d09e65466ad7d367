"""Layers for networks that play against each other."""

from kgan.layers.by_name import normalized
from kgan.layers.conditional_batch_normalization import ConditionalBatchNormalization
from kgan.layers.label_embedding import LabelEmbedding
from kgan.layers.minibatch_std_dev import MinibatchStdDev
from kgan.layers.normalization import (
    BatchNormalization,
    GroupNormalization,
    LayerNormalization,
)
from kgan.layers.pixel_normalization import PixelNormalization
from kgan.layers.projection_logit import ProjectionLogit
from kgan.layers.spectral_normalization import SpectralNormalization

__all__ = [
    "BatchNormalization",
    "ConditionalBatchNormalization",
    "GroupNormalization",
    "LabelEmbedding",
    "LayerNormalization",
    "MinibatchStdDev",
    "PixelNormalization",
    "ProjectionLogit",
    "SpectralNormalization",
    "normalized",
]
