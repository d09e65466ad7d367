"""One-sided label smoothing, for the losses that have labels."""

import numbers
from typing import Any

from kgan.losses.base import Loss


class Smoothed(Loss):
    """Base of the losses that label reals with 1 and fakes with 0.

    Args:
        label_smoothing: Float of at least 0 and below 1: the discriminator's label of
            reals is 1 less that much. Fakes' label, and the generator's loss, stay.

    Raises:
        ValueError: If `label_smoothing` is out of bounds.

    Reference:
        [Salimans et al., 2016](https://arxiv.org/abs/1606.03498), section 3.4.
    """

    def __init__(self, label_smoothing: float = 0.0):
        if not isinstance(label_smoothing, numbers.Real) or not 0 <= label_smoothing < 1:
            raise ValueError(
                "`label_smoothing` must be a number of at least 0 and below 1. "
                f"Received: label_smoothing={label_smoothing}"
            )
        self.label_smoothing: float = float(label_smoothing)

    def get_config(self) -> dict[str, Any]:
        return {"label_smoothing": self.label_smoothing}
