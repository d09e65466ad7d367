"""Numbers together with the facts that they depend on."""

import dataclasses
import json
import math
import pathlib
import warnings
from collections.abc import Sequence
from typing import Any

from kgan.files import atomic_path
from kgan.types import PathLike
from kgan.version import versions

# The length of a hash, and the number of its first digits to show.
_HASH, _SHOWN = 64, 16
_NUMBERS = ("value", "halves")


@dataclasses.dataclass(frozen=True)
class Result:
    """A number together with all facts that it depends on.

    Args:
        name: Str, for example `fid10k` or `fd10k_classifier`.
        value: Float.
        protocol: Dict of these facts: the extractor and the hash of its weights, the
            numbers of samples, the seed, the hash of the real set, and versions.
        halves: Float, the number for two halves of the reals, see
            `kgan.metrics.Evaluation.of_halves`; NaN if it is not known.
    """

    name: str
    value: float
    protocol: dict[str, Any]
    halves: float = math.nan

    def __str__(self) -> str:
        return f"{self.name} {self.value:.6g} ({self.facts()})"

    def facts(self) -> str:
        """Returns the protocol as a text, with the beginning of long hashes."""
        shown = {key: _shortened(value) for key, value in self.protocol.items()}
        packages = [f"{key} {shown.pop(key)}" for key in versions() if key in shown]
        facts = ", ".join(f"{key} {value}" for key, value in shown.items())
        return f"{facts}; {' '.join(packages)}"

    def compare(self, other: "Result") -> float:
        """Returns this value minus the value of another result.

        Warns if the protocols differ, since the values are not comparable then.
        """
        keys = sorted(set(self.protocol) | set(other.protocol))
        differences = [
            f"{key} {self.protocol.get(key)} and {other.protocol.get(key)}"
            for key in keys
            if self.protocol.get(key) != other.protocol.get(key)
        ]
        if self.name != other.name:
            differences.insert(0, f"name {self.name} and {other.name}")
        if differences:
            warnings.warn(
                f"These numbers are not comparable: {'; '.join(differences)}.",
                stacklevel=2,
            )
        return self.value - other.value


def shared_protocol(results: Sequence[Result]) -> dict[str, Any]:
    """Returns the facts that are equal for all results."""
    first, *others = (result.protocol for result in results)
    return {
        key: value
        for key, value in first.items()
        if all(key in other and other[key] == value for other in others)
    }


def save(results: Sequence[Result], path: PathLike) -> None:
    """Writes results as JSON, a list of objects with the attributes of `Result`."""
    with atomic_path(path) as temporary:
        rows = [dataclasses.asdict(result) for result in results]
        for row in rows:  # JSON has no NaN.
            for key in _NUMBERS:
                row[key] = None if math.isnan(row[key]) else row[key]
        temporary.write_text(json.dumps(rows, indent=2) + "\n", "utf-8")


def load(path: PathLike) -> list[Result]:
    """Reads the results that `save` wrote."""
    results = []
    for row in json.loads(pathlib.Path(path).read_text("utf-8")):
        # An earlier release wrote no numbers of halves.
        row = {"halves": None, **row}
        numbers = {key: math.nan if row[key] is None else row[key] for key in _NUMBERS}
        results.append(Result(**row | numbers))
    return results


def _shortened(value: object) -> str:
    text = str(value)
    return text if len(text) < _HASH else text[:_SHOWN]
