"""
# WGAN-GP: a critic instead of a discriminator

A critic does not classify samples as real or fake. It maximises the difference between
its mean output for reals and for fakes, while its gradient norm between reals and fakes
is kept at 1. The difference is then an estimate of the Wasserstein distance between the
two distributions, and the generator minimises it. A gradient penalty keeps the norm.

    python examples/wgan_gp.py

Reference: [Gulrajani et al., 2017](https://arxiv.org/abs/1704.00028), algorithm 1.
"""

import argparse

import kgan

import keras

"""
## The settings of the paper

The critic has five updates for one update of the generator. Adam has `beta_1=0`, and the
penalty a weight of 10. The critic has layer normalisation: batch normalisation would mix
the samples of a batch, and the penalty needs the gradient of each sample alone. The layer
normalisation of kgan has correct second derivatives on every backend, as the penalty
requires.

A batch is split between all updates of a step, so it has five times 32 images.
"""

CRITIC_STEPS = 5
BATCH_SIZE = 32 * CRITIC_STEPS


def build_gan(image_shape: tuple[int, ...], seed: int = 0) -> kgan.GAN:
    keras.utils.set_random_seed(seed)
    gan = kgan.GAN(
        kgan.networks.dcgan_generator(image_shape, latent_dim=64, width=32, depth=2),
        kgan.networks.dcgan_discriminator(
            image_shape, width=32, depth=2, normalization="layer"
        ),
        seed=seed,
    )
    gan.compile(
        optimizer=keras.optimizers.Adam(1e-3, beta_1=0.0, beta_2=0.9),
        loss="wasserstein",
        penalties=[kgan.penalties.GradientPenalty(10.0)],
        d_steps=CRITIC_STEPS,
    )
    return gan


"""
## What to watch

`d_loss` is minus the estimate of the distance. It should rise towards zero while the
samples get better. Unlike the losses of other GANs, it can be compared between epochs.

The first WGAN bounded the slope of the critic by clipping its weights. In kgan this is

```python
kgan.constraints.constrain(critic, kgan.constraints.WeightClipping(0.01))
```
"""


def main() -> None:
    parser = argparse.ArgumentParser(description="WGAN-GP on digits.")
    parser.add_argument("--epochs", type=int, default=150)
    parser.add_argument("--out", default="wgan_gp", help="folder of the grids")
    parser.add_argument("--smoke", action="store_true", help="a short trial run")
    arguments = parser.parse_args()
    images, _ = kgan.data.load("digits")
    gan = build_gan(images.shape[1:])
    callbacks = [] if arguments.smoke else [kgan.callbacks.SampleGrid(arguments.out)]
    if arguments.smoke:
        images = images[: 2 * BATCH_SIZE]
    epochs = 1 if arguments.smoke else arguments.epochs
    history = gan.fit(
        images, epochs=epochs, batch_size=BATCH_SIZE, verbose=2, callbacks=callbacks
    ).history
    print(f"distance at the end: {-history['d_loss'][-1]:.3f}")


if __name__ == "__main__":
    main()
