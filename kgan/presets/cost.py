"""Operations, time and memory of a training, estimated or measured before it starts."""

import dataclasses
import math
import time
from collections.abc import Callable, Mapping
from typing import Any

import keras
import numpy as np

from kgan import backend, checks
from kgan.data import is_image_shape
from kgan.data.conditions import only_part
from kgan.layers import UpSamplingConv2D
from kgan.models.compiled import CompiledModel, check_compiled
from kgan.models.cycle import CycleGAN
from kgan.models.translator import Translator
from kgan.types import Shape, Tensor

# Training on a CPU reaches about this part of the speed of a matrix product: narrow
# networks reach less, wide networks more.
_EFFICIENCY = 0.5
# How many times the outputs of all layers are in memory: outputs and gradients, and with
# a penalty on gradients also the second derivatives. Fitted to `benchmarks/presets.py`.
_COPIES, _COPIES_WITH_PENALTY = 2, 6
# Memory of Keras and its backend without any network, in bytes.
_BASE_MEMORY = 0.62e9
# The first steps compile the training, and make the framework choose its kernels.
_WARM_UP = 2


@dataclasses.dataclass(frozen=True)
class Cost:
    """The cost of a training.

    Args:
        parameters: Int, number of parameters of both networks.
        flops: Float, operations of the whole training. A multiplication and an addition
            count as two operations.
        memory: Float, an estimate of the peak memory in bytes.
    """

    parameters: int
    flops: float
    memory: float

    def seconds(self, speed: float) -> float:
        """Returns an estimate of the time, from the result of `measure_speed`."""
        return self.flops / (_EFFICIENCY * speed)


def estimate(gan: CompiledModel, images: int, batch_size: int) -> Cost:
    """Estimates the cost of a training.

    Args:
        gan: A compiled `kgan.GAN`.
        images: Int, at least 1: number of real images to show.
        batch_size: Int, at least 1: real images per batch.

    Raises:
        ValueError: If `gan` is no compiled GAN, or `images` or `batch_size` is not an int
            of at least 1.
    """
    check_compiled(gan)
    images = checks.count(images=images)
    batch_size = checks.count(batch_size=batch_size)
    per_update = batch_size // gan.recipe.d_steps
    return Cost(
        parameters=_parameters(gan),
        flops=images * flops_per_image(gan, batch_size),
        memory=_fixed_memory(gan) + per_update * _memory_per_sample(gan),
    )


def largest_batch(gan: CompiledModel, memory: float) -> int:
    """Returns the largest batch size whose memory, by `estimate`, is within bounds.

    Args:
        gan: A compiled `kgan.GAN`.
        memory: Float above 0, bytes of memory.

    Returns:
        Int, a multiple of `d_steps`; 0 if no batch fits.

    Raises:
        ValueError: If `gan` is no compiled GAN, or `memory` is not a number above 0.
    """
    check_compiled(gan)
    memory = checks.number(above=0, memory=memory)
    per_update = (memory - _fixed_memory(gan)) // _memory_per_sample(gan)
    return max(0, int(per_update)) * gan.recipe.d_steps


def _parameters(gan: CompiledModel) -> int:
    return gan.generator.count_params() + gan.discriminator.count_params()


def _fixed_memory(gan: CompiledModel) -> float:
    """Returns an estimate of the memory that does not depend on the batch."""
    # Four bytes each for weight, gradient, two moments of the optimizer, and average.
    return _BASE_MEMORY + 4 * _parameters(gan) * 5


def _memory_per_sample(gan: CompiledModel) -> float:
    """Returns an estimate of the memory for each sample of an update."""
    penalties = (*gan.recipe.penalties, *gan.recipe.generator_penalties)
    penalized = any(penalty.passes for penalty in penalties)
    copies = _COPIES_WITH_PENALTY if penalized else _COPIES
    return 4 * copies * sum(map(_output_size, (gan.generator, gan.discriminator)))


