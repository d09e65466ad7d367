from collections.abc import Sequence

from keras import ops

from kgan import checks, serialization
from kgan.critic import Critic, Judgement
from kgan.penalties.base import Penalty, squared_norm
from kgan.types import Tensor

# Small images need at least this weight.
_LOWEST_WEIGHT = 0.1


@serialization.register
class R1(Penalty):
    """Pulls the discriminator's gradient at the reals to zero.

    `weight * mean(||grad D(x)||²) / 2` over real `x`.

    Args:
        weight: Float, or a schedule: the gamma of the paper. 0.1 suits images of 8 to
            32 pixels, and 1 to 10 suit larger images; see `R1.suggest`.
        every: Int; the penalty applies only in every `every`-th update, multiplied by
            `every`.

    Example:

    >>> import kgan
    >>> kgan.penalties.R1(0.1)
    R1(weight=0.1, every=1)

    Reference:
        [Mescheder et al., 2018](https://arxiv.org/abs/1801.04406), equation 9.
    """

    name = "r1"
    passes = 3

    def value(self, real: Judgement, fake: Judgement, critic: Critic) -> Tensor:
        return ops.mean(squared_norm(real.gradient())) / 2

    @staticmethod
    def suggest(image_shape: Sequence[int], batch_size: int) -> float:
        """Suggests a weight with which to begin a search.

        `max(0.1, 0.0002 * height * width / batch_size)`. The second term is the heuristic
        in the code of StyleGAN2-ADA, which halves the penalty too. For images of 8 to 32
        pixels, the heuristic gives a few thousandths, but weights of 0.1 to 0.3 gave
        better results in measurements.

        Args:
            image_shape: `(height, width, channels)`.
            batch_size: Int, reals in an update of the discriminator.

        Returns:
            A float.

        Raises:
            ValueError: If `image_shape` is not the shape of an image, or `batch_size` is
                not an int of at least 1.

        Example:

        >>> import kgan
        >>> kgan.penalties.R1.suggest((28, 28, 1), batch_size=32)
        0.1
        >>> round(kgan.penalties.R1.suggest((1024, 1024, 3), batch_size=32), 2)
        6.55

        Reference:
            [Karras et al., 2020](https://arxiv.org/abs/2006.06676). Their code has the
            heuristic as `gamma` of the configuration `auto`.
        """
        height, width, _ = checks.shape(
            rank=3, form="(height, width, channels)", image_shape=image_shape
        )
        batch_size = checks.count(batch_size=batch_size)
        return max(_LOWEST_WEIGHT, 0.0002 * height * width / batch_size)


@serialization.register
class R2(R1):
    """Pulls the discriminator's gradient at the fakes to zero.

    `weight * mean(||grad D(x)||²) / 2` over fake `x`. See `R1` for the
    arguments.

    Reference:
        [Mescheder et al., 2018](https://arxiv.org/abs/1801.04406), equation 10.
    """

    name = "r2"

    def value(self, real: Judgement, fake: Judgement, critic: Critic) -> Tensor:
        return ops.mean(squared_norm(fake.gradient())) / 2
