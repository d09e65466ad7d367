"""What stands between samples and the discriminator in training."""

import contextlib
from typing import Any

import keras
from keras import ops

from kgan import schedules
from kgan.models.frozen import frozen


class Judge:
    """The discriminator together with what its samples go through before it.

    Samples come packed, see `packed`. In training they are augmented one by one.

    Args:
        discriminator: A `keras.Model`, samples to logits.
        seed_generator: Where augmentations draw from, and dropout in passes that leave
            no trace.
        pack: Int, how many samples are judged together.

    Attributes:
        augment: A `kgan.augment.Augmentation`, or None.
        images_seen: Scalar, for augmentations that follow a schedule.
    """

    def __init__(
        self,
        discriminator: keras.Model,
        seed_generator: keras.random.SeedGenerator,
        pack: int = 1,
    ):
        self.discriminator = discriminator
        self.seed_generator = seed_generator
        self.pack = pack
        self.augment: Any = None
        self.images_seen: Any = 0

    def __call__(
        self, x: Any, labels: Any = None, training: bool = True, trace: bool = True
    ) -> tuple[Any, Any]:
        """Returns float32 logits of samples and, of a second output, of classes.

        Args:
            x: Float tensor `(batch, ...)`, packed.
            labels: Int tensor `(batch,)` for a discriminator that takes them.
            training: Bool, the mode of the pass; augmentations are of training.
            trace: Bool, whether the pass may write to the discriminator's variables.

        Returns:
            `(logits, class_logits)`; the second is None without such an output.
        """
        if training and self.augment is not None:
            x = self._augmented(x)
        inputs = [x, labels] if takes_labels(self.discriminator) else x
        with (
            contextlib.nullcontext()
            if trace
            else frozen(self.discriminator, self.seed_generator)
        ):
            outputs = self.discriminator(inputs, training=training)
        outputs = outputs if isinstance(outputs, list | tuple) else [outputs, None]
        logits, classes = outputs
        # Mixed precision ends here.
        return ops.cast(logits, "float32"), (
            None if classes is None else ops.cast(classes, "float32")
        )

    def _augmented(self, x: Any) -> Any:
        augment = schedules.at(self.augment, self.images_seen)
        x = augment(unpacked(x, self.pack), self.seed_generator)
        return packed(x, self.pack)


def takes_labels(network: keras.Model) -> bool:
    """Whether a network has a second input, for labels.

    A subclass of `keras.Model` says so by an attribute `takes_labels`; without, one that
    has `num_classes` does.
    """
    inputs = getattr(network, "inputs", None)
    if inputs:
        return len(inputs) == 2
    return getattr(network, "takes_labels", hasattr(network, "num_classes"))


def packed(x: Any, pack: int) -> Any:
    """Joins every `pack` samples, along their last axis.

    Of a batch that does not divide, the first samples come twice.

    Args:
        x: Tensor `(batch, ..., channels)`.
        pack: Int.

    Returns:
        A tensor `(ceil(batch / pack), ..., pack * channels)`.

    Reference:
        [Lin et al., 2017 (PacGAN)](https://arxiv.org/abs/1712.04086), section 2.
    """
    if pack == 1:
        return x
    size, shape = ops.shape(x)[0], x.shape[1:]
    if not isinstance(size, int) or size % pack:
        count = -(-size // pack) * pack
        x = ops.take(x, ops.arange(count) % size, axis=0)
    x = ops.reshape(x, (-1, pack, *shape))
    x = ops.moveaxis(x, 1, -2)
    return ops.reshape(x, (-1, *shape[:-1], pack * shape[-1]))


def unpacked(x: Any, pack: int) -> Any:
    """Undoes `packed`: `(packs, ..., pack * channels)` to single samples."""
    if pack == 1:
        return x
    *shape, channels = x.shape[1:]
    x = ops.reshape(x, (-1, *shape, pack, channels // pack))
    x = ops.moveaxis(x, -2, 1)
    return ops.reshape(x, (-1, *shape, channels // pack))
