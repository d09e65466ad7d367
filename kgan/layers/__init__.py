"""Layers for generators and discriminators."""

from kgan.layers.basis import DiscriminativeBasis, GenerativeBasis
from kgan.layers.conditional_batch_normalization import ConditionalBatchNormalization
from kgan.layers.label_embedding import LabelEmbedding
from kgan.layers.minibatch_std_dev import MinibatchStdDev
from kgan.layers.modulated_batch_normalization import ModulatedBatchNormalization
from kgan.layers.noise_injection import NoiseInjection
from kgan.layers.normalization import (
    BatchNormalization,
    GroupNormalization,
    LayerNormalization,
)
from kgan.layers.normalized import normalized
from kgan.layers.phase_shuffle import PhaseShuffle
from kgan.layers.pixel_normalization import PixelNormalization
from kgan.layers.projection_logit import ProjectionLogit
from kgan.layers.reconstruction import Reconstruction
from kgan.layers.resampling import SmoothDownSampling2D, SmoothUpSampling2D
from kgan.layers.self_attention import SelfAttention2D
from kgan.layers.skip_layer_excitation import SkipLayerExcitation
from kgan.layers.spectral_normalization import SpectralNormalization

__all__ = [
    "BatchNormalization",
    "ConditionalBatchNormalization",
    "DiscriminativeBasis",
    "GenerativeBasis",
    "GroupNormalization",
    "LabelEmbedding",
    "LayerNormalization",
    "MinibatchStdDev",
    "ModulatedBatchNormalization",
    "NoiseInjection",
    "PhaseShuffle",
    "PixelNormalization",
    "ProjectionLogit",
    "Reconstruction",
    "SelfAttention2D",
    "SkipLayerExcitation",
    "SmoothDownSampling2D",
    "SmoothUpSampling2D",
    "SpectralNormalization",
    "normalized",
]
