from collections.abc import Callable

import keras

from kgan.layers.normalization import (
    BatchNormalization,
    GroupNormalization,
    LayerNormalization,
)
from kgan.layers.spectral_normalization import SpectralNormalization

_AFTER: dict[str, Callable] = {
    "batch": BatchNormalization,
    "layer": LayerNormalization,
    "group": lambda: GroupNormalization(groups=1),
}


def normalized(layer: keras.layers.Layer, normalization: str | None) -> Callable:
    """Returns a layer together with its normalisation.

    Args:
        layer: A `keras.layers.Layer` with a kernel.
        normalization: `"spectral"` of its kernel; `"batch"`, `"layer"` or `"group"`
            (one group: over each whole sample) of its outputs; or None.

    Returns:
        A callable of the layer's inputs.

    Raises:
        ValueError: If `normalization` is none of these.
    """
    check(normalization)
    if normalization is None:
        return layer
    if normalization == "spectral":
        return SpectralNormalization(layer)
    after = _AFTER[normalization]()
    return lambda x: after(layer(x))


def check(normalization: str | None) -> None:
    """Raises the error of `normalized` for a name that it does not know."""
    if normalization not in (None, "spectral", *_AFTER):
        raise ValueError(
            "`normalization` must be None, 'spectral', or one of "
            f"{', '.join(map(repr, _AFTER))}. "
            f"Received: normalization={normalization!r}"
        )
