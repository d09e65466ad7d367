"""The parts of a generator with styles, and the layers between the two parts."""

import contextlib
from collections.abc import Iterator, Sequence

import keras
from keras import ops

from kgan import checks, serialization
from kgan.backend import keras_private
from kgan.layers.arguments import with_checked_arguments
from kgan.types import Config, KerasArgument, Shape, Tensor

# The names of the part from latents to styles, and of the part from styles to samples.
_PARTS = ("mapping", "synthesis")


@serialization.register
@with_checked_arguments
class StyleTruncation(keras.layers.Layer):
    """Pulls style vectors towards their running mean in inference (truncation trick).

    `mean + psi * (w - mean)`. With `psi` below 1 the images have a higher quality and
    less variety; at 1, the default, the styles stay as they are. In training the styles
    pass unchanged, and the mean moves: it keeps the share `momentum`, and the rest comes
    from the mean over the batch.

    Args:
        psi: Float of at least 0, the first value of the weight `psi`.
            `layer.psi.assign(0.7)` changes the weight, and `gan.sample(psi=0.7)` changes
            it for one call.
        momentum: Float of 0 to 1, the share of the mean that a call in training keeps.
        **kwargs: See `keras.layers.Layer`.

    Attributes:
        mean: Weight `(dim,)`, not trained: the running mean, which begins at 0.
        psi: Weight, a scalar, not trained.

    Raises:
        ValueError: If `psi` or `momentum` is out of bounds.

    Example:

    >>> import kgan
    >>> layer = kgan.layers.StyleTruncation(psi=0.5)
    >>> [float(value) for value in layer(keras.ops.array([[2.0, -3.0]]))[0]]
    [1.0, -1.5]

    Reference:
        [Karras et al., 2018](https://arxiv.org/abs/1812.04948), appendix B.
    """

    def __init__(
        self, psi: float = 1.0, momentum: float = 0.995, **kwargs: KerasArgument
    ):
        super().__init__(**kwargs)
        self.initial_psi = checks.number(minimum=0, psi=psi)
        self.momentum = checks.number(minimum=0, maximum=1, momentum=momentum)

    def build(self, input_shape: Shape) -> None:
        options = {"trainable": False, "autocast": False}
        # Each replica sees a share of the batch, so Keras takes the mean over replicas.
        self.mean = self.add_weight(
            (input_shape[-1],), "zeros", aggregation="mean", name="mean", **options
        )
        constant = keras.initializers.Constant(self.initial_psi)
        self.psi = self.add_weight((), constant, name="psi", **options)

    def call(self, inputs: Tensor, training: bool | None = None) -> Tensor:
        """Returns the styles, `(batch, dim)`.

        Args:
            inputs: Float tensor `(batch, dim)`.
            training: Bool, whether to move the mean, and to leave the styles unchanged.
        """
        if not training:
            mean = ops.cast(self.mean, inputs.dtype)
            return mean + ops.cast(self.psi, inputs.dtype) * (inputs - mean)
        if self.trainable:
            batch = ops.cast(ops.mean(ops.stop_gradient(inputs), axis=0), self.mean.dtype)
            self.mean.assign(batch + self.momentum * (self.mean - batch))
        return inputs

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return tuple(input_shape)

    def get_config(self) -> Config:
        own = {"psi": self.initial_psi, "momentum": self.momentum}
        return {**super().get_config(), **own}


@serialization.register
@with_checked_arguments
class PairSwap(keras.layers.Layer):
    """Swaps two consecutive samples in training: a partner for each sample of a batch.

    The samples 0 and 1 change places, and so do 2 and 3, and so on; a last sample without
    a partner stays. Several devices with an even number of samples each swap what one
    device swaps. In inference the samples stay where they are.

    Args:
        **kwargs: See `keras.layers.Layer`.

    Example:

    >>> import kgan
    >>> x = keras.ops.array([[1.0], [2.0], [3.0]])
    >>> [float(row[0]) for row in kgan.layers.PairSwap()(x, training=True)]
    [2.0, 1.0, 3.0]
    """

    def call(self, inputs: Tensor, training: bool | None = None) -> Tensor:
        """Returns the samples, `(batch, ...)`.

        Args:
            inputs: Tensor `(batch, ...)`.
            training: Bool, whether to swap.
        """
        if not training:
            return inputs
        size = ops.shape(inputs)[0]
        partners = ops.bitwise_xor(ops.arange(size, dtype="int32"), 1)
        return ops.take(inputs, ops.minimum(partners, size - 1), axis=0)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return tuple(input_shape)


