"""The discriminator, together with all that samples go through before it."""

import contextlib
from collections.abc import Callable
from typing import NamedTuple

import keras
from keras import ops

from kgan import schedules
from kgan.augment import Augmentation
from kgan.backend import frozen, pullback
from kgan.backend.keras_private import activity_losses
from kgan.types import Tensor, Tensors


class Judgement(NamedTuple):
    """What the discriminator says of a batch of samples.

    Attributes:
        samples: Float tensor `(batch, ...)`, packed, before augmentation.
        labels: Int tensor `(batch,)`; None without labels.
        outputs: Float32 tensor `(batch, 1)`, or `(batch, 2)` for a discriminator with two
            outputs: what the loss reads.
        class_logits: Float32 tensor `(batch, num_classes)`; None without a second head.
        gradient: Callable that returns the gradient of the logits with respect to
            `samples`, float32 of the shape of `samples`. It costs nothing until the call.
        added_loss: Scalar, the sum of the losses that the layers of the discriminator add
            for these samples, such as activity regularisation.
    """

    samples: Tensor
    labels: Tensor | None
    outputs: Tensor
    class_logits: Tensor | None
    gradient: Callable[[], Tensor]
    added_loss: Tensor

    @property
    def logits(self) -> Tensor:
        """One logit per sample, float32 `(batch, 1)`, see `logits_of`."""
        return logits_of(self.outputs)

    @property
    def class_loss(self) -> Tensor:
        """The mean cross-entropy of the class logits with the labels, a scalar."""
        return class_loss(self.class_logits, self.labels)


class Critic:
    """Judges samples as in training: packed, augmented, through the discriminator.

    Args:
        discriminator: A `keras.Model`, samples to logits.
        seed_generator: Source of random numbers for augmentations, and for the random
            layers of a frozen pass.
        pack: Int, how many samples are judged together.
        images_seen: Variable, for augmentations that follow a schedule.

    Attributes:
        augment: A `kgan.augment.Augmentation`, or None.
    """

    def __init__(
        self,
        discriminator: keras.Model,
        seed_generator: keras.random.SeedGenerator,
        pack: int = 1,
        images_seen: Tensor = 0,
    ):
        self.discriminator = discriminator
        self.seed_generator = seed_generator
        self.pack = pack
        self.images_seen = images_seen
        self.augment: Augmentation | None = None

    def judge(
        self, samples: Tensor, labels: Tensor | None = None, frozen: bool = False
    ) -> Judgement:
        """Runs the discriminator so that the gradient at the samples can be asked for.

        Args:
            samples: Float tensor `(batch, ...)`, packed.
            labels: Int tensor `(batch,)` for a discriminator that takes labels.
            frozen: Bool, whether the pass must not write to the variables of the
                discriminator, such as the statistics of batch normalisation.
        """
        (_, (outputs, class_logits, added_loss)), gradient = pullback(
            self.forward, samples, labels, frozen
        )
        return Judgement(
            samples,
            labels,
            outputs,
            class_logits,
            lambda: ops.cast(gradient(), "float32"),
            added_loss,
        )

    def forward(
        self,
        samples: Tensor,
        labels: Tensor | None = None,
        frozen: bool = False,
        training: bool = True,
    ) -> tuple[Tensor, tuple[Tensor, Tensor | None, Tensor]]:
        """Runs the discriminator.

        Args:
            samples: See `judge`.
            labels: See `judge`.
            frozen: See `judge`.
            training: Bool, the mode of the pass. Samples are augmented in training only.

        Returns:
            `(logits, (outputs, class_logits, added_loss))`, see `Judgement`.
        """
        if training and self.augment is not None:
            samples = self._augmented(samples)
        inputs = [samples, labels] if takes_labels(self.discriminator) else samples
        with self._frozen() if frozen else contextlib.nullcontext():
            result = self.discriminator(inputs, training=training)
        # Asked here: on JAX the losses exist only within the scope of the pass.
        added_loss = 0 if frozen else sum(activity_losses(self.discriminator))
        outputs, class_logits = heads(result)
        return logits_of(outputs), (outputs, class_logits, added_loss)

    def _frozen(self) -> contextlib.AbstractContextManager:
        return frozen(self.discriminator, self.seed_generator)

    def _augmented(self, samples: Tensor) -> Tensor:
        augment = schedules.at(self.augment, self.images_seen)
        singles = augment(unpacked(samples, self.pack), self.seed_generator)
        return packed(singles, self.pack)


