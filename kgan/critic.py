"""How the discriminator judges samples: in its own training, and frozen."""

import contextlib
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import keras
from keras import ops

from kgan import schedules
from kgan.augment import Augmentation
from kgan.backend import frozen, pullback
from kgan.backend.keras_private import activity_losses
from kgan.data import UNBOUNDED, SampleRange, parts_of
from kgan.layers.reconstruction import reals
from kgan.types import KerasArgument, Shape, Tensor, Tensors


class Judgement(NamedTuple):
    """The outputs of the discriminator for a batch of samples, and their gradient.

    Attributes:
        samples: Float tensor `(batch, ...)`, packed, before augmentation.
        conditions: The conditions of the samples, for example int labels `(batch,)`; None
            without conditions, a tuple for several.
        outputs: Float32 tensor that the loss reads: `(batch, ..., 1)`, for example
            `(batch, height, width, 1)` with a logit for each patch, or `(batch, 2)` for a
            discriminator with two outputs. A list of tensors, if the discriminator judges
            at several scales.
        class_logits: Float32 tensor `(batch, num_classes)`; None if the discriminator has
            no class logits.
        gradient: Callable that returns the gradient of the logits with respect to
            `samples`, float32 of the shape of `samples`. The gradient is computed at the
            call, not before.
        added_loss: Scalar, the sum of the losses that the layers of the discriminator add
            for these samples, for example by activity regularisation.
    """

    samples: Tensor
    conditions: Tensors | None
    outputs: Tensors
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


class Critic:
    """Augments packed samples, and passes them through the discriminator.

    Args:
        discriminator: A `keras.Model`, samples to logits.
        seed_generator: Source of random numbers for augmentations, and for the random
            layers of a frozen pass.
        pack: Int, number of samples that are judged together.
        images_seen: Variable, the number of images seen, for augmentations that follow a
            schedule.
        sample_range: The `kgan.data.SampleRange` of the samples, which augmentations get
            in [-1, 1].

    Attributes:
        augment: A `kgan.augment.Augmentation`, or None.
    """

    def __init__(
        self,
        discriminator: keras.Model,
        seed_generator: keras.random.SeedGenerator,
        pack: int = 1,
        images_seen: Tensor = 0,
        sample_range: SampleRange = UNBOUNDED,
    ):
        self.discriminator = discriminator
        self.seed_generator = seed_generator
        self.pack = pack
        self.images_seen = images_seen
        self.sample_range = sample_range
        self.augment: Augmentation | None = None

    def judge(
        self,
        samples: Tensor,
        conditions: Tensors | None = None,
        frozen: bool = False,
        real: bool = False,
    ) -> Judgement:
        """Runs the discriminator, and makes its gradient at the samples available.

        Args:
            samples: Float tensor `(batch, ...)`, packed.
            conditions: See `Judgement`.
            frozen: Bool, whether the pass must not write to the variables of the
                discriminator, for example to the statistics of batch normalisation.
            real: Bool, whether the samples are reals that train the discriminator, for
                layers that add a loss on reals, see `kgan.layers.Reconstruction`.
        """
        with reals() if real else contextlib.nullcontext():
            (_, (outputs, class_logits, added_loss)), gradient = pullback(
                self.forward, samples, conditions, frozen
            )
        return Judgement(
            samples,
            conditions,
            outputs,
            class_logits,
            lambda: ops.cast(gradient(), "float32"),
            added_loss,
        )

    def forward(
        self,
        samples: Tensor,
        conditions: Tensors | None = None,
        frozen: bool = False,
        training: bool = True,
    ) -> tuple[Tensor, tuple[Tensors, Tensor | None, Tensor]]:
        """Runs the discriminator.

        Args:
            samples: See `judge`.
            conditions: See `judge`.
            frozen: See `judge`.
            training: Bool, the mode of the pass. Samples are augmented in training only.

        Returns:
            `(logits, (outputs, class_logits, added_loss))`, see `Judgement`.
        """
        if training and self.augment is not None:
            samples = self.augmented(samples, self.augment)
        given = conditions if takes_conditions(self.discriminator) else None
        inputs = with_conditions(samples, given)
        with self.frozen_pass() if frozen else contextlib.nullcontext():
            result = self.discriminator(inputs, training=training)
        # Read here, because on JAX the losses exist only within the scope of the pass.
        added_loss = 0 if frozen else total_of(activity_losses(self.discriminator))
        outputs, class_logits = heads_of(result)
        return logits_of(outputs), (outputs, class_logits, added_loss)

    def packed(self, samples: Tensor) -> Tensor:
        """Joins samples as the discriminator takes them, see the function `packed`."""
        return packed(samples, self.pack)

    def weight_loss(self) -> Tensor:
        """Returns the loss of the regularised weights of the discriminator."""
        weights = self.discriminator.trainable_weights
        return sum(w.regularizer(w) for w in weights if w.regularizer is not None)

    def frozen_pass(self) -> contextlib.AbstractContextManager:
        """Returns a scope in which the discriminator writes to none of its variables."""
        return frozen(self.discriminator, self.seed_generator)

    def augmented(self, samples: Tensor, augment: Augmentation) -> Tensor:
        """Returns samples in the range of the samples, changed by an augmentation.

        Args:
            samples: See `judge`.
            augment: The augmentation.
        """
        augment = schedules.at(augment, self.images_seen)
        singles = self.sample_range.scaled(unpacked(samples, self.pack))
        changed = augment(singles, self.seed_generator)
        return packed(self.sample_range.unscaled(changed), self.pack)


