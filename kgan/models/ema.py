"""The exponential moving average of the generator."""

from typing import Any

import keras
from keras import ops

from kgan import schedules

# The half-life grows with the images seen until it reaches the asked one, so that
# the average forgets the untrained generator.
RAMP = 0.05


def copy_of(model: keras.Model, latent_dim: int) -> keras.Model:
    """Returns a new model of the same structure and weights, not trainable.

    Args:
        model: The generator.
        latent_dim: Length of its noise vectors.

    Raises:
        ValueError: If the model can't be built a second time.
    """
    try:
        # The scope keeps the two apart where variables are listed by their path.
        with keras.name_scope("ema"):
            copy = keras.models.clone_model(model)
            if not copy.built:
                copy.build((None, latent_dim))
        copy.set_weights(model.get_weights())
    except Exception as error:
        raise ValueError(
            "The moving average of the generator needs a second copy of it, which "
            f"could not be built ({error}). Pass `ema_half_life=None`, or make the "
            f"model buildable from its `get_config()`. Received: generator={model}"
        ) from error
    copy.name = f"ema_{model.name}"
    copy.trainable = False
    return copy


def decay(
    batch_size: Any, images_seen: Any, half_life: schedules.NumberOrSchedule
) -> Any:
    """Returns the share of the average that is kept at one update.

    `0.5 ** (batch_size / min(half_life, 0.05 * images_seen))`: after `half_life`
    images half of the average is new.

    Args:
        batch_size: Images that came with the update.
        images_seen: Images seen so far, those included.
        half_life: Float, in images; or a schedule, whose values hold as they are.

    Reference:
        [Karras et al., 2020](https://arxiv.org/abs/2006.06676), whose code ramps
        the half-life up.
    """
    images = ops.cast(batch_size, "float32")
    if isinstance(half_life, schedules.Schedule):
        # At a half-life of 0 nothing is kept.
        return ops.power(0.5, images / ops.maximum(half_life(images_seen), 1e-6))
    seen = ops.cast(images_seen, "float32")
    return ops.power(0.5, images / ops.minimum(half_life, RAMP * seen))


def update(average: keras.Model, model: keras.Model, kept: Any) -> None:
    """Moves `average` towards `model`, in place.

    Trainable weights are averaged. The rest, such as batch normalisation's
    statistics, which are averages already, and frozen layers, is copied.

    Args:
        average: The result of `copy_of(model, latent_dim)`.
        model: The generator.
        kept: Float scalar, see `decay`.
    """
    trained = {id(variable) for variable in model.trainable_variables}
    for target, source in zip(average.variables, model.variables, strict=True):
        if id(source) in trained:
            target.assign(source + (target - source) * ops.cast(kept, source.dtype))
        else:
            target.assign(source)
