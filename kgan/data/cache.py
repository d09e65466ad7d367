"""Decoded pictures on disk, so that the next run need not decode them."""

import hashlib
import json
import pathlib
from collections.abc import Iterable
from typing import Any, NamedTuple

from kgan.data.store import Store
from kgan.files import PathLike, atomic_path

# Changes when what is decoded does.
_VERSION = 2


class Facts(NamedTuple):
    """What is known of a decoded set, in what JSON can say.

    Args:
        shape: Of the samples, `(n, height, width, channels)`.
        names: Of the files that are in it.
        labels: Of these, None where the source has none.
        bad: Reasons by the names of those that are not.
        sizes: Heights, widths, and how many are of each.
        modes: How many are of which mode of Pillow's.
        animated: Int, animations.
        others: Names of files that are no pictures by their names.
    """

    shape: Any
    names: list[str]
    labels: list[Any]
    bad: dict[str, str]
    sizes: list[list[int]]
    modes: dict[str, int]
    animated: int
    others: list[str]


class Cache:
    """A folder of decoded sets, each a file of pixels and one of facts.

    Args:
        folder: The folder; made if missing.
        stamps: What changes when the files that are decoded do.
        options: Anything that prints as what they are decoded by.
    """

    def __init__(self, folder: PathLike, stamps: Iterable[str], options: Any):
        digest = hashlib.sha256(f"{_VERSION} {options}\n".encode())
        for stamp in stamps:
            digest.update(f"{stamp}\n".encode())
        stem = pathlib.Path(folder) / digest.hexdigest()[:32]
        self.pixels, self.facts = stem.with_suffix(".uint8"), stem.with_suffix(".json")

    def load(self) -> tuple[Store, Facts] | None:
        """Returns samples and facts, or None if they are not there, or not whole."""
        try:
            facts = Facts(**json.loads(self.facts.read_text("utf-8")))
            store = Store(self.pixels, facts.shape)
            whole = store.ndim == 4 and self.pixels.stat().st_size == store.nbytes
        # Not of these arguments, or of these types, is what was not written here.
        except (OSError, ValueError, TypeError, LookupError):
            return None
        return (store, facts) if whole else None

    def save_facts(self, facts: Facts) -> None:
        """Writes the facts, after which the set counts as there."""
        with atomic_path(self.facts) as path:
            path.write_text(json.dumps(facts._asdict()) + "\n", "utf-8")
