"""Data in and out."""

from kgan.data.batches import Batches
from kgan.data.checks import check_labels
from kgan.data.images import grid, is_image_shape, to_float, to_uint8
from kgan.data.load import load
from kgan.data.prepare import prepare, split

__all__ = [
    "Batches",
    "check_labels",
    "grid",
    "is_image_shape",
    "load",
    "prepare",
    "split",
    "to_float",
    "to_uint8",
]
