import keras
from keras import ops

from kgan import checks, serialization
from kgan.layers.arguments import with_checked_arguments
from kgan.types import Config, KerasArgument, Seed, Shape, Tensor


@serialization.register
@with_checked_arguments
class NoiseInjection(keras.layers.Layer):
    """Adds normal noise to each pixel in training, with one learned strength.

    `inputs + strength * noise`; all channels of a pixel get the same noise. The strength
    starts at 0. In inference the features stay as they are, so that a latent vector gives
    one image.

    Args:
        seed: Int of 0 to 2**31 - 2, or None for a seed from Python's generator.
        **kwargs: See `keras.layers.Layer`.

    Raises:
        ValueError: If `seed` is not a seed.

    Example:

    >>> import kgan
    >>> tuple(kgan.layers.NoiseInjection()(keras.ops.ones((2, 4, 4, 8))).shape)
    (2, 4, 4, 8)

    Reference:
        [Karras et al., 2018 (StyleGAN)](https://arxiv.org/abs/1812.04948), section 2;
        the code of [FastGAN](https://arxiv.org/abs/2101.04775) has one strength for all
        channels.
    """

    def __init__(self, seed: Seed = None, **kwargs: KerasArgument):
        super().__init__(**kwargs)
        self.seed = checks.seed(seed=seed)
        self.seed_generator = keras.random.SeedGenerator(self.seed)

    def build(self, input_shape: Shape) -> None:
        self.strength = self.add_weight((), "zeros", name="strength")

    def call(self, inputs: Tensor, training: bool | None = None) -> Tensor:
        """Returns features of the shape of the inputs.

        Args:
            inputs: Float tensor `(batch, ..., channels)`.
            training: Bool; in inference the features stay as they are.
        """
        if not training:
            return inputs
        shape = (*ops.shape(inputs)[:-1], 1)
        noise = keras.random.normal(shape, dtype="float32", seed=self.seed_generator)
        noise = ops.cast(self.strength, "float32") * noise
        return inputs + ops.cast(noise, inputs.dtype)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return tuple(input_shape)

    def get_config(self) -> Config:
        return {**super().get_config(), "seed": self.seed}
