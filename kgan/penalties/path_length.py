from collections.abc import Iterable

import keras
from keras import ops

from kgan import backend, checks, schedules, serialization
from kgan.layers.styles import style_parts
from kgan.penalties.base import LazyPenalty
from kgan.types import Shape, Tensor, Tensors

# Keeps the derivative of the square root finite where the gradient is zero.
_EPSILON = 1e-12


class GeneratorPenalty(LazyPenalty):
    """Base class of the penalties that are added to the generator's loss.

    Subclasses implement `measure` and `value`, and set `name`. A penalty that keeps state
    creates `variables` in `build`; `value` returns their new values.

    Args:
        weight: Float of at least 0, or a schedule: the factor of the value in the loss.
        every: Int of at least 1. The penalty applies only in every `every`-th update of
            the generator, multiplied by `every` (lazy regularisation).
    """

    # The cost of the value for each fake, in forward passes of the generator.
    passes: float = 4

    def check(self, generator: keras.Model) -> None:
        """Raises a `ValueError` if the penalty can't be computed for a generator."""

    def choose(self, inputs: Tensors) -> Tensors:
        """Returns the rows of the inputs for which the penalty is computed: all."""
        return inputs

    def measure(
        self,
        generator: keras.Model,
        inputs: Tensors,
        seed_generator: keras.random.SeedGenerator,
    ) -> Tensor:
        """Measures each sample, in the updates in which the penalty is due.

        Args:
            generator: The generator.
            inputs: Latents `(batch, latent_dim)`, or `[latents, labels]`.
            seed_generator: Source of random numbers.

        Returns:
            A float32 tensor `(batch,)`.
        """
        raise self.not_implemented("measure")

    def value(self, measures: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Computes the penalty, without its weight.

        Args:
            measures: The result of `measure`; zeros where the penalty is not due.

        Returns:
            A float32 scalar, and the new values of `variables`.
        """
        raise self.not_implemented("value")

    def __call__(
        self,
        generator: keras.Model,
        inputs: Tensors,
        seed_generator: keras.random.SeedGenerator,
        step: Tensor = 0,
    ) -> Tensor:
        """Returns `every` times the value if the penalty is due at this update, else 0.

        Args:
            generator: See `measure`.
            inputs: See `measure`.
            seed_generator: See `measure`.
            step: Int scalar, the number of updates before this one.
        """
        inputs = self.choose(inputs)

        def due() -> Tensor:
            return self.measure(generator, inputs, seed_generator)

        def otherwise() -> Tensor:
            return ops.zeros(ops.shape(_latents(inputs))[:1])

        if self.every == 1:
            value, new = self.value(due())
            self._assign(new)
            return value
        # Devices exchange measures in `value`, and JAX assigns variables. Neither works
        # within a branch.
        value, new = self.value(self.if_due(due, otherwise, seed_generator, step))
        is_due = self.is_due(step)
        self._assign(
            ops.where(is_due, number, ops.convert_to_tensor(variable))
            for variable, number in zip(self.variables, new, strict=True)
        )
        return self.every * ops.where(is_due, value, 0.0)

    def _assign(self, values: Iterable[Tensor]) -> None:
        for variable, value in zip(self.variables, values, strict=True):
            variable.assign(value)


@serialization.register
class PathLength(GeneratorPenalty):
    """Pulls the lengths of paths in the images of a style generator to their mean.

    `weight * mean((|J y| - a)²)`. `J y` is the gradient of `sum(image * y)` with respect
    to the styles, for normal noise `y` that is divided by the square root of the number
    of pixels. `|J y|` is its length: the root of the mean over the styles of a sample of
    their squared norms. `a` is the running mean of these lengths. So a step of one
    length in the styles changes the image equally everywhere.

    The generator must have two parts, models or layers with the names `"mapping"` (from
    its inputs to styles, `(batch, ..., dim)`) and `"synthesis"` (from styles to images),
    see `kgan.networks.stylegan2_generator`.

    Args:
        weight: Float, or a schedule.
        every: Int; the penalty applies only in every `every`-th update of the generator,
            multiplied by `every`.
        decay: Float of 0 to 1: the share of the mean that an update replaces.
        shrink: Int, at least 1: the penalty is computed for every `shrink`-th latent.

    Raises:
        ValueError: If an argument is out of bounds.

    Example:

    >>> import kgan
    >>> kgan.penalties.PathLength()
    PathLength(weight=2.0, every=4, decay=0.01, shrink=2)

    Reference:
        [Karras et al., 2019](https://arxiv.org/abs/1912.04958), section 3.2 and
        appendix B. The defaults are from the authors' code.
    """

    name = "path_length"

    def __init__(
        self,
        weight: schedules.NumberOrSchedule = 2.0,
        every: int = 4,
        decay: float = 0.01,
        shrink: int = 2,
    ):
        super().__init__(weight, every)
        self.decay: float = checks.number(minimum=0, maximum=1, decay=decay)
        self.shrink = checks.count(shrink=shrink)
        self.passes = GeneratorPenalty.passes / self.shrink

    def build(self) -> None:
        if not self.variables:
            # Each replica sees a share of the batch, so Keras takes the mean over them.
            options = {"trainable": False, "aggregation": "mean"}
            name = "path_length_mean"
            self.variables = [keras.Variable(0.0, dtype="float32", name=name, **options)]

    def check(self, generator: keras.Model) -> None:
        style_parts(generator, "The penalty `path_length`")

    def choose(self, inputs: Tensors) -> Tensors:
        if isinstance(inputs, list | tuple):
            return [self.choose(x) for x in inputs]
        size = ops.shape(inputs)[0]
        share = size // self.shrink
        share = max(1, share) if isinstance(size, int) else ops.maximum(1, share)
        # Not the first rows: one device and several devices must choose the same rows.
        return inputs[:: self.shrink][:share]

    def value(self, measures: Tensor) -> tuple[Tensor, list[Tensor]]:
        old = ops.convert_to_tensor(self.variables[0])

        def deviations(lengths: Tensor) -> Tensor:
            mean = old + self.decay * (ops.mean(lengths) - old)
            squares = ops.square(lengths - mean)
            return ops.stack([squares, ops.ones_like(squares) * mean], axis=1)

        # The mean is that of all devices.
        rows = backend.on_all_rows(deviations, measures)
        return ops.mean(rows[:, 0]), [ops.stop_gradient(rows[0, 1])]

    def measure(
        self,
        generator: keras.Model,
        inputs: Tensors,
        seed_generator: keras.random.SeedGenerator,
    ) -> Tensor:
        """Returns the length `|J y|` for each sample, `(batch,)`.

        Args:
            generator: The generator.
            inputs: Latents `(batch, latent_dim)`, or `[latents, labels]`.
            seed_generator: Source of random numbers.
        """
        mapping, synthesis = style_parts(generator, "The penalty `path_length`")
        # Drawn here, since the scope below drops the new state of the seed.
        shape = tuple(synthesis.output.shape[1:])
        noise = _noise(ops.shape(_latents(inputs))[0], shape, seed_generator)

        def projected(shift: Tensor) -> tuple[Tensor, tuple]:
            images = synthesis(styles + shift, training=True)
            return ops.sum(images * ops.cast(noise, images.dtype)), ()

        # The main pass alone moves statistics.
        with backend.frozen(generator, seed_generator):
            styles = mapping(inputs, training=True)
            # The gradient at a shift of 0 is the gradient at the styles, which depend on
            # the weights of the mapping.
            _, gradient = backend.pullback(projected, ops.zeros_like(styles))
            slope = ops.cast(gradient(), self.variables[0].dtype)
            squares = ops.sum(ops.square(slope), axis=-1)
        axes = tuple(range(1, len(squares.shape)))
        return ops.sqrt(ops.mean(squares, axis=axes) + _EPSILON)


def _latents(inputs: Tensors) -> Tensor:
    return inputs[0] if isinstance(inputs, list | tuple) else inputs


def _noise(size: Tensor, shape: Shape, seed: keras.random.SeedGenerator) -> Tensor:
    """Returns normal numbers, divided by the root of the number of pixels."""
    pixels = 1
    for length in shape[:-1]:
        pixels *= length or 1
    return (
        backend.draw_local_rows(
            lambda n: keras.random.normal((n, *shape), seed=seed), size
        )
        / pixels**0.5
    )
