"""Tools for the latents of a trained GAN: paths, directions, projection."""

from kgan.latents.directions import directions
from kgan.latents.interpolation import interpolate
from kgan.latents.projection import project

__all__ = ["directions", "interpolate", "project"]
