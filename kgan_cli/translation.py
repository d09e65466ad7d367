"""The options for image to image, and the settings of `kgan translate`."""

import dataclasses
import os
import pathlib
from collections.abc import Mapping, Sequence
from typing import Any

from kgan_cli import paths
from kgan_cli.option import REQUIRED, Settings, option, spellings

# Options of a training that samples from latents, which a translation has not.
_FOR_SAMPLES = (
    "data",
    "conditional",
    "captions",
    "labels",
    "latent_dim",
    "start_from",
    "metrics",
)
# Options of a GAN with one generator, which a CycleGAN has not.
_FOR_ONE_GENERATOR = (
    "noise_batch_size",
    "d_steps",
    "g_steps",
    "reuse_fakes",
)
# The preset of each kind of data.
_PRESETS = {"pairs": "pix2pix", "unpaired": "cyclegan"}


@dataclasses.dataclass(frozen=True, kw_only=True)
class TranslationSettings(Settings):
    """The pictures of image to image."""

    title = "image to image"

    task: str | None = option(
        choices=("generate", "translate"),
        help="draw new samples, or translate pictures; by default translate with --pairs "
        "or --unpaired",
    )
    pairs: Sequence[str] | None = option(
        nargs="+",
        metavar="PATH",
        is_path=True,
        help="learn to translate from pairs (pix2pix): a folder or archive of sources, "
        "and one of targets of the same names; or one of pictures that show a source on "
        "the left and its target on the right",
    )
    unpaired: Sequence[str] | None = option(
        nargs="+",
        metavar="PATH",
        is_path=True,
        help="learn to translate without pairs (CycleGAN): a folder or archive of "
        "pictures A, and one of pictures B; or a folder with trainA and trainB",
    )

    @property
    def translates(self) -> bool:
        """Whether a model that translates pictures is trained."""
        return self.pairs is not None or self.unpaired is not None

    @property
    def sides(self) -> tuple[str, list[str]]:
        """The name of the option for the pictures, and its paths."""
        name = "unpaired" if self.pairs is None else "pairs"
        return name, list(getattr(self, name))

    @property
    def preset_of_pictures(self) -> str | None:
        """The only preset for the pictures to translate; None without these pictures."""
        return _PRESETS[self.sides[0]] if self.translates else None

    @property
    def given_sides(self) -> str:
        """The option for the pictures with its paths, for messages."""
        name, given = self.sides
        return f"--{name} {' '.join(given)}"

    def check(self) -> None:
        """Checks the options for image to image.

        Raises:
            ValueError: If an option is missing, or excludes another option.
            FileNotFoundError: If there is nothing at a path.
        """
        super().check()
        if self.task == "translate" and not self.translates:
            raise ValueError(
                "--task translate needs --pairs or --unpaired, the pictures to translate "
                "and the pictures to draw. Received: --task translate"
            )
        if not self.translates:
            self._check_no_translation()
            return
        if self.task == "generate" or (self.pairs and self.unpaired):
            other = "--task generate" if self.task == "generate" else "--unpaired"
            raise ValueError(
                f"{self.given_sides} can't be given together with {other}. Received: "
                f"{self.given_sides}, {other}"
            )
        check_paths(*self.sides)
        fields = {field.name: field for field in dataclasses.fields(self)}
        refused = {name: "A model that translates pictures" for name in _FOR_SAMPLES}
        if self.unpaired:
            refused |= dict.fromkeys(_FOR_ONE_GENERATOR, "A CycleGAN")
        for name, owner in refused.items():
            if name in fields and getattr(self, name) != fields[name].default:
                given = f"{spellings(fields[name])[0]} {getattr(self, name)}"
                given = given.removesuffix(" True")
                raise ValueError(
                    f"{owner} has no {given.split()[0]}: leave it out. "
                    f"Received: {self.given_sides}, {given}"
                )
        name, _ = self.sides
        preset = getattr(self, "preset", None)
        if preset not in (None, self.preset_of_pictures):
            raise ValueError(
                f"The preset of --{name} is {self.preset_of_pictures}. Received: "
                f"{self.given_sides}, --preset {preset}"
            )

    def _check_no_translation(self) -> None:
        preset = getattr(self, "preset", None)
        for name, own in _PRESETS.items():
            # A run that continues has its pictures in its record.
            if preset == own and not getattr(self, "resume", None):
                raise ValueError(
                    f"--preset {own} needs --{name}. Received: --preset {preset}"
                )


