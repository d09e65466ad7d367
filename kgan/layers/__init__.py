"""Layers for generators and discriminators."""

from kgan.layers.basis import DiscriminativeBasis, GenerativeBasis, LearnedConstant
from kgan.layers.conditional_batch_normalization import ConditionalBatchNormalization
from kgan.layers.equalized import (
    EqualizedConv2D,
    EqualizedDense,
    EqualizedEmbedding,
)
from kgan.layers.frozen import Frozen
from kgan.layers.label_embedding import LabelEmbedding
from kgan.layers.minibatch_std_dev import MinibatchStdDev
from kgan.layers.modulated_batch_normalization import ModulatedBatchNormalization
from kgan.layers.modulated_conv2d import ModulatedConv2D
from kgan.layers.noise_injection import NoiseInjection
from kgan.layers.normalization import (
    BatchNormalization,
    GroupNormalization,
    InstanceNormalization,
    LayerNormalization,
)
from kgan.layers.normalized import normalized
from kgan.layers.phase_shuffle import PhaseShuffle
from kgan.layers.pixel_normalization import PixelNormalization
from kgan.layers.projection_logit import ProjectionLogit
from kgan.layers.reconstruction import Reconstruction
from kgan.layers.reflection_padding import ReflectionPadding2D
from kgan.layers.resampling import SmoothDownSampling2D, SmoothUpSampling2D
from kgan.layers.scaled_dot_product_attention import ScaledDotProductAttention
from kgan.layers.scaled_leaky_relu import ScaledLeakyReLU
from kgan.layers.self_attention import SelfAttention2D
from kgan.layers.skip_layer_excitation import SkipLayerExcitation
from kgan.layers.spectral_normalization import SpectralNormalization
from kgan.layers.styles import PairSwap, StyleMixing, StyleTruncation
from kgan.layers.up_sampling_conv2d import UpSamplingConv2D

__all__ = [
    "BatchNormalization",
    "ConditionalBatchNormalization",
    "DiscriminativeBasis",
    "EqualizedConv2D",
    "EqualizedDense",
    "EqualizedEmbedding",
    "Frozen",
    "GenerativeBasis",
    "GroupNormalization",
    "InstanceNormalization",
    "LabelEmbedding",
    "LayerNormalization",
    "LearnedConstant",
    "MinibatchStdDev",
    "ModulatedBatchNormalization",
    "ModulatedConv2D",
    "NoiseInjection",
    "PairSwap",
    "PhaseShuffle",
    "PixelNormalization",
    "ProjectionLogit",
    "Reconstruction",
    "ReflectionPadding2D",
    "ScaledDotProductAttention",
    "ScaledLeakyReLU",
    "SelfAttention2D",
    "SkipLayerExcitation",
    "SmoothDownSampling2D",
    "SmoothUpSampling2D",
    "SpectralNormalization",
    "StyleMixing",
    "StyleTruncation",
    "UpSamplingConv2D",
    "normalized",
]
