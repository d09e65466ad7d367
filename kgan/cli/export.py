"""`kgan export`."""

import pathlib

from kgan import exports
from kgan.cli import model_card, run_folder
from kgan.cli.record import Record
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
    # Made before the export, so that a damaged record is found before the work.
    card = _card(path, settings.licence)
    model = run_folder.load_model(path)
    run_folder.check_direction(settings.to, model, path)
    options = {} if settings.to is None else {"to": settings.to}
    model.export(out, format=format.name, **options)
    if card:
        model_card.write(card, out, format)
    return Status.DONE


def _card(path: pathlib.Path, licence: str | None) -> str:
    """Returns the model card of a run; an empty text for a GAN without a record."""
    if run_folder.RunFolder(path).config.exists():
        return model_card.text(Record.read(str(path)), licence)
    if licence is not None:
        raise ValueError(
            "--licence is for the model card of a run, and needs the folder of a run, "
            f"with its config.json. Received: {path}"
        )
    return ""