def flops_per_image(gan: CompiledModel, batch_size: int) -> float:
    """Returns the operations of training per real image.

    G and D stand for a forward pass of the generator and of the discriminator. The
    gradient of the weights costs as much as a forward pass, and so does the gradient of
    the inputs. An update of the discriminator costs

    - G + 3 D per fake and 3 D per real;
    - for a penalty at samples that the discriminator has already seen, 3 D more per real;
    - for a penalty at other samples, 4 D more per real.

    An update of the generator costs 3 G + 2 D per fake, and D more per real if the loss
    compares fakes with reals. A path length costs 4 G more for each fake that it takes.
    With `reuse_fakes`, a step costs G less per fake of an update.

    A CycleGAN costs for each picture of A with a picture of B 6 D for both
    discriminators, and 6 G + 2 D for both generators, which translate there and back,
    where G and D are a pass of both networks. Its identity loss costs 3 G more.

    Args:
        gan: A compiled `kgan.GAN`, or a compiled `kgan.CycleGAN`.
        batch_size: Int, real images per batch.

    Raises:
        ValueError: If `gan` is no compiled GAN, or `batch_size` is not an int of at least
            1.
    """
    check_compiled(gan)
    batch_size = checks.count(batch_size=batch_size)
    recipe = gan.recipe
    if isinstance(gan, CycleGAN):
        g, d = flops(gan.generator), flops(gan.discriminator)
        penalties = sum(p.passes / p.every for p in recipe.penalties)
        return (6 + 3 * gan.recipe.uses_identity) * g + (8 + penalties) * d
    g, d = flops(gan.generator), flops(gan.discriminator) / gan.pack
    reals = batch_size / recipe.d_steps
    fakes = recipe.noise_batch_size or reals
    passes, g_passes = (
        sum(p.passes / p.every for p in penalties)
        for penalties in (recipe.penalties, recipe.generator_penalties)
    )
    d_update = fakes * (g + 3 * d) + reals * (3 + passes) * d
    terms = sum(term.passes for term in recipe.generator_losses)
    g_update = fakes * ((3 + g_passes) * g + (2 + terms) * d)
    g_update += reals * recipe.loss.needs_reals * d
    d_update += reals * 3 * d * recipe.uses_mismatch
    step = recipe.d_steps * d_update + recipe.g_steps * g_update
    return (step - recipe.reuse_fakes * fakes * g) / batch_size


def flops(network: keras.Model) -> int:
    """Returns the operations of a forward pass of one sample.

    Only dense layers and convolutions count, since they make up nearly all operations. A
    multiplication and an addition count as two operations.

    Raises:
        ValueError: If the network is no model of Keras.
    """
    checks.instance(keras.Model, "a `keras.Model`", network=network)
    return sum(map(_layer_flops, network.layers))


def _layer_flops(layer: keras.layers.Layer) -> int:
    inner = getattr(layer, "layer", layer)
    if isinstance(inner, keras.Model):
        return flops(inner)
    kernel = getattr(inner, "kernel", None)
    if kernel is None:
        return 0
    transposed = "Transpose" in type(inner).__name__ or getattr(inner, "up", False)
    products = math.prod(kernel.shape)
    if isinstance(inner, UpSamplingConv2D) and inner.is_transposed(layer.input.shape):
        transposed = True
        products = (inner.kernel_size + 1) ** 2 * math.prod(kernel.shape[2:])
    side = layer.input if transposed else layer.output
    # The inputs of a modulated convolution are features and styles.
    side = side[0] if isinstance(side, list) else side
    return 2 * products * math.prod(side.shape[1:-1])


def _output_size(network: keras.Model) -> int:
    """Returns the number of values that all layers compute for one sample."""
    total = 0
    for layer in network.layers:
        inner = getattr(layer, "layer", layer)
        if isinstance(inner, keras.Model):
            total += _output_size(inner)
        elif hasattr(layer.output, "shape"):
            total += math.prod(layer.output.shape[1:])
    return total


@dataclasses.dataclass(frozen=True)
class MeasuredStep:
    """The time and the memory of a training step, as `measure_step` found them.

    Args:
        batch_size: Int, real samples per batch.
        steps: Int, the number of steps that were measured.
        seconds: Float, the time of a step.
        memory: Int, the peak memory of the GPU in bytes; None on a CPU, or if the
            framework does not tell.
    """

    batch_size: int
    steps: int
    seconds: float
    memory: int | None

    def seconds_for(self, images: int) -> float:
        """Returns the time in which a training shows a number of real images."""
        return images / self.batch_size * self.seconds


