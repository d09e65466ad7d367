from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from kgan import checks, schedules, serialization
from kgan.backend.keras_private import all_layers, calls_in
from kgan.critic import Critic, as_list, takes_conditions, with_conditions
from kgan.generator_losses.base import Generated, GeneratorLoss
from kgan.types import Tensor, Tensors


@serialization.register
class FeatureMatching(GeneratorLoss):
    """The distance of reals and fakes in the features of the discriminator.

    With `f` the features of one layer, the mean over the layers of

    - `mean(|f(real) - f(fake)|)`, where a fake has the conditions of the real at its
      index, as in pix2pixHD;
    - `mean((mean(f(real)) - mean(f(fake)))²)` with `over_batch=True`: the inner means are
      over the batch, so reals and fakes need not belong together.

    The features are of samples without augmentation. The papers add up the
    layers: `weight` is the weight of the paper times the number of layers of one scale.

    Args:
        weight: Float of at least 0, or a schedule.
        layers: Names of layers of the discriminator, whose outputs are the features. None
            for the inputs of all layers with a kernel, if another kernel comes between
            the samples and the input.
        over_batch: Bool, see above.

    Raises:
        ValueError: If an argument is out of bounds; in `GAN.compile`, if the
            discriminator has no such layer, or is no functional or sequential model.

    Example:

    >>> import kgan
    >>> kgan.generator_losses.FeatureMatching(layers=["conv2d_1"])
    FeatureMatching(weight=10.0, layers=['conv2d_1'], over_batch=False)

    Reference:
        [Wang et al., 2017 (pix2pixHD)](https://arxiv.org/abs/1711.11585), equation 4;
        [Salimans et al., 2016](https://arxiv.org/abs/1606.03498), section 3.1.
    """

    name = "feature_matching"
    passes = 3

    def __init__(
        self,
        weight: schedules.NumberOrSchedule = 10.0,
        layers: Sequence[str] | None = None,
        over_batch: bool = False,
    ):
        super().__init__(weight)
        named = isinstance(layers, list | tuple) and all(
            isinstance(name, str) for name in layers
        )
        if layers is not None and not (named and layers):
            raise ValueError(
                "`layers` must be a list of names of layers, or None. "
                f"{checks.received(layers=layers)}"
            )
        self.layers = None if layers is None else list(layers)
        self.over_batch = checks.flag(over_batch=over_batch)
        self.pairs = not self.over_batch
        self._features: tuple[keras.Model, keras.Model] | None = None

    def check(self, gan: Any) -> None:
        self.features_of(gan.discriminator)

    def features_of(self, discriminator: keras.Model) -> keras.Model:
        """Returns the model from the inputs of the discriminator to its features.

        Raises:
            ValueError: If the discriminator has no such layer, or is no functional or
                sequential model.
        """
        if self._features is not None and self._features[0] is discriminator:
            return self._features[1]
        if not getattr(discriminator, "inputs", None):
            raise ValueError(
                "Feature matching needs a functional or sequential discriminator. "
                f"Received: discriminator of type {type(discriminator).__name__}"
            )
        by_name = {layer.name: layer for layer in discriminator.layers}
        unknown = [name for name in self.layers or () if name not in by_name]
        if unknown:
            raise ValueError(
                f"The discriminator must have all `layers`: it has {', '.join(by_name)}. "
                f"{checks.received(layers=unknown)}"
            )
        if self.layers is None:
            outputs = _between_kernels(discriminator)
        else:
            outputs = [by_name[name].output for name in self.layers]
        if not outputs:
            raise ValueError(
                "The discriminator must have two layers with kernels, one behind the "
                "other, or pass `layers`. "
                f"Received: discriminator with layers {', '.join(by_name)}"
            )
        model = keras.Model(discriminator.inputs, outputs)
        self._features = discriminator, model
        return model

    def value(self, generated: Generated) -> Tensor:
        critic = generated.critic
        reals = self._of(critic, generated.reals, generated.real_conditions)
        fakes = self._of(critic, generated.fakes, generated.conditions)
        pairs = list(zip(reals, fakes, strict=True))
        if self.over_batch:
            means = ((ops.mean(a, axis=0), ops.mean(b, axis=0)) for a, b in pairs)
            distances = [ops.mean(ops.square(a - b)) for a, b in means]
        else:
            distances = [ops.mean(ops.abs(a - b)) for a, b in pairs]
        return sum(distances) / len(distances)

    def _of(
        self, critic: Critic, samples: Tensor, conditions: Tensors | None
    ) -> list[Tensor]:
        discriminator = critic.discriminator
        given = conditions if takes_conditions(discriminator) else None
        inputs = with_conditions(samples, given)
        with critic.frozen_pass():
            found = self.features_of(discriminator)(inputs, training=True)
        return [ops.cast(x, "float32") for x in as_list(found)]


def _between_kernels(discriminator: keras.Model) -> list[Tensor]:
    """Returns the inputs of kernels that are computed by earlier kernels from samples."""
    # Without a kernel between, a feature would be the samples, whole or shrunk.
    seen = {id(discriminator.inputs[0])}
    behind: set[int] = set()
    found = []
    for layer, inputs, outputs in calls_in(discriminator):
        given = {id(x) for x in inputs}
        if not given & seen:
            continue
        seen |= {id(x) for x in outputs}
        is_kernel = isinstance(layer, keras.layers.Layer) and _has_kernel(layer)
        if is_kernel and id(inputs[0]) in behind:
            found.append(inputs[0])
        if is_kernel or given & behind:
            behind |= {id(x) for x in outputs}
    return found


def _has_kernel(layer: keras.layers.Layer) -> bool:
    """Whether a layer multiplies by a matrix or a kernel, also inside a wrapper."""
    weights = [w for inner in all_layers(layer) for w in inner.trainable_weights]
    return any(len(w.shape) > 1 for w in weights)
