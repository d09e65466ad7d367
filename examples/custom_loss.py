"""
# Your own loss and your own penalty

A loss of kgan has three terms: the term of the discriminator for each real, its term for
each fake, and the term of the generator. A penalty has one method. Both work with all
other parts of kgan and are saved with the GAN.

    python examples/custom_loss.py
"""

import argparse

import kgan
from kgan.critic import Critic, Judgement
from kgan.types import Tensor

import keras
import numpy as np
from keras import ops

"""
## An f-GAN

An f-GAN minimises an f-divergence. For the squared Hellinger distance, the discriminator
maximises `E[1 - exp(-s)] + E[1 - exp(t)]`, where `s` are the logits of reals and `t` the
logits of fakes. This is equation 4 of the paper, with the activation `1 - exp(-v)` and
the conjugate `t / (1 - t)` from table 2. The generator minimises the term of reals on
its fakes, as in section 3.2.

Reference: [Nowozin et al., 2016](https://arxiv.org/abs/1606.00709).
"""


@keras.saving.register_keras_serializable(package="examples")
class Hellinger(kgan.losses.Loss):
    def real_term(self, s: Tensor) -> Tensor:
        return ops.exp(-s) - 1

    def fake_term(self, t: Tensor) -> Tensor:
        return ops.exp(t) - 1

    def generator_term(self, t: Tensor) -> Tensor:
        return ops.exp(-t) - 1


"""
## A penalty

`value` takes the outputs of the discriminator for reals and for fakes. `real.gradient()`
is the gradient of the logits with respect to the reals. This penalty bounds the gradient
norm at the reals: a norm above 1 is penalised, a smaller norm is not. `R1` penalises
every norm.
"""


@keras.saving.register_keras_serializable(package="examples")
class SlopeBound(kgan.penalties.Penalty):
    name = "slope"

    def value(self, real: Judgement, fake: Judgement, critic: Critic) -> Tensor:
        squares = ops.sum(ops.square(real.gradient()), axis=-1)
        return ops.mean(ops.relu(squares - 1))


def main() -> None:
    parser = argparse.ArgumentParser(description="Your own loss and penalty.")
    parser.add_argument("--epochs", type=int, default=60)
    parser.add_argument("--smoke", action="store_true", help="a short trial run")
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
    if arguments.smoke:
        points = points[:256]
    epochs = 1 if arguments.smoke else arguments.epochs
    gan.fit(points, epochs=epochs, batch_size=128, verbose=2)
    radii = np.linalg.norm(gan.sample(2000, seed=0), axis=1)
    print(f"radius of the samples: {radii.mean():.2f} +- {radii.std():.2f}, data: 1")


if __name__ == "__main__":
    main()
