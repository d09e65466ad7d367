"""Networks that don't fit together are named before any training starts."""

import warnings
from typing import Any

import keras
import numpy as np

from kgan import backend, schedules
from kgan.losses import Loss
from kgan.models import conditions
from kgan.models.judge import takes_labels

_RANGES = {"tanh": (-1.0, 1.0), "sigmoid": (0.0, 1.0), "hard_sigmoid": (0.0, 1.0)}


def latent_dim(generator: keras.Model, asked: int | None) -> int:
    """Returns the length of the generator's noise vectors.

    Args:
        generator: The generator.
        asked: What the user says it is; None to read it off the input.

    Raises:
        ValueError: If both are unlike, or neither tells.
    """
    _check_model(generator, "generator")
    shape = getattr(generator, "input_shape", None) if generator.built else None
    if isinstance(shape, list) and takes_labels(generator):
        shape = shape[0]
    if shape is None:
        if not _is_count(asked):
            raise ValueError(
                "The generator has no input shape to read `latent_dim` off: begin it "
                "with `keras.Input((latent_dim,))`, or pass `latent_dim`. "
                f"Received: latent_dim={asked}"
            )
        return asked  # type: ignore[return-value]
    if not isinstance(shape, tuple) or len(shape) != 2 or shape[1] is None:
        raise ValueError(
            "The generator must take noise vectors of shape (batch, latent_dim). "
            f"Received: generator with input shape {shape}"
        )
    if asked is not None and asked != shape[1]:
        raise ValueError(
            f"`latent_dim` must be that of the generator's input, {shape[1]}. "
            f"Received: latent_dim={asked}"
        )
    return shape[1]


def check(
    generator: Any,
    discriminator: Any,
    latent_dim: int,
    num_classes: int | None = None,
    pack: int = 1,
) -> tuple:
    """Builds both networks where they aren't yet, and checks their shapes.

    Returns:
        The shape of one sample, and those of the discriminator's outputs.

    Raises:
        ValueError: If the discriminator can't judge what the generator draws, or
            has other than one or two outputs.
    """
    _check_model(discriminator, "discriminator")
    if discriminator is generator:
        raise ValueError(
            "`generator` and `discriminator` must be two models. "
            f"Received: generator=discriminator={generator}"
        )
    samples, *others = output_shapes(generator, (None, latent_dim))
    if others:
        raise ValueError(
            "The generator must have one output. "
            f"Received: generator with further outputs of shapes {others}"
        )
    judged = (*samples[:-1], None if samples[-1] is None else pack * samples[-1])
    _check_input(discriminator, samples, judged, pack)
    outputs = output_shapes(discriminator, judged)
    conditions.check_outputs(outputs, num_classes)
    logits = outputs[0]
    if len(logits) != 2 or logits[1] not in (1, 2):
        raise ValueError(
            "The discriminator must end in one logit, (batch, 1), or two outputs for "
            "one-hot labels, (batch, 2). "
            f"Received: discriminator with output shape {logits}"
        )
    return samples[1:], outputs


def _check_input(
    discriminator: keras.Model, samples: tuple, judged: tuple, pack: int
) -> None:
    expected = (
        getattr(discriminator, "input_shape", None) if discriminator.built else None
    )
    if isinstance(expected, list) and takes_labels(discriminator):
        expected = expected[0]
    if expected is not None and not _compatible(judged, expected):
        packs = f", which are {judged} with pack={pack}" if pack > 1 else ""
        raise ValueError(
            "The generator must draw what the discriminator judges. Received: "
            f"generator with output shape {samples}{packs}, discriminator with input "
            f"shape {expected}"
        )


def check_half_life(ema_half_life: Any) -> None:
    """Refuses a half-life that is not above 0, nor None."""
    if isinstance(ema_half_life, schedules.Schedule):
        schedules.number(minimum=0, ema_half_life=ema_half_life)
    elif ema_half_life is not None and not ema_half_life > 0:
        raise ValueError(
            "`ema_half_life` must be a number of images above 0, a schedule of such, or "
            f"None for no average. Received: ema_half_life={ema_half_life}"
        )


def check_seed(seed: Any) -> None:
    """Refuses a seed that some backend's generators can't take."""
    if seed is not None and not (seed == int(seed) and 0 <= seed < 2**31 - 1):
        raise ValueError(
            f"`seed` must be an int of 0 to 2**31 - 2, or None. Received: seed={seed}"
        )


def check_counts(**counts: Any) -> None:
    """Refuses counts that are no ints of at least 1, by name."""
    for name, count in counts.items():
        if not _is_count(count):
            raise ValueError(
                f"`{name}` must be an int of at least 1. Received: {name}={count!r}"
            )


