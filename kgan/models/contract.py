"""Checks that two networks fit together, before any training starts."""

import warnings
from typing import Any

import keras

from kgan import backend, checks, data
from kgan.backend.keras_private import all_layers
from kgan.critic import has_classes, takes_conditions, with_conditions
from kgan.losses import KerasLoss, Loss
from kgan.models.output_range import last_activation
from kgan.models.reloading import warn_of_unknown
from kgan.types import Shape


def latent_dim(generator: keras.Model, asked: int | None) -> int:
    """Returns the length of the generator's latents.

    Args:
        generator: The generator.
        asked: The argument of the user; None to take the length from the input shape, 0
            for a generator without latents, whose inputs are all conditions.

    Raises:
        ValueError: If the two differ, or if neither is known.
    """
    _check_model(generator, "generator")
    if checks.is_count(asked, 0) and asked == 0:
        return 0
    shape = getattr(generator, "input_shape", None) if generator.built else None
    if isinstance(shape, list) and takes_conditions(generator):
        shape = shape[0]
    if shape is None:
        if not checks.is_count(asked):
            raise ValueError(
                "The generator has no input shape that gives `latent_dim`: begin the "
                "generator with `keras.Input((latent_dim,))`, or pass `latent_dim`. "
                f"{checks.received(latent_dim=asked)}"
            )
        return checks.count(latent_dim=asked)
    if not isinstance(shape, tuple) or len(shape) != 2 or shape[1] is None:
        raise ValueError(
            "The generator must take latents of shape (batch, latent_dim). Pass "
            "`latent_dim=0` for a generator without latents. "
            f"Received: generator with input shape {shape}"
        )
    if asked is not None and not (checks.is_count(asked) and asked == shape[1]):
        raise ValueError(
            f"`latent_dim` must be the length of the generator's input, {shape[1]}. "
            f"{checks.received(latent_dim=asked)}"
        )
    return shape[1]


def conditions(
    generator: keras.Model,
    discriminator: keras.Model,
    latent_dim: int,
    num_classes: int | None,
) -> data.Conditions:
    """Returns the conditions of the networks: all inputs but latents and samples.

    Args:
        generator: The generator.
        discriminator: The discriminator, which takes the same conditions, or none.
        latent_dim: Int, the length of the latents; 0 for a generator without latents.
        num_classes: The argument of the user; None to take the number of classes from the
            layers.

    Raises:
        ValueError: If the networks take different conditions, or if the number of classes
            is not known or does not fit.
    """
    inputs = _conditions_of(generator, first=1 if latent_dim else 0)
    if not inputs and takes_conditions(discriminator):
        raise ValueError(
            "The discriminator takes labels or other conditions, so the generator must "
            "take the same conditions: `[latents, conditions]`. "
            f"Received: generator with inputs {_input_shapes(generator)}"
        )
    if not latent_dim and not inputs:
        raise ValueError(
            "With `latent_dim=0`, all inputs of the generator are conditions. Received: "
            f"latent_dim=0, generator with inputs {_input_shapes(generator)}"
        )
    if inputs == [(1,)] and (num_classes is not None or _classes_of(generator)):
        inputs = [None]  # An input for floats, which an embedding takes as labels.
    labels = [x for x in inputs if x is None]
    if num_classes is not None and not labels:
        raise ValueError(
            "With `num_classes`, the generator must take `[latents, labels]`; a subclass "
            "of `keras.Model` must set `takes_labels = True`. Received: "
            f"num_classes={num_classes}, generator with inputs {_input_shapes(generator)}"
        )
    if len(labels) > 1:
        raise ValueError(
            "A generator takes one input of labels. Received: generator with inputs "
            f"{_input_shapes(generator)}"
        )
    classes = _count_classes(generator, discriminator, num_classes) if labels else None
    found = data.Conditions(
        [data.Condition((), classes) if x is None else data.Condition(x) for x in inputs]
    )
    _check_same_conditions(found, discriminator)
    return found


def _conditions_of(network: keras.Model, first: int) -> list[Shape | None]:
    """Returns the shapes of the conditions that a network takes; None for labels.

    Args:
        network: The network.
        first: Int, the number of inputs before the conditions.
    """
    inputs = getattr(network, "inputs", None)
    if inputs:
        return [None if _is_label(x) else tuple(x.shape[1:]) for x in inputs[first:]]
    if not takes_conditions(network):
        return []
    shapes = getattr(network, "condition_shapes", [()])
    return [tuple(shape) or None for shape in shapes]


def _is_label(x: Any) -> bool:
    """Whether an input of a network is for labels: one number, or one int per sample."""
    is_int = "int" in keras.backend.standardize_dtype(x.dtype)
    return len(x.shape) == 1 or (is_int and tuple(x.shape[1:]) == (1,))


