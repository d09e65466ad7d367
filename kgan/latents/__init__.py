"""Tools for the latents of a trained GAN: paths between them, and directions."""

from kgan.latents.directions import directions
from kgan.latents.interpolation import interpolate

__all__ = ["directions", "interpolate"]
