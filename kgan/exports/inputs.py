"""The inputs of exported generators: latents, and conditions such as labels."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np


def argument(values: Sequence[Any]) -> Any:
    """Returns the argument of a call: the only input itself, or several as a list."""
    return list(values) if len(values) > 1 else values[0]


def signature(
    inputs: Sequence[np.ndarray], names: Sequence[str], batch: int | None
) -> list[Any]:
    """Returns the signature of a generator.

    Args:
        inputs: Arrays `(n, ...)`, any inputs of the generator.
        names: Their names.
        batch: Int, or None for an open batch size.
    """
    specs = [
        keras.InputSpec(shape=(batch, *x.shape[1:]), dtype=x.dtype.name, name=name)
        for name, x in zip(names, inputs, strict=True)
    ]
    return [argument(specs)]
