"""The inputs of exported generators: latents, and for a conditional GAN labels."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

NAMES = ("latents", "labels")


def argument(values: Sequence[Any]) -> Any:
    """Returns the argument of a call: the only input itself, or several as a list."""
    return list(values) if len(values) > 1 else values[0]


def signature(inputs: Sequence[np.ndarray], batch: int | None) -> list[Any]:
    """Returns the signature of a generator.

    Args:
        inputs: Arrays `(n, ...)`, any inputs of the generator.
        batch: Int, or None for an open batch size.
    """
    specs = [
        keras.InputSpec(shape=(batch, *x.shape[1:]), dtype=x.dtype.name, name=name)
        for name, x in zip(NAMES, inputs, strict=False)
    ]
    return [argument(specs)]