@serialization.register
@with_checked_arguments
class StyleMixing(keras.layers.Layer):
    """Gives each layer of a synthesis network its style, from one or two latents.

    In training, with a probability of `probability`, the layers from a random layer on
    get the second style of each sample, and the layers before it get the first style. One
    layer is drawn for the whole batch. In inference all layers get the first style.

    Args:
        count: Int, at least 2: number of styles that the synthesis network takes.
        probability: Float of 0 to 1.
        seed: Int of 0 to 2**31 - 2; None for a random seed.
        **kwargs: See `keras.layers.Layer`.

    Raises:
        ValueError: If an argument is out of bounds.

    Example:

    >>> import kgan
    >>> first, second = keras.Input((512,)), keras.Input((512,))
    >>> kgan.layers.StyleMixing(8)([first, second]).shape
    (None, 8, 512)

    Reference:
        [Karras et al., 2018](https://arxiv.org/abs/1812.04948), section 3.1.
    """

    def __init__(
        self,
        count: int,
        probability: float = 0.9,
        seed: int | None = None,
        **kwargs: KerasArgument,
    ):
        super().__init__(**kwargs)
        self.count = checks.count(minimum=2, count=count)
        self.probability = checks.number(minimum=0, maximum=1, probability=probability)
        self.seed = checks.seed(seed=seed)
        self.seed_generator = keras.random.SeedGenerator(self.seed)

    def call(self, inputs: Sequence[Tensor], training: bool | None = None) -> Tensor:
        """Returns the styles, `(batch, count, dim)`.

        Args:
            inputs: `[first, second]`: float tensors `(batch, dim)`.
            training: Bool, whether to mix.
        """
        first, second = (ops.repeat(w[:, None], self.count, axis=1) for w in inputs)
        if not training:
            return first
        seed = self.seed_generator
        cut = keras.random.randint((), 1, self.count, seed=seed)
        mixes = keras.random.uniform((), seed=seed) < self.probability
        cut = ops.where(mixes, cut, self.count)
        # TensorFlow compares ints of one dtype only.
        before = ops.arange(self.count, dtype="int32") < ops.cast(cut, "int32")
        return ops.where(before[None, :, None], first, second)

    def compute_output_shape(self, input_shape: Sequence[Shape]) -> Shape:
        batch, dim = input_shape[0]
        return (batch, self.count, dim)

    def get_config(self) -> Config:
        own = {"count": self.count, "probability": self.probability, "seed": self.seed}
        return {**super().get_config(), **own}


def has_styles(generator: keras.Model) -> bool:
    """Whether a generator has the parts `"mapping"` and `"synthesis"`."""
    return {layer.name for layer in generator.layers} >= set(_PARTS)


def style_parts(generator: keras.Model, user: str) -> tuple[keras.Model, keras.Model]:
    """Returns the parts of a generator: from latents to styles, from styles to samples.

    Args:
        generator: A `keras.Model`.
        user: Name of the option that needs the parts, for the error.

    Raises:
        ValueError: If the generator does not have the parts.
    """
    if not has_styles(generator):
        names = ", ".join(layer.name for layer in generator.layers)
        raise ValueError(
            f"{user} needs a generator of two parts with the names mapping and "
            "synthesis, for example `kgan.networks.stylegan2_generator`. "
            f"Received: {generator.name} with layers {names}"
        )
    mapping, synthesis = map(generator.get_layer, _PARTS)
    return mapping, synthesis


@contextlib.contextmanager
def truncated(generator: keras.Model, psi: float | None) -> Iterator[None]:
    """Sets the weight `psi` of all `StyleTruncation` in a generator, within a scope.

    A weight changes and no function does, so nothing is traced again.

    Args:
        generator: A `keras.Model`.
        psi: Float of at least 0; None to leave all weights as they are.

    Raises:
        ValueError: If `psi` is out of bounds, or the generator does not truncate styles.
    """
    if psi is None:
        yield
        return
    psi = checks.number(minimum=0, alternative=", or None", psi=psi)
    layers = keras_private.all_layers(generator)
    weights = [layer.psi for layer in layers if isinstance(layer, StyleTruncation)]
    if not weights:
        raise ValueError(
            "`psi` needs a generator with a `kgan.layers.StyleTruncation`, for example "
            "`kgan.networks.stylegan2_generator`. Other generators draw more typical "
            "samples from other noise, for example "
            "`noise=kgan.noise.TruncatedNormal(0.7)`. "
            f"Received: psi={psi}, {generator.name}"
        )
    before = [float(ops.convert_to_numpy(weight)) for weight in weights]
    try:
        for weight in weights:
            weight.assign(psi)
        yield
    finally:
        for weight, value in zip(weights, before, strict=True):
            weight.assign(value)
