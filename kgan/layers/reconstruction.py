import contextlib
import contextvars
from collections.abc import Iterator, Sequence

import keras
from keras import ops

from kgan import checks, serialization
from kgan.layers.arguments import with_checked_arguments
from kgan.layers.normalization import at_least_float32
from kgan.types import Config, KerasArgument, Number, Seed, Shape, Tensor

_reals = contextvars.ContextVar("reals", default=False)


@contextlib.contextmanager
def reals() -> Iterator[None]:
    """Context in which a discriminator judges real samples, in its own training."""
    token = _reals.set(True)
    try:
        yield
    finally:
        _reals.reset(token)


@serialization.register
@with_checked_arguments
class Reconstruction(keras.layers.Wrapper):
    """Adds a loss to a discriminator: features of a real image must show the image.

    The layer passes on its first input. While a `kgan.GAN` trains the discriminator on
    real images, the layer adds the loss `weight * mean(abs(decoder(features) - image))`.
    Fakes, and passes that train the generator, do not reach the decoder.

    Args:
        layer: The decoder, a `keras.layers.Layer` or `keras.Model` from features to
            images.
        weight: Float of at least 0.
        quarter: Bool, whether to decode one quarter only: features and image are cropped
            to the same quarter, which is drawn anew in each pass.
        seed: Int of 0 to 2**31 - 2 for the draws, or None for a seed from Python's
            generator.
        **kwargs: See `keras.layers.Layer`.

    Raises:
        ValueError: If an argument is none of these, or the image and the output of the
            decoder have different shapes.

    Example:

    >>> import kgan
    >>> features, image = keras.Input((8, 8, 4)), keras.Input((8, 8, 1))
    >>> logits = keras.Input((1,))
    >>> decoder = keras.layers.Conv2D(1, 3, padding="same")
    >>> kgan.layers.Reconstruction(decoder)([logits, features, image]).shape
    (None, 1)

    Reference:
        [Liu et al., 2021 (FastGAN)](https://arxiv.org/abs/2101.04775), section 3.2.
    """

    def __init__(
        self,
        layer: keras.layers.Layer,
        weight: Number = 1.0,
        quarter: bool = False,
        seed: Seed = None,
        **kwargs: KerasArgument,
    ):
        checks.instance(keras.layers.Layer, "a layer of Keras", layer=layer)
        super().__init__(layer, **kwargs)
        self.weight = checks.number(minimum=0, weight=weight)
        self.quarter = checks.flag(quarter=quarter)
        self.seed = checks.seed(seed=seed)
        self.seed_generator = keras.random.SeedGenerator(self.seed)

    def build(self, input_shape: Sequence[Shape]) -> None:
        _, features, image = input_shape
        if self.quarter:
            features, image = _halves(features), _halves(image)
        if not self.layer.built:
            self.layer.build(features)
        decoded = self.layer.compute_output_shape(features)
        if not checks.same_shape(tuple(decoded), tuple(image)):
            raise ValueError(
                f"The decoder must draw images of the shape {tuple(image)}. "
                f"{checks.received(layer=self.layer)}, which draws {tuple(decoded)}"
            )
        self.built = True

    def call(self, inputs: Sequence[Tensor], training: bool | None = None) -> Tensor:
        """Returns the first input.

        Args:
            inputs: `[passed, features, image]`: any tensor, and two float tensors
                `(batch, height, width, channels)`.
            training: Bool; in inference there is no loss.
        """
        passed, features, image = inputs
        if training and _reals.get():
            if self.quarter:
                features, image = self._quarters(features, image)
            decoded = at_least_float32(self.layer(features, training=training))
            error = ops.mean(ops.abs(decoded - ops.cast(image, decoded.dtype)))
            self.add_loss(self.weight * error)
        return passed

    def _quarters(self, *images: Tensor) -> list[Tensor]:
        """Returns one and the same random quarter of several tensors."""
        index = keras.random.randint((), 0, 4, seed=self.seed_generator)
        return [ops.take(ops.stack(_corners(x)), index, axis=0) for x in images]

    def compute_output_shape(self, input_shape: Sequence[Shape]) -> Shape:
        return tuple(input_shape[0])

    def get_config(self) -> Config:
        own = {"weight": self.weight, "quarter": self.quarter, "seed": self.seed}
        return {**super().get_config(), **own}


def _halves(shape: Shape) -> Shape:
    """Returns the shape of a quarter of images `(batch, height, width, channels)`."""
    batch, height, width, channels = shape
    return (batch, height and -(-height // 2), width and -(-width // 2), channels)


def _corners(x: Tensor) -> list[Tensor]:
    """Returns the four quarters of images; the quarters of an odd size overlap."""
    rows, columns = (-(-size // 2) for size in x.shape[1:3])
    x_rows = (x[:, :rows], x[:, x.shape[1] - rows :])
    return [
        part
        for half in x_rows
        for part in (half[:, :, :columns], half[:, :, x.shape[2] - columns :])
    ]
