"""How the discriminator judges samples: in its own training, and frozen."""

import contextlib
from collections.abc import Callable
from typing import Any, NamedTuple

import keras
from keras import ops

from kgan import schedules
from kgan.augment import Augmentation
from kgan.backend import frozen, pullback
from kgan.backend.keras_private import activity_losses
from kgan.layers.reconstruction import reals
from kgan.types import KerasArgument, Tensor, Tensors


class Judgement(NamedTuple):
    """The outputs of the discriminator for a batch of samples, and their gradient.

    Attributes:
        samples: Float tensor `(batch, ...)`, packed, before augmentation.
        labels: Int tensor `(batch,)`; None without labels.
        outputs: Float32 tensor that the loss reads: `(batch, 1)`, or `(batch, 2)` for a
            discriminator with two outputs.
        class_logits: Float32 tensor `(batch, num_classes)`; None if the discriminator has
            no class logits.
        gradient: Callable that returns the gradient of the logits with respect to
            `samples`, float32 of the shape of `samples`. The gradient is computed at the
            call, not before.
        added_loss: Scalar, the sum of the losses that the layers of the discriminator add
            for these samples, for example by activity regularisation.
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

    def margin(self, decision_boundary: float) -> Tensor:
        """How far each sample lies on the real side of the boundary, `(batch, 1)`."""
        return margin(self.outputs, decision_boundary)

    @property
    def class_loss(self) -> Tensor:
        """The mean cross-entropy of the class logits with the labels, a scalar."""
        return class_loss(self.class_logits, self.labels)


class Critic:
    """Augments packed samples, and passes them through the discriminator.

    Args:
        discriminator: A `keras.Model`, samples to logits.
        seed_generator: Source of random numbers for augmentations, and for the random
            layers of a frozen pass.
        pack: Int, number of samples that are judged together.
        images_seen: Variable, the number of images seen, for augmentations that follow a
            schedule.

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
        self,
        samples: Tensor,
        labels: Tensor | None = None,
        frozen: bool = False,
        real: bool = False,
    ) -> Judgement:
        """Runs the discriminator, and makes its gradient at the samples available.

        Args:
            samples: Float tensor `(batch, ...)`, packed.
            labels: Int tensor `(batch,)` for a discriminator that takes labels.
            frozen: Bool, whether the pass must not write to the variables of the
                discriminator, for example to the statistics of batch normalisation.
            real: Bool, whether the samples are reals that train the discriminator, for
                layers that add a loss on reals, see `kgan.layers.Reconstruction`.
        """
        with reals() if real else contextlib.nullcontext():
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
        # Read here, because on JAX the losses exist only within the scope of the pass.
        added_loss = 0 if frozen else sum(activity_losses(self.discriminator))
        outputs, class_logits = heads_of(result)
        return logits_of(outputs), (outputs, class_logits, added_loss)

    def packed(self, samples: Tensor) -> Tensor:
        """Joins samples as the discriminator takes them, see the function `packed`."""
        return packed(samples, self.pack)

    def weight_loss(self) -> Tensor:
        """Returns the loss of the regularised weights of the discriminator."""
        weights = self.discriminator.trainable_weights
        return sum(w.regularizer(w) for w in weights if w.regularizer is not None)

    def _frozen(self) -> contextlib.AbstractContextManager:
        return frozen(self.discriminator, self.seed_generator)

    def _augmented(self, samples: Tensor) -> Tensor:
        augment = schedules.at(self.augment, self.images_seen)
        singles = augment(unpacked(samples, self.pack), self.seed_generator)
        return packed(singles, self.pack)


