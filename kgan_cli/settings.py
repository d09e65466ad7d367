"""The settings of each command: its options as a frozen dataclass."""

import dataclasses
import pathlib
from typing import Any, Self

from kgan_cli import names, paths, resuming, types
from kgan_cli.captions import CaptionSettings
from kgan_cli.optimization import OptimizationSettings
from kgan_cli.option import REQUIRED, Settings, option, spellings
from kgan_cli.transfer import TransferSettings
from kgan_cli.translation import HeldOutSettings, TranslationSettings

_EXTRACTORS = [
    "classifier",
    *(
        f"inception-{protocol}"
        for protocol in names.constant_items("metrics", "PROTOCOLS")
    ),
]
_TRACKERS = names.class_names("cli/trackers.py", "Tracker")


@dataclasses.dataclass(frozen=True, kw_only=True)
class PresetSettings(Settings):
    """The data, and the preset."""

    title = "data and preset"

    data: str = option(
        "digits",
        metavar="X",
        is_path=True,
        names=names.data_sets(),
        check=paths.check_data,
        help='"digits"; a folder or archive of images; an .npz, .npy or .csv file; '
        '"mnist", "cifar10" and so on; or "tfds:NAME"',
    )
    conditional: bool = option(
        False, help="also train on the labels of the data, to sample by label"
    )
    preset: str | None = option(
        choices=sorted(names.constant_items("presets", "RECIPES")),
        help="by default the preset that suits the data, see `kgan info`",
    )
    compute: str | None = option(
        choices=("cpu", "gpu"),
        help="size the networks for a CPU or a GPU; by default for a GPU if there is one",
    )
    budget: int | None = option(
        type=types.count,
        metavar="N",
        help="number of real samples to show; by default as in the preset",
    )


@dataclasses.dataclass(frozen=True, kw_only=True)
class ImageSettings(Settings):
    """How image files become samples of one shape, see `kgan.data.load`."""

    title = "images, see kgan.data.load"

    size: int | tuple[int, int] | None = option(
        type=types.size,
        metavar="N|HxW",
        help="side, or height x width, of the samples; by default the size of the images "
        "if all have the same size of at most 256, otherwise a power of two up to 64",
    )
    channels: int | None = option(
        type=int,
        choices=names.constant_items("data", "MODES"),
        help="1 grey, 2 grey with alpha, 3 RGB, 4 RGBA; by default the fewest "
        "channels that show every image",
    )
    labels: str = option(
        "folder",
        choices=names.constant_items("data", "LABELS"),
        help="use the folders below the root as classes, or use no labels",
    )
    crop: str = option(
        "center",
        choices=names.constant_items("data", "CROPS"),
        help="how to crop images of other proportions; --seed determines random crops",
    )
    background: str = option(
        "white",
        metavar="COLOR",
        help="color behind transparent pixels, if the samples have no alpha",
    )
    flip: bool = option(False, help="add the mirror image of each image")
    on_error: str = option(
        "raise",
        choices=("raise", "skip"),
        help="stop at a file that can't be read, or leave it out",
    )
    max_bad: float = option(
        0.1,
        type=types.share,
        metavar="SHARE",
        help="largest share of files that may be left out",
    )
    cache: str | None = option(
        metavar="FOLDER",
        is_path=True,
        check=paths.check_cache,
        help="keep the decoded images in this folder for the next run",
    )
    workers: int | None = option(
        type=types.count,
        metavar="N",
        help="number of threads that decode images; by default one per core, up to 8",
    )


@dataclasses.dataclass(frozen=True, kw_only=True)
class AlgorithmSettings(Settings):
    """Options of the algorithm, in place of the options of the preset."""

    title = "the algorithm; by default as in the preset"

    epochs: int | None = option(
        type=types.count,
        metavar="N",
        aliases=("--epoch",),
        with_resume=True,
        help="number of epochs; by default as many as --budget needs",
    )
    batch_size: int | None = option(
        type=types.count,
        metavar="N",
        aliases=("--true_batch",),
        help="number of real samples in a batch",
    )
    noise_batch_size: int | None = option(
        type=types.count,
        metavar="N",
        aliases=("--noise_batch",),
        help="number of fakes in an update",
    )
    latent_dim: int | None = option(
        type=types.count,
        metavar="N",
        aliases=("--n",),
        help="length of a latent vector",
    )
    d_steps: int | None = option(
        type=types.count, metavar="N", help="discriminator updates in a step"
    )
    g_steps: int | None = option(
        type=types.count, metavar="N", help="generator updates in a step"
    )
    reuse_fakes: bool = option(
        False,
        help="train both networks on the same fakes, faster; always with --pairs",
    )
    loss: str | None = option(
        metavar="NAME",
        help=f"{', '.join(names.class_names('losses'))}; "
        "or a Keras loss, for example mse",
    )
    augment: str | None = option(
        choices=names.class_names("augment"),
        help="augment the samples before the discriminator, for little data",
    )
    seed: int = option(
        0, type=types.seed, metavar="N", help="seed of weights, latents and data order"
    )
    precision: str = option(
        "float32",
        choices=("float32", "mixed_bfloat16", "mixed_float16"),
        help="dtype in which the networks compute",
    )


