"""The problems of a training: sentences that are shown once, and kept in a file."""

import pathlib
import re
from collections.abc import Callable
from typing import Any

import kgan
from kgan.callbacks.interval import samples_shown
from kgan.files import atomic_path

# The beginning of a line of the file.
_LINE = re.compile(r"([\d,]+) samples, (\w+): ")


class Problems(kgan.callbacks.Health):
    """A `Health` that shows each problem once, and keeps its sentences in a file.

    A resumed run keeps the sentences of the batches that are done.

    Args:
        path: Path of the file. A run without a problem has no file.
        say: Function that shows a sentence.
    """

    def __init__(self, path: pathlib.Path, say: Callable[[str], None]):
        super().__init__()
        self.path, self.say = path, say
        # The lines of the file, by problem.
        self._lines: dict[str, str] = {}

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        super().on_train_begin(logs)
        self._lines = {}
        if not self.model.devices.is_chief or not self.path.exists():
            return
        for line in self.path.read_text("utf-8").splitlines():
            found = _LINE.match(line)
            if found and int(found[1].replace(",", "")) <= samples_shown(self.model):
                self._lines[found[2]] = line

    def on_problem(self, epoch: int, problem: str, message: str) -> None:
        if problem in self._lines or not self.model.devices.is_chief:
            return
        line = f"{samples_shown(self.model):,} samples, {problem}: {message}"
        self._lines[problem] = line
        with atomic_path(self.path) as temporary:
            temporary.write_text("\n".join(self._lines.values()) + "\n", "utf-8")
        self.say(line)