def check_paths(name: str, given: Sequence[str] | None) -> None:
    """Checks the paths of `--pairs` or `--unpaired`.

    Args:
        name: `"pairs"` or `"unpaired"`.
        given: The value of the option.

    Raises:
        ValueError: If there are more than two paths.
        FileNotFoundError: If there is nothing at a path.
    """
    if len(given or ()) > 2:
        raise ValueError(
            f"--{name} takes the pictures to translate and the pictures to draw: two "
            f"paths, or one. Received: --{name} {' '.join(given or ())}"
        )
    for path in given or ():
        if not os.path.exists(path):
            raise FileNotFoundError(
                "There is no folder and no archive of that name. Received: "
                f"--{name} {path}"
            )


@dataclasses.dataclass(frozen=True, kw_only=True)
class HeldOutSettings(Settings):
    """The pairs of `kgan evaluate`."""

    title = "image to image"

    pairs: Sequence[str] | None = option(
        nargs="+",
        metavar="PATH",
        is_path=True,
        help="held-out pairs, see `kgan train`, for a model that translates pictures",
    )

    def check(self) -> None:
        """Checks the paths, see `check_paths`."""
        super().check()
        check_paths("pairs", self.pairs)


def source_of(arguments: Mapping[str, Any]) -> str:
    """Returns the paths of the data of a run.

    Args:
        arguments: The options of the run, by name.
    """
    return " ".join(paths_of(arguments))


def source_name(arguments: Mapping[str, Any]) -> str:
    """Returns the name of the data of a run, from which the run gets its own name.

    Files count without their extension. The name of a folder is whole: `photos.v2`.

    Args:
        arguments: See `source_of`.
    """
    paths = map(pathlib.Path, paths_of(arguments))
    return "-".join(path.name if path.is_dir() else path.stem for path in paths)


def paths_of(arguments: Mapping[str, Any]) -> list[str]:
    """Returns the paths of the data of a run, or the name of the data.

    Args:
        arguments: See `source_of`.
    """
    sides = arguments.get("pairs") or arguments.get("unpaired")
    return sides or [arguments["data"]]


@dataclasses.dataclass(frozen=True, kw_only=True)
class TranslateSettings(Settings):
    """`kgan translate`."""

    summary = "translate pictures with a trained model"
    description = (
        "Translates a picture, or all pictures of a folder or an archive, with a model "
        "of `kgan train --pairs` or `--unpaired`. Pictures of another size than in the "
        "training are fitted to this size as the run fits its data."
    )

    run_or_model: str = option(
        REQUIRED,
        metavar="RUN|MODEL",
        positional=True,
        is_path=True,
        help="run folder, or .keras file of a kgan.Translator or a kgan.CycleGAN",
    )
    pictures: str = option(
        REQUIRED,
        metavar="IN",
        positional=True,
        is_path=True,
        help="picture file, or folder or archive of pictures",
    )
    out: str = option(
        REQUIRED,
        metavar="OUT",
        positional=True,
        is_path=True,
        help=".png file for one picture, or a new folder for a .png of each picture",
    )
    to: str | None = option(
        choices=("a", "b"),
        help="for a CycleGAN, the set to which the pictures are translated; by default b",
    )

    @property
    def has_one(self) -> bool:
        """Whether a file of one picture is written."""
        return self.out.lower().endswith(".png")

    def check(self) -> None:
        """Checks the paths.

        Raises:
            ValueError: If nothing can be written to a path, or there is no model.
            FileNotFoundError: If there are no pictures.
        """
        super().check()
        file = paths.gan_file(self.run_or_model)
        if file.suffix != ".keras" or not file.is_file():
            raise ValueError(
                "Expected the folder of a run of `kgan train --pairs` or `--unpaired`, "
                "with gan.keras, or a .keras file that kgan saved. Received: "
                f"{self.run_or_model}"
            )
        if not os.path.exists(self.pictures):
            raise FileNotFoundError(
                "There is no picture and no folder of pictures of that name. Received: "
                f"{self.pictures}"
            )
        self._check_out()

    def _check_out(self) -> None:
        out = pathlib.Path(self.out)
        if self.has_one:
            if os.path.isdir(self.pictures):
                self._refuse("a new or an empty folder, for the pictures of a folder")
            if out.is_dir() or (out.exists() and out.samefile(self.pictures)):
                self._refuse("another file than IN, and no folder")
        elif out.exists() and (not out.is_dir() or any(out.iterdir())):
            self._refuse("a new or an empty folder, or a file that ends in .png")
        # A folder of this name would look like a picture, or like an archive. A folder
        # may end in a number, for example in `.v2`.
        elif out.suffix[1:].isalpha() and not out.exists():
            self._refuse("a file that ends in .png, or a folder without such an ending")
        paths.check_out(self.out, "OUT")

    def _refuse(self, expected: str) -> None:
        raise ValueError(f"OUT must be {expected}. Received: {self.out}")
