"""Estimates of operations, time and memory of a training, before it starts."""

import dataclasses
import math
import time

import keras
import numpy as np

from kgan import checks
from kgan.models.gan import GAN
from kgan.types import Tensor

# Training on a CPU reaches this part of the speed of a matrix product.
_EFFICIENCY = 0.5
# How many times the outputs of all layers are in memory: outputs and gradients, and with
# a penalty on gradients also the second derivatives. Fitted to `benchmarks/presets.py`.
_COPIES, _COPIES_WITH_PENALTY = 2, 6
# Memory of Keras and its backend without any network, in bytes.
_BASE_MEMORY = 0.62e9


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


def estimate(gan: GAN, images: int, batch_size: int) -> Cost:
    """Estimates the cost of a training.

    Args:
        gan: A compiled `kgan.GAN`.
        images: Int, at least 1: number of real images to show.
        batch_size: Int, at least 1: real images per batch.

    Raises:
        ValueError: If `images` or `batch_size` is not an int of at least 1.
    """
    images = checks.count(images=images)
    batch_size = checks.count(batch_size=batch_size)
    networks = gan.generator, gan.discriminator
    per_update = batch_size // gan.recipe.d_steps
    penalized = any(penalty.passes for penalty in gan.recipe.penalties)
    copies = _COPIES_WITH_PENALTY if penalized else _COPIES
    parameters = sum(network.count_params() for network in networks)
    # Four bytes each for weight, gradient, two moments of the optimizer, and average.
    weights = 4 * parameters * 5
    outputs = 4 * per_update * sum(map(_output_size, networks))
    return Cost(
        parameters=parameters,
        flops=images * flops_per_image(gan, batch_size),
        memory=_BASE_MEMORY + weights + copies * outputs,
    )


def flops_per_image(gan: GAN, batch_size: int) -> float:
    """Returns the operations of training per real image.

    G and D stand for a forward pass of the generator and of the discriminator. The
    gradient of the weights costs as much as a forward pass, and so does the gradient of
    the inputs. An update of the discriminator costs

    - G + 3 D per fake and 3 D per real;
    - for a penalty at samples that the discriminator has already seen, 3 D more per real;
    - for a penalty at other samples, 4 D more per real.

    An update of the generator costs 3 G + 2 D per fake, and D more per real if the loss
    compares fakes with reals.

    Args:
        gan: A compiled `kgan.GAN`.
        batch_size: Int, real images per batch.
    """
    g, d = flops(gan.generator), flops(gan.discriminator) / gan.pack
    recipe = gan.recipe
    reals = batch_size / recipe.d_steps
    fakes = recipe.noise_batch_size or reals
    passes = sum(p.passes / p.every for p in recipe.penalties)
    d_update = fakes * (g + 3 * d) + reals * (3 + passes) * d
    g_update = fakes * (3 * g + 2 * d) + reals * recipe.loss.needs_reals * d
    return (recipe.d_steps * d_update + recipe.g_steps * g_update) / batch_size


def flops(network: keras.Model) -> int:
    """Returns the operations of a forward pass of one sample.

    Only dense layers and convolutions count, since they make up nearly all operations. A
    multiplication and an addition count as two operations.
    """
    return sum(map(_layer_flops, network.layers))


def _layer_flops(layer: keras.layers.Layer) -> int:
    if isinstance(layer, keras.Model):
        return flops(layer)
    inner = getattr(layer, "layer", layer)
    kernel = getattr(inner, "kernel", None)
    if kernel is None:
        return 0
    transposed = "Transpose" in type(inner).__name__
    side = layer.input if transposed else layer.output
    return 2 * math.prod(kernel.shape) * math.prod(side.shape[1:-1])


def _output_size(network: keras.Model) -> int:
    """Returns the number of values that all layers compute for one sample."""
    return sum(
        math.prod(layer.output.shape[1:])
        for layer in network.layers
        if hasattr(layer.output, "shape")
    )


def measure_speed(seconds: float = 0.3, size: int = 1024) -> float:
    """Measures the operations per second of matrix products on this machine.

    Args:
        seconds: Float above 0, about how long to measure.
        size: Int, at least 1: number of rows and columns of the matrices.

    Raises:
        ValueError: If an argument is out of bounds.
    """
    seconds, size = checks.number(above=0, seconds=seconds), checks.count(size=size)
    x = keras.ops.convert_to_tensor(np.ones((size, size), "float32"))
    _wait(keras.ops.matmul(x, x))
    start, count = time.perf_counter(), 0
    while time.perf_counter() - start < seconds:
        _wait(keras.ops.matmul(x, x))
        count += 1
    return count * 2 * size**3 / (time.perf_counter() - start)


def _wait(x: Tensor) -> None:
    """Waits until a matrix is computed."""
    float(keras.ops.convert_to_numpy(x[0, 0]))
