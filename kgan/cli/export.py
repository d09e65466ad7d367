"""`kgan export`."""

import pathlib

from kgan import exports
from kgan.cli import run_folder
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
    gan = run_folder.load_gan(pathlib.Path(settings.run_or_model))
    gan.export(out, format=format.name)
    return Status.DONE