class Combined(keras.Model):
    """Generator and frozen discriminator in one model: latents in, logits out.

    The generator trains only through this model. Frozen means that no variable of the
    discriminator is trained or written, while the forward pass of the discriminator is
    the same as in its own training (see `kgan.backend.frozen`). `trainable_variables` are
    exactly the trainable variables of the generator.

    Args:
        generator: A `keras.Model`, latents to samples.
        critic: The `Critic` with the discriminator.
        has_latents: Bool, whether the first input of the generator are latents, or all
            its inputs are conditions.
    """

    def __init__(
        self,
        generator: keras.Model,
        critic: Critic,
        has_latents: bool = True,
        **kwargs: KerasArgument,
    ) -> None:
        super().__init__(**kwargs)
        self.has_latents = has_latents
        self.generator = generator
        self.discriminator = critic.discriminator
        self.critic = critic
        self.built = True

    def call(
        self,
        inputs: Tensors,
        training: bool | None = None,
        with_samples: bool = False,
    ) -> Tensors:
        """Returns the outputs of the discriminator for generated samples.

        Args:
            inputs: The inputs of the generator: latents, or `[latents, *conditions]`.
            training: Bool, the mode of the generator.
            with_samples: Bool, whether to return the samples too.

        Returns:
            Float32 tensors in the form in which the discriminator returns them, see
            `heads_of`. With `with_samples`, a list `[outputs, samples]`.
        """
        result = self.judge(self.generator(inputs, training=training), inputs)
        return result if with_samples else result[0]

    def judge(self, samples: Tensor, inputs: Tensors) -> list[Tensors]:
        """Returns the outputs of the discriminator for samples, and the packed samples.

        Args:
            samples: The samples that the generator has drawn from `inputs`.
            inputs: The inputs of the generator.
        """
        samples = self.critic.packed(samples)
        _, (outputs, class_logits, _) = self.critic.forward(
            samples, self.conditions_in(inputs), frozen=True
        )
        heads = [*as_list(outputs), *([] if class_logits is None else [class_logits])]
        return [heads[0] if len(heads) == 1 else heads, samples]

    def conditions_in(self, inputs: Tensors) -> Tensors | None:
        """Returns the conditions among the inputs of the generator."""
        given = tuple(as_list(inputs)[1 if self.has_latents else 0 :])
        return given if len(given) > 1 else next(iter(given), None)

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


