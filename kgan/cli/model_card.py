"""The model card beside an exported generator: a page for its users."""

import pathlib
from collections.abc import Mapping

from kgan import exports
from kgan.cli import facts
from kgan.cli.record import Record
from kgan.files import atomic_path
from kgan.metrics.result import shared_protocol
from kgan_cli import paths
from kgan_cli.translation import source_of

_NO_LICENCE = (
    "To be filled in: the licence of the data decides on the licence of the weights."
)
_LIMITS = (
    "The samples have the gaps and the biases of the data. A sample can be near to a "
    "single image of the data: `kgan report` looks for the nearest ones. No other use "
    "was tested."
)


def write(card: str, path: pathlib.Path, format: exports.Format) -> None:
    """Writes a model card beside an exported generator.

    Args:
        card: The text of the card.
        path: Path of the exported file or folder.
        format: Its format.
    """
    file = exports.companion(path, format, ".md", "MODEL_CARD.md")
    with atomic_path(file) as temporary:
        # Names of files and folders may have bytes that are no letters.
        temporary.write_text(card, "utf-8", errors="backslashreplace")


def text(record: Record, licence: str | None = None, gan: str = paths.GAN) -> str:
    """Returns the model card of a run, in Markdown.

    Args:
        record: The run, up to the GAN.
        licence: The licence of the weights; None if it is not known.
        gan: The name of the file of the GAN in the run folder.
    """
    sections = {
        "Data": _data(record),
        "Training": _training(record),
        "Quality": _quality(record, gan),
        "Licence": licence or _NO_LICENCE,
        "Limits": "\n\n".join([_LIMITS, *record.problems()]),
    }
    origin = "The generator of a GAN that kgan trained."
    if gan != paths.GAN:
        origin += f" The file of the GAN is `{gan}`."
    parts = [f"# {record.name}", origin]
    for title, content in sections.items():
        parts += [f"## {title}", content]
    return "\n\n".join(parts) + "\n"


def _data(record: Record) -> str:
    data, arguments = record.config["data"], record.config["arguments"]
    found = {
        "source": f"`{source_of(arguments)}`",
        "samples": facts.facts(record)["data"],
        "classes": ", ".join(map(str, data.get("classes") or ())),
        "SHA-256": data["sha256"],
    }
    return _table({name: value for name, value in found.items() if value})


def _training(record: Record) -> str:
    code = "\n".join(record.config.get("preset", {}).get("code", ()))
    found = {k: v for k, v in facts.facts(record).items() if k != "data"}
    table = _table(found)
    return f"{table}\n\n```python\n{code}\n```" if code else table


def _quality(record: Record, gan: str) -> str:
    # `metrics.json` has the numbers of the last GAN.
    if gan != paths.GAN:
        return f"Not measured: `kgan evaluate RUN/{gan}` measures."
    results = record.metrics()
    if not results:
        return "Not measured: `kgan evaluate RUN --json RUN/metrics.json` measures."
    rows = [["metric", "value", "two halves of the data", "protocol"]]
    shared = shared_protocol(results)
    for result in results:
        own = (f"{k} {v}" for k, v in result.protocol.items() if k not in shared)
        numbers = (facts.number(result.value), facts.number(result.halves))
        rows.append([result.name, *numbers, ", ".join(own)])
    protocol = _table({name: str(value) for name, value in shared.items()})
    return f"{_rows(rows)}\n\nThe protocol of all metrics:\n\n{protocol}"


def _table(values: Mapping[str, str]) -> str:
    return _rows([["", ""], *map(list, values.items())])


def _rows(rows: list[list[str]]) -> str:
    """Returns a table of Markdown, whose first row is the head."""
    # A bar would end the cell.
    escaped = [[cell.replace("|", "\\|") for cell in row] for row in rows]
    head, *others = (f"| {' | '.join(row)} |" for row in escaped)
    return "\n".join([head, "|" + " --- |" * len(rows[0]), *others])