def _check_same_conditions(found: data.Conditions, discriminator: keras.Model) -> None:
    theirs = _conditions_of(discriminator, first=1)
    ours = [None if c.num_classes is not None else c.shape for c in found]
    if found.are_labels and theirs == [(1,)]:
        theirs = [None]
    same = len(theirs) == len(ours) and all(
        a == b if a is None or b is None else checks.same_shape(a, b)
        for a, b in zip(theirs, ours, strict=True)
    )
    if theirs and not same:
        raise ValueError(
            "The discriminator must take the conditions of the generator, in the same "
            f"order: {_named(ours)}. Received: discriminator with {_named(theirs)}"
        )


def _named(shapes: list[Shape | None]) -> str:
    return ", ".join("labels" if x is None else str(("batch", *x)) for x in shapes)


def _count_classes(
    generator: keras.Model, discriminator: keras.Model, asked: int | None
) -> int:
    """Returns the number of classes of networks with labels."""
    found = _classes_of(generator)
    if asked is None and len(found) != 1:
        raise ValueError(
            "The layers of the generator don't give the number of classes: pass "
            f"`num_classes`. Received: layers of {sorted(found) or 'no'} classes"
        )
    count = checks.count(num_classes=min(found) if asked is None else asked)
    for network in (generator, discriminator):
        known = _classes_of(network)
        if len(known) == 1 and min(known) < count:
            raise ValueError(
                "Both networks must know all classes. Received: "
                f"num_classes={count}, a {network.name} of {min(known)} classes"
            )
    return count


def check_pack(conditions: data.Conditions, pack: int) -> None:
    """Checks that packed samples have no conditions."""
    if conditions and pack > 1:
        raise ValueError(
            "Samples are packed without labels and other conditions, so a conditional "
            f"GAN must have `pack=1`. {checks.received(pack=pack)}"
        )


def check_networks(
    generator: keras.Model,
    discriminator: keras.Model,
    latent_dim: int,
    conditions: data.Conditions,
    pack: int = 1,
) -> tuple[Shape, list[Shape]]:
    """Builds both networks if they are not built, and checks their shapes.

    Returns:
        The shape of one sample, and the shapes of the discriminator's outputs.

    Raises:
        ValueError: If the discriminator can't judge the samples of the generator, or
            if its outputs have wrong shapes.
    """
    _check_model(discriminator, "discriminator")
    if discriminator is generator:
        raise ValueError(
            "`generator` and `discriminator` must be two models. "
            f"Received: generator=discriminator={generator}"
        )
    latents = (None, latent_dim) if latent_dim else None
    samples, *others = output_shapes(generator, latents, conditions)
    if others:
        raise ValueError(
            "The generator must have one output. "
            f"Received: generator with further outputs of shapes {others}"
        )
    packed_shape = (*samples[:-1], None if samples[-1] is None else pack * samples[-1])
    _check_input(discriminator, samples, packed_shape, pack)
    judged = conditions if takes_conditions(discriminator) else data.NO_CONDITIONS
    outputs = output_shapes(discriminator, packed_shape, judged)
    _check_not_shared(generator, discriminator)
    warn_of_unknown(generator, discriminator)
    _check_output_shapes(outputs, conditions.num_classes)
    return samples[1:], outputs


def _check_input(
    discriminator: keras.Model, samples: Shape, packed_shape: Shape, pack: int
) -> None:
    expected: Any = None
    if discriminator.built:
        expected = getattr(discriminator, "input_shape", None)
    if isinstance(expected, list) and takes_conditions(discriminator):
        expected = expected[0]
    fits = isinstance(expected, tuple) and checks.same_shape(packed_shape, expected)
    if expected is not None and not fits:
        packed = f", which are {packed_shape} with pack={pack}" if pack > 1 else ""
        raise ValueError(
            "The output of the generator must fit the input of the discriminator. "
            f"Received: generator with output shape {samples}{packed}, discriminator "
            f"with input shape {expected}"
        )


def _check_not_shared(generator: keras.Model, discriminator: keras.Model) -> None:
    """Checks that no variable is in both networks.

    Each network trains alone, and a file holds each network by itself.
    """
    own = {id(variable) for variable in generator.variables}
    shared = [v.path for v in discriminator.variables if id(v) in own]
    if shared:
        raise ValueError(
            "The networks must not share a layer with weights or random numbers: make "
            "the layer twice. Received: generator and discriminator that share "
            f"{', '.join(shared)}"
        )


def _check_output_shapes(outputs: list[Shape], num_classes: int | None) -> None:
    scales = outputs[:-1] if has_classes(outputs) else outputs
    if has_classes(outputs) and outputs[-1][1:] != (num_classes,):
        raise ValueError(
            "A last output of the discriminator that is no logit must be the class "
            f"logits of a conditional GAN, (batch, {num_classes or 'num_classes'}). "
            f"Received: discriminator with output shapes {outputs}, "
            f"num_classes={num_classes}"
        )
    one_hot = len(scales) == 1 and scales[0][1:] == (2,)
    if not one_hot and any(len(x) < 2 or x[-1] != 1 for x in scales):
        raise ValueError(
            "The discriminator must end in one logit, (batch, 1), in a logit for each "
            "patch, (batch, height, width, 1), in a list of these, or in two outputs for "
            "one-hot labels, (batch, 2). "
            f"Received: discriminator with output shape {outputs[0]}"
        )


