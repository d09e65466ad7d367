"""Base classes of augmentations."""

from typing import Self

import keras
from keras import ops

from kgan import checks, schedules, serialization
from kgan.augment import draw
from kgan.types import Config, Seed, Shape, Tensor


class Augmentation(serialization.Configurable):
    """Base class of augmentations, applied to reals and fakes before the discriminator.

    Subclasses implement `transform` with `keras.ops`, so that gradients flow through the
    augmentation to the generator. They draw random numbers with the functions of
    `kgan.augment.draw`.

    Args:
        probability: Float in [0, 1], or a schedule: the probability that a sample is
            transformed, independently of the other samples. If it is below 1, samples
            of the generator that look transformed do not match the data.

    Raises:
        ValueError: If `probability` is not in [0, 1].

    Example:

    >>> import kgan
    >>> class Negative(kgan.augment.Augmentation):
    ...     def transform(self, x, seed=None):
    ...         return -x
    >>> Negative()(keras.ops.ones((2, 1))).shape[0]
    2
    >>> Negative(probability=0.1)
    Negative(probability=0.1)
    """

    # The name for `kgan.augment.get`, which a class sets in its own body; optional.
    name: str

    def __init__(self, probability: schedules.NumberOrSchedule = 1.0):
        self.probability = schedules.number(minimum=0, maximum=1, probability=probability)

    @property
    def variables(self) -> list[keras.Variable]:
        """The variables that `update` changes; an empty list before `build`."""
        return []

    def build(self) -> None:
        """Creates the variables, if there are none yet."""

    def check(self, sample_shape: Shape) -> None:
        """Checks that samples of a shape can be augmented.

        Args:
            sample_shape: Shape of one sample; None for an unknown dimension.

        Raises:
            ValueError: If the samples can't be augmented.
        """

    def __call__(self, x: Tensor, seed: Seed = None, probability: Tensor = 1.0) -> Tensor:
        """Transforms each sample with a probability.

        Args:
            x: Float tensor `(batch, ...)`, for images in [-1, 1]. A GAN scales samples of
                another range to [-1, 1] before, and back afterwards.
            seed: A `keras.random.SeedGenerator`.
            probability: Float or scalar tensor in [0, 1], multiplied by the probability
                of the augmentation.

        Returns:
            A tensor with the shape and dtype of `x`.
        """
        x = ops.convert_to_tensor(x)
        return self.apply(x, seed, probability * self.probability)

    def apply(self, x: Tensor, seed: Seed, probability: Tensor) -> Tensor:
        """Transforms each sample with exactly this probability. See `__call__`."""
        return draw.choose(x, self.transform(x, seed), probability, seed)

    def transform(self, x: Tensor, seed: Seed = None) -> Tensor:
        """Transforms every sample, each with its own random numbers. See `__call__`."""
        raise self.not_implemented("transform")

    def update(self, real_logits: Tensor, size: Tensor) -> None:
        """Updates the variables, after an update of the discriminator.

        Args:
            real_logits: Float tensor `(batch, 1)`, logits of the augmented reals, above 0
                for the reals that the discriminator classifies as real.
            size: Int or scalar tensor, the number of reals on all replicas.
        """

    def logs(self) -> dict[str, Tensor]:
        """Returns scalar tensors for the logs, by name."""
        return {}

    @classmethod
    def from_config(cls, config: Config) -> Self:
        # In the result of `get_config` the objects are not serialised yet.
        return super().from_config(keras.saving.serialize_keras_object(config))


class Pipeline(Augmentation):
    """Base class of augmentations that apply several transformations.

    Subclasses implement `apply`. Each transformation has the given probability,
    independently of the other transformations.
    """

    def transform(self, x: Tensor, seed: Seed = None) -> Tensor:
        return self.apply(x, seed, 1.0)


def check_image_shape(augmentation: Augmentation, sample_shape: Shape) -> None:
    """Checks that samples are images of known shape `(height, width, channels)`."""
    if len(sample_shape) != 3 or None in sample_shape:
        raise ValueError(
            f"{type(augmentation).__name__} needs images of known shape (height, width, "
            f"channels). {checks.received(sample_shape=tuple(sample_shape))}"
        )


class ImageAugmentation(Augmentation):
    """Base class of augmentations of images `(height, width, channels)`."""

    def check(self, sample_shape: Shape) -> None:
        check_image_shape(self, sample_shape)


class ImagePipeline(Pipeline):
    """Base class of augmentations that apply several transformations to images."""

    def check(self, sample_shape: Shape) -> None:
        check_image_shape(self, sample_shape)
