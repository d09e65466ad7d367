"""The options of the optimizers, the penalty, the widths and the average."""

import dataclasses

from kgan_cli import names, types
from kgan_cli.option import Settings, option

PENALTIES = sorted(
    [*names.class_names("penalties", "Penalty"), "zero_centered_gradient_penalty"]
)


@dataclasses.dataclass(frozen=True, kw_only=True)
class OptimizationSettings(Settings):
    """Hyperparameters in place of the hyperparameters of the preset."""

    title = "optimizers, penalty and networks; by default as in the preset"

    learning_rate: float | None = option(
        type=types.above_zero,
        metavar="RATE",
        help="learning rate of both networks, from which a schedule begins",
    )
    g_learning_rate: float | None = option(
        type=types.above_zero, metavar="RATE", help="learning rate of the generator"
    )
    d_learning_rate: float | None = option(
        type=types.above_zero, metavar="RATE", help="learning rate of the discriminator"
    )
    learning_rate_schedule: str | None = option(
        choices=("constant", "linear", "cosine"),
        help="keep the learning rate, or let it fall to a tenth in the second half of "
        "the budget",
    )
    beta_1: float | None = option(
        type=types.below_one, metavar="B", help="decay of Adam's mean of the gradients"
    )
    beta_2: float | None = option(
        type=types.below_one, metavar="B", help="decay of Adam's mean of the squares"
    )
    penalty: str | None = option(
        choices=("none", *PENALTIES),
        metavar="NAME",
        help=f"penalty on the discriminator: none, {', '.join(PENALTIES)}",
    )
    penalty_weight: float | None = option(
        type=types.at_least_zero,
        metavar="WEIGHT",
        help="weight of each penalty on the discriminator, from which a schedule begins",
    )
    width: int | None = option(
        type=types.count, metavar="N", help="width of both networks, see kgan.networks"
    )
    ema_half_life: float | str | None = option(
        type=types.half_life,
        metavar="N|none",
        help="half-life of the average of the generator, in samples; none for no average",
    )
