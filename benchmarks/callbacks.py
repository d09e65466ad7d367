"""The share of the time that each callback takes in a run of `kgan train`.

    python benchmarks/callbacks.py --data digits --budget 60_000
    python benchmarks/callbacks.py --data EMOJI/twitter.zip --size 32 --metrics fd1k

All options are those of `kgan train`. The table has the processor time within each
callback, while the callback is called, as a share of the processor time of `fit`.
"""

import collections
import sys
import tempfile
import time
from collections.abc import Callable
from typing import Any
from unittest import mock

import kgan
from kgan_cli.main import main as command

import keras

seconds: dict[str, float] = collections.defaultdict(float)


def timed(name: str, method: Callable[..., Any]) -> Callable[..., Any]:
    """Returns a method that adds its processor time to that of a name."""

    def wrapped(*inputs: Any, **options: Any) -> Any:
        start = time.process_time()
        try:
            return method(*inputs, **options)
        finally:
            seconds[name] += time.process_time() - start

    return wrapped


def watch(fit: Callable[..., Any]) -> Callable[..., Any]:
    """Returns a `fit` whose callbacks are timed."""

    def wrapped(self: keras.Model, *inputs: Any, **options: Any) -> Any:
        for callback in options.get("callbacks") or []:
            for hook in dir(callback):
                if hook.startswith("on_") and callable(getattr(callback, hook)):
                    name = type(callback).__name__
                    setattr(callback, hook, timed(name, getattr(callback, hook)))
        return timed("fit", fit)(self, *inputs, **options)

    return wrapped


def main() -> int:
    watched = mock.patch.object(kgan.GAN, "fit", watch(kgan.GAN.fit))
    with watched, tempfile.TemporaryDirectory() as folder:
        status = command(["train", "--out", f"{folder}/run", "--quiet", *sys.argv[1:]])
    whole = seconds.pop("fit")
    print(f"{whole:.1f} s of processor time in fit, {keras.backend.backend()} backend\n")
    print("| callback | share of fit |\n| --- | --- |")
    for name, own in sorted(seconds.items(), key=lambda item: -item[1]):
        print(f"| {name} | {own / whole:.2%} |")
    print(f"| all | {sum(seconds.values()) / whole:.2%} |")
    return status


if __name__ == "__main__":
    sys.exit(main())
