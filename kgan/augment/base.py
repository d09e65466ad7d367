"""What an augmentation in front of the discriminator is."""

from typing import Any

import keras
from keras import ops

from kgan import schedules, serialization
from kgan.augment import draw


class Augmentation(serialization.Configurable):
    """Base of the augmentations, which reals and fakes go through alike.

    Subclasses implement `transform` out of `keras.ops`, so that the generator's
    gradient goes through it, and draw by the functions of `kgan.augment.draw`.

    Args:
        probability: Float in [0, 1], or a schedule: with which each sample is
            transformed, independently of the others. Below 1, the generator can't
            satisfy the discriminator with samples that look transformed.

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

    def __init__(self, probability: schedules.NumberOrSchedule = 1.0):
        schedules.number(minimum=0, maximum=1, probability=probability)
        self.probability = probability

    @property
    def variables(self) -> list[Any]:
        """The Keras variables that `update` moves; none before `build`."""
        return []

    def build(self) -> None:
        """Makes the variables, where there are none yet."""

    def check(self, sample_shape: tuple) -> None:
        """Refuses samples that can't be augmented.

        Args:
            sample_shape: Their shape without the batch; None where it is unknown.

        Raises:
            ValueError: If they can't be.
        """

    def __call__(self, x: Any, seed: Any = None, probability: Any = 1.0) -> Any:
        """Transforms each sample with a probability.

        Args:
            x: Float tensor `(batch, ...)`, images in [-1, 1].
            seed: A `keras.random.SeedGenerator`.
            probability: Float or scalar tensor in [0, 1], multiplied by the
                augmentation's own.

        Returns:
            A tensor of the shape and dtype of `x`.
        """
        x = ops.convert_to_tensor(x)
        return self.apply(x, seed, probability * self.probability)

    def apply(self, x: Any, seed: Any, probability: Any) -> Any:
        """Transforms each sample with just this probability. See `__call__`."""
        return draw.choose(x, self.transform(x, seed), probability, seed)

    def transform(self, x: Any, seed: Any = None) -> Any:
        """Transforms every sample, each by what is drawn for it. See `__call__`."""
        raise NotImplementedError

    def update(self, real_logits: Any, size: Any) -> None:
        """Takes note of an update of the discriminator.

        Args:
            real_logits: Float tensor `(batch, 1)`, of the augmented reals, above 0
                for those judged real.
            size: Int or scalar tensor, how many reals there were on all replicas.
        """

    def logs(self) -> dict[str, Any]:
        """Returns scalar tensors to log, by name."""
        return {}

    def get_config(self):
        return {"probability": self.probability}

    @classmethod
    def from_config(cls, config):
        # Of `get_config` itself too, in which the objects are not serialised.
        return super().from_config(keras.saving.serialize_keras_object(config))


class Pipeline(Augmentation):
    """Base of those that are many transformations, each with a chance of its own.

    Subclasses implement `apply`, where the probability is that of each single
    transformation, independently of the others.
    """

    def transform(self, x, seed=None):
        return self.apply(x, seed, 1.0)


def check_image(augmentation: Augmentation, sample_shape: tuple) -> None:
    """Refuses samples that are no images `(height, width, channels)`."""
    if len(sample_shape) != 3 or None in sample_shape:
        raise ValueError(
            f"{type(augmentation).__name__} needs images, of shape (height, width, "
            f"channels), all known. Received: sample_shape={tuple(sample_shape)}"
        )


class ImageAugmentation(Augmentation):
    """Base of those for images `(height, width, channels)`."""

    def check(self, sample_shape):
        check_image(self, sample_shape)


class ImagePipeline(Pipeline):
    """Base of those for images that are many transformations."""

    def check(self, sample_shape):
        check_image(self, sample_shape)
