from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from kgan import checks, schedules, serialization
from kgan.critic import as_list
from kgan.generator_losses.base import Generated, GeneratorLoss
from kgan.types import Identifier, Tensor


@serialization.register
class Perceptual(GeneratorLoss):
    """The distance of each fake from its real in the features of a trained network.

    The mean over the feature maps `f` of `mean(|f(real) - f(fake)|)`. The network does
    not train. A GAN saves the weights of the network.

    Args:
        network: A `keras.Model` from samples, as the generator draws them, to a feature
            map or to a list of feature maps. For models of `keras.applications`, see
            `kgan.networks.feature_network`.
        weight: Float of at least 0, or a schedule.

    Raises:
        ValueError: If an argument is out of bounds; in `GAN.compile`, if the network
            does not take the samples of the generator.

    Example:

    ```python
    features = kgan.networks.feature_network("VGG16", image_size=(64, 64))
    gan.compile(generator_losses=[kgan.generator_losses.Perceptual(features, 10.0)])
    ```

    Reference:
        [Johnson et al., 2016](https://arxiv.org/abs/1603.08155), section 3.2;
        [Wang et al., 2017 (pix2pixHD)](https://arxiv.org/abs/1711.11585), section 3.4,
        for the absolute error.
    """

    name = "perceptual"
    pairs = True

    def __init__(self, network: Identifier, weight: schedules.NumberOrSchedule = 10.0):
        super().__init__(weight)
        if isinstance(network, dict):
            network = keras.saving.deserialize_keras_object(network)
        checks.instance(keras.Model, "a `keras.Model` to features", network=network)
        self.network = network

    @property
    def variables(self) -> Sequence[keras.Variable]:  # type: ignore[override]
        return self.network.variables

    def check(self, gan: Any) -> None:
        shape = (None, *gan.sample_shape)
        expected = getattr(self.network, "input_shape", None)
        if isinstance(expected, tuple) and not checks.same_shape(shape, expected):
            raise ValueError(
                f"The network must take the samples of the generator, {shape}. "
                f"Received: network with input shape {expected}"
            )

    def value(self, generated: Generated) -> Tensor:
        # A network in training would move its statistics, and drop features.
        reals, fakes = (
            as_list(self.network(x, training=False))
            for x in (generated.reals, generated.fakes)
        )
        distances = [
            ops.mean(ops.abs(ops.cast(a, "float32") - ops.cast(b, "float32")))
            for a, b in zip(reals, fakes, strict=True)
        ]
        return sum(distances) / len(distances)

    def get_config(self) -> dict[str, Any]:
        network = keras.saving.serialize_keras_object(self.network)
        return {**super().get_config(), "network": network}
