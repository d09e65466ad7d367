from collections.abc import Sequence

from keras import ops

from kgan import serialization
from kgan.penalties.base import Penalty, squared_norm

# What small images need at least.
_LOWEST = 0.1


@serialization.register
class R1(Penalty):
    """Pulls the discriminator's gradient at the reals to zero.

    `weight * mean(||grad D(x)||²) / 2` over real `x`.

    Args:
        weight: Float, or a schedule: the gamma of the paper. 0.1 suits images of 8 to
            32 pixels, 1 to 10 larger ones; see `R1.suggest`.
        every: Int, apply on every `every`-th update only, rescaled.

    Example:

    >>> import kgan
    >>> kgan.penalties.R1(0.1)
    R1(weight=0.1, every=1)

    Reference:
        [Mescheder et al., 2018](https://arxiv.org/abs/1801.04406), equation 9.
    """

    name = "r1"
    point = "reals"

    def value(self, gradient, reals, fakes, seed=None):
        return ops.mean(squared_norm(gradient(reals))) / 2

    @staticmethod
    def suggest(image_shape: Sequence[int], batch_size: int) -> float:
        """Suggests a weight: a place to begin a search from.

        `max(0.1, 0.0002 * height * width / batch_size)`: the heuristic of StyleGAN2-ADA's
        code, whose penalty is halved as this one is. On images of 8 to 32 pixels it
        gives thousandths, where weights of 0.1 to 0.3 were measured better.

        Args:
            image_shape: `(height, width, channels)`.
            batch_size: Int, reals in an update of the discriminator.

        Returns:
            A float.

        Raises:
            ValueError: If `image_shape` is not that of an image, or `batch_size` is no
                int of at least 1.

        Example:

        >>> import kgan
        >>> kgan.penalties.R1.suggest((28, 28, 1), batch_size=32)
        0.1
        >>> round(kgan.penalties.R1.suggest((1024, 1024, 3), batch_size=32), 2)
        6.55

        Reference:
            [Karras et al., 2020](https://arxiv.org/abs/2006.06676), whose code has it as
            `gamma` of the configuration `auto`.
        """
        shape = tuple(image_shape)
        if len(shape) != 3 or not all(map(_is_count, shape)):
            raise ValueError(
                "`image_shape` must be (height, width, channels), ints of at least 1. "
                f"Received: image_shape={shape}"
            )
        if not _is_count(batch_size):
            raise ValueError(
                "`batch_size` must be an int of at least 1. "
                f"Received: batch_size={batch_size}"
            )
        return max(_LOWEST, 0.0002 * shape[0] * shape[1] / batch_size)


@serialization.register
class R2(R1):
    """Pulls the discriminator's gradient at the fakes to zero.

    `weight * mean(||grad D(x)||²) / 2` over fake `x`. See `R1` for the
    arguments.

    Reference:
        [Mescheder et al., 2018](https://arxiv.org/abs/1801.04406), equation 10.
    """

    name = "r2"
    point = "fakes"

    def value(self, gradient, reals, fakes, seed=None):
        return ops.mean(squared_norm(gradient(fakes))) / 2


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1
