"""The summary that `kgan train` prints at its end."""

import json
import pathlib
import shutil
import sys

import kgan
from kgan import checks, exports
from kgan.callbacks.interval import samples_shown
from kgan.cli.run_folder import TRANSLATORS, RunFolder
from kgan.models.compiled import CompiledModel
from kgan_cli import paths


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
    stopped_at = "Stopped. " if stopped else ""
    print(
        f"{stopped_at}Trained {checks.counted(epochs, 'part')}, {samples_shown(gan):,} "
        f"samples shown, in {seconds:.0f} s. In {folder}:\n"
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
    print("\nNext:\n")
    for command in _next_commands(gan, folder, stopped):
        print(f"  {_program()} {command}")
    file = json.dumps(str(folder.gan), ensure_ascii=False)
    print("\nIn Python:\n\n  import kgan, keras")
    print(f"  gan = keras.models.load_model({file})")


def _next_commands(gan: CompiledModel, folder: RunFolder, stopped: bool) -> list[str]:
    """Returns commands that go on with a run, as a shell reads them."""
    run = paths.quoted(folder.path)
    commands = [f"train --resume {run}"] if stopped else []
    if isinstance(gan, TRANSLATORS):
        return [*commands, f"translate {run} PICTURES translated"]
    if folder.encoder.exists():
        return [*commands, f'sample {run} --text "..." --out more.png']
    ending = "png" if kgan.data.is_image_shape(gan.sample_shape) else "npz"
    return [*commands, f"sample {run} --count 100 --out more.{ending}"]


def _program() -> str:
    """Returns kgan as a user types it."""
    # `kgan` is not on the path of a virtual environment that is not activated.
    if shutil.which("kgan"):
        return "kgan"
    typed = pathlib.Path(sys.argv[0])
    if typed.stem == "kgan" and typed.is_file():
        return paths.quoted(sys.argv[0])
    return f"{paths.quoted(sys.executable)} -m kgan_cli"
