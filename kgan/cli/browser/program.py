"""A generator as a list of steps, each of which is a few loops over numbers."""

import base64
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from kgan.types import Config


class Value(NamedTuple):
    """A tensor of the program, for one sample.

    Attributes:
        number: Int, the place of the tensor in the program.
        shape: Shape without the batch; `()` for the label.
    """

    number: int
    shape: tuple[int, ...]


class Program:
    """Steps that compute a sample from a latent vector and a label.

    Value 0 is the latent vector, value 1 the label. Each step makes the next value from
    earlier values. `generator.js` has one function for each name of a step.

    Args:
        latent_dim: Int, the length of the latent vector.

    Attributes:
        latents: The latent vector.
        label: The label.
        output: The value that is the sample.
    """

    def __init__(self, latent_dim: int):
        self.latents = Value(0, (latent_dim,))
        self.label = Value(1, ())
        self.output = self.latents
        self.steps: list[Config] = []
        self._arrays: list[np.ndarray] = []

    def add(
        self,
        name: str,
        inputs: Sequence[Value],
        shape: Sequence[int],
        arrays: Mapping[str, np.ndarray] | None = None,
        numbers: Config | None = None,
    ) -> Value:
        """Adds a step, and returns the value that the step makes.

        Args:
            name: Name of the step in `generator.js`.
            inputs: The values that the step reads.
            shape: Shape of the new value.
            arrays: The weights of the step, by name.
            numbers: Further arguments of the step by name, ints, floats or lists.
        """
        weights = {key: self._store(array) for key, array in (arrays or {}).items()}
        self.steps.append(
            {
                "name": name,
                "inputs": [value.number for value in inputs],
                "length": int(np.prod(shape)),
                "weights": weights,
                **(numbers or {}),
            }
        )
        return Value(1 + len(self.steps), tuple(map(int, shape)))

    def _store(self, array: np.ndarray) -> list[int]:
        """Stores weights; returns the first place and the number of the weights."""
        start = sum(stored.size for stored in self._arrays)
        self._arrays.append(np.ascontiguousarray(array, "float32").reshape(-1))
        return [start, int(array.size)]

    def config(self) -> Config:
        """Returns the program as an object for JSON."""
        weights = np.concatenate([*self._arrays, np.zeros(0, "float32")])
        return {
            "latentDim": self.latents.shape[0],
            "output": self.output.number,
            "steps": self.steps,
            "weights": encoded(weights),
        }


def encoded(values: np.ndarray) -> str:
    """Returns numbers as base64 of float32, of which the lowest byte is the first."""
    return base64.b64encode(np.asarray(values, "<f4").tobytes()).decode()
