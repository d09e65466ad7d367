"""Checks that the four networks of a CycleGAN fit together."""

from collections.abc import Sequence

import keras

from kgan import checks, data
from kgan.critic import takes_conditions
from kgan.models import contract, output_range
from kgan.types import ArrayLike, Shape


def check_cycle(
    networks: Sequence[keras.Model], sample_range: ArrayLike | None
) -> tuple[tuple[Shape, Shape], list[Shape], data.SampleRange]:
    """Builds the networks if they are not built, and checks their shapes.

    Args:
        networks: The generators from A to B and from B to A, and the discriminators of A
            and of B.
        sample_range: The argument of the user.

    Returns:
        The shapes of a picture of A and of B as the generators draw them, the shapes of
        the outputs of the discriminators, and the range of the pictures.

    Raises:
        ValueError: If the networks don't fit together, or do not take pictures.
    """
    generator_ab, generator_ba, discriminator_a, discriminator_b = networks
    if len({id(network) for network in networks}) < len(networks):
        raise ValueError(
            "A CycleGAN has four networks: build each by itself. Received: one network "
            "in two places"
        )
    shape_b, outputs_b = _check_direction(generator_ab, discriminator_b, "ab", "b")
    shape_a, outputs_a = _check_direction(generator_ba, discriminator_a, "ba", "a")
    for shape, generator, name in (
        (shape_a, generator_ab, "generator_ab"),
        (shape_b, generator_ba, "generator_ba"),
    ):
        (given,) = conditions_from(generator)
        if not checks.same_shape(given.shape, shape):
            raise ValueError(
                "Each generator must take the pictures that the other generator draws, "
                f"{('batch', *shape)}. Received: {name} with input shape "
                f"{('batch', *given.shape)}"
            )
    ranges = {output_range.sample_range(g, sample_range)[:2] for g in networks[:2]}
    if len(ranges) > 1:
        raise ValueError(
            "Both generators must draw pictures in one range: give their outputs one "
            f"activation, or pass `sample_range`. Received: ranges {sorted(ranges)}"
        )
    pixels = output_range.sample_range(generator_ab, sample_range)
    return (shape_a, shape_b), [*outputs_a, *outputs_b], pixels


def _check_direction(
    generator: keras.Model, discriminator: keras.Model, direction: str, drawn: str
) -> tuple[Shape, list[Shape]]:
    """Checks a generator, and the discriminator of the pictures that it draws."""
    conditions = conditions_from(generator)
    shapes = [condition.shape for condition in conditions]
    if len(shapes) != 1 or not data.is_image_shape(shapes[0]):
        raise ValueError(
            "The generators of a CycleGAN take one picture, (batch, height, width, "
            f"channels). Received: generator_{direction} with inputs of shapes {shapes}"
        )
    if isinstance(discriminator, keras.Model) and takes_conditions(discriminator):
        raise ValueError(
            "The discriminators of a CycleGAN take pictures alone. "
            f"Received: discriminator_{drawn} with several inputs"
        )
    return contract.check_networks(generator, discriminator, 0, conditions)


def conditions_from(generator: keras.Model) -> data.Conditions:
    """Returns the inputs of a generator without latents, as conditions of its samples."""
    contract.latent_dim(generator, 0)
    return contract.conditions(generator, generator, 0, None)


def known_shape(drawn: Shape, discriminator: keras.Model) -> Shape:
    """Returns the shape of a picture, with the size that the discriminator takes.

    Args:
        drawn: The shape of a picture that the generator draws.
        discriminator: The discriminator of these pictures.
    """
    judged = getattr(discriminator, "input_shape", None) or (None, *drawn)
    sides = zip(drawn, judged[1:], strict=True)
    return tuple(theirs if side is None else side for side, theirs in sides)
