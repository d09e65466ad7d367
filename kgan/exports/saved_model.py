"""SavedModels with functions for latents, for pixels and for seeds."""

import pathlib
from collections.abc import Sequence
from typing import NamedTuple

import keras
import numpy as np
from keras import ops

from kgan.data import Conditions, SampleRange
from kgan.exports.inputs import argument
from kgan.exports.inputs import signature as signature_of
from kgan.noise import Noise
from kgan.types import KerasArgument, Shape, Tensor, Tensors


class Sampling(NamedTuple):
    """How samples are drawn by an exported generator.

    Attributes:
        noise: The distribution of latents.
        latent_dim: Int, the length of the latents; 0 for a generator without latents.
        conditions: The conditions of the generator.
        sample_range: The values of black and white.
    """

    noise: Noise
    latent_dim: int
    conditions: Conditions
    sample_range: SampleRange

    @property
    def shapes(self) -> dict[str, Shape]:
        """The shapes of the inputs of the generator without the batch, by their names."""
        latents: dict[str, Shape] = {"latents": (self.latent_dim,)}
        given = zip(self.conditions.names, self.conditions, strict=True)
        return {
            **(latents if self.latent_dim else {}),
            **{name: condition.shape for name, condition in given},
        }

    @property
    def is_random(self) -> bool:
        """Whether a seed alone gives all inputs, so that samples can be drawn."""
        return not self.conditions or (
            self.conditions.are_labels and bool(self.latent_dim)
        )


def write_saved_model(
    network: keras.Model,
    path: pathlib.Path,
    inputs: Sequence[np.ndarray],
    sampling: Sampling,
    **kwargs: KerasArgument,
) -> None:
    """Writes a SavedModel with the functions `serve`, `serve_uint8` and `sample`.

    There is no `sample` for conditions other than labels, which no seed can give.
    Only TensorFlow writes more than `serve`: on JAX, a function with an open number of
    samples can't draw random numbers.

    Args:
        network: The generator.
        path: Path of the folder.
        inputs: Arrays `(n, ...)`, any inputs of the generator.
        sampling: How samples are drawn.
        **kwargs: See `keras.Model.export`. With arguments there is `serve` alone.
    """
    if keras.backend.backend() != "tensorflow" or kwargs:
        network.export(str(path), format="tf_saved_model", verbose=False, **kwargs)
        return
    signature = signature_of(inputs, sampling.shapes, None)
    to_pixels = sampling.sample_range.to_pixels

    def serve_uint8(inputs: Tensors) -> Tensor:
        return to_pixels(network(inputs, training=False))

    def sample(n: Tensor, seed: Tensor) -> dict[str, Tensor]:
        numbers = _GivenSeed(seed)
        found = {"latents": sampling.noise((n, sampling.latent_dim), seed=numbers)}
        if sampling.conditions:
            found["labels"] = keras.random.randint(
                (n,), 0, sampling.conditions.num_classes, seed=numbers
            )
        drawn = network(argument(list(found.values())), training=False)
        return {**found, "samples": to_pixels(drawn)}

    archive = keras.export.ExportArchive()
    archive.track_and_add_endpoint("serve", network, signature)
    archive.add_endpoint("serve_uint8", serve_uint8, input_signature=signature)
    if sampling.is_random:
        ints = [keras.InputSpec(shape=(), dtype="int32", name=n) for n in ("n", "seed")]
        archive.add_endpoint("sample", sample, input_signature=ints)
    archive.write_out(str(path), verbose=False)


class _GivenSeed(keras.random.SeedGenerator):
    """Seeds for `keras.random` that depend on a tensor alone, and on no variable."""

    def __init__(self, seed: Tensor):
        # Without the constructor of Keras, which makes a variable.
        self._given = ops.cast(seed, "uint32")
        self._count = 0

    def next(self, ordered: bool = True) -> Tensor:
        self._count += 1
        return ops.stack([self._given, ops.cast(self._count, "uint32")])
