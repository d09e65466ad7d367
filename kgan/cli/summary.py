"""The summary that `kgan train` prints at its end."""

import shutil
import sys

from kgan import exports
from kgan.callbacks.interval import samples_shown
from kgan.cli.run_folder import TRANSLATORS, RunFolder
from kgan.models.compiled import CompiledModel


def print_summary(
    gan: CompiledModel, folder: RunFolder, epochs: int, seconds: float, stopped: bool
) -> None:
    """Prints the length of the training, the files of the run, and the next commands.

    Args:
        gan: The trained GAN.
        folder: The run folder.
        epochs: Number of epochs that were trained.
        seconds: Duration of the training.
        stopped: Whether a signal has stopped the training, so that it can continue.
    """
    print(
        f"Trained {epochs} parts, {samples_shown(gan):,} samples shown, in "
        f"{seconds:.0f} s. In {folder}:\n"
    )
    why_not = exports.get("saved_model").export_error
    lines = {
        folder.samples: "grids of samples, by the number of samples shown",
        folder.animation: "the grids as an animation",
        folder.reals: "real samples, to compare",
        folder.history: "the losses and other numbers",
        folder.health: "problems of the training, and remedies",
        folder.logs: "the logs for TensorBoard",
        folder.report: "all of these on one page, to open in a browser",
        folder.config: "everything that is needed to repeat this run",
        folder.skipped: "the files that are left out, and why",
        folder.gan: "the GAN, to draw samples from and to train further",
        folder.encoder: "the encoder of captions, for `kgan sample --text`",
        folder.best: "the GAN when its first metric was best",
        folder.saved_model: "the generator for TensorFlow, without kgan",
    }
    for path, text in lines.items():
        if path.exists():
            name = path.name + ("/" if path.is_dir() else "")
            print(f"  {name:<13}{text}")
    if why_not:
        print(f"\nNo saved_model/: {why_not}")
    # `kgan` is not on the path of a virtual environment that is not activated.
    program = "kgan" if shutil.which("kgan") else f"{sys.executable} -m kgan_cli"
    print("\nNext:\n")
    if stopped:
        print(f"  {program} train --resume {folder}")
    if isinstance(gan, TRANSLATORS):
        print(f"  {program} translate {folder} PICTURES translated")
    elif folder.encoder.exists():
        print(f'  {program} sample {folder} --text "..." --out more.png')
    else:
        print(f"  {program} sample {folder} --count 100 --out more.png")
    print("\nIn Python:\n\n  import keras, kgan")
    print(f'  gan = keras.models.load_model("{folder.gan}")')
