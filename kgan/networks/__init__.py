"""Builders of generators and discriminators: plain Keras models."""

from kgan.networks.biggan import biggan_discriminator, biggan_generator
from kgan.networks.dcgan import dcgan_discriminator, dcgan_generator
from kgan.networks.fastgan import fastgan_discriminator, fastgan_generator
from kgan.networks.features import feature_network
from kgan.networks.mlp import mlp_discriminator, mlp_generator
from kgan.networks.patch import patch_discriminator
from kgan.networks.projected import projected_discriminator
from kgan.networks.r3gan import r3gan_discriminator, r3gan_generator
from kgan.networks.resnet import resnet_discriminator, resnet_generator
from kgan.networks.small import small_discriminator, small_generator
from kgan.networks.stacked import stacked_generator
from kgan.networks.stylegan2 import stylegan2_discriminator, stylegan2_generator
from kgan.networks.super_resolution import super_resolution_generator
from kgan.networks.transformer import (
    transformer_discriminator,
    transformer_generator,
)
from kgan.networks.translator import resnet_translator
from kgan.networks.unet import unet_generator
from kgan.networks.wavegan import wavegan_discriminator, wavegan_generator

__all__ = [
    "biggan_discriminator",
    "biggan_generator",
    "dcgan_discriminator",
    "dcgan_generator",
    "fastgan_discriminator",
    "fastgan_generator",
    "feature_network",
    "mlp_discriminator",
    "mlp_generator",
    "patch_discriminator",
    "projected_discriminator",
    "r3gan_discriminator",
    "r3gan_generator",
    "resnet_discriminator",
    "resnet_generator",
    "resnet_translator",
    "small_discriminator",
    "small_generator",
    "stacked_generator",
    "stylegan2_discriminator",
    "stylegan2_generator",
    "super_resolution_generator",
    "transformer_discriminator",
    "transformer_generator",
    "unet_generator",
    "wavegan_discriminator",
    "wavegan_generator",
]
