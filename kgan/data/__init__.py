"""Data in and out."""

from kgan.data.arrays import to_image
from kgan.data.batches import Batches
from kgan.data.checks import check_labels
from kgan.data.fingerprint import fingerprint, fingerprints
from kgan.data.images import grid, is_image_shape, to_float, to_uint8
from kgan.data.load import load, load_all
from kgan.data.options import Options
from kgan.data.pictures import Fit
from kgan.data.prepare import prepare, split
from kgan.data.store import Store, chunks

__all__ = [
    "Batches",
    "Fit",
    "Options",
    "Store",
    "check_labels",
    "chunks",
    "fingerprint",
    "fingerprints",
    "grid",
    "is_image_shape",
    "load",
    "load_all",
    "prepare",
    "split",
    "to_float",
    "to_image",
    "to_uint8",
]
