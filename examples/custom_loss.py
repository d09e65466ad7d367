"""
# A loss and a penalty of one's own

A loss of kgan is three lines: what the discriminator minimises on each real, on each
fake, and what the generator does. A penalty is one: a function of the gradient. Both
work with all the rest, and are saved with the GAN.

    python examples/custom_loss.py
"""

import argparse

import keras
import numpy as np
from keras import ops

import kgan

"""
## An f-GAN

For any f-divergence there is a GAN that minimises it. For the squared Hellinger distance
the discriminator maximises `E[1 - exp(-s)] + E[1 - exp(t)]`, with `s` the logits of reals
and `t` those of fakes: equation 4 of the paper with the row of its table 2, the
activation `1 - exp(-v)` and the conjugate `t / (1 - t)`. The generator tries to be taken
for real, as in section 3.2.

Reference: [Nowozin et al., 2016](https://arxiv.org/abs/1606.00709).
"""


@keras.saving.register_keras_serializable(package="examples")
class Hellinger(kgan.losses.Loss):
    def real_term(self, s):
        return ops.exp(-s) - 1

    def fake_term(self, t):
        return ops.exp(t) - 1

    def generator_term(self, t):
        return ops.exp(-t) - 1


"""
## A penalty

`value` gets what the discriminator says of reals and of fakes. `real.gradient()` is the
gradient of the logits with respect to the reals. This penalty bounds the slope at the
reals instead of pulling it to zero: only a slope above the bound costs.
"""


@keras.saving.register_keras_serializable(package="examples")
class SlopeBound(kgan.penalties.Penalty):
    name = "slope"

    def value(self, real, fake, critic):
        squares = ops.sum(ops.square(real.gradient()), axis=-1)
        return ops.mean(ops.relu(squares - 1))


def main():
    parser = argparse.ArgumentParser(description="A loss and a penalty of one's own.")
    parser.add_argument("--epochs", type=int, default=60)
    parser.add_argument("--smoke", action="store_true", help="train for a moment only")
    arguments = parser.parse_args()
    # A ring: points at a distance of 1 from the centre.
    angles = np.random.default_rng(0).uniform(0, 2 * np.pi, 4096)
    points = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype("float32")
    gan = kgan.GAN(
        kgan.networks.mlp_generator((2,), latent_dim=4, activation=None),
        kgan.networks.mlp_discriminator((2,)),
        seed=0,
    )
    gan.compile(
        optimizer=keras.optimizers.Adam(1e-3, beta_1=0.0),
        loss=Hellinger(),
        penalties=[SlopeBound(1.0)],
    )
    gan.fit(
        points[:256] if arguments.smoke else points,
        epochs=1 if arguments.smoke else arguments.epochs, batch_size=128, verbose=2,
    )  # fmt: skip
    radii = np.linalg.norm(gan.sample(2000, seed=0), axis=1)
    print(f"radius of the samples: {radii.mean():.2f} +- {radii.std():.2f}, asked: 1")


if __name__ == "__main__":
    main()
