"""The messages of `Health`: the problem, and remedies to try."""

NAN = (
    "{names} became NaN or infinite, and training can't recover from that. Load an "
    "earlier file, and try lower learning rates, a penalty "
    "(`penalties=[kgan.penalties.R1(0.1)]`), or `mixed_bfloat16` in place of "
    "`mixed_float16`. `keras.callbacks.TerminateOnNaN` ends training at the batch."
)
TIMES = ", {times:.0f} times its median so far"
PENALTY = (
    "The penalty {name} is {value:.3g}{times}: the discriminator "
    "explodes. Try a lower learning rate of `d_optimizer`, "
    '`normalization="spectral"` in the discriminator, or another weight of the penalty.'
)
COLLAPSE = (
    "The generator collapses: its samples are {diversity:.2f} times as diverse as the "
    "data. Try lower learning rates, a penalty (`penalties=[kgan.penalties.R1(0.1)]`), "
    '`loss="relativistic"` with R1 and R2, or a `kgan.GAN` with `pack=2`.'
)
DISCRIMINATOR = (
    "The discriminator has won: it gives a real the higher logit in {d_accuracy:.1%} of "
    "pairs with a sample, by {d_gap:.1f} standard deviations, and the generator learns "
    "little from that. Try a penalty or a higher weight of the penalty "
    "(`penalties=[kgan.penalties.R1(1.0)]`), a lower learning rate of `d_optimizer` than "
    "of `g_optimizer`, or, on few data, `augment=kgan.augment.DiffAugment()`."
)
RANGE = (
    "The samples have other values than the data, {range_gap:.2f} standard deviations "
    "apart: {samples} against {reals}. Unless the generator has collapsed, change its "
    'last activation to the range of the data ("tanh" for [-1, 1], "sigmoid" for '
    "[0, 1], None for values without bounds), or scale the data."
)
VALUES = "from {low:.3g} to {high:.3g} with a mean of {mean:.3g}"
