"""What a training costs, worked out before it begins."""

import dataclasses
import math
import time
from typing import Any

import keras
import numpy as np

import kgan

# Float operations that training reaches of what a matrix product does, on a CPU.
_SHARE = 0.5
# Times that what the layers put out is held: their outputs and gradients, and with a
# penalty on gradients also what these are made of. Fitted to `benchmarks/presets.py`.
_COPIES, _COPIES_OF_PENALTIES = 2, 6
# What Keras and its backend take before any network, in bytes.
_BASE = 0.62e9


@dataclasses.dataclass(frozen=True)
class Cost:
    """What a training takes.

    Args:
        parameters: Int, of both networks.
        flops: Float, of all training: a multiplication and an addition are two.
        memory: Float, bytes at the peak, roughly.
    """

    parameters: int
    flops: float
    memory: float

    def seconds(self, speed: float) -> float:
        """Returns about how long it takes at a speed of matrix products, see `speed`."""
        return self.flops / (_SHARE * speed)


def of(gan: kgan.GAN, images: int, batch_size: int) -> Cost:
    """Returns what it takes to show `images` reals to a compiled GAN."""
    networks = gan.generator, gan.discriminator
    at_once = batch_size // gan.d_steps
    penalized = any(map(_passes, gan.penalties))
    copies = _COPIES_OF_PENALTIES if penalized else _COPIES
    parameters = sum(network.count_params() for network in networks)
    weights = 4 * parameters * 5  # Weight, gradient, two moments, average.
    outputs = 4 * at_once * sum(map(_outputs, networks))
    return Cost(
        parameters=parameters,
        flops=images * flops_per_image(gan, batch_size),
        memory=_BASE + weights + copies * outputs,
    )


def flops_per_image(gan: kgan.GAN, batch_size: int) -> float:
    """Returns the float operations of training per real shown.

    Of a network whose forward pass takes F, the gradient of weights takes F, and that of
    inputs F. An update of the discriminator draws fakes, and judges and differentiates
    by weights reals and fakes: G + 3 D for a fake, 3 D for a real. A penalty at samples
    already judged adds their gradient and its derivatives, 3 D, at others also a pass,
    4 D. An update of the generator takes 3 G + 2 D for a fake; a loss that pairs judges
    reals once more, D.
    """
    g, d = flops(gan.generator), flops(gan.discriminator) / gan.pack
    reals = batch_size / gan.d_steps
    fakes = gan.noise_batch_size or reals
    penalties = sum(_passes(penalty) / penalty.every for penalty in gan.penalties)
    d_update = fakes * (g + 3 * d) + reals * (3 + penalties) * d
    g_update = fakes * (3 * g + 2 * d) + reals * gan.loss.needs_reals * d
    return (gan.d_steps * d_update + gan.g_steps * g_update) / batch_size


def _passes(penalty: kgan.penalties.Penalty) -> int:
    if isinstance(penalty, kgan.penalties.LeCam):
        return 0
    return 3 if penalty.point else 4


def flops(network: keras.Model) -> int:
    """Returns the float operations of a forward pass of one sample.

    Counted are dense layers and convolutions, of which nearly all of it consists; two
    operations for each multiplication with its addition.
    """
    return sum(_layer_flops(layer) for layer in network.layers)


def _layer_flops(layer: Any) -> int:
    if isinstance(layer, keras.Model):
        return flops(layer)
    kernel = getattr(getattr(layer, "layer", layer), "kernel", None)
    if kernel is None:
        return 0
    inner = getattr(layer, "layer", layer)
    transposed = "Transpose" in type(inner).__name__
    side = layer.input if transposed else layer.output
    return 2 * math.prod(kernel.shape) * math.prod(side.shape[1:-1])


def _outputs(network: keras.Model) -> int:
    return sum(
        math.prod(layer.output.shape[1:])
        for layer in network.layers
        if hasattr(layer.output, "shape")
    )


def speed(seconds: float = 0.3, size: int = 1024) -> float:
    """Measures the float operations per second of matrix products on this machine.

    Args:
        seconds: About how long to measure.
        size: Rows of the matrices.
    """
    x = keras.ops.convert_to_tensor(np.ones((size, size), "float32"))
    _wait(keras.ops.matmul(x, x))
    start, count = time.perf_counter(), 0
    while time.perf_counter() - start < seconds:
        _wait(keras.ops.matmul(x, x))
        count += 1
    return count * 2 * size**3 / (time.perf_counter() - start)


def _wait(x: Any) -> None:
    float(keras.ops.convert_to_numpy(x[0, 0]))
