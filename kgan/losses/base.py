"""What a GAN loss is."""

from typing import Any

from keras import ops

from kgan import serialization


class Loss(serialization.Configurable):
    """Base of the losses on logits.

    With `s` the logits of reals and `t` those of fakes, a loss is three
    elementwise terms, which subclasses give:

    - `real_term(s)` and `fake_term(t)`: what the discriminator minimises;
    - `generator_term(t)`: what the generator minimises.

    Each is averaged over its own images, so reals and fakes may differ in number.
    Losses that look at reals and fakes together set `paired = True` and override
    `discriminator_loss`, and `generator_values`, or `generator_loss` where it is no
    mean over fakes.

    Example:

    >>> from keras import ops
    >>> import kgan
    >>> class Absolute(kgan.losses.Loss):
    ...     def real_term(self, s):
    ...         return ops.abs(s - 1)
    ...     def fake_term(self, t):
    ...         return ops.abs(t)
    ...     def generator_term(self, t):
    ...         return ops.abs(t - 1)
    >>> float(Absolute().discriminator_loss(ops.ones((4, 1)), ops.ones((4, 1))))
    1.0
    """

    # Whether `generator_loss` needs the logits of reals.
    paired = False
    # How many outputs of the discriminator the loss can read.
    outputs: tuple[int, ...] = (1,)
    # Above what single logit the discriminator takes a sample for real.
    boundary = 0.0

    def discriminator_loss(self, real_logits: Any, fake_logits: Any) -> Any:
        """Returns the scalar that the discriminator minimises.

        Args:
            real_logits: Float tensor `(batch, 1)`, logits of real samples.
            fake_logits: Float tensor `(noise_batch, 1)`, logits of fakes.

        Returns:
            A float scalar.
        """
        return ops.mean(self.real_term(real_logits)) + ops.mean(
            self.fake_term(fake_logits)
        )

    def generator_loss(self, real_logits: Any, fake_logits: Any) -> Any:
        """Returns the scalar that the generator minimises.

        Args:
            real_logits: Float tensor `(batch, 1)`, logits of real samples; None
                unless `paired`.
            fake_logits: Float tensor `(noise_batch, 1)`, logits of fakes.

        Returns:
            A float scalar.
        """
        return self.reduce(self.generator_values(real_logits, fake_logits))

    def generator_values(self, real_logits: Any, fake_logits: Any) -> Any:
        """Returns the generator's loss on each fake, before they are averaged.

        Args:
            real_logits: See `generator_loss`.
            fake_logits: See `generator_loss`.

        Returns:
            A float tensor `(noise_batch, ...)`.
        """
        return self.generator_term(fake_logits)

    def reduce(self, values: Any) -> Any:
        """Returns the mean of the losses on each fake."""
        return ops.mean(values)

    @property
    def by_fake(self) -> bool:
        """Whether `generator_loss` is made of `generator_values`."""
        return type(self).generator_loss is Loss.generator_loss

    def real_term(self, s: Any) -> Any:
        """The discriminator's loss on each real."""
        raise NotImplementedError

    def fake_term(self, t: Any) -> Any:
        """The discriminator's loss on each fake."""
        raise NotImplementedError

    def generator_term(self, t: Any) -> Any:
        """The generator's loss on each fake."""
        raise NotImplementedError
