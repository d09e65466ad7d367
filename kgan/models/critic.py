from typing import Any

from keras import ops

from kgan import backend
from kgan.models.judge import Judge


class Critic:
    """One pass of the discriminator per batch, shared by loss and penalties.

    Args:
        judge: The `Judge`, whose discriminator trains.
        labels: Int tensor `(batch,)`, the labels of samples that come without their
            own, such as mixtures; None without labels.
    """

    def __init__(self, judge: Judge, labels: Any = None):
        self.judge = judge
        self.labels = labels
        # What layers and weights add to the loss, as of the last pass.
        self.added_loss: Any = 0.0
        self._gradients: dict[int, tuple[Any, Any]] = {}

    def __call__(self, x: Any, labels: Any = None, trace: bool = True) -> Any:
        """Returns the logits of `x` and of its classes, see `Judge`.

        It remembers how to differentiate the former.
        """

        def look(x: Any) -> tuple[Any, Any]:
            logits, classes = self.judge(x, labels, trace=trace)
            # Asked here: on JAX the pass has a scope of its own, which keeps them.
            losses = self.judge.discriminator.losses
            added = sum(losses, start=ops.zeros(()))
            return score(logits), (logits, classes, added)

        (_, (logits, classes, added)), gradient = backend.pullback(look, x)
        self.added_loss = added
        # `x` is kept with it, so that its id stays its own.
        self._gradients[id(x)] = x, gradient
        return logits, classes

    def together(self, reals: Any, fakes: Any, labels: Any, fake_labels: Any) -> Any:
        """Judges reals and fakes in one pass, and returns the results of both.

        That is the same for a discriminator that looks at each sample by itself, and
        quicker where gradients at both are wanted.
        """
        size = ops.shape(reals)[0]
        x = ops.concatenate([reals, fakes])
        if labels is not None:
            labels = ops.concatenate([labels, fake_labels])
        logits, classes = self(x, labels)
        gradients: list = []

        def gradient() -> Any:
            if not gradients:
                gradients.append(self.gradient(x))
            return gradients[0]

        self._gradients[id(reals)] = reals, lambda: gradient()[:size]
        self._gradients[id(fakes)] = fakes, lambda: gradient()[size:]
        parts = (slice(None, size), slice(size, None))
        return [
            (logits[part], None if classes is None else classes[part]) for part in parts
        ]

    def gradient(self, x: Any) -> Any:
        """Returns the gradient of the logits of `x` with respect to `x`, float32.

        Of two outputs, real and fake, the difference counts as the logit. Samples
        that were not judged yet, such as mixtures, are judged without leaving
        a trace in the discriminator's statistics.
        """
        if id(x) not in self._gradients:
            labels = None if self.labels is None else self.labels[: ops.shape(x)[0]]
            self(x, labels, trace=False)
        return ops.cast(self._gradients[id(x)][1](), "float32")


def margin(outputs: Any, loss: Any) -> Any:
    """Returns how far samples lie on the side of the reals, of each of them."""
    return score(outputs) - (loss.decision_boundary if outputs.shape[-1] == 1 else 0.0)


def score(outputs: Any) -> Any:
    """Returns one logit per sample: of two outputs, real minus fake."""
    return outputs if outputs.shape[-1] == 1 else outputs[:, 1:] - outputs[:, :1]
