"""Writes the tiny GAN that later versions must load: once, when a version is released.

python tests/releases/make.py
"""

import pathlib

import keras
import numpy as np

import kgan

HERE = pathlib.Path(__file__).parent
POINTS = np.random.default_rng(0).uniform(-1, 1, (24, 2)).astype("float32")


class Stop(keras.callbacks.Callback):
    """Stops in the midst of the second epoch."""

    def on_train_batch_end(self, batch, logs=None):
        self.model.stop_training = self.model.epoch == 1 and batch == 1


def main():
    keras.utils.set_random_seed(0)
    layers = keras.layers
    gan = kgan.GAN(
        keras.Sequential(
            [
                keras.Input((3,)),
                layers.Dense(4),
                layers.BatchNormalization(),
                layers.ReLU(),
                layers.Dense(2),
            ]
        ),
        keras.Sequential(
            [
                keras.Input((2,)),
                layers.Dense(4, "relu"),
                layers.Dropout(0.2),
                layers.Dense(1),
            ]
        ),
        noise=kgan.noise.Uniform(-2.0, 2.0),
        ema_half_life=100,
        seed=3,
    )
    gan.compile(
        keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(1e-2, 100)),
        keras.optimizers.RMSprop(1e-3),
        loss="relativistic",
        penalties=[kgan.penalties.R1(0.1, every=2), kgan.penalties.GradientPenalty()],
        d_steps=2,
    )
    gan.fit(POINTS, batch_size=8, epochs=2, verbose=0, callbacks=[Stop()])
    path = HERE / f"{kgan.__version__}.keras"
    gan.save(path)
    np.savez(
        path.with_suffix(".npz"), samples=gan.sample(4, seed=1), epoch=gan.epoch,
        batch=gan.progress.batch, g_iterations=gan.g_optimizer.iterations.numpy(),
        d_iterations=gan.d_optimizer.iterations.numpy(),
    )  # fmt: skip


if __name__ == "__main__":
    main()
