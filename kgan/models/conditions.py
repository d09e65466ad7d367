"""Conditional networks: how their labels are found, and what they must look like."""

from typing import Any

import keras
import numpy as np

from kgan import data
from kgan.models.judge import takes_labels


def num_classes(
    generator: keras.Model, discriminator: keras.Model, asked: int | None
) -> int | None:
    """Returns the number of classes of conditional networks; None of others.

    Args:
        generator: The generator; it is conditional if it has two inputs.
        discriminator: The discriminator.
        asked: What the user says it is; None to read it off the generator's layers.

    Raises:
        ValueError: If no layer tells, if several disagree, if one of the networks has
            fewer, or if only one of them knows of labels.
    """
    if asked is None and not takes_labels(generator):
        if takes_labels(discriminator):
            raise ValueError(
                "The discriminator takes labels, so the generator must take them too: "
                "`[latents, labels]`. "
                f"Received: generator with inputs {_inputs(generator)}"
            )
        return None
    if not takes_labels(generator):
        raise ValueError(
            "With `num_classes` the generator must take `[latents, labels]`; a subclass "
            "of `keras.Model` says that it does by `takes_labels = True`. "
            f"Received: num_classes={asked}, generator with inputs {_inputs(generator)}"
        )
    found = _known(generator)
    if asked is None and len(found) != 1:
        raise ValueError(
            "The number of classes can't be read off the generator's layers: pass "
            f"`num_classes`. Received: layers of {sorted(found) or 'no'} classes"
        )
    count = min(found) if asked is None else asked
    if not isinstance(count, int | np.integer) or count < 1:
        raise ValueError(
            f"`num_classes` must be an int of at least 1. Received: num_classes={count}"
        )
    for network in (generator, discriminator):
        known = _known(network)
        if len(known) == 1 and min(known) < count:
            raise ValueError(
                "Both networks must know all classes. Received: "
                f"num_classes={count}, a {network.name} of {min(known)} classes"
            )
    return int(count)


def check_pack(num_classes: int | None, pack: int) -> None:
    """Refuses packs of samples that would have labels of their own each."""
    if num_classes is not None and pack > 1:
        raise ValueError(
            "Samples are packed without labels, so a conditional GAN must have "
            f"`pack=1`. Received: pack={pack}, num_classes={num_classes}"
        )


def check_outputs(outputs: list[tuple], num_classes: int | None) -> None:
    """Refuses a second output that is not the logits of the classes.

    Args:
        outputs: The shapes of the discriminator's outputs.
        num_classes: Of a conditional GAN, or None.
    """
    if len(outputs) == 1:
        return
    if len(outputs) != 2 or outputs[1][-1] != num_classes:
        raise ValueError(
            "A second output of the discriminator is the logits of the classes of a "
            f"conditional GAN, (batch, {num_classes or 'num_classes'}). "
            f"Received: discriminator with output shapes {outputs}, "
            f"num_classes={num_classes}"
        )


def labels(given: Any, n: int | None, num_classes: int | None, seed: Any) -> Any:
    """Returns labels to sample with, int32 `(n,)`; None without conditions.

    Args:
        given: An int for all samples, ints `(n,)`, or None to draw them uniformly.
        n: How many; None for as many as are given.
        num_classes: Of the GAN.
        seed: Seed of the drawing.

    Raises:
        ValueError: If the labels don't fit the GAN, or are another number than `n`.
    """
    if num_classes is None:
        if given is not None:
            raise ValueError(
                "This GAN is not conditional, so it takes no labels. "
                f"Received: labels={given!r}"
            )
        return None
    if given is None:
        # Apart from the latents, which have the same seed.
        generator = np.random.default_rng(None if seed is None else (seed, 1))
        return generator.integers(num_classes, size=n or 1, dtype="int32")
    values = np.asarray(given)
    data.check_labels(values, num_classes, "labels")
    if values.ndim == 0:
        values = np.full(n or 1, values)
    if n is not None and values.size != n:
        raise ValueError(
            f"There must be a label for each of the {n} samples. "
            f"Received: labels of shape {values.shape}"
        )
    return values.reshape(-1).astype("int32")


def _known(network: keras.Model) -> set:
    return {_classes(layer) for layer in network._flatten_layers()} - {None}


def _classes(layer: Any) -> Any:
    if isinstance(layer, keras.layers.Embedding):
        return layer.input_dim
    return getattr(layer, "num_classes", None)


def _inputs(network: keras.Model) -> Any:
    return [tuple(x.shape) for x in getattr(network, "inputs", None) or ()]
