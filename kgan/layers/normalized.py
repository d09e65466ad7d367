from collections.abc import Callable

import keras

from kgan import checks
from kgan.layers.normalization import (
    BatchNormalization,
    GroupNormalization,
    InstanceNormalization,
    LayerNormalization,
)
from kgan.layers.spectral_normalization import SpectralNormalization
from kgan.types import Tensor

# Layers that normalise the outputs of another layer.
_OF_OUTPUTS: dict[str, Callable[[], keras.layers.Layer]] = {
    "batch": BatchNormalization,
    "layer": LayerNormalization,
    "group": lambda: GroupNormalization(groups=1),
    # As in CycleGAN, no scale and no offset are learned.
    "instance": lambda: InstanceNormalization(epsilon=1e-5, center=False, scale=False),
}
# The values of the argument `normalization`, here and in `kgan.networks`.
NORMALIZATIONS = (None, "spectral", *_OF_OUTPUTS)


def normalized(
    layer: keras.layers.Layer, normalization: str | None
) -> Callable[[Tensor], Tensor]:
    """Returns a layer with the normalisation of a given name.

    Args:
        layer: A `keras.layers.Layer` with a kernel.
        normalization: `"spectral"` normalises the kernel. `"batch"`, `"layer"`,
            `"group"` and `"instance"` normalise the outputs; `"group"` has one group, so
            each sample is normalised over all its features, and `"instance"` normalises
            each channel of each sample, without a learned scale. None for no
            normalisation.

    Returns:
        A function from the inputs of the layer to the normalised outputs.

    Raises:
        ValueError: If `normalization` is unknown.
    """
    checks.one_of(NORMALIZATIONS, normalization=normalization)
    checks.instance(keras.layers.Layer, "a layer of Keras", layer=layer)
    if normalization is None:
        return layer
    if normalization == "spectral":
        return SpectralNormalization(layer)
    normalize = _OF_OUTPUTS[normalization]()
    return lambda x: normalize(layer(x))


def uses_bias(normalization: str | None) -> bool:
    """Whether a layer in front of a normalisation needs a bias.

    Batch and instance normalisation remove a bias again; its gradient is noise.
    """
    return normalization not in ("batch", "instance")
