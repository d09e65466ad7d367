from typing import Any

import keras
from keras import ops

from kgan import backend, checks, serialization
from kgan.augment.additive_noise import AdditiveNoise
from kgan.augment.base import Augmentation
from kgan.augment.blit import Blit
from kgan.augment.color_transform import ColorTransform
from kgan.augment.compose import Compose
from kgan.augment.cutout import Cutout
from kgan.augment.geometric import Geometric
from kgan.augment.image_filter import ImageFilter
from kgan.types import Identifier, Seed, Shape, Tensor

_STAGES: dict[str, type[Augmentation]] = {
    "b": Blit,
    "g": Geometric,
    "c": ColorTransform,
    "f": ImageFilter,
    "n": AdditiveNoise,
}
# The number of reals in the running mean of `r`.
_WINDOW = 256


@serialization.register
class ADA(Augmentation):
    """Adaptive discriminator augmentation: its probability rises with overfitting.

    Each transformation of the pipeline is applied with probability `p`. After each update
    of the discriminator `p += sign(r - target) * reals / images`, limited to 0 and
    `maximum`. `r` is the mean of `sign(D(real))`; it approaches 1 as the discriminator
    overfits. `r` is a running mean in which a batch has the weight
    `min(1, reals / 256)`; the paper uses the plain mean of 4 batches of 64.

    `p` and `r` are variables, and appear in the logs as `augment_p` and `augment_r`. `r`
    needs a loss with a decision boundary between real and fake logits
    (`Loss.decision_boundary`). Relativistic and Wasserstein losses have no boundary at a
    fixed logit.

    Args:
        target: Float in [-1, 1], the target value of `r`.
        images: Float above 0, the number of reals in which `p` can rise from 0 to 1.
        pipeline: Letters, in the order of application: `"b"` for `Blit`, `"g"` for
            `Geometric`, `"c"` for `ColorTransform`, `"f"` for `ImageFilter`, `"n"` for
            `AdditiveNoise`, and a second `"c"` for `Cutout`; or a name, an object or
            a list for `kgan.augment.get`.
            `"bgcfnc"` is the whole set of the paper. The paper trains with `"bgc"`,
            because the other transformations did not improve its results (figure 4).
        initial: Float in [0, maximum], the first value of `p`.
        maximum: Float in [0, 1]. If a transformation is always applied, the generator
            learns it as part of the data, and its samples show it. The paper finds these
            leaks unlikely as long as `p` is below 0.8 (section 2.2).

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
        and appendix B. The defaults 0.6 and 500 000 images are from the paper.
    """

    name = "ada"

    def __init__(
        self,
        target: float = 0.6,
        images: float = 500_000,
        pipeline: Identifier = "bgc",
        initial: float = 0.0,
        maximum: float = 0.8,
    ):
        super().__init__()
        self.images: float = checks.number(above=0, images=images)
        self.target: float = checks.number(minimum=-1, maximum=1, target=target)
        # Not by `checks.number`, whose own argument `maximum` has the same name.
        if not checks.is_number(maximum) or not 0 <= maximum <= 1:
            raise ValueError(
                "`maximum` must be a number of 0 to 1. "
                f"{checks.received(maximum=maximum)}"
            )
        self.maximum = float(maximum)
        self.initial: float = checks.number(minimum=0, maximum=maximum, initial=initial)
        self.stages = _stages(pipeline)
        # Letters are shorter than the augmentations that they stand for.
        self.pipeline = pipeline if isinstance(pipeline, str) else self.stages
        # A list, so that the copies made by `schedules.at` share the variables.
        self._variables: list[keras.Variable] = []

    @property
    def variables(self) -> list[keras.Variable]:
        return [*self._variables, *self.stages.variables]

    def build(self) -> None:
        self.stages.build()
        if not self._variables:
            first = {"augment_p": self.initial, "augment_r": 0.0}
            self._variables += [_state(*item) for item in first.items()]

    def check(self, sample_shape: Shape) -> None:
        self.stages.check(sample_shape)

    def apply(self, x: Tensor, seed: Seed, probability: Tensor) -> Tensor:
        self.build()
        p = ops.convert_to_tensor(self._variables[0])
        return self.stages(x, seed, p * probability)

    def transform(self, x: Tensor, seed: Seed = None) -> Tensor:
        return self.stages.transform(x, seed)

    def update(self, real_logits: Tensor, size: Tensor) -> None:
        self.build()
        p, r = self._variables
        size = ops.cast(size, "float32")
        # The direction of the step below depends on the reals of all replicas.
        sign = ops.sign(ops.cast(backend.all_rows(real_logits), "float32"))
        r.assign(r + ops.minimum(size / _WINDOW, 1.0) * (ops.mean(sign) - r))
        step = ops.sign(r - self.target) * size / self.images
        p.assign(ops.clip(p + step, 0.0, self.maximum))
        self.stages.update(real_logits, size)

    def logs(self) -> dict[str, Tensor]:
        self.build()
        own = {v.name: ops.convert_to_tensor(v) for v in self._variables}
        return own | self.stages.logs()


def _stages(pipeline: Any) -> Augmentation:
    # Imported here, since `kgan.augment` imports this file.
    from kgan import augment

    letters = pipeline if isinstance(pipeline, str) else ""
    if not letters or set(letters) - set(_STAGES) or letters.count("c") > 2:
        expected = (
            f"a text of the letters {', '.join(_STAGES)}, with a second c for cutout, or "
            "a `kgan.augment.Augmentation`, a name of one, or a list"
        )
        return checks.resolved(augment.get_one, expected, pipeline=pipeline)
    stages = [_STAGES[letter]() for letter in letters]
    if letters.count("c") == 2:
        stages[letters.rindex("c")] = Cutout()
    return Compose(stages)


def _state(name: str, value: float) -> keras.Variable:
    return keras.Variable(
        keras.initializers.Constant(value),
        shape=(),
        dtype="float32",
        trainable=False,
        aggregation="mean",
        name=name,
    )
