"""One-sided label smoothing, for losses with labels."""

from kgan import checks
from kgan.losses.base import Loss


class Smoothed(Loss):
    """Base class of losses with labels: by default 1 for reals and 0 for fakes.

    Args:
        label_smoothing: Float of at least 0 and below 1, subtracted from the
            discriminator's label of reals. The label of fakes and the generator's loss
            do not change.

    Raises:
        ValueError: If `label_smoothing` is out of bounds.

    Reference:
        [Salimans et al., 2016](https://arxiv.org/abs/1606.03498), section 3.4.
    """

    def __init__(self, label_smoothing: float = 0.0):
        number = checks.number(minimum=0, below=1, label_smoothing=label_smoothing)
        self.label_smoothing = float(number)