def heads_of(result: Tensors) -> tuple[Tensors, Tensor | None]:
    """Returns the outputs and the class logits of a discriminator, all in float32.

    Mixed precision ends with this cast.

    Args:
        result: The result of the discriminator: a tensor, or a list of one or more
            tensors `(batch, ..., 1)`, one for each scale, and of class logits
            `(batch, num_classes)` at its end, if there are any.

    Returns:
        `(outputs, class_logits)`. `outputs` is a tensor, or a list for several scales.
    """
    heads = [ops.cast(x, "float32") for x in as_list(result)]
    class_logits = heads.pop() if has_classes([x.shape for x in heads]) else None
    return heads[0] if len(heads) == 1 else heads, class_logits


def has_classes(shapes: list[Shape]) -> bool:
    """Whether the last of the outputs of a discriminator are class logits.

    Args:
        shapes: The shapes of all outputs.
    """
    return len(shapes) > 1 and shapes[-1][-1] != 1


def as_list(tensors: Tensors) -> list[Tensor]:
    """Returns a tensor, or several tensors, as a list."""
    return list(tensors) if isinstance(tensors, list | tuple) else [tensors]


def over_scales(loss: Callable[..., Tensor], *outputs: Tensors) -> Tensor:
    """Returns the mean of a loss over the scales of the discriminator.

    Args:
        loss: Function of the outputs at one scale.
        *outputs: A tensor, or a list with a tensor for each scale, or None.
    """
    if not any(isinstance(x, list) for x in outputs):
        return loss(*outputs)
    scales = max(len(as_list(x)) for x in outputs)
    lists = [[None] * scales if x is None else as_list(x) for x in outputs]
    return sum(loss(*at_scale) for at_scale in zip(*lists, strict=True)) / scales


def total_of(losses: Iterable[Tensor]) -> Tensor:
    """Returns the sum of the losses that layers added, in float32.

    A loss of several numbers counts as their sum, as in Keras.
    """
    return sum(ops.sum(ops.cast(loss, "float32")) for loss in losses)


def logits_of(outputs: Tensors) -> Tensor:
    """Returns one logit per sample, `(batch, 1)`.

    The logit is the mean over patches and scales; of two outputs it is output 1 (real)
    minus output 0 (fake).
    """
    if isinstance(outputs, list):
        return over_scales(logits_of, outputs)
    if outputs.shape[-1] == 2:
        return outputs[:, 1:] - outputs[:, :1]
    patches = tuple(range(1, len(outputs.shape) - 1))
    return ops.mean(outputs, axis=patches) if patches else outputs


def margin(outputs: Tensors, decision_boundary: float) -> Tensor:
    """Returns how far each sample lies on the real side of the decision boundary.

    Args:
        outputs: Float tensor `(batch, ..., 1)` or `(batch, 2)`, or a list of tensors.
        decision_boundary: Float; a sample counts as real if its logit is above this
            value. With two outputs the boundary is 0.
    """
    two = as_list(outputs)[0].shape[-1] == 2
    return logits_of(outputs) - (0.0 if two else decision_boundary)


def with_conditions(x: Tensor | None, conditions: Tensors | None) -> Tensors:
    """Returns the inputs of a network: a tensor, or a list of several tensors.

    Args:
        x: Latents or samples; None for a generator without latents.
        conditions: The conditions, see `Judgement`.
    """
    inputs = [*([] if x is None else [x]), *parts_of(conditions)]
    return inputs[0] if len(inputs) == 1 else inputs


def takes_conditions(network: keras.Model) -> bool:
    """Whether a network has further inputs, for conditions.

    A subclass of `keras.Model` may declare it by the attribute `condition_shapes`, or for
    labels by `takes_labels`. Without these attributes, a subclass takes labels if it has
    an attribute `num_classes`.
    """
    inputs = getattr(network, "inputs", None)
    if inputs:
        return len(inputs) > 1
    if hasattr(network, "condition_shapes"):
        return bool(network.condition_shapes)
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