@dataclasses.dataclass(frozen=True, kw_only=True)
class ModelSettings(
    OptimizationSettings,
    AlgorithmSettings,
    TransferSettings,
    ImageSettings,
    CaptionSettings,
    TranslationSettings,
    PresetSettings,
):
    """The options that decide which GAN is trained, and on which data."""

    config: str | None = option(
        metavar="FILE",
        check=paths.check_file,
        recorded=False,
        help="options by name in a TOML file, or the config.json of a run; other options "
        "of the command line override the file",
    )


@dataclasses.dataclass(frozen=True, kw_only=True)
class RunSettings(Settings):
    """The run: its folder, and the devices."""

    title = "the run"

    out: str | None = option(
        metavar="FOLDER",
        check=paths.check_out,
        help="run folder; by default a new folder in runs/",
    )
    resume: str | None = option(
        metavar="RUN",
        check=paths.check_run,
        with_resume=True,
        recorded=False,
        help="continue this run exactly where it stopped",
    )
    strategy: str | None = option(
        choices=("none", "mirrored", "multi_worker", "torchrun"),
        with_resume=True,
        help="train on one device; with TensorFlow on all devices of this machine, or on "
        "the cluster in TF_CONFIG; with PyTorch in the processes of `torchrun "
        "--nproc_per_node N -m kgan train ...`; by default on one device, or as in the "
        "run that --resume names",
    )
    dry_run: str | None = option(
        choices=("python", "json"),
        const="python",
        recorded=False,
        help="print the training as Python that runs, or as a file for --config, and "
        "train nothing",
    )

    @property
    def has_workers(self) -> bool:
        """Whether several processes train together."""
        return self.strategy in ("multi_worker", "torchrun")


@dataclasses.dataclass(frozen=True, kw_only=True)
class ExtractorSettings(Settings):
    """The features in which metrics compare samples with real images."""

    title = "the features of metrics"

    extractor: str = option(
        "classifier",
        choices=_EXTRACTORS,
        with_resume=True,
        help="a classifier that is trained on the labels of --data, or an untrained "
        "network if there are no labels; or Inception with one of its ways to resize",
    )
    weights: str | None = option(
        metavar="FILE.pth",
        is_path=True,
        with_resume=True,
        check=paths.check_file,
        help="weights of Inception; by default $KGAN_INCEPTION, or a download",
    )
    download: bool = option(
        False, with_resume=True, help="download the weights of Inception, 96 MB"
    )
    features: str | None = option(
        metavar="FOLDER",
        is_path=True,
        with_resume=True,
        check=paths.check_cache,
        help="keep the features of the real images in this folder",
    )


@dataclasses.dataclass(frozen=True, kw_only=True)
class WatchSettings(Settings):
    """How a training is watched. No option changes the numbers that are trained."""

    title = "watching the training, N in real samples shown"

    grid_every: int | None = option(
        type=types.count,
        metavar="N",
        with_resume=True,
        help="draw a grid every N samples; by default after each of about 60 parts",
    )
    save_every: int | None = option(
        type=types.count,
        metavar="N",
        with_resume=True,
        help="save the GAN every N samples; by default as often as costs a hundredth of "
        "the time",
    )
    metrics: str | None = option(
        metavar="NAME,...",
        with_resume=True,
        help="compute these metrics of samples on the training data, see `kgan "
        "evaluate`; best.keras is the GAN that is best by the first metric",
    )
    evaluate_every: int | None = option(
        type=types.count,
        metavar="N",
        with_resume=True,
        help="compute the metrics after the part in which N more samples are shown; by "
        "default after each part",
    )
    early_stopping: int | None = option(
        type=types.count,
        metavar="N",
        with_resume=True,
        help="end when the first metric has not improved during N samples",
    )
    tensorboard: bool = option(
        False, with_resume=True, help="write logs/ for TensorBoard"
    )
    track: str | None = option(
        type=types.names(_TRACKERS),
        metavar="NAME,...",
        with_resume=True,
        help=f"give the logs and the grids to these trackers: {', '.join(_TRACKERS)}; "
        "--resume begins a new run of the tracker",
    )
    quiet: bool = option(
        False,
        with_resume=True,
        recorded=False,
        help="print the path of the run at the end, and nothing else but errors",
    )
    json: bool = option(
        False,
        with_resume=True,
        recorded=False,
        help="print a JSON object on each line, for programs",
    )


