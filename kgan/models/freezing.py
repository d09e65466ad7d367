"""The first layers of a discriminator, which need not train (FreezeD)."""

from collections.abc import Iterator

import keras

from kgan import checks


def check_count(discriminator: keras.Model, count: int) -> None:
    """Checks that the discriminator has more layers than those that don't train.

    Args:
        discriminator: The discriminator.
        count: Int, number of its first layers, see `first_weights`.

    Raises:
        ValueError: If no layer is left, or the layers have no order.
    """
    if not count:
        return
    if not getattr(discriminator, "inputs", None):
        raise ValueError(
            "`freeze_d` needs a functional or a sequential discriminator, since the "
            "layers of a subclass of `keras.Model` have no order. "
            f"{checks.received(freeze_d=count)}, discriminator of type "
            f"{type(discriminator).__name__}"
        )
    layers = len(list(_layers(discriminator)))
    if count >= layers:
        raise ValueError(
            f"`freeze_d` must be below {layers}, the number of layers of the "
            f"discriminator with weights to train. {checks.received(freeze_d=count)}"
        )


def first_weights(discriminator: keras.Model, count: int) -> list[keras.Variable]:
    """Returns the trainable weights of the first layers, counted from the input.

    Args:
        discriminator: A discriminator that passes `check_count`.
        count: Int, number of layers. Layers without trainable weights don't count. The
            layers inside of a model count one by one, and a wrapper, for example
            spectral normalisation, is one layer.
    """
    first = list(_layers(discriminator))[:count] if count else []
    return [weight for layer in first for weight in layer.trainable_weights]


def _layers(network: keras.Model) -> Iterator[keras.layers.Layer]:
    """Yields the layers with trainable weights, from the input to the output."""
    for layer in network.layers:
        if isinstance(layer, keras.Model) and getattr(layer, "inputs", None):
            yield from _layers(layer)
        elif layer.trainable_weights:
            yield layer
