"""A generator as a list of steps, each of which is a few loops over numbers."""

import base64
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from kgan.types import ArrayLike, Config


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

    The first values are the inputs. Each step makes the next value from earlier values.
    `generator.js` has one function for each name of a step.

    A reader of the page truncates samples, and moves along directions. The program of a
    generator with styles does this to the styles, by a step that reads `psi` and `move`.
    For another generator `generator.js` does this to the latents.

    Args:
        latent_dim: Int, the length of the latent vector.

    Attributes:
        latents: The latent vector.
        label: The label.
        psi: The weight of the truncation.
        move: The sum of the directions.
        output: The value that is the sample.
    """

    def __init__(self, latent_dim: int):
        self.latents = Value(0, (latent_dim,))
        self.label = Value(1, ())
        self.psi = Value(2, ())
        self.move = Value(3, (latent_dim,))
        self.output = self.latents
        self.steps: list[Config] = []
        self._inputs = 4
        self._arrays: list[dict[str, np.ndarray]] = []

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
        self.steps.append(
            {
                "name": name,
                "inputs": [value.number for value in inputs],
                "length": int(np.prod(shape)),
                **(numbers or {}),
            }
        )
        self._arrays.append(dict(arrays or {}))
        return Value(self._inputs + len(self.steps) - 1, tuple(map(int, shape)))

    def constant(self, number: ArrayLike) -> Value:
        """Adds a step that makes constant numbers, and returns the value."""
        array = np.asarray(number, "float32")
        return self.add("constant", [], array.shape, {"constant": array})

    @property
    def has_styles(self) -> bool:
        """Whether the program truncates and moves styles, not latents."""
        return any(
            self.move.number in self.steps[place]["inputs"] for place in self._used()
        )

    def _used(self) -> list[int]:
        """Returns the places of the steps on which the output depends, in their order."""
        used = {self.output.number}
        for place in reversed(range(len(self.steps))):
            if self._inputs + place in used:
                used.update(self.steps[place]["inputs"])
        return sorted(number - self._inputs for number in used if number >= self._inputs)

    def config(self) -> Config:
        """Returns the program as an object for JSON."""
        places = {number: number for number in range(self._inputs)}
        steps: list[Config] = []
        arrays: list[np.ndarray] = []
        start = 0
        for place in self._used():
            weights = {}
            for key, array in self._arrays[place].items():
                weights[key] = [start, int(array.size)]
                arrays.append(np.ascontiguousarray(array, "float32").reshape(-1))
                start += array.size
            places[self._inputs + place] = self._inputs + len(steps)
            step = self.steps[place]
            inputs = [places[number] for number in step["inputs"]]
            steps.append({**step, "inputs": inputs, "weights": weights})
        return {
            "latentDim": self.latents.shape[0],
            "hasStyles": self.has_styles,
            "output": places[self.output.number],
            "steps": steps,
            "weights": encoded(np.concatenate([*arrays, np.zeros(0, "float32")])),
        }


def encoded(values: np.ndarray) -> str:
    """Returns numbers as base64 of float32, of which the lowest byte is the first."""
    return base64.b64encode(np.asarray(values, "<f4").tobytes()).decode()