def measure_step(
    build: Callable[[], CompiledModel], batch_size: int, seconds: float = 2.0
) -> MeasuredStep:
    """Trains a new GAN on random samples, and measures its steps.

    The first two steps are not measured, since they compile the training.

    Args:
        build: Function without arguments that returns a new compiled `kgan.GAN`, for
            example `preset.build`.
        batch_size: Int, at least 1: real images per batch.
        seconds: Float above 0, about how long to measure. At least one step is measured,
            however long it takes.

    Raises:
        ValueError: If `build` is no function, if `batch_size` or `seconds` is out of
            bounds, or if the shape of the samples has a dimension of any length.

    Example:

    >>> import kgan
    >>> preset = kgan.presets.get("mlp", (2,), num_images=640, compute="cpu")
    >>> measured = kgan.presets.cost.measure_step(preset.build, 32, seconds=0.1)
    >>> measured.seconds_for(images=640) == 20 * measured.seconds
    True
    """
    if not callable(build) or isinstance(build, keras.Model):
        raise ValueError(
            "`build` must be a function that returns a new compiled `kgan.GAN`. "
            f"{checks.received(build=build)}"
        )
    batch_size = checks.count(batch_size=batch_size)
    clock = _Clock(checks.number(above=0, seconds=seconds))
    before = backend.gpu()
    backend.reset_peak()
    gan = build()
    x, y = _random_batch(gan, batch_size)
    # The clock ends the epoch.
    steps = {"steps_per_epoch": 2**30, "epochs": 1}
    gan.fit(x, y, batch_size, shuffle=False, verbose=0, callbacks=[clock], **steps)
    memory = None
    after = backend.gpu()
    if before and after and before.used is not None and after.peak is not None:
        memory = after.peak - before.used
    return MeasuredStep(batch_size, clock.steps, clock.elapsed / clock.steps, memory)


def _random_batch(gan: CompiledModel, size: int) -> tuple[np.ndarray, Any]:
    """Returns random data of the kind that `gan` trains on: the arguments of `fit`."""
    rng = np.random.default_rng(0)

    def drawn(shape: Shape) -> np.ndarray:
        sides = checks.shape(sample_shape=shape)
        low, high = gan.sample_range.low, gan.sample_range.high
        x = rng.uniform(low, high, (size, *sides)).astype("float32")
        return gan.sample_range.to_uint8(x) if is_image_shape(sides) else x

    samples = drawn(gan.sample_shape)
    if gan.num_classes is not None:
        return samples, rng.integers(gan.num_classes, size=size)
    if not gan.conditions:
        return samples, None
    given = only_part(tuple(drawn(condition.shape) for condition in gan.conditions))
    # These models take the sources first.
    translates = isinstance(gan, Translator | CycleGAN)
    return (given, samples) if translates else (samples, given)


class _Clock(keras.callbacks.Callback):
    """Measures training steps, and then stops the training.

    A GPU computes while Python already prepares the next steps. So the clock is read only
    after 1, 2, 4, ... steps, when it waits for the GPU.

    Args:
        seconds: Float, the longest time; a single step may take longer.
    """

    def __init__(self, seconds: float):
        super().__init__()
        self.limit = seconds
        # The number of steps that are measured, and their time.
        self.steps = 0
        self.elapsed = 0.0
        # The steps before them, and the time at which these steps ended.
        self.start: tuple[int, float] | None = None
        # The step after which the clock is read next.
        self.next = _WARM_UP

    def on_train_batch_end(self, batch: int, logs: Mapping[str, Tensor]) -> None:
        done = batch + 1
        if done < self.next:
            return
        _wait(next(iter(logs.values())))
        now = time.perf_counter()
        if self.start is None:
            self.start, self.next = (done, now), done + 1
            return
        before, began = self.start
        self.steps, self.elapsed = done - before, now - began
        self.next = done + self.steps
        self.model.stop_training = 2 * self.elapsed > self.limit


def measure_speed(
    seconds: float = 0.3, size: int = 1024, dtype: str = "float32"
) -> float:
    """Measures the operations per second of matrix products on this machine.

    Args:
        seconds: Float above 0, about how long to measure.
        size: Int, at least 1: number of rows and columns of the matrices.
        dtype: `"float32"`, `"bfloat16"` or `"float16"`: the dtype of the matrices.

    Raises:
        ValueError: If an argument is out of bounds.
    """
    seconds, size = checks.number(above=0, seconds=seconds), checks.count(size=size)
    dtype = checks.one_of(("float32", "bfloat16", "float16"), dtype=dtype)
    x = keras.ops.cast(np.ones((size, size), "float32"), dtype)
    _wait(keras.ops.matmul(x, x)[0, 0])
    start, count = time.perf_counter(), 0
    while time.perf_counter() - start < seconds:
        _wait(keras.ops.matmul(x, x)[0, 0])
        count += 1
    return count * 2 * size**3 / (time.perf_counter() - start)


def _wait(x: Tensor) -> None:
    """Waits until a scalar is computed."""
    # On TensorFlow, Keras 3.15 can't convert a bfloat16 scalar to numpy.
    float(keras.ops.convert_to_numpy(keras.ops.cast(x, "float32")))
