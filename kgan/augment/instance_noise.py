import keras
from keras import ops

from kgan import backend, schedules, serialization
from kgan.augment.base import Augmentation


@serialization.register
class InstanceNoise(Augmentation):
    """Adds Gaussian noise to samples of any shape: `x + stddev * e`, `e ~ N(0, 1)`.

    It makes the distributions of reals and fakes overlap, where the discriminator could
    otherwise tell them apart for certain. Usually `stddev` falls to 0 in training.

    Args:
        stddev: Float, at least 0, or a schedule, on the scale of the samples.

    Raises:
        ValueError: If `stddev` is below 0, or samples are of unknown shape.

    Example:

    >>> import kgan
    >>> kgan.augment.InstanceNoise(kgan.schedules.Linear(0.1, 0.0, images=100_000))
    InstanceNoise(stddev=Linear(start=0.1, end=0.0, images=100000, begin=0))

    Reference:
        [Sønderby et al., 2016](https://arxiv.org/abs/1610.04490), section 3;
        [Arjovsky and Bottou, 2017](https://arxiv.org/abs/1701.04862), section 3.
    """

    def __init__(self, stddev: schedules.NumberOrSchedule = 0.1):
        super().__init__()
        schedules.number(minimum=0, stddev=stddev)
        self.stddev = stddev

    def check(self, sample_shape):
        if None in sample_shape:
            raise ValueError(
                "InstanceNoise needs samples of known shape. "
                f"Received: sample_shape={tuple(sample_shape)}"
            )

    def transform(self, x, seed=None):
        shape = tuple(x.shape[1:])
        noise = backend.draw_local_rows(
            lambda n: keras.random.normal((n, *shape), seed=seed, dtype=x.dtype),
            ops.shape(x)[0],
        )
        return x + ops.cast(self.stddev, x.dtype) * noise

    def get_config(self):
        return {"stddev": self.stddev}
