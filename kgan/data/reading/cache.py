"""A cache of decoded images on disk, so that the next run need not decode the files."""

import hashlib
import json
import pathlib
from collections.abc import Hashable, Iterable
from typing import NamedTuple

from kgan.data.fingerprint import fingerprint
from kgan.data.store import Store
from kgan.files import atomic_path
from kgan.types import ArrayLike, PathLike

# Increase the version when the decoded pixels of the same files change.
_VERSION = 5


class Facts(NamedTuple):
    """Facts about a decoded source, in types that JSON can hold.

    Args:
        shape: List of ints, the shape of the samples `(n, height, width, channels)`.
        names: Names of the decoded files.
        labels: Labels of the decoded files, None for a file without a label.
        bad: Reasons by the names of the files that could not be decoded.
        sizes: Lists of three ints: height, width, number of pictures of that size.
        modes: Number of pictures by Pillow mode.
        peaks: The highest pixel by Pillow mode, and the highest possible pixel.
        animated: Int, number of animations.
        others: Names of the files that are ignored for their extension.
    """

    shape: list[int] | tuple[int, ...]
    names: list[str]
    labels: list[ArrayLike | None]
    bad: dict[str, str]
    sizes: list[list[int]]
    modes: dict[str, int]
    peaks: dict[str, list[int]]
    animated: int
    others: list[str]


class Cache:
    """The place of one decoded source: a file of pixels and a file of facts.

    Args:
        folder: The folder of the cache; made if missing.
        stamps: Strings that change when the source files change.
        options: Value that prints all options on which the decoded pixels depend.
    """

    def __init__(self, folder: PathLike, stamps: Iterable[str], options: Hashable):
        digest = hashlib.sha256(f"{_VERSION} {options}\n".encode())
        for stamp in stamps:
            digest.update(f"{stamp}\n".encode())
        stem = pathlib.Path(folder) / digest.hexdigest()[:32]
        self.pixels, self.facts = stem.with_suffix(".uint8"), stem.with_suffix(".json")

    def load(self) -> tuple[Store, Facts] | None:
        """Returns samples and facts, or None if they are missing, incomplete or damaged.

        All pixels are read for their hash, since training would not notice a wrong one.
        """
        try:
            document = json.loads(self.facts.read_text("utf-8"))
            facts = Facts(**document["facts"])
            store = Store(self.pixels, tuple(facts.shape))
            complete = store.ndim == 4 and self.pixels.stat().st_size == store.nbytes
            intact = complete and document["sha256"] == _sha256(store, facts)
        # A file that kgan did not write may hold other keys and other types.
        except (OSError, ValueError, TypeError, LookupError, RecursionError):
            return None
        return (store, facts) if intact else None

    def save_facts(self, facts: Facts) -> Store:
        """Writes the facts last, and returns the samples.

        Without the file of facts, the cache counts as empty.
        """
        store = Store(self.pixels, tuple(facts.shape))
        document = {"sha256": _sha256(store, facts), "facts": facts._asdict()}
        with atomic_path(self.facts) as path:
            path.write_text(json.dumps(document) + "\n", "utf-8")
        return store


def _sha256(store: Store, facts: Facts) -> str:
    text = f"{fingerprint(store)} {json.dumps(facts)}"
    return hashlib.sha256(text.encode()).hexdigest()
