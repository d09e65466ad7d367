"""The description of an exported file: inputs, outputs and the comparison with Keras."""

import json
import pathlib
from typing import Any

import keras

from kgan.exports.comparison import Comparison
from kgan.exports.formats import Format
from kgan.exports.saved_model import Sampling
from kgan.files import atomic_path
from kgan.version import versions


def write_record(
    path: pathlib.Path,
    format: Format,
    network: keras.Model,
    comparison: Comparison,
    sampling: Sampling,
) -> None:
    """Writes a JSON file beside an exported file, or into the folder of a SavedModel.

    Args:
        path: Path of the exported file or folder.
        format: Its format.
        network: The network.
        comparison: The result of the comparison with Keras.
        sampling: How samples are drawn.
    """
    content = {
        "format": format.name,
        "inputs": [_described(tensor, format) for tensor in network.inputs],
        "outputs": [_described(tensor, format) for tensor in network.outputs],
        "latents": repr(sampling.noise),
        "num_classes": sampling.num_classes,
        "range": sampling.sample_range[:2],
        "comparison": comparison._asdict(),
        "versions": versions(),
    }
    with atomic_path(_file(path, format)) as temporary:
        temporary.write_text(json.dumps(content, indent=2) + "\n", "utf-8")


def read_record(path: pathlib.Path, format: Format) -> dict[str, Any]:
    """Reads the content of the JSON file that `write_record` wrote."""
    return json.loads(_file(path, format).read_text("utf-8"))


def _file(path: pathlib.Path, format: Format) -> pathlib.Path:
    if format.suffix:
        return pathlib.Path(f"{path}.json")
    # TensorFlow keeps files of other programs in this folder of a SavedModel.
    return path / "assets.extra" / "kgan.json"


def _described(tensor: Any, format: Format) -> dict[str, Any]:
    shape = [format.batch, *tensor.shape[1:]]
    dtype = keras.backend.standardize_dtype(tensor.dtype)
    return {"name": tensor.name, "shape": shape, "dtype": dtype}
