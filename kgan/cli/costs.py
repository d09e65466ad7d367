"""The time and the memory of a training, in words."""

import functools
import gc

import keras

from kgan import backend
from kgan.backend import GPU
from kgan.cli import preset
from kgan.cli.training import Training
from kgan.presets import cost
from kgan_cli.out_of_memory import is_out_of_memory

# Rows of matrices large enough that the time of a product is not that of a call. Where a
# CPU lacks the instructions, a product of 1,024 rows in bfloat16 takes seconds.
_ROWS = {"cpu": 256, "gpu": 4096}
# A training gains less than its products do, so a smaller gain is not worth mentioning.
_WORTH_MENTIONING = 1.5


def describe(training: Training) -> list[str]:
    """Returns paragraphs on the cost of a training on this machine.

    On a GPU, some steps of the training are measured. On a CPU, the time comes from the
    speed of a matrix product: although a measured step is closer to the truth, to compile
    the step takes longer than the rest of `kgan info`.

    Args:
        training: The training.
    """
    chosen = training.preset
    costs = cost.estimate(training.gan, chosen.images, chosen.batch_size)
    size = (
        f"The training shows {chosen.images:,} samples to networks of "
        f"{costs.parameters:,} parameters"
    )
    gpu = backend.gpu()
    paragraphs = (
        _on_cpu(training, costs, size) if gpu is None else _on_gpu(training, gpu, size)
    )
    if training.settings.precision == "float32":
        paragraphs += _in_bfloat16("cpu" if gpu is None else "gpu")
    return paragraphs


def _in_bfloat16(device: str) -> list[str]:
    """Returns a paragraph on bfloat16, if products of matrices are much faster in it.

    The default stays float32 everywhere: a default that rests on a measured time would
    let one seed give two trainings.

    Args:
        device: `"cpu"` or `"gpu"`, the device of the training.
    """
    fast = cost.measure_speed(0.1, _ROWS[device], "bfloat16")
    gain = fast / cost.measure_speed(0.1, _ROWS[device])
    if gain < _WORTH_MENTIONING:
        return []
    return [
        f"In bfloat16, a matrix product is {gain:.1f} times as fast here, so "
        "--precision mixed_bfloat16 may shorten the training of wide networks."
    ]


def _on_cpu(training: Training, costs: cost.Cost, size: str) -> list[str]:
    speed = cost.measure_speed()
    memory = backend.machine_memory()
    of = "" if memory is None else f" of the {_gigabytes(memory)} of this machine"
    said = (
        f"{size}: {costs.flops / 1e12:.3g} TFLOP, which take about "
        f"{_duration(costs.seconds(speed))}. A matrix product has just reached "
        f"{speed / 1e9:.0f} GFLOP/s with {keras.backend.backend()} on this machine, and "
        "training reaches about half of this speed, and less with narrow networks. "
        f"Memory: about {_gigabytes(costs.memory)}{of}."
    )
    if memory is None or costs.memory <= memory:
        return [said]
    tried, fits = training.preset.batch_size, cost.largest_batch(training.gan, memory)
    return [said, _too_large(tried, "this machine", min(fits, tried))]


def _on_gpu(training: Training, gpu: GPU, size: str) -> list[str]:
    tried = training.preset.batch_size
    measured = _measured(training)
    if measured is None:
        return [f"{size}.", _too_large(tried, gpu.name, 0)]
    thousand, whole = map(measured.seconds_for, (1_000, training.preset.images))
    said = (
        f"{size}. On {gpu.name} with {keras.backend.backend()}, 1,000 samples take "
        f"{thousand:.3g} seconds, measured in {measured.steps} training steps with a "
        f"batch size of {measured.batch_size}, so the training takes about "
        f"{_duration(whole)}."
    )
    if measured.memory is not None:
        said += f" Memory of the GPU: {_gigabytes(measured.memory)}"
        if gpu.memory is not None:
            said += f" of the {_gigabytes(gpu.memory)} that training can use"
        said += "."
    if measured.batch_size == tried:
        return [said]
    return [said, _too_large(tried, gpu.name, measured.batch_size)]


def _measured(training: Training) -> cost.MeasuredStep | None:
    """Measures the batch size, or its half, ... until the memory of the GPU is enough.

    None if not even the smallest batch fits.
    """
    settings, updates = training.settings, training.gan.updates_per_batch
    arguments = training.preset, settings.seed, settings.precision
    build = functools.partial(preset.build, *arguments)
    size = training.preset.batch_size
    while size >= updates:
        try:
            return cost.measure_step(build, size)
        except Exception as error:
            if not is_out_of_memory(error):
                raise
        # The GAN that did not fit stays in memory until it is collected.
        gc.collect()
        size = size // 2 // updates * updates
    return None


def _too_large(tried: int, device: str, fits: int) -> str:
    """Returns the warning that a batch does not fit into the memory of a device.

    Args:
        tried: Int, the batch size.
        device: Name of the device.
        fits: Int, a batch size that fits; 0 if there is none.
    """
    remedy = "Train on smaller samples: no batch fits."
    if fits:
        remedy = f"Train with --batch-size {fits}."
    return (
        f"Warning: a batch of {tried} samples does not fit into the memory of {device}. "
        f"{remedy}"
    )


def _gigabytes(count: float) -> str:
    return f"{count / 1e9:.1f} GB"


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{max(1, round(seconds))} seconds"
    if seconds < 5400:
        return f"{round(seconds / 60)} minutes"
    return f"{seconds / 3600:.1f} hours"
