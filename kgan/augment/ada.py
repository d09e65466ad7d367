import numbers
from typing import Any

import keras
from keras import ops

from kgan import serialization
from kgan.augment.base import Augmentation
from kgan.augment.blit import Blit
from kgan.augment.color_transform import ColorTransform
from kgan.augment.compose import Compose
from kgan.augment.geometric import Geometric

_STAGES: dict[str, type[Augmentation]] = {
    "b": Blit,
    "g": Geometric,
    "c": ColorTransform,
}
# Over how many reals the statistic is averaged.
_WINDOW = 256


@serialization.register
class ADA(Augmentation):
    """Adaptive augmentation: as probable as the discriminator's overfitting asks for.

    Every single transformation of the pipeline is applied with probability `p`. After
    each update of the discriminator `p += sign(r - target) * reals / images`, within 0
    and `maximum`, where `r` is the mean of `sign(D(real))`, which nears 1 as the
    discriminator overfits. It is a running mean, in which a batch weighs
    `min(1, reals / 256)`; the paper takes the plain mean of 4 batches of 64.

    `p` and `r` are variables, in the logs as `augment_p` and `augment_r`. `r` needs
    logits with a boundary between real and fake, which losses tell (`Loss.boundary`): a
    relativistic or a Wasserstein loss leaves open where that is.

    Args:
        target: Float in [-1, 1], the `r` that is aimed at.
        images: Float above 0, in how many reals `p` could rise from 0 to 1.
        pipeline: Letters of `"b"` for `Blit`, `"g"` for `Geometric` and `"c"` for
            `ColorTransform`, in the order of application; or an `Augmentation`.
        initial: Float in [0, maximum], the first `p`.
        maximum: Float in [0, 1]. A transformation that is always there can't be told
            from the data, so that the generator's samples would have it too: the paper
            finds such leaks unlikely as long as `p` is below 0.8 (section 2.2).

    Raises:
        ValueError: If an argument is out of bounds.

    Example:

    >>> import kgan
    >>> ada = kgan.augment.ADA(images=1_000)
    >>> ada.build()
    >>> ada.update(real_logits=keras.ops.ones((256, 1)), size=256)
    >>> {name: round(float(value), 3) for name, value in ada.logs().items()}
    {'augment_p': 0.256, 'augment_r': 1.0}

    Reference:
        [Karras et al., 2020](https://arxiv.org/abs/2006.06676), sections 2 and 3
        and appendix B. 0.6 and 500 000 images are the paper's.
    """

    name = "ada"

    def __init__(
        self,
        target: float = 0.6,
        images: float = 500_000,
        pipeline: str | Augmentation = "bgc",
        initial: float = 0.0,
        maximum: float = 0.8,
    ):
        super().__init__()
        if not isinstance(images, numbers.Real) or not images > 0:
            raise ValueError(
                f"`images` must be a number above 0. Received: images={images!r}"
            )
        _check("target", target, -1, 1)
        _check("maximum", maximum, 0, 1)
        _check("initial", initial, 0, maximum)
        self.target = target
        self.images = images
        self.pipeline = pipeline
        self.initial = initial
        self.maximum = maximum
        self.stages = _stages(pipeline)
        # Copies with the values of schedules share the list.
        self._variables: list[Any] = []

    @property
    def variables(self):
        return [*self._variables, *self.stages.variables]

    def build(self):
        self.stages.build()
        if not self._variables:
            first = {"augment_p": self.initial, "augment_r": 0.0}
            self._variables += [_state(*item) for item in first.items()]

    def check(self, sample_shape):
        self.stages.check(sample_shape)

    def apply(self, x, seed, probability):
        self.build()
        p = ops.convert_to_tensor(self._variables[0])
        return self.stages(x, seed, p * probability)

    def transform(self, x, seed=None):
        return self.stages.transform(x, seed)

    def update(self, real_logits, size):
        self.build()
        p, r = self._variables
        size = ops.cast(size, "float32")
        sign = ops.sign(ops.cast(ops.stop_gradient(real_logits), "float32"))
        r.assign(r + ops.minimum(size / _WINDOW, 1.0) * (ops.mean(sign) - r))
        # `r` is read again: its replicas agree once it is assigned.
        step = ops.sign(r - self.target) * size / self.images
        p.assign(ops.clip(p + step, 0.0, self.maximum))
        self.stages.update(real_logits, size)

    def logs(self):
        self.build()
        own = {v.name: ops.convert_to_tensor(v) for v in self._variables}
        return own | self.stages.logs()

    def get_config(self):
        return {
            "target": self.target,
            "images": self.images,
            "pipeline": self.pipeline,
            "initial": self.initial,
            "maximum": self.maximum,
        }


def _stages(pipeline: str | Augmentation) -> Augmentation:
    if isinstance(pipeline, Augmentation):
        return pipeline
    if not isinstance(pipeline, str) or not pipeline or set(pipeline) - set(_STAGES):
        raise ValueError(
            f"`pipeline` must be of the letters {', '.join(_STAGES)}, or a "
            f"`kgan.augment.Augmentation`. Received: pipeline={pipeline!r}"
        )
    return Compose([_STAGES[letter]() for letter in pipeline])


def _check(name: str, value: float, low: float, high: float) -> None:
    if not isinstance(value, numbers.Real) or not low <= value <= high:
        raise ValueError(
            f"`{name}` must be a number of {low} to {high}. Received: {name}={value!r}"
        )


def _state(name: str, value: float) -> keras.Variable:
    return keras.Variable(
        keras.initializers.Constant(value),
        shape=(),
        dtype="float32",
        trainable=False,
        aggregation="mean",
        name=name,
    )
