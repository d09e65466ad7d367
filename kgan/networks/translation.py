"""What the networks from image to image share."""

from collections.abc import Sequence
from typing import Any, TypeAlias

import keras

from kgan import checks
from kgan.layers import BatchNormalization
from kgan.layers.normalized import normalized, uses_bias
from kgan.networks import sizes
from kgan.types import Tensor

# Height, width and channels; the first two may be None.
ImageShape: TypeAlias = tuple[Any, ...]
# The normalisations of the generators.
NORMALIZATIONS = ("batch", "instance", None)
_IMAGE = "(height, width, channels)"


def shapes(
    sample_shape: Sequence[int | None],
    source_shape: Sequence[int | None] | None,
    open_size: bool = False,
) -> tuple[ImageShape, ImageShape]:
    """Returns the shapes of the sample and of the source, which has the same size.

    Args:
        sample_shape: `(height, width, channels)`.
        source_shape: The same with the channels of the source; None for the shape of the
            sample.
        open_size: Bool, whether height and width may both be None, for images of any
            size.

    Raises:
        ValueError: If a shape is not the shape of an image, or the sizes differ.
    """
    sample = _checked(open_size, sample_shape=sample_shape)
    if source_shape is None:
        return sample, sample
    source = _checked(open_size, source_shape=source_shape)
    if source[:2] != sample[:2]:
        received = checks.received(sample_shape=sample, source_shape=source)
        raise ValueError(
            "`source_shape` must have the height and the width of `sample_shape`. "
            f"{received}"
        )
    return sample, source


def _checked(open_size: bool, **argument: Any) -> ImageShape:
    ((name, shape),) = argument.items()
    if open_size and isinstance(shape, list | tuple) and len(shape) == 3:
        height, width, channels = shape
        if height is None and width is None:
            return (None, None, checks.units(**{f"{name}[2]": channels}))
    form = f"{_IMAGE}, or (None, None, channels)" if open_size else _IMAGE
    return checks.shape(rank=3, maximum=checks.MOST_UNITS, form=form, **argument)


def convolved(
    x: Tensor,
    filters: int,
    kernel_size: int,
    normalization: str | None = None,
    kind: sizes.Convolution = sizes.SAME,
    **options: Any,
) -> Tensor:
    """Returns the output of a convolution and a normalisation, as pix2pix sets them up.

    Args:
        x: Tensor `(batch, height, width, channels)`.
        filters: Int, channels of the output.
        kernel_size: Int, side of the kernel.
        normalization: See `kgan.layers.normalized`.
        kind: Function that makes the layer; by default a `keras.layers.Conv2D` with
            `padding="same"`.
        **options: Further arguments of the layer, for example `strides`.
    """
    layer = kind(
        filters,
        kernel_size,
        use_bias=uses_bias(normalization),
        kernel_initializer=keras.initializers.RandomNormal(stddev=0.02),
        **options,
    )
    if normalization == "batch":
        # With a low momentum the statistics follow the weights even in a short run.
        return BatchNormalization(momentum=0.9, epsilon=1e-5)(layer(x))
    return normalized(layer, normalization)(x)