class Combined(keras.Model):
    """Generator and frozen discriminator in one model: latents in, logits out.

    The generator trains only through this model. Frozen means that no variable of the
    discriminator is trained or written, while the forward pass of the discriminator is
    the same as in its own training (see `kgan.backend.frozen`). `trainable_variables` are
    exactly the trainable variables of the generator.

    Args:
        generator: A `keras.Model`, latents to samples.
        critic: The `Critic` with the discriminator.
    """

    def __init__(
        self, generator: keras.Model, critic: Critic, **kwargs: KerasArgument
    ) -> None:
        super().__init__(**kwargs)
        self.generator = generator
        self.discriminator = critic.discriminator
        self.critic = critic
        self.built = True

    def call(self, inputs: Tensors, training: bool | None = None) -> Tensors:
        """Returns the outputs of the discriminator for generated samples.

        Args:
            inputs: Latents, or `[latents, labels]`.
            training: Bool, the mode of the generator.

        Returns:
            A float32 tensor `(batch, 1)` or `(batch, 2)`; if the discriminator has class
            logits, a list of this tensor and the class logits.
        """
        labels = inputs[1] if isinstance(inputs, list | tuple) else None
        samples = packed(self.generator(inputs, training=training), self.critic.pack)
        _, (outputs, class_logits, _) = self.critic.forward(samples, labels, frozen=True)
        return outputs if class_logits is None else [outputs, class_logits]

    # `trainable = False` would change the discriminator itself. So the four properties
    # below, which Keras reads, separate the variables instead. `summary()` counts the
    # weights, which differ from the variables only in the seeds of random layers.
    @property
    def trainable_variables(self) -> list[Any]:
        return self.generator.trainable_variables

    @property
    def trainable_weights(self) -> list[Any]:
        return self.generator.trainable_weights

    @property
    def non_trainable_variables(self) -> list[Any]:
        return self.generator.non_trainable_variables + self.discriminator.variables

    @property
    def non_trainable_weights(self) -> list[Any]:
        return self.generator.non_trainable_weights + self.discriminator.weights


def heads_of(result: Tensors) -> tuple[Tensor, Tensor | None]:
    """Returns the outputs and the class logits of a discriminator, both in float32.

    Mixed precision ends with this cast.
    """
    result = result if isinstance(result, list | tuple) else [result, None]
    outputs, class_logits = result
    if class_logits is not None:
        class_logits = ops.cast(class_logits, "float32")
    return ops.cast(outputs, "float32"), class_logits


def logits_of(outputs: Tensor) -> Tensor:
    """Returns one logit per sample: the output, or output 1 (real) minus 0 (fake)."""
    return outputs if outputs.shape[-1] == 1 else outputs[:, 1:] - outputs[:, :1]


def margin(outputs: Tensor, decision_boundary: float) -> Tensor:
    """Returns how far each sample lies on the real side of the decision boundary.

    Args:
        outputs: Float tensor `(batch, 1)` or `(batch, 2)`.
        decision_boundary: Float; a sample counts as real if its single output is above
            this value. With two outputs the boundary is 0.
    """
    return logits_of(outputs) - (decision_boundary if outputs.shape[-1] == 1 else 0.0)


def with_labels(x: Tensor, labels: Tensor | None) -> Tensors:
    """Returns the inputs of a network: `x`, or `[x, labels]`."""
    return x if labels is None else [x, labels]


def takes_labels(network: keras.Model) -> bool:
    """Whether a network has a second input, for labels.

    A subclass of `keras.Model` may declare it by the attribute `takes_labels`. Without
    this attribute, a subclass takes labels if it has an attribute `num_classes`.
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


def packed(samples: Tensor, pack: int) -> Tensor:
    """Joins each group of `pack` samples along the last axis.

    If `pack` does not divide the batch, the first samples fill up the last group.

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
    """Returns the single samples in packs `(packs, ..., pack * channels)`."""
    if pack == 1:
        return packs
    *shape, channels = packs.shape[1:]
    packs = ops.reshape(packs, (-1, *shape, pack, channels // pack))
    packs = ops.moveaxis(packs, -2, 1)
    return ops.reshape(packs, (-1, *shape, channels // pack))