@dataclasses.dataclass(frozen=True, kw_only=True)
class TrainSettings(ExtractorSettings, WatchSettings, RunSettings, ModelSettings):
    """`kgan train`."""

    summary = "train a GAN and save it"
    description = (
        "Trains a GAN, by default on handwritten digits. The run folder holds samples, "
        "the history and the saved model."
    )

    def check(self) -> None:
        """Checks that the run folder can be written to, and see `TranslationSettings`.

        Raises:
            ValueError: If nothing can be written into the folder.
        """
        super().check()
        if self.dry_run is None:
            folder = "runs" if self.out is None else self.out
            option = "--out" if self.resume is None else "--resume"
            paths.check_folder(self.resume or folder, option)

    def resumed(self, record: dict[str, Any]) -> Self:
        """Returns the settings of a run that continues.

        Args:
            record: The result of `record` at the start of the run, from `config.json`.

        Raises:
            ValueError: If an option is given that must be the same as in the run.
        """
        fields = dataclasses.fields(self)
        run = {field.name: field.default for field in fields} | self.checked(record)
        given = {
            field.name: value
            for field in fields
            # A default value that was given is no default value of the run.
            if (value := getattr(self, field.name)) != field.default
            or field.name in self.given
        }
        given = {n: v for n, v in given.items() if not paths.are_same(v, run[n])}
        changed = [field for field in fields if field.name in given]
        if refused := [f for f in changed if not f.metadata["with_resume"]]:
            options = [_as_given(f, given[f.name]) for f in refused]
            changeable = [spellings(f)[0] for f in fields if f.metadata["with_resume"]]
            instead = resuming.new_run(self.resume, given, run)
            raise ValueError(
                "--resume continues with the data and the options of the run; only "
                f"{', '.join(changeable)} can be given.{instead} "
                f"Received: {', '.join(options)}"
            )
        return dataclasses.replace(self, **{**run, **given})


def _as_given(field: dataclasses.Field, value: object) -> str:
    """Returns an option as a user types it."""
    values = value if isinstance(value, list) else [value]
    return " ".join([spellings(field)[0], *map(str, values)])


@dataclasses.dataclass(frozen=True, kw_only=True)
class InfoSettings(ModelSettings):
    """`kgan info`."""

    summary = "show the data, the preset and the cost of a training"
    description = (
        "Shows which GAN `kgan train` would train on this data, and the reasons, and "
        "estimates the time and the memory of the training; on a GPU, by some steps on "
        "random samples. Saves no GAN."
    )

    grid: str | None = option(
        metavar="FILE.png",
        check=paths.check_out_file,
        help="save an image of samples as the networks see them",
    )


@dataclasses.dataclass(frozen=True, kw_only=True)
class EvaluateSettings(ExtractorSettings, HeldOutSettings, ImageSettings):
    """`kgan evaluate`."""

    summary = "compute metrics of samples, with the protocol of each number"
    description = (
        "Compares samples with real images. The samples come from a run, from a saved "
        "GAN, or from a folder of images by any generator. Beside each number stands "
        "the number for two halves of the real images."
    )

    fakes: str = option(
        REQUIRED,
        metavar="RUN|MODEL|FOLDER",
        positional=True,
        check=paths.check_fakes,
        help="run folder, .keras file, trained GAN of the package, or images, see "
        "kgan.data.load",
    )
    data: str | None = option(
        metavar="X",
        check=paths.check_data,
        help="the real images, see `kgan train`; by default the data of the run",
    )
    metrics: str = option(
        "fd,kd,precision,recall",
        metavar="NAME,...",
        help=f"{', '.join(names.object_names('metrics', 'MetricSpec'))}; "
        "fid and kid with Inception; each with a number of fakes, for example fd5k; by "
        "default all fakes of a folder, at most 10k",
    )
    seed: int = option(
        0, type=types.seed, metavar="N", help="seed of the latents and the subsets"
    )
    json: str | None = option(
        metavar="FILE",
        check=paths.check_out_file,
        help="write the numbers and their protocols to this file",
    )

    def check(self) -> None:
        """Checks that the numbers of a GAN don't get the place of those of another one.

        Raises:
            ValueError: If `--json` is the file for the last GAN of a run, and the numbers
                are those of another GAN of the run.
        """
        super().check()
        gan, file = pathlib.Path(self.fakes), pathlib.Path(self.json or "")
        is_other = gan.suffix == ".keras" and gan.name != paths.GAN
        if is_other and file.absolute() == gan.with_name(paths.METRICS).absolute():
            raise ValueError(
                f"{paths.METRICS} of a run is for the numbers of {paths.GAN}: choose "
                f"another name. Received: {self.fakes} --json {self.json}"
            )