def heads(result: Tensors) -> tuple[Tensor, Tensor | None]:
    """Returns the outputs and the class logits of a discriminator, both in float32.

    Mixed precision ends here.
    """
    result = result if isinstance(result, list | tuple) else [result, None]
    outputs, class_logits = result
    if class_logits is not None:
        class_logits = ops.cast(class_logits, "float32")
    return ops.cast(outputs, "float32"), class_logits


def logits_of(outputs: Tensor) -> Tensor:
    """Returns one logit per sample; with two outputs, real minus fake."""
    return outputs if outputs.shape[-1] == 1 else outputs[:, 1:] - outputs[:, :1]


def margin(outputs: Tensor, decision_boundary: float) -> Tensor:
    """Returns how far each sample lies on the real side of the decision boundary.

    Args:
        outputs: Float tensor `(batch, 1)`, or `(batch, 2)`, whose boundary is at 0.
        decision_boundary: Float, above which a single logit means a real sample.
    """
    return logits_of(outputs) - (decision_boundary if outputs.shape[-1] == 1 else 0.0)


def takes_labels(network: keras.Model) -> bool:
    """Whether a network has a second input, for labels.

    A subclass of `keras.Model` declares that by an attribute `takes_labels`. Without the
    attribute, a subclass takes labels if it has an attribute `num_classes`.
    """
    inputs = getattr(network, "inputs", None)
    if inputs:
        return len(inputs) == 2
    return getattr(network, "takes_labels", hasattr(network, "num_classes"))


def class_loss(class_logits: Tensor, labels: Tensor) -> Tensor:
    """Returns the mean cross-entropy of class logits `(batch, classes)` with labels."""
    return ops.mean(
        keras.losses.sparse_categorical_crossentropy(
            labels, class_logits, from_logits=True
        )
    )


def weight_losses(network: keras.Model) -> list[Tensor]:
    """Returns the losses of the regularised weights of a network."""
    regularized = [w for w in network.trainable_weights if w.regularizer is not None]
    return [weight.regularizer(weight) for weight in regularized]


def packed(samples: Tensor, pack: int) -> Tensor:
    """Joins every `pack` samples along their last axis.

    If `pack` does not divide the batch, the first samples are repeated.

    Args:
        samples: Tensor `(batch, ..., channels)`.
        pack: Int.

    Returns:
        A tensor `(ceil(batch / pack), ..., pack * channels)`.

    Reference:
        [Lin et al., 2017 (PacGAN)](https://arxiv.org/abs/1712.04086), section 2.
    """
    if pack == 1:
        return samples
    size, shape = ops.shape(samples)[0], samples.shape[1:]
    if not isinstance(size, int) or size % pack:
        count = -(-size // pack) * pack
        samples = ops.take(samples, ops.arange(count) % size, axis=0)
    samples = ops.reshape(samples, (-1, pack, *shape))
    samples = ops.moveaxis(samples, 1, -2)
    return ops.reshape(samples, (-1, *shape[:-1], pack * shape[-1]))


def unpacked(packs: Tensor, pack: int) -> Tensor:
    """Undoes `packed`: `(packs, ..., pack * channels)` to single samples."""
    if pack == 1:
        return packs
    *shape, channels = packs.shape[1:]
    packs = ops.reshape(packs, (-1, *shape, pack, channels // pack))
    packs = ops.moveaxis(packs, -2, 1)
    return ops.reshape(packs, (-1, *shape, channels // pack))
