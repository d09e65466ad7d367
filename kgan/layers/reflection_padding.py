import keras
from keras import ops

from kgan import checks, serialization
from kgan.layers.arguments import with_checked_arguments
from kgan.types import Config, KerasArgument, Shape, Tensor


@serialization.register
@with_checked_arguments
class ReflectionPadding2D(keras.layers.Layer):
    """Adds a border to images, in which the pixels are mirrored at the edge.

    The pixels of the edge are not repeated: a row `1 2 3` with a border of 2 becomes
    `3 2 1 2 3 2 1`. Unlike a border of zeros, the border looks like the image.

    Args:
        padding: Int, at least 1: width of the border on each of the four sides.
        **kwargs: See `keras.layers.Layer`.

    Raises:
        ValueError: If `padding` is not an int of at least 1, or the images are not
            `(batch, height, width, channels)` with sides longer than the border.

    Example:

    >>> import kgan
    >>> row = keras.ops.reshape(keras.ops.array([1.0, 2.0, 3.0]), (1, 1, 3, 1))
    >>> images = keras.ops.repeat(row, 3, axis=1)
    >>> padded = kgan.layers.ReflectionPadding2D(2)(images)
    >>> [int(value) for value in padded[0, 0, :, 0]]
    [3, 2, 1, 2, 3, 2, 1]
    """

    def __init__(self, padding: int = 1, **kwargs: KerasArgument):
        super().__init__(**kwargs)
        self.padding = checks.units(padding=padding)

    def build(self, input_shape: Shape) -> None:
        sides = input_shape[1:3]
        short = any(side is not None and side <= self.padding for side in sides)
        if len(input_shape) != 4 or short:
            received = checks.received(
                padding=self.padding, input_shape=tuple(input_shape)
            )
            raise ValueError(
                "Reflection needs images (batch, height, width, channels) with sides "
                f"longer than `padding`. {received}"
            )

    def call(self, inputs: Tensor) -> Tensor:
        """Returns the images with their border, `(batch, height, width, channels)`."""
        border = (self.padding, self.padding)
        return ops.pad(inputs, ((0, 0), border, border, (0, 0)), mode="reflect")

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        batch, *sides, channels = input_shape
        grown = [None if side is None else side + 2 * self.padding for side in sides]
        return (batch, *grown, channels)

    def get_config(self) -> Config:
        return {**super().get_config(), "padding": self.padding}
