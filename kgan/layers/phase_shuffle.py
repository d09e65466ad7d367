from typing import Any

import keras
from keras import ops

from kgan import serialization


@serialization.register
class PhaseShuffle(keras.layers.Layer):
    """Moves each signal by a random few steps, in discriminators of signals.

    Each sample is moved by -n to n steps, all its channels alike, and what it leaves
    empty is filled by reflection. So the discriminator can't tell reals from fakes by
    the phase at which a generator's upsampling leaves its traces. Only in training.

    Args:
        steps: Int n, at least 1.
        seed: Int; None for a random one.
        **kwargs: See `keras.layers.Layer`.

    Raises:
        ValueError: If `steps` is no such int, or signals are shorter than that.

    Example:

    >>> import kgan
    >>> layer = kgan.layers.PhaseShuffle(2, seed=0)
    >>> tuple(layer(keras.ops.ones((3, 16, 4)), training=True).shape)
    (3, 16, 4)

    Reference:
        [Donahue et al., 2019 (WaveGAN)](https://arxiv.org/abs/1802.04208), section 3.3.
    """

    def __init__(self, steps: int = 2, seed: int | None = None, **kwargs: Any):
        super().__init__(**kwargs)
        if not isinstance(steps, int) or isinstance(steps, bool) or steps < 1:
            raise ValueError(
                f"`steps` must be an int of at least 1. Received: steps={steps!r}"
            )
        self.steps = steps
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def build(self, input_shape: Any) -> None:
        if input_shape[1] <= self.steps:
            raise ValueError(
                "Signals must be longer than `steps`, to be reflected. "
                f"Received: steps={self.steps}, input_shape={tuple(input_shape)}"
            )

    def call(self, x: Any, training: bool | None = None) -> Any:
        """Returns the moved signals, `(batch, length, channels)` like those that come."""
        if not training:
            return x
        length = x.shape[1]
        by = keras.random.randint(
            (ops.shape(x)[0], 1), -self.steps, self.steps + 1, seed=self.seed_generator
        )
        index = ops.abs(ops.arange(length) - by)
        last = length - 1
        index = last - ops.abs(last - index)
        return ops.take_along_axis(x, index[:, :, None], axis=1)

    def compute_output_shape(self, input_shape: Any) -> tuple:
        return tuple(input_shape)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "steps": self.steps, "seed": self.seed}
