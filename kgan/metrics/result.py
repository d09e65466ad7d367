"""Numbers that say how they were made."""

import dataclasses
import json
import pathlib
import warnings
from collections.abc import Sequence
from typing import Any

from kgan.files import PathLike, atomic_path

# Of a protocol, the versions: shown last.
PACKAGES = ("kgan", "keras", "numpy", "pillow")
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
        versions = {key: shown.pop(key) for key in PACKAGES if key in shown}
        facts = ", ".join(f"{key} {value}" for key, value in shown.items())
        made_by = " ".join(f"{key} {value}" for key, value in versions.items())
        return f"{self.name} {self.value:.6g} ({facts}; {made_by})"

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
        temporary.write_text(json.dumps(rows, indent=2) + "\n", "utf-8")


def load(path: PathLike) -> list[Result]:
    """Reads what `save` wrote."""
    rows = json.loads(pathlib.Path(path).read_text("utf-8"))
    return [Result(**row) for row in rows]


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) < _HASH else text[:16]
