"""Hides the messages that TensorFlow writes when it starts.

When they start, TensorFlow and XLA write about ten lines, on missing GPUs and on possible
instructions of the processor. The environment variable TF_CPP_MIN_LOG_LEVEL stops most of
these lines, but not the lines that TensorFlow's libraries write when Python loads the
libraries. So, while TensorFlow is imported, a second process reads standard error, leaves
out these lines, and passes on all other lines. A thread in place of the second process
would lose the last messages if the first process aborts.
"""

import contextlib
import importlib.machinery
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from types import ModuleType

# Log lines that are not fatal, for example "I0000 00:00:17956 7001 file.cc:31] Text", and
# the lines around them.
_NOISE = re.compile(
    rb"[IWE]\d{4} [\d:.]+ +\d+ [\w.]+:\d+\] "
    rb"|WARNING: All log messages before absl::InitializeLog\(\)"
    rb"|To enable the following instructions: "
)


_VARIABLE = "TF_CPP_MIN_LOG_LEVEL"
_FATAL_ONLY = "3"


@contextlib.contextmanager
def quiet_tensorflow() -> Iterator[None]:
    """Context in which TensorFlow and XLA write fatal messages only.

    All other errors reach Python as exceptions. A user who sets TF_CPP_MIN_LOG_LEVEL to
    another level sees all messages of this level.
    """
    before = os.environ.get(_VARIABLE)
    if before not in (None, _FATAL_ONLY):
        yield
        return
    finder = _QuietFinder()
    os.environ[_VARIABLE] = _FATAL_ONLY
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
        if before is None:
            del os.environ[_VARIABLE]


class _QuietFinder:
    """Finds TensorFlow as Python does, and filters its messages while it is imported."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        spec = None
        if name == "tensorflow":
            spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        if spec is not None and spec.loader is not None:
            execute = spec.loader.exec_module

            def execute_quietly(module: ModuleType) -> None:
                with _filtered_stderr():
                    execute(module)

            spec.loader.exec_module = execute_quietly  # type: ignore[method-assign]
        return spec


@contextlib.contextmanager
def _filtered_stderr() -> Iterator[None]:
    """Context in which a second process filters standard error."""
    sys.stderr.flush()
    stderr = os.dup(2)
    command = [sys.executable, "-IS", __file__]
    reader, writer = os.pipe()
    # In another session, so that Ctrl-C does not end the filter while the filter starts.
    process = subprocess.Popen(
        command, stdin=reader, stdout=stderr, start_new_session=True
    )
    os.dup2(writer, 2)
    os.close(reader)
    os.close(writer)
    try:
        yield
    finally:
        sys.stderr.flush()
        os.dup2(stderr, 2)
        os.close(stderr)
        process.wait()


if __name__ == "__main__":
    # Ctrl-C is for the first process. This process ends when its input ends. Windows has
    # no sessions.
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for line in sys.stdin.buffer:
        if not _NOISE.match(line):
            sys.stdout.buffer.write(line)
            sys.stdout.buffer.flush()
