"""The inputs of exported generators: latents, and conditions such as labels."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from kgan import checks
from kgan.types import Shape


def argument(values: Sequence[Any]) -> Any:
    """Returns the argument of a call: the only input itself, or several as a list."""
    return list(values) if len(values) > 1 else values[0]


def signature(
    inputs: Sequence[np.ndarray], shapes: dict[str, Shape], batch: int | None
) -> list[Any]:
    """Returns the signature of a generator.

    Args:
        inputs: Arrays `(n, ...)`, any inputs of the generator.
        shapes: The shapes of the inputs without the batch, by their names.
        batch: Int, or None for an open batch size.

    Raises:
        ValueError: If the batch size is fixed, and the inputs have no fixed size.
    """
    if batch is not None and any(None in shape for shape in shapes.values()):
        raise ValueError(
            "The format takes inputs of one size, and this generator takes any size: "
            "export in Python with `input_signature=[keras.InputSpec(shape=(1, height, "
            f"width, channels))]`. {checks.received(shapes=shapes)}"
        )
    specs = [
        keras.InputSpec(shape=(batch, *shape), dtype=x.dtype.name, name=name)
        for (name, shape), x in zip(shapes.items(), inputs, strict=True)
    ]
    return [argument(specs)]
