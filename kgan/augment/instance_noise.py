from keras import ops

from kgan import checks, schedules, serialization
from kgan.augment import draw
from kgan.augment.base import Augmentation
from kgan.types import Seed, Shape, Tensor


@serialization.register
class InstanceNoise(Augmentation):
    """Adds Gaussian noise to samples of any shape: `x + stddev * e`, `e ~ N(0, 1)`.

    With noise, the distributions of reals and fakes overlap. Without it, the
    discriminator may be able to separate them perfectly. Usually `stddev` decreases to 0
    during training.

    Args:
        stddev: Float of at least 0, or a schedule, on the scale of samples in [-1, 1]. A
            GAN scales bounded samples of another range to this range before.

    Raises:
        ValueError: If `stddev` is below 0, or the shape of the samples is unknown.

    Example:

    >>> import kgan
    >>> kgan.augment.InstanceNoise(kgan.schedules.Linear(0.1, 0.0, images=100_000))
    InstanceNoise(stddev=Linear(start=0.1, end=0.0, images=100000, begin=0))

    Reference:
        [Sønderby et al., 2016](https://arxiv.org/abs/1610.04490), section 3;
        [Arjovsky and Bottou, 2017](https://arxiv.org/abs/1701.04862), section 3.
    """

    name = "instance_noise"

    def __init__(self, stddev: schedules.NumberOrSchedule = 0.1):
        super().__init__()
        self.stddev = schedules.number(minimum=0, stddev=stddev)

    def check(self, sample_shape: Shape) -> None:
        if None in sample_shape:
            raise ValueError(
                "InstanceNoise needs samples of known shape. "
                f"{checks.received(sample_shape=tuple(sample_shape))}"
            )

    def transform(self, x: Tensor, seed: Seed = None) -> Tensor:
        return x + ops.cast(self.stddev, x.dtype) * draw.noise(x, seed)
