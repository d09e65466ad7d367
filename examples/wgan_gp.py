"""
# WGAN-GP: a critic instead of a discriminator

The critic has no labels to tell apart. It is trained to differ as much as it can between
reals and fakes, under the condition that its slope is 1 between them; the difference is
then an estimate of the Wasserstein distance of the two distributions, which the
generator makes smaller. The condition is a penalty on the gradient's norm.

    python examples/wgan_gp.py

Reference: [Gulrajani et al., 2017](https://arxiv.org/abs/1704.00028), algorithm 1.
"""

import argparse

import keras

import kgan

"""
## The recipe of the paper

Five updates of the critic for one of the generator, Adam with `beta_1=0`, a weight of 10,
and no batch normalisation in the critic, since the penalty is of each sample by itself:
layer normalisation takes its place. kgan's own has second derivatives that are right on
every backend, which the penalty needs.

A batch feeds all updates of a step, so it has five times 32 images.
"""

CRITIC_STEPS = 5
BATCH_SIZE = 32 * CRITIC_STEPS


def build_gan(image_shape, seed=0):
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

`d_loss` is minus the estimate of the distance: it should come up towards zero while the
samples get better, and unlike the losses of other GANs it can be compared between epochs.

The first WGAN kept its critic's slope in bounds by clipping the weights. That is

```python
kgan.constraints.constrain(critic, kgan.constraints.WeightClipping(0.01))
```
"""


def main():
    parser = argparse.ArgumentParser(description="WGAN-GP on digits.")
    parser.add_argument("--epochs", type=int, default=150)
    parser.add_argument("--out", default="wgan_gp", help="folder of the grids")
    parser.add_argument("--smoke", action="store_true", help="train for a moment only")
    arguments = parser.parse_args()
    images, _ = kgan.data.load("digits")
    gan = build_gan(images.shape[1:])
    callbacks = [] if arguments.smoke else [kgan.callbacks.SampleGrid(arguments.out)]
    history = gan.fit(
        images[: 2 * BATCH_SIZE] if arguments.smoke else images,
        epochs=1 if arguments.smoke else arguments.epochs,
        batch_size=BATCH_SIZE, verbose=2, callbacks=callbacks,
    ).history  # fmt: skip
    print(f"distance at the end: {-history['d_loss'][-1]:.3f}")


if __name__ == "__main__":
    main()
