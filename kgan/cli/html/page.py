"""The page: its sections, from the records of runs."""

import json
from collections.abc import Mapping, Sequence

from kgan.cli import facts
from kgan.cli.html import markup, pictures, template
from kgan.cli.html.charts import Curve, chart
from kgan.cli.html.markup import details, element, section
from kgan.cli.neighbors import Memory
from kgan.cli.record import Record
from kgan.metrics.result import shared_protocol
from kgan.types import PathLike

# Columns of a history that share a chart, if there is a single run.
_TOGETHER = {"Losses": ("d_loss", "g_loss"), "Mean logits": ("d_real", "d_fake")}
# A column of a history that is the sum of others.
_SUM = "loss"
_FOOTER = "Written by kgan. Pass over a curve with the pointer to read its values."
# The names of the rows of neighbours.
_RANKS = ("nearest", "second", "third")


def write_page(
    records: Sequence[Record], memories: Mapping[str, Memory | str], path: PathLike
) -> None:
    """Writes the page.

    Args:
        records: The runs.
        memories: For each name of a run its `Memory`, or a sentence that says why there
            is none.
        path: The path of the HTML file.
    """
    names = ", ".join(record.name for record in records)
    body = [
        _head(records),
        section("Samples", _samples(records)),
        section(f"Curves, by {_unit(records)} shown", _curves(records)),
        section("Health", *map(_problems, records)),
        section("Metrics", *map(_metrics, records)),
        section("Does it repeat its training data?", _memories(records, memories)),
        section("Configuration", _configuration(records)),
        element("footer", text=_FOOTER),
    ]
    styles, scripts = ("shared.css", "report.css"), ("report.js",)
    template.write(path, names, "\n".join(body), styles, scripts)


def _head(records: Sequence[Record]) -> str:
    found = [facts.facts(record) for record in records]
    title = element("h1", text=", ".join(record.name for record in records))
    if len(records) > 1:
        rows = dict.fromkeys(name for one in found for name in one)
        cells = {name: [one.get(name, "") for one in found] for name in rows}
        return title + markup.table(cells, _names(records))
    tiles = [
        element("div", element("dt", text=name), element("dd", text=text))
        for name, text in found[0].items()
    ]
    return title + element("dl", *tiles, class_="tiles")


def _names(records: Sequence[Record]) -> list[str]:
    """Returns the names of the runs; none if there is a single run."""
    return [record.name for record in records] if len(records) > 1 else []


def _samples(records: Sequence[Record]) -> str:
    grids = {
        record.name: pictures.read_grids(record.grids(), 1 / len(records))
        for record in records
    }
    shown = sorted({number for found in grids.values() for number in found})
    if not shown:
        return ""
    figures = [_grids(name, found) for name, found in grids.items() if found]
    # Runs on the same data have the same reals.
    data = {record.config["data"]["sha256"]: record for record in reversed(records)}
    figures += [_reals(record, len(data) > 1) for record in reversed(data.values())]
    controls = _controls(shown) if len(shown) > 1 else ""
    return controls + element("div", *figures, class_="grids")


def _controls(shown: list[int]) -> str:
    """Returns a button and a slider that choose the grids to see."""
    last = len(shown) - 1
    label = {"aria_label": "samples shown"}
    return element(
        "div",
        element("button", text="Play", type="button"),
        element("input", type="range", min=0, max=last, value=last, **label),
        element("output", text=f"{shown[-1]:,} samples shown"),
        class_="controls",
        data_shown=json.dumps(shown),
    )


def _grids(name: str, grids: Mapping[int, pictures.Png]) -> str:
    last = max(grids)
    drawn = [
        png.element(
            f"Samples after {shown:,} samples shown",
            data_at=shown,
            hidden=shown != last,
        )
        for shown, png in grids.items()
    ]
    text = element("span", text=f"after {last:,} samples shown", class_="at")
    return element("figure", element("figcaption", element("b", text=name), text), *drawn)


def _reals(record: Record, with_name: bool) -> str:
    png = pictures.read(record.folder.reals, 1e6)
    if png is None:
        return ""
    text = f"real samples of {record.name}" if with_name else "real samples"
    caption = element("figcaption", element("b", text=text))
    return element("figure", caption, png.element("Real samples"))


