"""`kgan report`, and the page that `kgan train` writes at its end."""

import pathlib
import sys

import numpy as np

from kgan.cli import neighbors
from kgan.cli.html import write_page
from kgan.cli.neighbors import Memory
from kgan.cli.record import Record, read_all
from kgan.cli.run_folder import TRANSLATORS, RunFolder, load_model
from kgan.cli.training import Training
from kgan.models.compiled import CompiledModel
from kgan.types import ArrayLike
from kgan_cli import paths
from kgan_cli.after_training import ReportSettings
from kgan_cli.status import Status

# The number of values of the training images up to which `kgan train` looks for
# neighbours: a second or two.
_MOST_VALUES = 1e8
_NEAR_TARGETS = (
    "This model translates pictures. A translation of a training picture should be near "
    "to its target, so the nearest training images tell nothing: `kgan evaluate RUN "
    "--pairs` compares translations of held-out pictures with their targets."
)


def run(settings: ReportSettings) -> int:
    """Writes the page, and returns the exit status."""
    out = pathlib.Path(settings.out)
    if out.suffix not in (".html", ".htm"):
        raise ValueError(f"--out must end in .html. Received: --out {out}")
    records = read_all(settings.runs)
    memories = {record.name: _memory(record) for record in records}
    write_page(records, memories, out)
    print(f"{out} shows {', '.join(record.name for record in records)}.")
    return Status.DONE


def write_at_end(training: Training, folder: RunFolder) -> None:
    """Writes the page of a run that has just ended. An error becomes a warning.

    Args:
        training: The training.
        folder: The run folder.
    """
    gan, samples = training.gan, training.data.samples
    try:
        record = Record.read(str(folder))
        memory: Memory | str = ""
        if training.sets is not None:
            memory = _NEAR_TARGETS
        elif gan.devices.has_workers or np.prod(samples.shape) > _MOST_VALUES:
            run = paths.quoted(folder.path)
            memory = f"`kgan report {run}` looks for the nearest training images."
        elif record.is_of_images():
            memory = _find(gan, samples)
        write_page([record], {record.name: memory}, folder.report)
    # The run is whole without this page, whatever the reason.
    except Exception as error:
        print(f"Warning: {folder.report} can't be written: {error}", file=sys.stderr)


def _memory(record: Record) -> Memory | str:
    """Returns the neighbours of samples, or a sentence that says why there are none."""
    if not record.is_of_images():
        return ""
    if not record.folder.gan.exists():
        return "The run folder has no GAN to draw samples from."
    try:
        model = load_model(record.folder.path)
        if isinstance(model, TRANSLATORS):
            return _NEAR_TARGETS
        data = record.load_data()
        return _find(model, data.samples)
    except ValueError as error:
        return f"The nearest training images are not known: {error}"


def _find(gan: CompiledModel, samples: ArrayLike) -> Memory | str:
    try:
        return neighbors.find(gan, samples)
    except ValueError as error:
        return f"The nearest training images are not known: {error}"
