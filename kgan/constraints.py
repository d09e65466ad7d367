"""Constraints on the weights of a whole network, for example of the first WGAN."""

from collections.abc import Iterator

import keras
from keras import ops

from kgan import checks, serialization
from kgan.backend import keras_private
from kgan.types import Config, Identifier, KerasArgument, Number, Tensor

__all__ = ["WeightClipping", "constrain"]


@serialization.register
class WeightClipping(keras.constraints.Constraint):
    """Clips weights to [-limit, limit] after each update.

    Args:
        limit: Float above 0, the c of the paper.

    Raises:
        ValueError: If `limit` is not a number above 0.

    Example:

    >>> import kgan
    >>> import keras
    >>> from kgan.constraints import WeightClipping, constrain
    >>> critic = kgan.networks.mlp_discriminator((2,))
    >>> constrain(critic, WeightClipping(0.01))
    >>> gan = kgan.GAN(kgan.networks.mlp_generator((2,), activation=None), critic)
    >>> gan.compile(keras.optimizers.RMSprop(5e-5), loss="wasserstein", d_steps=5)

    Reference:
        [Arjovsky et al., 2017](https://arxiv.org/abs/1701.07875), algorithm 1.
    """

    def __init__(self, limit: Number = 0.01):
        self.limit = checks.number(above=0, limit=limit)

    def __call__(self, w: Tensor) -> Tensor:
        return ops.clip(w, -self.limit, self.limit)

    def get_config(self) -> Config:
        return {"limit": self.limit}


def constrain(model: keras.Model, constraint: Identifier) -> None:
    """Puts a constraint on all trainable weights of a model.

    The constraint replaces the constraints that the weights have, and it is saved with
    the model. It changes the weights after each update of them, not at once.

    Args:
        model: A built `keras.Model`.
        constraint: A `keras.constraints.Constraint`, or an identifier for
            `keras.constraints.get`.

    Raises:
        ValueError: If the model is not built, or an argument is another object; or if a
            weight belongs to a layer whose config cannot hold the constraint, which
            saving would then lose. This is the case for a layer without an argument for
            the constraint, and for a layer inside another layer that does not save the
            arguments of its inner layers.
    """
    checks.instance(keras.Model, "a built `keras.Model`", model=model)
    constraint = checks.resolved(
        keras.constraints.get, "a constraint of Keras", constraint=constraint
    )
    if not model.built:
        raise ValueError(
            "The model must be built: before that it has no weights to constrain. "
            f"Received: model={model.name}, which is not built"
        )
    saved = set(_layer_names(model.get_config()))
    found = [
        (layer, weight, _argument(layer, weight) if layer.name in saved else None)
        for layer in keras_private.all_layers(model)
        for weight in keras_private.own_weights(layer)
    ]
    lost = [weight.path for _, weight, argument in found if argument is None]
    if lost:
        raise ValueError(
            "All trainable weights must belong to layers that save a constraint on "
            f"them. Received: model={model.name} with {', '.join(lost)}"
        )
    for layer, weight, argument in found:
        setattr(layer, str(argument), constraint)
        weight.constraint = constraint


def _layer_names(config: KerasArgument) -> Iterator[str]:
    """Yields the names of all layers whose configs are part of a config."""
    if isinstance(config, dict):
        if "class_name" in config and isinstance(config.get("config"), dict):
            yield config["config"].get("name", "")
        config = list(config.values())
    if isinstance(config, list | tuple):
        for part in config:
            yield from _layer_names(part)


def _argument(layer: keras.layers.Layer, weight: keras.Variable) -> str | None:
    """Returns the name of the layer's argument for a constraint on a weight."""
    stem = weight.name.removesuffix("_kernel")
    # Depthwise convolutions have a `kernel`, but name the argument differently.
    names = (f"{weight.name}_constraint", f"{stem}_constraint", "depthwise_constraint")
    return next((name for name in names if name in layer.get_config()), None)
