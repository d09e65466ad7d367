"""Constraints on the weights of a whole network, as the first WGAN has."""

from collections.abc import Iterator
from typing import Any

import keras
from keras import ops

from kgan import serialization

__all__ = ["WeightClipping", "constrain"]


@serialization.register
class WeightClipping(keras.constraints.Constraint):
    """Clips weights to [-limit, limit] after each update.

    Args:
        limit: Float above 0, the c of the paper.

    Raises:
        ValueError: If `limit` is not above 0.

    Example:

    >>> import keras
    >>> import kgan
    >>> from kgan.constraints import WeightClipping, constrain
    >>> critic = kgan.networks.mlp_discriminator((2,))
    >>> constrain(critic, WeightClipping(0.01))
    >>> gan = kgan.GAN(kgan.networks.mlp_generator((2,), activation=None), critic)
    >>> gan.compile(keras.optimizers.RMSprop(5e-5), loss="wasserstein", d_steps=5)

    Reference:
        [Arjovsky et al., 2017](https://arxiv.org/abs/1701.07875), algorithm 1.
    """

    def __init__(self, limit: float = 0.01):
        if not limit > 0:
            raise ValueError(f"`limit` must be above 0. Received: limit={limit}")
        self.limit = limit

    def __call__(self, w: Any) -> Any:
        return ops.clip(w, -self.limit, self.limit)

    def get_config(self) -> dict[str, Any]:
        return {"limit": self.limit}


def constrain(model: keras.Model, constraint: Any) -> None:
    """Puts a constraint on all trainable weights of a model, in place of their own.

    It is saved with the model. It acts after each update of the weights, not at once.

    Args:
        model: A built `keras.Model`.
        constraint: A `keras.constraints.Constraint`, or what `keras.constraints.get`
            makes one of.

    Raises:
        ValueError: If the model is not built, or a weight belongs to a layer that would
            not keep the constraint when saved and loaded: one without an argument for
            it, or within a layer that doesn't save the arguments of those in it.
    """
    constraint = keras.constraints.get(constraint)
    if not model.built:
        raise ValueError(
            "The model must be built, or it has no weights to constrain. "
            f"Received: model={model.name}, which is not built"
        )
    saved = set(_saved_names(model.get_config()))
    found = [
        (layer, weight, _argument(layer, weight) if layer.name in saved else None)
        for layer in model._flatten_layers()
        for weight in layer._trainable_variables
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


def _saved_names(config: Any) -> Iterator[str]:
    """Yields the names of all layers whose configs are within a config."""
    if isinstance(config, dict):
        if "class_name" in config and isinstance(config.get("config"), dict):
            yield config["config"].get("name", "")
        config = list(config.values())
    if isinstance(config, list | tuple):
        for part in config:
            yield from _saved_names(part)


def _argument(layer: keras.layers.Layer, weight: keras.Variable) -> str | None:
    """Returns the name of the layer's argument for a constraint on a weight."""
    stem = weight.name.removesuffix("_kernel")
    # The last is how depthwise convolutions call that of their kernel.
    names = (f"{weight.name}_constraint", f"{stem}_constraint", "depthwise_constraint")
    return next((name for name in names if name in layer.get_config()), None)
