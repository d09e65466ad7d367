"""The first layers of a discriminator, which need not train (FreezeD)."""

from collections.abc import Iterable, Iterator, Sequence

import keras

from kgan import checks
from kgan.backend import keras_private
from kgan.types import Tensor


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
            "discriminator that see the samples and have weights to train. "
            f"{checks.received(freeze_d=count)}"
        )


def first_weights(discriminator: keras.Model, count: int) -> list[keras.Variable]:
    """Returns the trainable weights of the first layers, counted from the samples.

    Args:
        discriminator: A discriminator that passes `check_count`.
        count: Int, number of layers. Layers without trainable weights don't count, nor
            layers that see the conditions alone, for example the embedding of a label.
            The layers inside of a model count one by one, and a wrapper, for example
            spectral normalisation, is one layer.
    """
    first = list(_layers(discriminator))[:count] if count else []
    return [weight for layer in first for weight in layer.trainable_weights]


def _layers(discriminator: keras.Model) -> Iterable[keras.layers.Layer]:
    """Returns the layers with trainable weights that see the samples, in order."""
    # A layer that is called several times counts once.
    return dict.fromkeys(_calls(discriminator, discriminator.inputs[:1]))


def _calls(
    network: keras.Model, samples: Sequence[Tensor]
) -> Iterator[keras.layers.Layer]:
    """Yields the layers, also inside of models; `samples` are among the inputs."""
    seen = {id(x) for x in samples}
    for layer, inputs, outputs in keras_private.calls_in(network):
        if not seen & {id(x) for x in inputs}:
            continue
        seen |= {id(x) for x in outputs}
        if isinstance(layer, keras.Model) and getattr(layer, "inputs", None):
            pairs = zip(layer.inputs, inputs, strict=True)
            yield from _calls(layer, [own for own, x in pairs if id(x) in seen])
        elif isinstance(layer, keras.layers.Layer) and layer.trainable_weights:
            yield layer
