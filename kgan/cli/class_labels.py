"""The label of samples, given as a number or as the name of a class."""

import pathlib

import kgan
from kgan.cli.run_folder import run_of
from kgan_cli import paths
from kgan_cli.nearest import did_you_mean


def resolve(label: str | None, gan: kgan.GAN, source: str) -> int | None:
    """Returns the number of a label; None if no label is given.

    Args:
        label: The value of `--label`.
        gan: The GAN.
        source: The run folder or the `.keras` file of the GAN, or the name of a trained
            GAN of the package. The run knows the names of the classes, if the classes
            were folders.

    Raises:
        ValueError: If the GAN takes no labels, or not this label.
    """
    if label is None:
        return None
    if gan.num_classes is None:
        raise ValueError(
            "--label needs a GAN that was trained with --conditional. "
            f"Received: --label {label}"
        )
    classes = _known(pathlib.Path(source))
    if label in classes:
        return classes.index(label)
    if not label.isdecimal() or int(label) >= gan.num_classes:
        words = [name for name in classes if not name.isdecimal()]
        names = f", or one of {', '.join(words)}" if words else ""
        suggested = did_you_mean(label, words) or "."
        raise ValueError(
            f"--label must be one of the labels 0 to {gan.num_classes - 1}{names}"
            f"{suggested} Received: --label {label}"
        )
    return int(label)


def names(gan: kgan.GAN, source: pathlib.Path) -> list[str]:
    """Returns a name for each class: its number if the name is not known.

    Args:
        gan: The GAN.
        source: The run folder or the `.keras` file of the GAN, or the name of a trained
            GAN of the package.

    Returns:
        A list of texts; empty if the GAN takes no labels.
    """
    if gan.num_classes is None:
        return []
    known = _known(source)
    numbers = [str(label) for label in range(gan.num_classes)]
    return known if len(known) == len(numbers) else numbers


def _known(source: pathlib.Path) -> list[str]:
    """Returns the names of the classes; none if they are not known."""
    if paths.is_trained_gan(source):
        return kgan.pretrained.class_names(str(source))
    folder = run_of(source)
    if not folder.config.exists():
        return []
    return folder.read_config()["data"].get("classes") or []
