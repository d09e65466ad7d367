"""Loads data, makes batches of arrays, and converts between pixels and floats.

The files in this folder are the public part; `kgan.data.reading` reads the sources.
"""

from kgan.data.batches import Batches, divide_batch, unpack_batch
from kgan.data.caption_batches import CaptionBatches
from kgan.data.captioned_grid import captioned_grid
from kgan.data.captions import captions_of, load_captions
from kgan.data.checks import check_labels
from kgan.data.conditions import (
    NO_CONDITIONS,
    Condition,
    Conditions,
    map_conditions,
    parts_of,
)
from kgan.data.data_check import CheckedData, DataCheck, check_end
from kgan.data.fingerprint import fingerprint, fingerprints
from kgan.data.images import grid, is_image_shape, scale_pixels, to_float, to_uint8
from kgan.data.load import load, load_all
from kgan.data.options import Options
from kgan.data.pair_batches import PairBatches
from kgan.data.pairs import load_pairs, load_unpaired
from kgan.data.prepare import prepare, split, unpack
from kgan.data.reading.arrays import to_image
from kgan.data.reading.entries import Entry, has_image_extension
from kgan.data.reading.paths import pictures_at
from kgan.data.reading.pictures import Fit, open_picture, read_header
from kgan.data.reading.read_pictures import LoadedData
from kgan.data.reading.reports import (
    NothingLeftError,
    Report,
    check_bad_files,
    left_out,
    reason_lines,
    write_reasons,
)
from kgan.data.sample_range import UNBOUNDED, NotFiniteError, SampleRange
from kgan.data.store import Store, chunks
from kgan.data.unpaired_batches import UnpairedBatches
from kgan.data.unpaired_check import UnpairedCheck

__all__ = [
    "NO_CONDITIONS",
    "UNBOUNDED",
    "Batches",
    "CaptionBatches",
    "CheckedData",
    "Condition",
    "Conditions",
    "DataCheck",
    "Entry",
    "Fit",
    "LoadedData",
    "NotFiniteError",
    "NothingLeftError",
    "Options",
    "PairBatches",
    "Report",
    "SampleRange",
    "Store",
    "UnpairedBatches",
    "UnpairedCheck",
    "captioned_grid",
    "captions_of",
    "check_bad_files",
    "check_end",
    "check_labels",
    "chunks",
    "divide_batch",
    "fingerprint",
    "fingerprints",
    "grid",
    "has_image_extension",
    "is_image_shape",
    "left_out",
    "load",
    "load_all",
    "load_captions",
    "load_pairs",
    "load_unpaired",
    "map_conditions",
    "open_picture",
    "parts_of",
    "pictures_at",
    "prepare",
    "read_header",
    "reason_lines",
    "scale_pixels",
    "split",
    "to_float",
    "to_image",
    "to_uint8",
    "unpack",
    "unpack_batch",
    "write_reasons",
]
