"""Standard output that can be closed or full, for example in `kgan info | head -1`."""

import contextlib
import io
import os
import sys
from collections.abc import Iterator
from typing import Any, TextIO, cast


class OutputError(Exception):
    """Raised when standard output can't be written to.

    This class is no `OSError`, so that no one mistakes the cause for a file of a run.
    """


class _Output:
    """A text stream that raises an `OutputError` in place of an `OSError`."""

    def __init__(self, stream: TextIO):
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        with _output_errors():
            return self._stream.write(text)

    def flush(self) -> None:
        with _output_errors():
            self._stream.flush()


@contextlib.contextmanager
def checked_output() -> Iterator[None]:
    """Context in which standard output raises an `OutputError` if it can't be written to.

    Standard output and standard error that are closed are ignored. Without a file in
    their place, the next file that a process opens would get their numbers, and with the
    numbers the messages of libraries.
    """
    with contextlib.ExitStack() as stack:
        for name in ("stdout", "stderr"):
            if getattr(sys, name) is None:
                stream = stack.enter_context(open(os.devnull, "w", encoding="utf-8"))
                stack.callback(setattr, sys, name, None)
                setattr(sys, name, stream)
        stdout = sys.stdout
        # Names of files may have letters that the encoding of a terminal lacks. Standard
        # error has this handler by default.
        if isinstance(stdout, io.TextIOWrapper) and stdout.errors == "strict":
            stdout.reconfigure(errors="backslashreplace")
            stack.callback(stdout.reconfigure, errors="strict")
        checked = _Output(stdout)
        stack.enter_context(contextlib.redirect_stdout(cast(TextIO, checked)))
        try:
            try:
                yield
            finally:
                checked.flush()
        except OutputError:
            _discard(stdout)
            raise


@contextlib.contextmanager
def _output_errors() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise OutputError(
            f"Standard output can't be written to ({error.strerror or error})."
        ) from None


def _discard(stream: TextIO) -> None:
    """Discards the text in a stream, which Python would write at the end."""
    with contextlib.suppress(OSError):
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, stream.fileno())
        os.close(null)
