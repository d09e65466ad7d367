"""The latents of given pictures, by gradient descent through the generator."""

from typing import NamedTuple

import keras
import numpy as np
from keras import layers, ops

from kgan.critic import with_labels
from kgan.types import Identifier, Tensors

# The largest learning rate; latents of the normal distribution have a length of about
# the root of their number.
_LEARNING_RATE = 0.1
# Pictures that are projected together.
_BATCH_SIZE = 64


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