def check_outputs(discriminator: keras.Model, outputs: tuple, loss: Any) -> None:
    """Refuses a discriminator whose number of outputs the loss can't read.

    Args:
        discriminator: The discriminator.
        outputs: The shape of its logits.
        loss: The `Loss`.
    """
    if outputs[-1] not in loss.outputs:
        raise ValueError(
            f"The loss {loss!r} reads one logit per sample; a discriminator with two "
            "outputs goes with a Keras loss on one-hot labels, such as "
            "`keras.losses.MeanSquaredError()`. "
            f"Received: discriminator with output shape {outputs}"
        )
    _warn_of_activation(discriminator, loss)


def _warn_of_activation(discriminator: keras.Model, loss: Any) -> None:
    ends_in = _last_activation(discriminator)
    probabilities = ends_in in ("sigmoid", "softmax", "hard_sigmoid")
    # Keras' cross-entropies say which of the two they read; other Keras losses don't
    # care, and ours read logits.
    while isinstance(getattr(loss, "loss", None), Loss):
        loss = loss.loss
    keras_loss = getattr(loss, "loss", None)
    wants_logits = getattr(keras_loss, "from_logits", keras_loss is None or None)
    if wants_logits and probabilities:
        warnings.warn(
            f"{loss!r} reads logits, but the discriminator ends in a {ends_in}: leave "
            "that activation out.",
            stacklevel=3,
        )
    if wants_logits is False and not probabilities:
        warnings.warn(
            f"{loss!r} reads probabilities, but the discriminator ends in logits: pass "
            "`from_logits=True` to the loss.",
            stacklevel=3,
        )


def warn_of_inexact_layers(discriminator: keras.Model, penalties: tuple) -> None:
    """Names the layers through which a penalty's gradient is not exact."""
    inexact = tuple(getattr(keras.layers, name) for name in backend.INEXACT_LAYERS)
    found = [
        layer.name for layer in discriminator._flatten_layers() if type(layer) in inexact
    ]
    if penalties and found:
        warnings.warn(
            f"On this backend second derivatives through {', '.join(found)} are off by "
            f"up to a few percent, and with them the gradient of {penalties[0].name}: "
            "use the layers of the same names in `kgan.layers`, whose are exact.",
            stacklevel=3,
        )


def computes_in_float16(*networks: keras.Model) -> bool:
    """Whether any layer of the networks does, so that losses need a scale."""
    return any(
        layer.compute_dtype == "float16"
        for network in networks
        for layer in network._flatten_layers()
    )


def latents(z: Any, latent_dim: int, n: int | None) -> np.ndarray:
    """Returns latents as a float32 array, checked."""
    z = np.asarray(z, "float32")
    if z.ndim != 2 or z.shape[1] != latent_dim or len(z) == 0:
        raise ValueError(
            f"`z` must have shape (n, {latent_dim}), n at least 1. "
            f"Received: z.shape={z.shape}"
        )
    if n is not None and n != len(z):
        raise ValueError(
            "`n` must be the number of latents in `z`. "
            f"Received: n={n}, z.shape={z.shape}"
        )
    return z


def output_range(generator: keras.Model) -> tuple[float, float] | None:
    """Returns the bounds of the generator's last activation; None without."""
    return _RANGES.get(_last_activation(generator))


def _last_activation(model: keras.Model) -> str:
    layers = getattr(model, "layers", [])
    while layers and getattr(layers[-1], "layers", None):
        layers = layers[-1].layers
    activation = getattr(layers[-1], "activation", None) if layers else None
    return getattr(activation, "__name__", "")


def _check_model(model: Any, argument: str) -> None:
    if not isinstance(model, keras.Model):
        raise ValueError(
            f"`{argument}` must be a `keras.Model`. "
            f"Received: {argument} of type {type(model).__name__}"
        )


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1


def output_shapes(model: keras.Model, shape: tuple) -> list[tuple]:
    """Builds a network where it isn't yet, and returns the shapes of its outputs.

    Args:
        model: The network.
        shape: Of its input, with the batch; labels are added where it takes them.

    Raises:
        ValueError: If the outputs have no shapes.
    """
    inputs: Any = keras.KerasTensor(shape)
    if takes_labels(model):
        inputs = [inputs, keras.KerasTensor((None,), dtype="int32")]
    if not model.built:
        # Two inputs have no one shape to build by.
        model(inputs) if takes_labels(model) else model.build(shape)
    outputs = model.compute_output_spec(inputs)
    outputs = outputs if isinstance(outputs, list | tuple) else [outputs]
    if not all(hasattr(output, "shape") for output in outputs):
        raise ValueError(
            f"The model must have one output. Received: {model.name} with {outputs}"
        )
    return [tuple(output.shape) for output in outputs]


def _compatible(found: tuple, expected: Any) -> bool:
    return (
        isinstance(expected, tuple)
        and len(found) == len(expected)
        and all(
            a is None or b is None or a == b for a, b in zip(found, expected, strict=True)
        )
    )
