"""The settings of the commands that show runs, and draw from trained GANs."""

import dataclasses

from kgan_cli import names, paths, types
from kgan_cli.option import REQUIRED, Settings, option

# The largest number of seeds of a page, which has the latents of each.
_MOST_SEEDS = 2**14


def trained_gan() -> str:
    """Returns the positional argument of the commands that need a trained GAN."""
    trained = ", ".join(names.trained_gans())
    return option(
        REQUIRED,
        metavar="RUN|MODEL",
        positional=True,
        check=paths.check_gan,
        help=f"run folder, .keras file, or a trained GAN of the package: {trained}",
    )


def _runs() -> tuple[str, ...]:
    """Returns the positional argument of the commands that show runs."""
    return option(
        REQUIRED,
        metavar="RUN",
        nargs="+",
        positional=True,
        check=paths.check_run,
        help="run folder",
    )


@dataclasses.dataclass(frozen=True, kw_only=True)
class ReportSettings(Settings):
    """`kgan report`."""

    summary = "show runs on one page for a browser"
    description = (
        "Writes one HTML file that needs no network: the curves, the grids of samples "
        "beside real samples, the training images nearest to new samples, and the "
        "configuration. Several runs are shown side by side."
    )

    runs: tuple[str, ...] = _runs()
    out: str = option(
        "report.html",
        metavar="FILE.html",
        check=paths.check_out_file,
        help="the file to write",
    )


@dataclasses.dataclass(frozen=True, kw_only=True)
class CompareSettings(Settings):
    """`kgan compare`."""

    summary = "compare runs in a table"
    description = (
        "Prints a table of runs: the samples shown, the time, the last losses and "
        "metrics, the numbers of parameters, and the options that differ."
    )

    runs: tuple[str, ...] = _runs()


@dataclasses.dataclass(frozen=True, kw_only=True)
class SampleSettings(Settings):
    """`kgan sample`."""

    summary = "draw samples from a trained GAN"
    description = "Draws samples from the GAN of a run folder or a .keras file."

    run_or_model: str = trained_gan()
    count: int | None = option(
        type=types.count,
        metavar="N",
        help="number of samples, for each of --seeds and --text; by default 64, or 8 for "
        "each text",
    )
    seed: int = option(0, type=types.seed, metavar="N", help="seed of the latents")
    seeds: tuple[int, ...] | None = option(
        type=types.seed,
        nargs="+",
        metavar="N",
        help="several seeds in place of --seed, with a row of --count samples for each",
    )
    text: tuple[str, ...] | None = option(
        nargs="+",
        metavar="TEXT",
        help="what the samples show, for a GAN that was trained with --captions; a row "
        "for each text",
    )
    label: str | None = option(
        metavar="N|NAME",
        help="number, or name, of the class of the samples of a conditional GAN; by "
        "default all classes in turn",
    )
    psi: float | None = option(
        type=float,
        metavar="P",
        help="truncation of a StyleGAN2: below 1 for more typical samples",
    )
    out: str = option(
        "samples.png",
        metavar="FILE|FOLDER",
        check=paths.check_out,
        help=".png for a grid, .npz for an array, or a folder for a .png of each sample",
    )

    def check(self) -> None:
        """Checks that the options don't exclude each other.

        Raises:
            ValueError: If two options can't be given together.
        """
        super().check()
        if self.seeds is not None and self.seed:
            raise ValueError(
                "Give --seed or --seeds, not both. Received: --seed "
                f"{self.seed}, --seeds {' '.join(map(str, self.seeds))}"
            )
        for name in ("label", "seeds"):
            value = getattr(self, name)
            if self.text and value is not None:
                raise ValueError(
                    f"Give --text or --{name}, not both. Received: --text "
                    f"{self.text[0]!r}, --{name} {value}"
                )


