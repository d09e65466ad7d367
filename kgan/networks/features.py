"""Networks of features for projected discriminators, from `keras.applications`."""

import inspect
import math
import os
import types
from collections.abc import Sequence

import keras
from keras import layers

from kgan import checks
from kgan.networks.builder import builder
from kgan.types import PathLike, Tensor

# The weights of ImageNet that Keras downloads.
_IMAGENET = "imagenet"


@builder
def feature_network(
    application: str = "EfficientNetB0",
    weights: PathLike | None = _IMAGENET,
    image_size: Sequence[int] = (224, 224),
    outputs: int = 4,
    name: str = "features",
) -> keras.Model:
    """Builds a network of features at several sizes from a model of `keras.applications`.

    The outputs are feature maps at the smallest sizes of the model, each about twice as
    large as the next: the widest features at each size, and the last of the widest. The
    network maps pixels in [-1, 1] to the range that the model was trained for.

    Args:
        application: Name of a model in `keras.applications`, for example
            `"EfficientNetB0"`, `"MobileNetV2"` or `"ResNet50"`.
        weights: `"imagenet"` for the weights that Keras downloads, the path of a file of
            weights without the top layers, or None for random weights, whose features
            tell little.
        image_size: `(height, width)` of the images that the model takes. The weights were
            trained with about 224 pixels; fewer pixels cost less.
        outputs: Int, at least 1: number of feature maps.
        name: Name of the model.

    Returns:
        A `keras.Model`, `(batch, *image_size, 3)` in [-1, 1] to a list of feature maps,
        the largest first.

    Raises:
        ValueError: If an argument is out of bounds, the images are too small for the
            model, or the model has fewer sizes.

    Example:

    >>> import kgan
    >>> network = kgan.networks.feature_network("MobileNetV2", None, (64, 64))
    >>> [tuple(shape[1:]) for shape in network.output_shape]
    [(16, 16, 144), (8, 8, 192), (4, 4, 576), (2, 2, 1280)]

    Reference:
        [Sauer et al., 2021](https://arxiv.org/abs/2111.01007), section 3.2.
    """
    module = _modules()[checks.one_of(sorted(_modules()), application=application)]
    _check_weights(weights)
    form = "(height, width)"
    image_size = checks.shape(
        rank=2, maximum=checks.MOST_UNITS, form=form, image_size=image_size
    )
    outputs = checks.count(maximum=checks.MOST_LAYERS, outputs=outputs)
    shape = (*image_size, 3)
    build = getattr(module, application)
    model = build(include_top=False, weights=weights, input_shape=shape)
    maps = _feature_maps(model)
    if len(maps) < outputs:
        received = checks.received(outputs=outputs, application=application)
        raise ValueError(f"The model has features of {len(maps)} sizes. {received}")
    images = keras.Input(shape, name="images")
    pixels = module.preprocess_input(layers.Rescaling(127.5, 127.5)(images))
    network = keras.Model(model.input, maps[-outputs:], name=model.name)
    found = network(pixels)
    return keras.Model(images, found if outputs > 1 else [found], name=name)


def _modules() -> dict[str, types.ModuleType]:
    """Returns the module of each model in `keras.applications`, by the model's name."""
    found = vars(keras.applications).values()
    modules = [m for m in found if hasattr(m, "preprocess_input")]
    return {
        name: module
        for module in modules
        for name, build in vars(module).items()
        if name[0].isupper() and inspect.isfunction(build)
    }


def _check_weights(weights: PathLike | None) -> None:
    if weights is None or (isinstance(weights, str) and weights == _IMAGENET):
        return
    if not os.path.isfile(checks.path(weights=weights)):
        raise ValueError(
            f"`weights` must be {_IMAGENET!r}, None, or the path of a file that exists. "
            f"{checks.received(weights=weights)}"
        )


def _feature_maps(model: keras.Model) -> list[Tensor]:
    """Returns the widest features at each size, the largest size first."""
    found: dict[int, Tensor] = {}
    for layer in model.layers:
        x = layer.output
        if len(x.shape) != 4 or isinstance(layer, layers.ZeroPadding2D):
            continue
        level = _halvings(model.input, x)
        if level not in found or x.shape[-1] >= found[level].shape[-1]:
            found[level] = x
    # Squeeze-and-excitation has smaller features inside, of one pixel.
    last = _halvings(model.input, model.output)
    found[last] = model.output
    return [found[level] for level in sorted(found) if 0 < level <= last]


def _halvings(images: Tensor, features: Tensor) -> int:
    """Returns how many halvings lead from images to features, rounded."""
    return round(math.log2(max(images.shape[1:3]) / max(features.shape[1:3])))
