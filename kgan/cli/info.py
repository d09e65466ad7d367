"""`kgan info`."""

import argparse
import textwrap
from typing import Any

import keras

import kgan
from kgan.cli import options, pictures, train
from kgan.data import LoadedData, NothingLeftError
from kgan.presets import cost


def add_to(commands: Any) -> None:
    """Adds the command to the parser."""
    parser = commands.add_parser(
        "info",
        help="what would be trained with, and what it costs",
        description="Says what `kgan train` would train with on this data, why, and "
        "about how much time and memory that takes. Nothing is trained.",
    )
    options.add_model(parser)
    parser.add_argument(
        "--grid", metavar="FILE.png", help="save a picture of what will be trained on"
    )
    # All that can be said is said, however many files are bad.
    parser.set_defaults(run=run, on_error="skip", max_bad=1.0)


def run(arguments: argparse.Namespace) -> int:
    """Prints, and returns the exit status."""
    loaded = _load(arguments)
    if arguments.grid and not kgan.data.is_image_shape(loaded.samples.shape[1:]):
        raise ValueError(
            "--grid is of pictures, and these samples are none. "
            f"Received: --grid {arguments.grid}, shape {loaded.samples.shape}"
        )
    training = train.built(arguments, loaded)
    gan, preset = training.gan, training.preset
    print("\n".join(pictures.describe(loaded)) + "\n")
    if arguments.grid:
        train.save_grid(loaded.samples, arguments.seed, arguments.grid)
        print(f"{arguments.grid} shows what the networks will see.\n")
    print(f"The preset {preset.name!r} for a {preset.compute.upper()}:\n")
    print(textwrap.indent(str(preset), "    ") + "\n")
    for reason in preset.reasons:
        print(textwrap.fill(reason, 80))
    print(textwrap.fill(_costs(gan, preset), 80))
    return 0


def _load(arguments: argparse.Namespace) -> LoadedData:
    try:
        return pictures.load(arguments)
    except NothingLeftError as error:
        for line in pictures.left_out(error.left_out):
            print(line)
        raise


def _costs(gan: kgan.GAN, preset: kgan.presets.Preset) -> str:
    costs = cost.estimate(gan, preset.images, preset.batch_size)
    speed = cost.measure_speed()
    return (
        f"It shows {preset.images:,} samples to {costs.parameters:,} parameters: "
        f"{costs.flops / 1e12:.3g} TFLOP, about {_duration(costs.seconds(speed))} at the "
        f"{speed / 1e9:.0f} GFLOP/s of a matrix product on this machine's "
        f"{keras.backend.backend()} just now, of which training reaches about a half. "
        f"Memory: about {costs.memory / 1e9:.1f} GB."
    )


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{max(1, round(seconds))} seconds"
    if seconds < 5400:
        return f"{round(seconds / 60)} minutes"
    return f"{seconds / 3600:.1f} hours"