def _curves(records: Sequence[Record]) -> str:
    charts = [chart(*arguments) for arguments in _panels(records)]
    return element("div", *charts, class_="charts") if any(charts) else ""


def _panels(records: Sequence[Record]) -> list[tuple[str, list[Curve], str]]:
    """Returns the title, the curves and the unit of each chart.

    Columns of a single run share a chart. Several runs have a chart for each column.
    """
    unit = _unit(records)
    found = dict.fromkeys(c for r in records for c in r.results if c != _SUM)
    first = [column for group in _TOGETHER.values() for column in group]
    columns = [*(c for c in first if c in found), *(c for c in found if c not in first)]
    together = _TOGETHER if len(records) == 1 else {}
    groups = {title: [c for c in g if c in columns] for title, g in together.items()}
    grouped = {column for group in groups.values() for column in group}
    groups |= {column: [column] for column in columns if column not in grouped}
    return [
        (title.removeprefix("val_"), _group(records, group, unit), unit)
        for title, group in groups.items()
    ]


def _unit(records: Sequence[Record]) -> str:
    """Returns the unit of the positions; runs of earlier releases count epochs."""
    return "samples" if all("images" in r.history for r in records) else "epochs"


def _group(records: Sequence[Record], columns: list[str], unit: str) -> list[Curve]:
    position = "images" if unit == "samples" else "epoch"
    pairs = [(r, c) for r in records for c in columns if c in r.results]
    several = len(records) > 1
    names = [r.name if several else c if len(columns) > 1 else "" for r, c in pairs]
    colors = [records.index(r) if several else columns.index(c) for r, c in pairs]
    return [
        Curve(name, record.history[position], record.results[column], color)
        for (record, column), name, color in zip(pairs, names, colors, strict=True)
    ]


def _problems(record: Record) -> str:
    found = record.problems()
    if not found:
        return ""
    return element("h3", text=record.name) + markup.paragraphs(found)


def _metrics(record: Record) -> str:
    results = record.metrics()
    if not results:
        return ""
    rows = {result.name: [facts.number(result.value)] for result in results}
    protocol = shared_protocol(results)
    facts_ = {name: [str(value)] for name, value in protocol.items()}
    title = element("h3", text=record.name)
    return title + markup.table(rows) + details("Protocol", markup.table(facts_))


def _memories(records: Sequence[Record], memories: Mapping[str, Memory | str]) -> str:
    parts = []
    for record in records:
        memory = memories.get(record.name, "")
        if memory:
            parts += [element("h3", text=record.name)] * (len(records) > 1)
            parts.append(_memory(memory))
    return "".join(parts)


def _memory(memory: Memory | str) -> str:
    if isinstance(memory, str):
        return markup.paragraphs([memory])
    rows = [_row("sample", [pictures.sample(x, "A sample") for x in memory.samples])]
    for place in range(memory.neighbors.shape[1]):
        near = memory.neighbors[:, place], memory.distances[:, place]
        cells = [
            pictures.sample(pixels, "A training image")
            + element("small", text=f"{distance:.1f}")
            for pixels, distance in zip(*near, strict=True)
        ]
        rows.append(_row(_RANKS[place], cells))
    body = element("tbody", *rows)
    table = element("table", body, class_="neighbors")
    return markup.paragraphs(memory.sentences()) + element("div", table, class_="wide")


def _row(name: str, cells: list[str]) -> str:
    head = element("th", text=name, scope="row")
    return element("tr", head, *(element("td", cell) for cell in cells))


def _configuration(records: Sequence[Record]) -> str:
    parts = []
    if len(records) > 1:
        differences = facts.changes(list(records))
        parts.append(element("h3", text="Differences"))
        parts.append(
            markup.table(differences, _names(records))
            or markup.paragraphs(["The runs have the same configuration."])
        )
    for record in records:
        preset = record.config.get("preset", {})
        code = "\n".join(preset.get("code", []))
        parts += [element("h3", text=record.name)] * (len(records) > 1)
        parts.append(markup.paragraphs(preset.get("reasons", [])))
        parts.append(element("pre", element("code", text=code)) if code else "")
        text = json.dumps(record.config, indent=2)
        parts.append(details("config.json", element("pre", element("code", text=text))))
    return "".join(parts)
