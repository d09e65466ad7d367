"""`kgan info`."""

import dataclasses
import pathlib
import textwrap

import kgan
from kgan.cli import costs, dataset, outputs, source
from kgan.cli.dataset import AnyData
from kgan.data import NothingLeftError, check_bad_files
from kgan_cli.settings import InfoSettings
from kgan_cli.status import Status


def run(settings: InfoSettings) -> int:
    """Prints the data, the preset and the cost, and returns the exit status."""
    if settings.grid:
        outputs.check_out(pathlib.Path(settings.grid), (".png",), "--grid")
    training = source.begin(settings, _load)
    data = training.data
    if settings.grid and not kgan.data.is_image_shape(data.samples.shape[1:]):
        raise ValueError(
            "--grid shows images, but the samples are no images. "
            f"Received: --grid {settings.grid}, shape {data.samples.shape}"
        )
    preset = training.preset
    print("\n".join(dataset.describe(data)) + "\n")
    if settings.grid:
        dataset.save_grid(data.samples, settings.seed, settings.grid)
        print(f"{settings.grid} shows samples as the networks see them.\n")
    print(f"The preset {preset.name!r} for a {preset.compute.upper()}:\n")
    print(textwrap.indent(str(preset), "    ") + "\n")
    said = (training.note, *preset.reasons, preset.expectation, *costs.describe(training))
    for sentence in filter(None, said):
        print(textwrap.fill(sentence, 80))
    _check_bad_files(settings, data)
    return Status.DONE


def _load(settings: InfoSettings) -> AnyData:
    # All files are examined, so that all bad files are listed.
    lenient = dataclasses.replace(settings, on_error="skip", max_bad=1.0)
    try:
        return dataset.load_training(lenient)
    except NothingLeftError as error:
        for line in dataset.left_out(error.left_out):
            print(line)
        raise


def _check_bad_files(settings: InfoSettings, data: AnyData) -> None:
    """Raises the error with which `kgan train` refuses files that can't be read."""
    if data.report is not None:
        check_bad_files(
            data.report.bad,
            data.report.others,
            sum(data.report.sizes.values()),
            kgan.data.Options(on_error=settings.on_error, max_bad=settings.max_bad),
            f"source={settings.data!r}",
        )
