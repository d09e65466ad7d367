"""The description of an exported file: inputs, outputs and the comparison with Keras."""

import json
import pathlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from kgan.exports.comparison import Comparison
from kgan.exports.formats import Format
from kgan.exports.saved_model import Sampling
from kgan.files import atomic_path
from kgan.version import versions


def write_record(
    path: pathlib.Path,
    format: Format,
    inputs: Sequence[np.ndarray],
    outputs: np.ndarray,
    comparison: Comparison,
    sampling: Sampling,
) -> None:
    """Writes a JSON file beside an exported file, or into the folder of a SavedModel.

    Args:
        path: Path of the exported file or folder.
        format: Its format.
        inputs: Arrays `(n, ...)`, any inputs of the generator.
        outputs: Array `(n, ...)`, its outputs.
        comparison: The result of the comparison with Keras.
        sampling: How samples are drawn.
    """
    content = {
        "format": format.name,
        "inputs": [
            {"name": name, **_described(value, format)}
            for name, value in zip(sampling.shapes, inputs, strict=True)
        ],
        "output": _described(outputs, format),
        "latents": repr(sampling.noise),
        "num_classes": sampling.conditions.num_classes,
        "range": sampling.sample_range[:2],
        "comparison": comparison._asdict(),
        "versions": versions(),
    }
    with atomic_path(_file(path, format)) as temporary:
        temporary.write_text(json.dumps(content, indent=2) + "\n", "utf-8")


def read_record(path: pathlib.Path, format: Format) -> dict[str, Any]:
    """Reads the content of the JSON file that `write_record` wrote."""
    return json.loads(_file(path, format).read_text("utf-8"))


def companion(path: pathlib.Path, format: Format, suffix: str, name: str) -> pathlib.Path:
    """Returns the path of a text that describes an exported file.

    Args:
        path: Path of the exported file or folder.
        format: Its format.
        suffix: The suffix that the path of a file gets.
        name: The name of the text in the folder of a SavedModel.
    """
    if format.suffix:
        return pathlib.Path(f"{path}{suffix}")
    # TensorFlow keeps files of other programs in this folder of a SavedModel.
    return path / "assets.extra" / name


def _file(path: pathlib.Path, format: Format) -> pathlib.Path:
    return companion(path, format, ".json", "kgan.json")


def _described(value: np.ndarray, format: Format) -> dict[str, Any]:
    return {"shape": [format.batch, *value.shape[1:]], "dtype": value.dtype.name}
