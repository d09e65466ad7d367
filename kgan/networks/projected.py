from collections.abc import Sequence

import keras
from keras import layers, ops

from kgan import checks
from kgan.layers import Frozen
from kgan.networks import sizes
from kgan.networks.builder import builder
from kgan.networks.conditions import Condition, condition_of
from kgan.networks.spectral import activated, convolution, mean, place_logits
from kgan.types import Tensor

# The heads of the discriminator end at the first size whose shorter side is at most this.
_LAST_SIZE = 8


@builder
def projected_discriminator(
    image_shape: Sequence[int],
    features: keras.Model,
    width: int = 64,
    num_classes: int | None = None,
    condition_dim: int | None = None,
    name: str = "discriminator",
) -> keras.Model:
    """Builds a projected discriminator, which judges features of a frozen network.

    The feature maps are mixed at random. First a 1x1 convolution mixes the channels of
    each map. Then, from the smallest map up, a 3x3 convolution mixes a map with the
    enlarged result of the smaller map. The feature network and both kinds of convolutions
    never train, see `kgan.layers.Frozen`; the layer `"projection"` has all of them.

    A small head judges each result. The convolutions of the heads have spectral
    normalisation, and batch normalisation follows. A head gives logits at up to 5x5
    places of a square image. The loss is the mean over the places and the heads.

    Args:
        image_shape: `(height, width, channels)`, of any size. Grey images become
            colour images, and transparent images lie on grey.
        features: A `keras.Model` from images `(batch, height, width, 3)` in [-1, 1] to
            one or more feature maps, for example of `kgan.networks.feature_network`. The
            model becomes a part of the discriminator and is no longer trainable. If the
            model has a fixed size, images are resized to this size.
        width: Int, at least 1: channels of the largest map after the first mixing, twice
            as many for each smaller map.
        num_classes: Int, at least 1, for a discriminator of `[images, labels]`, by
            projection in each head.
        condition_dim: Int, at least 1, for a discriminator of `[images, condition]`, with
            float vectors of this length in the place of labels, by projection.
        name: Name of the model.

    Returns:
        A `keras.Model`, `(batch, *image_shape)` to logits `(batch, rows, columns, 1)`, or
        to a list of the logits of all heads if there are several.

    Raises:
        ValueError: If `image_shape` is not the shape of an image, `features` is no model
            from images to feature maps, or another argument is out of bounds.

    Example:

    >>> import kgan
    >>> features = kgan.networks.feature_network("MobileNetV2", None, (64, 64))
    >>> shape = (32, 32, 1)
    >>> discriminator = kgan.networks.projected_discriminator(shape, features, width=4)
    >>> discriminator.output_shape
    [(None, 5, 5, 1), (None, 5, 5, 1), (None, 1, 1, 1), (None, 1, 1, 1)]

    Reference:
        [Sauer et al., 2021](https://arxiv.org/abs/2111.01007).
    """
    width = checks.units(width=width)
    stages, channels = sizes.halvings(image_shape)
    count = len(_check_features(features))
    widest = width * 2**count
    checks.parameters(16 * widest * widest, width=width)
    condition = condition_of(num_classes, condition_dim)
    images = keras.Input((*stages[0], channels), name="images")
    projection = _projection(images.shape[1:], features, width)
    maps = Frozen(projection, name="projection")(images)
    heads = [_judged(x, widest, condition) for x in maps]
    logits = heads if count > 1 else heads[0]
    return keras.Model(condition.inputs(images), logits, name=name)


def _check_features(features: keras.Model) -> list[tuple[int | None, ...]]:
    """Returns the shapes of the feature maps."""
    expected = "a `keras.Model` from images (batch, height, width, 3) to feature maps"
    checks.instance(keras.Model, expected, features=features)
    inputs, outputs = (
        [tuple(x.shape) for x in getattr(features, side, None) or ()]
        for side in ("inputs", "outputs")
    )
    takes_images = len(inputs) == 1 and len(inputs[0]) == 4 and inputs[0][3] == 3
    if not takes_images or not outputs or any(len(shape) != 4 for shape in outputs):
        raise ValueError(
            f"`features` must be {expected}, (batch, height, width, channels). Received: "
            f"features={features.name}, with inputs {inputs} and outputs {outputs}"
        )
    return outputs


def _projection(
    image_shape: Sequence[int], features: keras.Model, width: int
) -> keras.Model:
    """Builds the model from images to mixed feature maps, the largest map first."""
    images = keras.Input(image_shape, name="images")
    found = features(_resized(_in_colour(images), features.inputs[0].shape[1:3]))
    maps = found if isinstance(found, list | tuple) else [found]
    maps = sorted(maps, key=lambda x: -x.shape[1] * x.shape[2])
    mixed: list[Tensor] = []
    for i, x in reversed(list(enumerate(maps))):
        x = _random(width * 2**i, 1)(x)
        if mixed:
            x = layers.Add()([x, _enlarged(mixed[0], x.shape[1:3])])
        # The result has the channels of the next larger map.
        mixed.insert(0, _random(max(1, width * 2**i // 2), 3)(x))
    return keras.Model(images, mixed, name="projection")


def _random(filters: int, kernel_size: int) -> keras.layers.Layer:
    return layers.Conv2D(
        filters,
        kernel_size,
        padding="same",
        use_bias=False,
        kernel_initializer="he_normal",
    )


def _in_colour(x: Tensor) -> Tensor:
    """Returns images of three channels, from 1 to 4 channels in [-1, 1]."""
    channels = x.shape[-1]
    if channels in (2, 4):
        # The last channel is the opacity, and 0 is grey.
        x = x[..., :-1] * (x[..., -1:] / 2 + 0.5)
    return layers.Concatenate()([x] * 3) if channels < 3 else x


def _resized(x: Tensor, wanted: Sequence[int | None]) -> Tensor:
    """Returns images of a size, where the size is not None."""
    sides = x.shape[1:3]
    size = tuple(want or side for side, want in zip(sides, wanted, strict=True))
    # Beyond a factor of 2, bilinear interpolation skips pixels.
    factors = tuple(max(1, side // want) for side, want in zip(sides, size, strict=True))
    if max(factors) > 1:
        x = layers.AveragePooling2D(factors)(x)
    return _enlarged(x, size)


def _enlarged(x: Tensor, size: tuple[int, ...]) -> Tensor:
    """Returns features of a size, by bilinear interpolation."""
    if x.shape[1:3] == size:
        return x
    return ops.image.resize(
        x, size, interpolation="bilinear", data_format="channels_last"
    )


def _judged(x: Tensor, widest: int, condition: Condition) -> Tensor:
    """Returns the logits of one head, `(batch, rows, columns, 1)`."""
    halves = min(x.shape[1:3]) > _LAST_SIZE
    kernel_size, strides = (4, 2) if halves else (3, 1)
    while True:
        filters = min(2 * x.shape[-1], widest)
        x = activated(convolution(filters, kernel_size, strides)(x))
        if not halves or min(x.shape[1:3]) <= _LAST_SIZE:
            return condition.add_match(place_logits(x), mean(x))
