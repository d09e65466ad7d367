"""Base class of the GAN losses."""

from keras import ops

from kgan import serialization
from kgan.types import Tensor


class Loss(serialization.Configurable):
    """Base class of losses on the discriminator's logits.

    Let `s` be the logits of reals and `t` the logits of fakes. Subclasses implement three
    elementwise terms:

    - `real_term(s)` and `fake_term(t)`, which the discriminator minimises;
    - `generator_term(t)`, which the generator minimises.

    Each term is averaged over its own samples and patches, so the numbers of reals and
    fakes may differ. A loss that compares reals with fakes sets `needs_reals = True` and
    overrides `discriminator_loss` and `generator_values`. If the generator's loss is not
    a mean over the fakes, the subclass overrides `generator_loss` instead of
    `generator_values`.

    If a subclass sets `name` in its body, and `kgan/losses/__init__.py` imports the
    class, `compile` accepts the name in place of an object.

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

    # The name for `kgan.losses.get`, which a class sets in its own body; optional.
    name: str
    # Whether `generator_loss` needs the logits of reals.
    needs_reals: bool = False
    # The numbers of outputs that the discriminator may have.
    outputs: tuple[int, ...] = (1,)
    # With one output, the discriminator takes samples with logits above this as real.
    decision_boundary: float = 0.0

    def discriminator_loss(self, real_logits: Tensor, fake_logits: Tensor) -> Tensor:
        """Returns the scalar that the discriminator minimises.

        Args:
            real_logits: Float tensor `(batch, ..., 1)`, logits of real samples: one for
                each sample, or one for each patch, for example
                `(batch, height, width, 1)`.
            fake_logits: Float tensor `(noise_batch, ..., 1)`, logits of fakes.

        Returns:
            A float scalar.
        """
        return ops.mean(self.real_term(real_logits)) + ops.mean(
            self.fake_term(fake_logits)
        )

    def generator_loss(self, real_logits: Tensor | None, fake_logits: Tensor) -> Tensor:
        """Returns the scalar that the generator minimises.

        Args:
            real_logits: Float tensor `(batch, ..., 1)`, logits of real samples. May be
                None if `needs_reals` is False.
            fake_logits: Float tensor `(noise_batch, ..., 1)`, logits of fakes.

        Returns:
            A float scalar.
        """
        return self.reduce(self.generator_values(real_logits, fake_logits))

    def generator_values(self, real_logits: Tensor | None, fake_logits: Tensor) -> Tensor:
        """Returns the generator's loss on each fake, before `reduce`.

        Args:
            real_logits: See `generator_loss`.
            fake_logits: See `generator_loss`.

        Returns:
            A float tensor `(noise_batch, ...)`.
        """
        return self.generator_term(fake_logits)

    def reduce(self, values: Tensor) -> Tensor:
        """Returns the mean of the losses on the samples."""
        return ops.mean(values)

    @property
    def per_sample(self) -> bool:
        """Whether `generator_loss` is `reduce` of one value per fake."""
        return type(self).generator_loss is Loss.generator_loss

    def real_term(self, s: Tensor) -> Tensor:
        """Returns the discriminator's loss on each real."""
        raise self.not_implemented("real_term")

    def fake_term(self, t: Tensor) -> Tensor:
        """Returns the discriminator's loss on each fake."""
        raise self.not_implemented("fake_term")

    def generator_term(self, t: Tensor) -> Tensor:
        """Returns the generator's loss on each fake."""
        raise self.not_implemented("generator_term")
