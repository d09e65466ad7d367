"""Numbers that say how they were made."""

import dataclasses
import json
import math
import pathlib
import sys
import warnings
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import PIL

from kgan.files import PathLike, atomic_path
from kgan.version import __version__

# Digits of one, of which the first will do to be shown.
_HASH = 64


@dataclasses.dataclass(frozen=True)
class Result:
    """A number with all that it depends on.

    Args:
        name: Str, such as `fid10k` or `fd10k_classifier`.
        value: Float.
        protocol: Dict of what it was made by: extractor and hash of its weights, counts,
            seed, hash of the real set, versions.
    """

    name: str
    value: float
    protocol: dict[str, Any]

    def __str__(self) -> str:
        shown = {key: _short(value) for key, value in self.protocol.items()}
        made_by = [f"{key} {shown.pop(key)}" for key in versions() if key in shown]
        facts = ", ".join(f"{key} {value}" for key, value in shown.items())
        return f"{self.name} {self.value:.6g} ({facts}; {' '.join(made_by)})"

    def compare(self, other: "Result") -> float:
        """Returns this value less another one's.

        Warns if they were made otherwise, so that they don't compare.
        """
        keys = sorted(set(self.protocol) | set(other.protocol))
        different = [
            f"{key} {self.protocol.get(key)} and {other.protocol.get(key)}"
            for key in keys
            if self.protocol.get(key) != other.protocol.get(key)
        ]
        if self.name != other.name:
            different.insert(0, f"name {self.name} and {other.name}")
        if different:
            warnings.warn(
                f"These numbers don't compare: {'; '.join(different)}.", stacklevel=2
            )
        return self.value - other.value


def save(results: Sequence[Result], path: PathLike) -> None:
    """Writes results as JSON, a list of their names, values and protocols."""
    with atomic_path(path) as temporary:
        rows = [dataclasses.asdict(result) for result in results]
        for row in rows:  # JSON has no NaN.
            row["value"] = None if math.isnan(row["value"]) else row["value"]
        temporary.write_text(json.dumps(rows, indent=2) + "\n", "utf-8")


def load(path: PathLike) -> list[Result]:
    """Reads what `save` wrote."""
    rows = json.loads(pathlib.Path(path).read_text("utf-8"))
    for row in rows:
        row["value"] = math.nan if row["value"] is None else row["value"]
    return [Result(**row) for row in rows]


def versions() -> dict[str, str]:
    """Returns the versions of what numbers are computed by."""
    backend = keras.backend.backend()
    return {
        "backend": f"{backend} {sys.modules[backend].__version__}",
        "kgan": __version__,
        "keras": keras.__version__,
        "numpy": np.__version__,
        "pillow": PIL.__version__,
    }


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) < _HASH else text[:16]
