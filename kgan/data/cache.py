"""Decoded pictures on disk, so that the next run need not decode them."""

import hashlib
import json
import pathlib
from collections.abc import Iterable
from typing import Any

from kgan.data.sources import Entry
from kgan.data.store import Store
from kgan.files import PathLike, atomic_path

# Changes when what is decoded does.
_VERSION = 1


class Cache:
    """A folder of decoded sets, each a file of pixels and one of facts.

    Args:
        folder: The folder; made if missing.
        entries: The files that are decoded.
        options: Anything that prints as what they are decoded by.
    """

    def __init__(self, folder: PathLike, entries: Iterable[Entry], options: Any):
        digest = hashlib.sha256(f"{_VERSION} {options}\n".encode())
        for entry in entries:
            digest.update(f"{entry.name!r} {entry.stamp}\n".encode())
        stem = pathlib.Path(folder) / digest.hexdigest()[:32]
        self.pixels, self.facts = stem.with_suffix(".uint8"), stem.with_suffix(".json")

    def load(self) -> tuple[Store, dict[str, Any]] | None:
        """Returns samples and facts, or None if they are not there, or not whole."""
        try:
            facts = json.loads(self.facts.read_text("utf-8"))
            store = Store(self.pixels, facts["shape"])
            whole = self.pixels.stat().st_size == store.nbytes
        except (OSError, ValueError, KeyError):
            return None
        return (store, facts) if whole else None

    def save_facts(self, facts: dict[str, Any]) -> None:
        """Writes the facts, after which the set counts as there."""
        with atomic_path(self.facts) as path:
            path.write_text(json.dumps(facts) + "\n", "utf-8")
