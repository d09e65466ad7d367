from typing import NamedTuple

import keras
import numpy as np
from keras import layers, ops

from kgan import checks
from kgan.critic import with_labels
from kgan.models.averaging import copy_of
from kgan.models.gan import GAN
from kgan.types import ArrayLike, Identifier, Tensors

# Random latents, of which each picture starts at the best.
_CANDIDATES = 1_000

# The largest learning rate; latents of the normal distribution have a length of about
# the root of their number.
_LEARNING_RATE = 0.1
# Pictures that are projected together.
_BATCH_SIZE = 64


def project(
    gan: GAN,
    samples: ArrayLike,
    labels: ArrayLike | None = None,
    steps: int = 300,
    loss: Identifier = "mse",
    seed: int | None = None,
) -> np.ndarray:
    """Finds latents whose samples are near to given samples.

    Each sample starts at the nearest of 1,000 random latents, by the mean squared error.
    Adam then lowers the loss between the sample and its reconstruction, through
    `gan.sampling_generator`. The GAN does not change.

    Args:
        gan: A `kgan.GAN`.
        samples: Array `(n, ...)`, uint8 pixels or floats in the range of the generator.
        labels: Ints `(n,)`, for a conditional GAN.
        steps: Int, at least 1, the number of steps.
        loss: A Keras loss between samples and reconstructions: a name, a config or a
            `keras.losses.Loss`.
        seed: Int, which gives the same random latents again; None for a new seed.

    Returns:
        A float32 array `(n, latent_dim)`, for `gan.sample(z=...)`.

    Raises:
        ValueError: If `samples` or `labels` do not fit the GAN.

    Example:

    >>> import kgan
    >>> gan = kgan.GAN(
    ...     kgan.networks.mlp_generator((2,), latent_dim=8),
    ...     kgan.networks.mlp_discriminator((2,)),
    ... )
    >>> z = kgan.latents.project(gan, gan.sample(3, seed=1), steps=5, seed=0)
    >>> gan.sample(z=z).shape
    (3, 2)

    Reference:
        [Zhu et al., 2016](https://arxiv.org/abs/1609.03552), section 3.1.
    """
    steps, seed = checks.count(steps=steps), checks.seed(seed=seed)
    targets = np.asarray(gan.sample_range.to_float(np.asarray(samples)))
    expected = tuple(gan.generator.output_shape[1:])
    if targets.shape[1:] != expected or not len(targets):
        raise ValueError(
            f"`samples` must have the shape (n, {str(expected)[1:-1].rstrip(',')}), with "
            f"n at least 1. Received: samples.shape={targets.shape}"
        )
    if (labels is None) != (gan.num_classes is None):
        needed = "takes no labels" if gan.num_classes is None else "needs `labels`"
        raise ValueError(f"This GAN {needed}. {checks.received(labels=labels)}")
    drawn = gan.latents.sample(_CANDIDATES, None, None, None, seed, _CANDIDATES)
    candidates = next(drawn)
    if labels is not None:
        (_, labels), *_ = gan.latents.sample(
            len(targets), None, None, labels, seed, len(targets)
        )
        candidates = candidates[0]
    generator = gan.ema_generator or copy_of(gan.generator, gan.latent_dim)
    return Projection(generator, candidates, loss, steps)(targets, labels)


class Projection(NamedTuple):
    """How pictures are projected to latents.

    Each picture starts at the random latent whose sample is the nearest by mean squared
    error. Adam then lowers the loss between the picture and its sample, with a learning
    rate that falls to 0 on half a cosine.

    Attributes:
        generator: The generator, a model that is not trainable.
        candidates: Float array `(m, latent_dim)`, the random latents.
        loss: A Keras loss: a name, a config or a `keras.losses.Loss`.
        steps: Int, number of steps.
    """

    generator: keras.Model
    candidates: np.ndarray
    loss: Identifier
    steps: int

    def __call__(self, targets: np.ndarray, labels: np.ndarray | None) -> np.ndarray:
        """Returns latents `(n, latent_dim)`, in float32.

        Args:
            targets: Float32 array `(n, ...)`, in the range of the generator.
            labels: Ints `(n,)` for a conditional generator, or None.
        """
        z = self._start(targets, labels)
        for i in range(0, len(targets), _BATCH_SIZE):
            part = slice(i, i + _BATCH_SIZE)
            some = None if labels is None else labels[part]
            z[part] = self._descend(z[part], targets[part], some)
        return z

    def _start(self, targets: np.ndarray, labels: np.ndarray | None) -> np.ndarray:
        z = np.empty((len(targets), self.candidates.shape[1]), "float32")
        groups = np.zeros(len(targets), int) if labels is None else labels
        for label in np.unique(groups):
            same = None if labels is None else np.full(len(self.candidates), label)
            inputs = with_labels(self.candidates, same)
            samples = self.generator.predict(inputs, verbose=0).astype("float32")
            for i in np.flatnonzero(groups == label):
                errors = np.square(samples - targets[i]).reshape(len(samples), -1)
                z[i] = self.candidates[errors.mean(axis=1).argmin()]
        return z

    def _descend(
        self, z: np.ndarray, targets: np.ndarray, labels: np.ndarray | None
    ) -> np.ndarray:
        """Returns the latents after all steps."""
        index = keras.Input((), dtype="int32")
        table = layers.Embedding(*z.shape, weights=[z], dtype="float32")
        given = None if labels is None else keras.Input((), dtype="int32")
        samples = self.generator(with_labels(table(index), given), training=False)
        model = keras.Model(with_labels(index, given), samples)
        rate = keras.optimizers.schedules.CosineDecay(_LEARNING_RATE, self.steps)
        # Not jit_compile, since XLA takes longer to compile than the steps take.
        model.compile(keras.optimizers.Adam(rate), self.loss, jit_compile=False)
        inputs: Tensors = with_labels(np.arange(len(z)), labels)
        for _ in range(self.steps):
            model.train_on_batch(inputs, targets)
        return ops.convert_to_numpy(table.embeddings)
