"""`kgan export`."""

import pathlib

from kgan import exports
from kgan.callbacks.interval import samples_shown
from kgan.cli import model_card, run_folder
from kgan.cli.record import Record
from kgan_cli import paths
from kgan_cli.after_training import ExportSettings
from kgan_cli.status import Status


def run(settings: ExportSettings) -> int:
    """Exports the generator, and returns the exit status."""
    format = exports.get(settings.format)
    out = pathlib.Path(settings.out or f"generator{format.suffix}")
    if out.suffix != format.suffix:
        expected = f"end in {format.suffix}" if format.suffix else "be a folder"
        raise ValueError(
            f"--out must {expected} for --format {settings.format}. Received: --out {out}"
        )
    format.check_backend(format=settings.format)
    path = pathlib.Path(settings.run_or_model)
    # Read before the work, and the card made before the export, so that damage is found.
    record = _record(path, settings.licence)
    model = run_folder.load_model(path)
    run_folder.check_direction(settings.to, model, path)
    card = ""
    if record is not None:
        record = record.until(samples_shown(model))
        card = model_card.text(record, settings.licence, paths.gan_file(path).name)
    options = {} if settings.to is None else {"to": settings.to}
    model.export(out, format=format.name, **options)
    if card:
        model_card.write(card, out, format)
    return Status.DONE


def _record(path: pathlib.Path, licence: str | None) -> Record | None:
    """Returns the run of a GAN; None for a GAN without a record."""
    folder = run_folder.run_of(path)
    if folder.config.exists():
        return Record.read(str(folder))
    if licence is not None:
        raise ValueError(
            "--licence is for the model card of a run, and needs the folder of a run, "
            f"with its config.json, or a .keras file in this folder. Received: {path}"
        )
    return None