@dataclasses.dataclass(frozen=True, kw_only=True)
class InterpolateSettings(Settings):
    """`kgan interpolate`."""

    summary = "draw samples on a path between latents"
    description = (
        "Draws samples while the latents move from one seed to the next, each on an arc, "
        "see kgan.latents.interpolate. Animations return to the first seed."
    )

    run_or_model: str = trained_gan()
    seeds: tuple[int, ...] = option(
        REQUIRED,
        type=types.seed,
        nargs="+",
        metavar="N",
        help="seeds of the latents on the path, two or more",
    )
    steps: int = option(
        16, type=types.count, metavar="N", help="samples from one seed to the next"
    )
    label: str | None = option(
        metavar="N|NAME",
        help="number, or name, of the class of a conditional GAN; by default class 0",
    )
    text: tuple[str, ...] | None = option(
        nargs="+",
        metavar="TEXT",
        help="what the samples show, for a GAN that was trained with --captions; several "
        "texts are passed one after the other",
    )
    psi: float | None = option(
        type=float,
        metavar="P",
        help="truncation of a StyleGAN2: below 1 for more typical samples",
    )
    out: str = option(
        "interpolation.gif",
        metavar="FILE|FOLDER",
        check=paths.check_out,
        help=".gif for an animation, .mp4 for a film (needs ffmpeg), .png for a strip, "
        "or a folder for a .png of each sample",
    )


@dataclasses.dataclass(frozen=True, kw_only=True)
class ExploreSettings(Settings):
    """`kgan explore`."""

    summary = "draw samples in a browser"
    description = (
        "Writes one HTML file in which the generator itself runs, without a network: "
        "samples by seed and by class, directions of the latents, and walks between "
        "samples."
    )

    run_or_model: str = trained_gan()
    count: int = option(
        256,
        type=types.count_up_to(_MOST_SEEDS),
        metavar="N",
        help="number of seeds, from 0 up",
    )
    out: str = option(
        "explore.html",
        metavar="FILE.html",
        check=paths.check_out_file,
        help="the file to write",
    )


@dataclasses.dataclass(frozen=True, kw_only=True)
class ProjectSettings(Settings):
    """`kgan project`."""

    summary = "find the latents of given pictures"
    description = (
        "Finds latents whose samples are near to pictures, and draws each picture beside "
        "its reconstruction, see kgan.latents.project."
    )

    run_or_model: str = trained_gan()
    pictures: tuple[str, ...] = option(
        REQUIRED,
        metavar="PICTURE",
        nargs="+",
        positional=True,
        check=paths.check_file,
        help="picture file",
    )
    label: str | None = option(
        metavar="N|NAME",
        help="number, or name, of the class of the pictures, for a conditional GAN",
    )
    steps: int = option(
        300, type=types.count, metavar="N", help="steps of gradient descent"
    )
    seed: int = option(
        0, type=types.seed, metavar="N", help="seed of the latents at the start"
    )
    out: str = option(
        "projection.png",
        metavar="FILE",
        check=paths.check_out_file,
        help=".png for the pictures beside their reconstructions, .npz for the latents",
    )


@dataclasses.dataclass(frozen=True, kw_only=True)
class ExportSettings(Settings):
    """`kgan export`."""

    summary = "write the generator in a format that needs no kgan"
    description = (
        "Writes the generator of a trained GAN as a SavedModel, or for ONNX Runtime, "
        "LiteRT, OpenVINO or PyTorch. If the runtime of the format is installed, the "
        "file is run and compared with Keras, and a file that differs is not kept. A "
        "JSON file describes inputs and outputs; for a run, a model card describes the "
        "data, the training, the metrics, the licence and the limits."
    )

    run_or_model: str = trained_gan()
    format: str = option(
        "saved_model",
        choices=("saved_model", "onnx", "litert", "openvino", "pt2"),
        help="the format; onnx and openvino need packages, which a message names, "
        "litert needs KERAS_BACKEND=tensorflow or torch, and pt2 KERAS_BACKEND=torch",
    )
    out: str | None = option(
        metavar="FILE|FOLDER",
        check=paths.check_out,
        help='the file, or the folder of a SavedModel; by default "generator", with the '
        "end of the format",
    )
    to: str | None = option(
        choices=("a", "b"),
        help="for a CycleGAN: the set to which the generator translates; b by default",
    )
    licence: str | None = option(
        metavar="TEXT",
        help="the licence of the weights, for the model card of a run",
    )