def output_shapes(
    network: keras.Model, shape: Shape | None, conditions: data.Conditions
) -> list[Shape]:
    """Builds a network if it is not built, and returns the shapes of its outputs.

    Args:
        network: The network.
        shape: The shape of its first input, including the batch; None if all inputs are
            conditions.
        conditions: The conditions that the network takes.

    Raises:
        ValueError: If the outputs have no shapes.
    """
    first = None if shape is None else keras.KerasTensor(shape)
    inputs = with_conditions(
        first,
        tuple(keras.KerasTensor((None, *c.shape), dtype=c.dtype) for c in conditions),
    )
    if not network.built:
        # `build` takes only one shape, so a network with two inputs is called instead.
        network(inputs) if conditions else network.build(shape)
    outputs = network.compute_output_spec(inputs)
    outputs = outputs if isinstance(outputs, list | tuple) else [outputs]
    if not all(hasattr(output, "shape") for output in outputs):
        raise ValueError(
            f"The model must have one output. Received: {network.name} with {outputs}"
        )
    return [tuple(output.shape) for output in outputs]


def check_outputs(discriminator: keras.Model, outputs: Shape, loss: Loss) -> None:
    """Checks that the loss can read the outputs of the discriminator.

    Args:
        discriminator: The discriminator.
        outputs: The shape of its first output.
        loss: The `Loss`.
    """
    if outputs[-1] not in loss.outputs:
        raise ValueError(
            f"The loss {loss!r} reads one logit per sample; a discriminator with two "
            "outputs needs a Keras loss on one-hot labels, for example "
            "`keras.losses.MeanSquaredError()`. "
            f"Received: discriminator with output shape {outputs}"
        )
    while isinstance(inner := getattr(loss, "loss", None), Loss):
        loss = inner
    if isinstance(loss, KerasLoss):
        loss.check(outputs)
    _warn_of_activation(discriminator, loss)


def _warn_of_activation(discriminator: keras.Model, loss: Loss) -> None:
    last = last_activation(discriminator)
    probabilities = last in ("sigmoid", "softmax", "hardsigmoid")
    # The losses of kgan read logits.
    wants_logits = loss.reads_logits if isinstance(loss, KerasLoss) else True
    if wants_logits and probabilities:
        warnings.warn(
            f"{loss!r} reads logits, but the discriminator ends in a {last}: leave "
            "this activation out.",
            stacklevel=5,
        )
    if wants_logits is False and not probabilities:
        warnings.warn(
            f"{loss!r} reads probabilities, but the discriminator ends in logits: pass "
            "`from_logits=True` to the loss, as in "
            "`keras.losses.BinaryCrossentropy(from_logits=True)`.",
            stacklevel=5,
        )


def warn_of_inexact_layers(discriminator: keras.Model, penalties: tuple) -> None:
    """Warns about layers through which the gradient of a penalty is not exact."""
    inexact = tuple(getattr(keras.layers, name) for name in backend.INEXACT_LAYERS)
    found = [
        layer.name
        for layer in all_layers(discriminator)
        if type(layer) in inexact and not _is_affine(layer)
    ]
    penalties = tuple(penalty for penalty in penalties if penalty.takes_gradient)
    if penalties and found:
        warnings.warn(
            f"On this backend, second derivatives through {', '.join(found)} have errors "
            f"of up to a few percent, and so has the gradient of {penalties[0].name}: "
            "use the layers with the same names in `kgan.layers`, which are exact.",
            stacklevel=4,
        )


def _is_affine(layer: keras.layers.Layer) -> bool:
    """Whether a layer is frozen batch normalisation, which Keras runs in inference."""
    return isinstance(layer, keras.layers.BatchNormalization) and not layer.trainable


def computes_in_float16(*networks: keras.Model) -> bool:
    """Whether any layer computes in float16, so that the losses must be scaled."""
    return any(
        layer.compute_dtype == "float16"
        for network in networks
        for layer in all_layers(network)
    )


def _check_model(model: Any, argument: str) -> None:
    if not isinstance(model, keras.Model):
        raise ValueError(
            f"`{argument}` must be a `keras.Model`. "
            f"Received: {argument} of type {type(model).__name__}"
        )


def _classes_of(network: keras.Model) -> set[int]:
    counts = (
        layer.input_dim
        if isinstance(layer, keras.layers.Embedding)
        else getattr(layer, "num_classes", None)
        for layer in all_layers(network)
    )
    return {count for count in counts if count is not None}


def _input_shapes(network: keras.Model) -> list[Shape]:
    return [tuple(x.shape) for x in getattr(network, "inputs", None) or ()]
