"""Tools for the latents of a trained GAN: paths, directions, projection, mixing."""

from kgan.latents.directions import directions
from kgan.latents.interpolation import interpolate
from kgan.latents.styles import style_mix
from kgan.models.projection import project

__all__ = ["directions", "interpolate", "project", "style_mix"]
