"""The exponential moving average (EMA) of the generator's weights."""

import functools
import inspect
import zlib
from collections.abc import Iterable
from typing import Any

import keras
from keras import ops

from kgan import checks
from kgan.backend import keras_private
from kgan.models.reloading import warn_of_unknown, why_not_rebuilt
from kgan.schedules import NumberOrSchedule, Schedule
from kgan.types import Tensor

# The half-life is at most this share of the images seen, by default, so that the average
# forgets the untrained generator.
RAMP = 0.05


class Average:
    """The moving average of a generator.

    Args:
        generator: The generator.
        latent_dim: Int, length of its latents.
        half_life: Float, in images; a schedule; or None for no average.
        ramp: Float, see `decay`, or None.

    Attributes:
        network: The averaged generator, a separate model; None without an average.
    """

    def __init__(
        self,
        generator: keras.Model,
        latent_dim: int,
        half_life: NumberOrSchedule | None,
        ramp: float | None = RAMP,
    ):
        check_half_life(half_life)
        if ramp is not None:
            checks.number(above=0, alternative=", or None", ema_ramp=ramp)
        self.ramp = ramp
        self.generator = generator
        self.half_life = half_life
        self.network: keras.Model | None = None
        if half_life is not None:
            self.network = copy_of(generator, latent_dim)
            # The weights at the last copy.
            self._copied = _checksum(self.network)

    def restart(self) -> None:
        """Copies the weights of the generator again if they were loaded since the copy.

        An average with weights of its own, which a user loaded, stays as it is.
        """
        if self.network is not None and _checksum(self.network) == self._copied:
            self.network.set_weights(self.generator.get_weights())
            self._copied = _checksum(self.network)

    def update(self, batch_size: Tensor, images_seen: Tensor) -> None:
        """Moves the average towards the generator, see `decay`."""
        if self.network is not None and self.half_life is not None:
            kept = decay(batch_size, images_seen, self.half_life, self.ramp)
            update(self.network, self.generator, kept)


def _checksum(network: keras.Model) -> int:
    """Returns a number that changes with the weights of a network."""
    weights = network.get_weights()
    return functools.reduce(lambda sum, w: zlib.crc32(w.tobytes(), sum), weights, 0)


def check_half_life(ema_half_life: NumberOrSchedule | None) -> None:
    """Checks the half-life: a number above 0, a schedule from 0 upwards, or None."""
    if isinstance(ema_half_life, Schedule):
        for end in (ema_half_life.start, ema_half_life.end):
            checks.number(minimum=0, ema_half_life=end)
        warn_of_unknown(ema_half_life)
    elif ema_half_life is not None:
        checks.number(
            above=0,
            alternative=" of images, a schedule, or None for no average",
            ema_half_life=ema_half_life,
        )


def copy_of(generator: keras.Model, latent_dim: int) -> keras.Model:
    """Returns a new model with the same structure and weights, not trainable.

    Args:
        generator: The generator.
        latent_dim: Length of its latents.

    Raises:
        ValueError: If the model can't be built a second time.
    """
    try:
        # In the scope, the variables of the copy get other paths than the generator's.
        with keras.name_scope("ema"):
            copy = _clone(generator)
            if not copy.built:
                copy.build((None, latent_dim))
        copy.set_weights(generator.get_weights())
    except Exception as error:
        reason = why_not_rebuilt(generator) or error
        raise ValueError(
            "The moving average of the generator needs a second copy of the generator, "
            f"which could not be built ({reason}). Pass `ema_half_life=None`, or make "
            "the model buildable from its `get_config()`. "
            f"Received: generator={generator}"
        ) from error
    copy.name = f"ema_{generator.name}"
    copy.trainable = False
    return copy


def _clone(generator: keras.Model) -> keras.Model:
    """Returns a copy without weights, also of a model that Keras could not load."""
    layers = list(keras_private.all_layers(generator))
    options = {}
    if any(isinstance(layer, keras.layers.Lambda) for layer in layers):
        is_graph = isinstance(generator, keras.Sequential) or generator.inputs
        options = {"clone_function": _clone_layer, "recursive": True} if is_graph else {}
    # The model comes from this process, so its lambdas can be trusted.
    with keras_private.unsafe(), keras.saving.custom_object_scope(_own(layers)):
        return keras.models.clone_model(generator, **options)


def _clone_layer(layer: keras.layers.Layer) -> keras.layers.Layer:
    if isinstance(layer, keras.layers.Lambda):
        # The function itself: a function from a config would have lost its globals.
        return keras_private.copy_of_lambda(layer)
    return type(layer).from_config(layer.get_config())


def _own(layers: Iterable[keras.layers.Layer]) -> dict[str, Any]:
    """Returns the classes and functions of layers that are not in Keras, by name."""
    found: dict[str, list[Any]] = {}
    for layer in layers:
        for part in (layer, *vars(layer).values()):
            known = part if inspect.isfunction(part) else type(part)
            if inspect.isfunction(part) or hasattr(part, "get_config"):
                found.setdefault(known.__name__, []).append(known)
    # A name that two classes or functions have would give the wrong class.
    return {name: parts[0] for name, parts in found.items() if len(set(parts)) == 1}


def decay(
    batch_size: Tensor,
    images_seen: Tensor,
    half_life: NumberOrSchedule,
    ramp: float | None = RAMP,
) -> Tensor:
    """Returns the share of the average that an update keeps.

    `0.5 ** (batch_size / min(half_life, ramp * images_seen))`: after `half_life` images,
    half of the average comes from these images.

    Args:
        batch_size: Images of this update.
        images_seen: Images seen so far, including this update.
        half_life: Float, in images; or a schedule, to which the limit of
            `ramp * images_seen` does not apply.
        ramp: Float; None for a half-life without this limit.

    Reference:
        [Karras et al., 2020](https://arxiv.org/abs/2006.06676); the limit of
        `ramp * images_seen` is from the authors' code.
    """
    images = ops.cast(batch_size, "float32")
    if isinstance(half_life, Schedule):
        # At a half-life of 0 the average keeps nothing.
        return ops.power(0.5, images / ops.maximum(half_life(images_seen), 1e-6))
    if ramp is not None:
        seen = ops.cast(images_seen, "float32")
        half_life = ops.minimum(half_life, ramp * seen)
    return ops.power(0.5, images / half_life)


def update(average: keras.Model, generator: keras.Model, kept: Tensor) -> None:
    """Moves the average towards the generator, in place.

    Trainable weights are averaged, and so are the statistics of batch normalisation: the
    statistics of the last weights do not fit the averaged weights. All other variables
    are copied, for example the weights of frozen layers.

    Args:
        average: The result of `copy_of`.
        generator: The generator.
        kept: Float scalar, see `decay`.
    """
    averaged = {id(variable) for variable in generator.trainable_variables}
    for layer in keras_private.all_layers(generator):
        if isinstance(layer, keras.layers.BatchNormalization) and layer.trainable:
            averaged |= {id(variable) for variable in layer.non_trainable_variables}
    for target, source in zip(average.variables, generator.variables, strict=True):
        if id(source) in averaged:
            target.assign(source + (target - source) * ops.cast(kept, source.dtype))
        else:
            target.assign(source)
