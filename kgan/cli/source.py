"""The trained GAN from which `kgan train --start-from` begins."""

import dataclasses
import pathlib
from collections.abc import Callable
from typing import Any, Self, TypeVar

import kgan
from kgan.cli import captions, dataset
from kgan.cli.dataset import AnyData
from kgan.cli.run_folder import load_gan, run_of
from kgan.cli.training import Training
from kgan.data.load import TABLE_EXTENSIONS
from kgan_cli import paths
from kgan_cli.option import spellings
from kgan_cli.settings import ModelSettings

# The options that decide the networks.
_NETWORKS = ("preset", "compute", "width", "latent_dim")

# The options that made the trained GANs of the package.
_PRETRAINED = {"preset": "small", "compute": "cpu"}

AnySettings = TypeVar("AnySettings", bound=ModelSettings)


def begin(
    settings: AnySettings,
    load: Callable[[AnySettings], AnyData] = dataset.load_training,
) -> Training:
    """Loads the data, and builds a GAN that has the weights of its source, if any.

    Args:
        settings: The settings of the command.
        load: Function that loads the data.

    Raises:
        ValueError: If the GAN can't be trained on the data, or can't have the weights.
    """
    captions.check(settings)
    if settings.start_from is None:
        if settings.freeze_d is not None:
            raise ValueError(
                "--freeze-d needs --start-from, since layers with random weights must "
                f"train. Received: --freeze-d {settings.freeze_d} without --start-from"
            )
        return _prepare(settings, load(settings))
    source = Source.read(settings.start_from)
    settings = source.follow(settings)
    encoder = run_of(source.path).encoder
    return source.start(_prepare(settings, load(settings), encoder))


def _prepare(
    settings: ModelSettings, data: AnyData, encoder: pathlib.Path | None = None
) -> Training:
    texts = captions.read(settings, data)
    encoded = captions.encode(settings, texts, encoder)
    return Training.prepare(settings, data, text=encoded)


@dataclasses.dataclass(frozen=True)
class Source:
    """A trained GAN.

    Args:
        path: The value of `--start-from`.
        gan: The GAN.
        options: The options of its run, by name; empty for a file outside of a run.
    """

    path: str
    gan: kgan.GAN
    options: dict[str, Any]

    @classmethod
    def read(cls, path: str) -> Self:
        """Loads a GAN, and reads the record of its run.

        Raises:
            ValueError: If there is no GAN, or its file or record is damaged.
        """
        gan = load_gan(pathlib.Path(path))
        if paths.is_trained_gan(path):
            return cls(path, gan, _PRETRAINED)
        folder = run_of(path)
        options: dict[str, Any] = {}
        if folder.config.exists():
            record = folder.read_config("--start-from")["arguments"]
            options = ModelSettings.checked(record)
        return cls(path, gan, options)

    def follow(self, settings: AnySettings) -> AnySettings:
        """Returns the settings with the networks, and the size of images, of the source.

        Raises:
            ValueError: If a given option asks for other networks.
        """
        self._check_conditions(settings)
        fields = {f.name: f for f in dataclasses.fields(settings)}
        changed: dict[str, Any] = {}
        for name in _NETWORKS if self.options else ():
            given, known = getattr(settings, name), self.options.get(name)
            option = spellings(fields[name])[0]
            if given not in (None, known):
                has = f"{option} {known}" if known else f"no {option}"
                raise ValueError(
                    "--start-from takes the networks of its run, which has "
                    f"{has}: leave the option out. Received: {option} {given}"
                )
            changed[name] = known
        changed.setdefault("latent_dim", settings.latent_dim or self.gan.latent_dim)
        shape = self.gan.sample_shape
        is_table = settings.data.lower().endswith(TABLE_EXTENSIONS)
        if kgan.data.is_image_shape(shape) and not is_table:
            changed["size"] = settings.size or shape[:2]
            changed["channels"] = settings.channels or shape[2]
        return dataclasses.replace(settings, **changed)

    def _check_conditions(self, settings: ModelSettings) -> None:
        labels = self.gan.num_classes is not None
        vectors = bool(self.gan.conditions) and not labels
        if vectors != (settings.captions is not None):
            has, remedy = ("no captions", "leave --captions out")
            if vectors:
                has, remedy = "captions", "add --captions"
            raise ValueError(
                f"The GAN of --start-from was trained with {has}: {remedy}. "
                f"Received: --start-from {self.path}"
            )
        if labels != settings.conditional:
            has, remedy = ("no labels", "leave --conditional out")
            if labels:
                has, remedy = "labels", "add --conditional"
            raise ValueError(
                f"The GAN of --start-from was trained with {has}: {remedy}. "
                f"Received: --start-from {self.path}"
            )

    def start(self, training: Training) -> Training:
        """Copies the weights into the GAN of a training, and returns the training.

        Raises:
            ValueError: If the GAN has other networks.
        """
        new = training.gan.start_from(self.gan)
        note = f"The training starts from {self.path}"
        # A trained GAN of the package has no counts.
        seen = int(self.gan.images_seen)
        note += f", which has seen {seen:,} samples." if seen else "."
        if new:
            note += (
                f" {self.gan.num_classes} classes there, {training.gan.num_classes} "
                f"here: weights that stay new: {', '.join(new)}."
            )
        return dataclasses.replace(training, note=note)
