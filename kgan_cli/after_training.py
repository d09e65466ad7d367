"""The settings of the commands that show runs, and draw from trained GANs."""

import dataclasses

from kgan_cli.option import REQUIRED, Settings, option


@dataclasses.dataclass(frozen=True, kw_only=True)
class ReportSettings(Settings):
    """`kgan report`."""

    summary = "show runs on one page for a browser"
    description = (
        "Writes one HTML file that needs no network: the curves, the grids of samples "
        "beside real samples, the training images nearest to new samples, and the "
        "configuration. Several runs are shown side by side."
    )

    runs: tuple[str, ...] = option(
        REQUIRED, metavar="RUN", nargs="+", positional=True, help="run folder"
    )
    out: str = option("report.html", metavar="FILE.html", help="the file to write")
