"""Earlier fakes, which the discriminator sees beside the fakes of the moment."""

import keras
from keras import ops

from kgan import backend
from kgan.types import Shape, Tensor


class FakeHistory:
    """A number of earlier fakes, of which each update exchanges some.

    The first fakes fill the history. Then each new fake has a chance of 1/2 to be
    exchanged: the history keeps the new fake, and gives an earlier fake in its place. So
    the discriminator does not forget what the generator drew before. The fakes of a batch
    are exchanged with different places, and a batch larger than the history exchanges its
    first fakes only.

    Several devices have one history: all devices exchange the fakes of the whole batch by
    the same random numbers, so each keeps the same fakes as a single device.

    Args:
        size: Int, at least 1: number of fakes.
        shape: Shape of one fake, without the batch.
        name: Name of the variables.

    Attributes:
        variables: The fakes, and their number.

    Reference:
        [Shrivastava et al., 2016](https://arxiv.org/abs/1612.07828), section 2.3;
        [Zhu et al., 2017 (CycleGAN)](https://arxiv.org/abs/1703.10593), section 4.
    """

    def __init__(self, size: int, shape: Shape, name: str):
        self.size = size
        # All devices assign equal values.
        options = {"trainable": False, "aggregation": "only_first_replica"}
        self._fakes = keras.Variable(
            "zeros", (size, *shape), "float32", name=f"{name}_fakes", **options
        )
        self._count = keras.Variable(
            "zeros", (), "int32", name=f"{name}_count", **options
        )
        self.variables = [self._fakes, self._count]

    def exchange(
        self, fakes: Tensor, seed_generator: keras.random.SeedGenerator
    ) -> Tensor:
        """Returns fakes, some of which are earlier fakes, and keeps others.

        Args:
            fakes: Float tensor `(batch, *shape)`.
            seed_generator: Source of the random numbers.

        Returns:
            A tensor of the shape and dtype of `fakes`.
        """
        return backend.on_all_rows(
            lambda rows: self._exchange_all(rows, seed_generator), fakes
        )

    def _exchange_all(
        self, fakes: Tensor, seed_generator: keras.random.SeedGenerator
    ) -> Tensor:
        """Exchanges the fakes of all devices together."""
        number, places = ops.shape(fakes)[0], ops.arange(self.size)
        earlier, count = map(ops.convert_to_tensor, self.variables)
        keys, coins = ops.unstack(
            keras.random.uniform((2, self.size), seed=seed_generator), axis=0
        )
        is_full = ops.equal(count, self.size)
        # The number of the fake that comes to each place: in a random order once the
        # history is full, before that the free places in their order.
        turns = ops.where(is_full, _order(keys), places - count)
        due = ops.logical_and(turns >= 0, turns < number)
        due = ops.logical_and(due, ops.logical_or(~is_full, coins < 0.5))
        new = ops.take(fakes, ops.clip(turns, 0, number - 1), axis=0)
        rows = ops.arange(number)
        # The place of each fake: the inverse of `turns`.
        place = ops.take(_order(turns), ops.minimum(rows, self.size - 1))
        out = ops.logical_and(is_full, ops.take(due, place))
        out = ops.logical_and(out, rows < self.size)
        given = ops.where(_as_rows(out, fakes), ops.take(earlier, place, axis=0), fakes)
        # At the end, since PyTorch writes into the tensors of the variables.
        self._fakes.assign(ops.where(_as_rows(due, fakes), new, earlier))
        self._count.assign(ops.minimum(count + number, self.size))
        return ops.cast(given, fakes.dtype)


def _order(values: Tensor) -> Tensor:
    """Returns the indices that sort values; for a permutation, the inverse."""
    return ops.cast(ops.argsort(values), "int32")


def _as_rows(flags: Tensor, samples: Tensor) -> Tensor:
    """Returns flags `(n,)` in a shape that selects whole samples."""
    return ops.reshape(flags, (-1, *[1] * (len(samples.shape) - 1)))
