"""Starts the training of a GAN from the weights of a trained GAN (transfer learning)."""

import os
from collections.abc import Iterator
from typing import Any, NamedTuple

import keras

from kgan import checks
from kgan.models.sampling import SamplingModel
from kgan.models.saving import is_finite
from kgan.types import PathLike


class Pair(NamedTuple):
    """A variable of the new GAN, and the variable of the source that it copies."""

    target: keras.Variable
    source: keras.Variable


def start_from(
    gan: Any, source: SamplingModel | PathLike, optimizers: bool = False
) -> list[str]:
    """Copies the weights of a trained GAN, see `GAN.start_from`.

    Everything is checked before the first weight is copied.

    Args:
        gan: The `GAN` that begins its training.
        source: See `GAN.start_from`.
        optimizers: See `GAN.start_from`.

    Returns:
        See `GAN.start_from`.
    """
    optimizers = checks.flag(optimizers=optimizers)
    trained = _loaded(source, optimizers)
    _check_parts(gan, trained)
    classes = {(trained.num_classes, gan.num_classes)} - {(None, None)}
    pairs = [
        *_weights(gan.generator, trained.generator, "generator", classes),
        *_weights(gan.discriminator, trained.discriminator, "discriminator", classes),
    ]
    target, average = gan.fresh_generator(), trained.fresh_generator()
    if gan.ema_generator is not None:
        pairs += _weights(target, average, "averaged generator", classes)
    if optimizers:
        pairs += _states(gan, trained)
    if not is_finite(trained):
        raise ValueError(
            "The source must have finite weights, but training made some NaN or "
            f"infinite. {checks.received(source=source)}"
        )
    new = [pair.target for pair in pairs if pair.target.shape != pair.source.shape]
    for pair in pairs:
        if pair.target.shape == pair.source.shape:
            pair.target.assign(keras.ops.convert_to_numpy(pair.source))
    # The average has no untrained generator to forget.
    gan.average.ramp = None
    own = {id(v) for v in (*gan.generator.weights, *gan.discriminator.weights)}
    return [variable.path for variable in new if id(variable) in own]


def _loaded(source: Any, optimizers: bool) -> Any:
    """Returns the trained GAN: the source itself, or the GAN in its file."""
    model = source
    if isinstance(source, str | os.PathLike):
        path = checks.path(suffix=".keras", source=source)
        model = keras.models.load_model(path, compile=optimizers)
    expected = "a `kgan.GAN`, or the path of its .keras file"
    if not isinstance(model, SamplingModel):
        checks.instance(SamplingModel, expected, source=source)
        raise ValueError(f"`source` must be {expected}. {checks.received(source=source)}")
    return model


def _check_parts(gan: Any, source: Any) -> None:
    """Checks the facts that decide the shapes of most weights, for a plain message."""
    if int(gan.images_seen):
        raise ValueError(
            "A training starts from another GAN before its first batch: make a new GAN. "
            f"Received: a GAN that has seen {int(gan.images_seen):,} images"
        )
    for name in ("sample_shape", "latent_dim", "pack"):
        found, expected = getattr(source, name), getattr(gan, name)
        if found != expected:
            raise ValueError(
                f"The source must have the `{name}` of the GAN, {expected}. "
                f"Received: source with {name}={found}"
            )
    if (source.num_classes is None) != (gan.num_classes is None):
        raise ValueError(
            "Both GANs must take labels, or neither. "
            f"{checks.received(num_classes=gan.num_classes)}, source with "
            f"num_classes={source.num_classes}"
        )


def _weights(
    target: keras.Model, source: keras.Model, role: str, classes: set[tuple[int, int]]
) -> Iterator[Pair]:
    """Yields the pairs of weights of two networks.

    The weights have equal shapes, except in the dimension of the classes.

    Args:
        target: The network of the new GAN.
        source: The network of the trained GAN.
        role: Str, the name of the network for the message.
        classes: The numbers of classes in the source and in the new GAN, as a pair; empty
            without labels.
    """
    ours, theirs = target.weights, source.weights
    for one, other in zip(ours, theirs, strict=False):
        sizes = set(zip(other.shape, one.shape, strict=False))
        differing = {pair for pair in sizes if pair[0] != pair[1]}
        same_kind = one.name == other.name and len(one.shape) == len(other.shape)
        if not (same_kind and differing <= classes):
            raise _other_networks(
                role,
                f"{other.path} of shape {tuple(other.shape)}, expected {one.path} of "
                f"shape {tuple(one.shape)}",
            )
        yield Pair(one, other)
    if len(ours) != len(theirs):
        raise _other_networks(role, f"{len(theirs)} weights, expected {len(ours)}")


def _other_networks(role: str, difference: str) -> ValueError:
    return ValueError(
        "The source must have the networks of the GAN: build both with the same preset, "
        "or with the same builder, width and depth. "
        f"Received: {role} of the source with {difference}"
    )


def _states(gan: Any, source: Any) -> Iterator[Pair]:
    """Yields the pairs of states of the optimizers, without the learning rates."""
    if not (gan.compiled and source.compiled):
        raise ValueError(
            "`optimizers=True` copies states of optimizers: compile both GANs first. "
            f"Received: optimizers=True, compiled={gan.compiled}, source with "
            f"compiled={source.compiled}"
        )
    for ours, theirs in zip(
        gan.optimizer.optimizers, source.optimizer.optimizers, strict=True
    ):
        pair = [
            [v for v in optimizer.variables if v.name != "learning_rate"]
            for optimizer in (ours, theirs)
        ]
        kinds = [type(optimizer).__name__ for optimizer in (ours, theirs)]
        if kinds[0] != kinds[1] or len(pair[0]) != len(pair[1]):
            raise ValueError(
                "`optimizers=True` needs the optimizers of the source, which train the "
                f"same weights. Received: {kinds[0]} with {len(pair[0])} variables, "
                f"source with {kinds[1]} and {len(pair[1])} variables"
            )
        yield from map(Pair, *pair)
