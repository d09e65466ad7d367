from typing import Any

import keras
from keras import ops

from kgan import backend
from kgan.models.frozen import frozen


class Critic:
    """One pass of the discriminator per batch, shared by loss and penalties.

    Args:
        discriminator: A `keras.Model`, samples to logits.
        seed_generator: Where dropout draws from in passes that leave no trace.
        training: Bool, the mode of the passes.
    """

    def __init__(
        self,
        discriminator: keras.Model,
        seed_generator: keras.random.SeedGenerator,
        training: bool = True,
    ):
        self.discriminator = discriminator
        self.seed_generator = seed_generator
        self.training = training
        # What layers and weights add to the loss, as of the last pass.
        self.added_loss: Any = 0.0
        self._gradients: dict[int, tuple[Any, Any]] = {}

    def __call__(self, x: Any) -> Any:
        """Returns the float32 logits of `x`, and remembers how to differentiate."""
        (_, (outputs, added)), gradient = backend.pullback(self._judge, x)
        self.added_loss = added
        # `x` is kept with it, so that its id stays its own.
        self._gradients[id(x)] = x, gradient
        return outputs

    def gradient(self, x: Any) -> Any:
        """Returns the gradient of the logits of `x` with respect to `x`, float32.

        Of two outputs, real and fake, the difference counts as the logit. Samples
        that were not judged yet, such as mixtures, are judged without leaving
        a trace in the discriminator's statistics.
        """
        if id(x) not in self._gradients:
            with frozen(self.discriminator, self.seed_generator):
                self(x)
        return ops.cast(self._gradients[id(x)][1](), "float32")

    def _judge(self, x: Any) -> tuple[Any, Any]:
        outputs = ops.cast(self.discriminator(x, training=self.training), "float32")
        # Asked here: on JAX the pass has a scope of its own, which keeps them.
        added = sum(self.discriminator.losses, start=ops.zeros(()))
        return score(outputs), (outputs, added)


def score(outputs: Any) -> Any:
    """Returns one logit per sample: of two outputs, real minus fake."""
    return outputs if outputs.shape[-1] == 1 else outputs[:, 1:] - outputs[:, :1]
