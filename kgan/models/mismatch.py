"""Reals with the conditions of other reals, as further fakes."""

import functools

from keras import ops

from kgan import backend, data
from kgan.critic import Critic, Judgement, over_scales
from kgan.models.recipe import Recipe
from kgan.types import Tensor


def add_mismatch(
    recipe: Recipe,
    critic: Critic,
    loss: Tensor,
    values: dict[str, Tensor],
    real: Judgement,
) -> Tensor:
    """Returns the loss in which reals with the conditions of others are fakes too.

    With `m` for `mismatch`, the loss on fakes is `1 - m` times the loss on generated
    samples plus `m` times the loss on reals with wrong conditions.

    Args:
        recipe: The options.
        critic: The `Critic` with the discriminator.
        loss: Scalar, the loss without wrong conditions.
        values: Dict to which the value to log is added.
        real: The `Judgement` of the reals.
    """
    shift = functools.partial(ops.roll, shift=1, axis=0)
    wrong = data.map_conditions(lambda x: backend.on_all_rows(shift, x), real.conditions)
    logits, (outputs, *_) = critic.forward(real.samples, wrong, frozen=True)
    values["d_mismatch"] = ops.mean(logits)
    other = over_scales(recipe.loss.discriminator_loss, real.outputs, outputs)
    return loss + recipe.mismatch * (other - loss)
