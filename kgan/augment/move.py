from collections.abc import Sequence

import numpy as np
from keras import ops

from kgan.augment import pixels
from kgan.augment.base import ImagePipeline
from kgan.types import Seed, Tensor


class Move(ImagePipeline):
    """Base class of affine maps of the pixels, in front of one resampling.

    Subclasses implement `trace`. It leads from a pixel of the result back to the pixel's
    source, so that the last transformation comes first.

    `rows` and `columns` are the row and the column of the source as linear functions of
    the pixel of the result: tensors `(batch, 1, 1, 3)` with the factor of the row, the
    factor of the column, and the constant. Positions are measured from the middle of the
    image.
    """

    def trace(
        self, x: Tensor, rows: Tensor, columns: Tensor, seed: Seed, probability: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Returns `rows` and `columns` before the transformations of this class.

        Args:
            x: Float tensor `(batch, height, width, channels)`, for its shape.
            rows: The row of the source, see the class.
            columns: The column of the source, see the class.
            seed: A `keras.random.SeedGenerator`.
            probability: Float or scalar tensor, the probability of each transformation.
        """
        raise NotImplementedError

    def apply(self, x: Tensor, seed: Seed, probability: Tensor) -> Tensor:
        return _resample(x, *self.trace(x, *_identity(), seed, probability))


def move(x: Tensor, moves: Sequence[Move], seed: Seed, probability: Tensor) -> Tensor:
    """Applies several moves in order, by one resampling.

    Args:
        x: Float tensor `(batch, height, width, channels)`.
        moves: List of `Move`s.
        seed: A `keras.random.SeedGenerator`.
        probability: Float or scalar tensor, multiplied by the probability of each move.
    """
    rows, columns = _identity()
    for part in reversed(moves):
        rows, columns = part.trace(x, rows, columns, seed, probability * part.probability)
    return _resample(x, rows, columns)


def shift(positions: Tensor, distance: Tensor) -> Tensor:
    """Traces `rows` or `columns` back through a shift."""
    return positions - ops.multiply(distance, np.array([0, 0, 1], "float32"))


def rotate(
    rows: Tensor, columns: Tensor, cos: Tensor, sin: Tensor
) -> tuple[Tensor, Tensor]:
    """Traces `rows` and `columns` back through a rotation."""
    # Without a matrix product, which a GPU would round.
    return cos * rows - sin * columns, sin * rows + cos * columns


def _identity() -> tuple[Tensor, Tensor]:
    forms = np.eye(3, dtype="float32").reshape(3, 1, 1, 1, 3)
    return ops.convert_to_tensor(forms[0]), ops.convert_to_tensor(forms[1])


def _resample(x: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    middle = [(x.shape[axis] - 1) / 2 for axis in (1, 2)]
    down, right = (pixels.positions(x, axis) - middle[axis - 1] for axis in (1, 2))

    def sources(form: Tensor) -> Tensor:
        by_row, by_column, constant = ops.split(form, 3, axis=-1)
        return by_row * down + (by_column * right + constant)

    return pixels.interpolate(x, sources(rows) + middle[0], sources(columns) + middle[1])
