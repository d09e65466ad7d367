"""Pictures that a command is given, fitted as the run of a model fits its data."""

import contextlib
import dataclasses
import pathlib
from collections.abc import Iterator

import kgan
from kgan.cli import run_folder
from kgan.types import Shape
from kgan_cli.settings import ImageSettings


def of_run(run_or_model: str, shape: Shape) -> kgan.data.Fit:
    """Returns the `kgan.data.Fit` by which pictures get the shape of a run's data.

    Args:
        run_or_model: The run folder, or the `.keras` file of a model.
        shape: `(height, width, channels)`. A side of any length, None, becomes 1.
    """
    chosen = options_of_run(run_or_model)
    rgb = kgan.data.Options(background=chosen.background).rgb
    height, width, channels = (side or 1 for side in shape)
    return kgan.data.Fit(height, width, channels, chosen.crop, rgb)


def options_of_run(run_or_model: str) -> ImageSettings:
    """Returns the options for images of a run; the defaults for a model without a run.

    A picture has the same place in each reading, so a random crop becomes a crop of the
    center.

    Args:
        run_or_model: The run folder, or the `.keras` file of a model.
    """
    folder = run_folder.run_of(run_or_model)
    record = folder.read_config()["arguments"] if folder.config.exists() else {}
    chosen = ImageSettings(**ImageSettings.checked(record))
    if chosen.crop == "random":
        chosen = dataclasses.replace(chosen, crop="center")
    return chosen


@contextlib.contextmanager
def readable(path: str | pathlib.Path) -> Iterator[None]:
    """Context in which the errors of a file name the file.

    Args:
        path: The path of a picture.

    Raises:
        ValueError: If the file can't be read as a picture.
    """
    try:
        yield
    except FileNotFoundError:
        raise
    # A decoder may raise any exception for a damaged file.
    except Exception as error:
        raise ValueError(
            f"The file can't be read as a picture ({error}). Received: {path}"
        ) from None
