import keras
from keras import ops

from kgan import checks, serialization
from kgan.layers.arguments import with_checked_arguments
from kgan.types import Config, KerasArgument, Shape, Tensor


@serialization.register
@with_checked_arguments
class PhaseShuffle(keras.layers.Layer):
    """Shifts each signal in time by a few random steps, for discriminators of signals.

    The upsampling of a generator leaves artefacts at a fixed phase. The shift keeps the
    discriminator from telling reals from fakes by that phase. Each sample is shifted by
    -n to n steps, all its channels together; reflection fills the gap at the edge. The
    layer acts only in training.

    Args:
        steps: Int n, at least 1.
        seed: Int of 0 to 2**31 - 2; None for a random seed.
        **kwargs: See `keras.layers.Layer`.

    Raises:
        ValueError: If `steps` is not an int of at least 1, or `seed` is not a seed, or
            the signals are not longer than `steps`.

    Example:

    >>> import kgan
    >>> layer = kgan.layers.PhaseShuffle(2, seed=0)
    >>> tuple(layer(keras.ops.ones((3, 16, 4)), training=True).shape)
    (3, 16, 4)

    Reference:
        [Donahue et al., 2019 (WaveGAN)](https://arxiv.org/abs/1802.04208), section 3.3.
    """

    def __init__(self, steps: int = 2, seed: int | None = None, **kwargs: KerasArgument):
        super().__init__(**kwargs)
        self.steps = checks.count(steps=steps)
        self.seed = checks.seed(seed=seed)
        self.seed_generator = keras.random.SeedGenerator(self.seed)

    def build(self, input_shape: Shape) -> None:
        length = input_shape[1]
        if length is None or length <= self.steps:
            received = checks.received(steps=self.steps, input_shape=tuple(input_shape))
            raise ValueError(
                "Signals must be longer than `steps`, since reflection fills the gap. "
                f"{received}"
            )

    def call(self, inputs: Tensor, training: bool | None = None) -> Tensor:
        """Returns the shifted signals, with the shape of the inputs.

        Args:
            inputs: Float tensor `(batch, length, channels)`.
            training: Bool; in inference the signals stay as they are.
        """
        if not training:
            return inputs
        length = inputs.shape[1]
        size = ops.shape(inputs)[0]
        shift = keras.random.randint(
            (size, 1), -self.steps, self.steps + 1, seed=self.seed_generator
        )
        index = ops.abs(ops.arange(length) - shift)
        last = length - 1
        index = last - ops.abs(last - index)
        return ops.take_along_axis(inputs, index[:, :, None], axis=1)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return tuple(input_shape)

    def get_config(self) -> Config:
        return {**super().get_config(), "steps": self.steps, "seed": self.seed}
