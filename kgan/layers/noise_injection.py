import keras
from keras import ops

from kgan import backend, checks, serialization
from kgan.layers.arguments import with_checked_arguments
from kgan.types import Config, KerasArgument, Shape, Tensor


@serialization.register
@with_checked_arguments
class NoiseInjection(keras.layers.Layer):
    """Adds noise of a learned strength to images, for generators.

    `inputs + strength * noise`, with one standard normal number for each pixel, the same
    for all channels. The strength begins at 0. In training each image gets fresh noise.
    In inference all images get one fixed noise, which is saved with the layer, so that a
    latent vector always gives the same image.

    Args:
        seed: Int of 0 to 2**31 - 2, for the noise in training; None for a random seed.
        **kwargs: See `keras.layers.Layer`.

    Raises:
        ValueError: If `seed` is not a seed.

    Example:

    >>> import kgan
    >>> layer = kgan.layers.NoiseInjection(seed=0)
    >>> tuple(layer(keras.ops.ones((3, 4, 4, 8)), training=True).shape)
    (3, 4, 4, 8)

    Reference:
        [Karras et al., 2018](https://arxiv.org/abs/1812.04948), section 2;
        [Karras et al., 2019](https://arxiv.org/abs/1912.04958), section 2, for one
        strength for all channels.
    """

    def __init__(self, seed: int | None = None, **kwargs: KerasArgument):
        super().__init__(**kwargs)
        self.seed = checks.seed(seed=seed)
        self.seed_generator = keras.random.SeedGenerator(self.seed)

    def build(self, input_shape: Shape) -> None:
        height, width, _ = checks.shape(
            rank=3, form="(height, width, channels)", input_shape=input_shape[1:]
        )
        self.strength = self.add_weight((), "zeros", name="strength")
        normal = keras.initializers.RandomNormal(stddev=1.0)
        self.fixed = self.add_weight(
            (height, width, 1), normal, trainable=False, name="fixed"
        )

    def call(self, inputs: Tensor, training: bool | None = None) -> Tensor:
        """Returns the images with noise, of the shape of the inputs.

        Args:
            inputs: Float tensor `(batch, height, width, channels)`.
            training: Bool, whether to draw the noise.
        """
        noise = self._drawn(ops.shape(inputs)[0]) if training else self.fixed
        return inputs + self.strength * noise

    def _drawn(self, size: int | Tensor) -> Tensor:
        shape, dtype = tuple(self.fixed.shape), self.compute_dtype
        return backend.draw_local_rows(
            lambda n: keras.random.normal(
                (n, *shape), dtype=dtype, seed=self.seed_generator
            ),
            size,
        )

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return tuple(input_shape)

    def get_config(self) -> Config:
        return {**super().get_config(), "seed": self.seed}
