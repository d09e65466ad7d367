"""The facts by which runs are compared: for the report, and for `kgan compare`."""

import math

from kgan.cli.record import Record
from kgan.types import Config


def facts(record: Record) -> dict[str, str]:
    """Returns the facts of a run, as texts by their names; unknown facts are left out.

    Args:
        record: The run.
    """
    config, arguments = record.config, record.config["arguments"]
    count, *shape = config["data"]["shape"]
    losses = ("d_loss", "g_loss")
    found = {
        "data": f"{count:,} samples of {'x'.join(map(str, shape))}",
        "preset": str(arguments.get("preset") or ""),
        "parameters": _parameters(config.get("parameters")),
        "samples shown": _count(record.last("images")),
        "minutes": number(record.last("seconds") / 60),
        "samples a second": number(_speed(record)),
        "backend": f"{config.get('backend', '')} {_version(config)}".strip(),
        **{f"last {name}": number(record.last(name)) for name in losses},
        **{
            name.removeprefix("val_"): number(record.last(name))
            for name in metric_columns(record)
        },
    }
    return {name: text for name, text in found.items() if text}


def metric_columns(record: Record) -> list[str]:
    """Returns the columns of the history that hold metrics of samples."""
    return [name for name in record.results if name.startswith("val_")]


def changes(records: list[Record]) -> dict[str, list[str]]:
    """Returns the options that differ between runs, with the value in each run.

    Args:
        records: The runs. Options are compared by `config.json`: the arguments of the
            command, the GAN, and the arguments of `compile`.
    """
    flat = [_flat(record) for record in records]
    names = dict.fromkeys(name for options in flat for name in options)
    rows = {name: [options.get(name, "") for options in flat] for name in names}
    return {name: values for name, values in rows.items() if len(set(values)) > 1}


def number(value: float) -> str:
    """Returns a number for a reader; an empty text for NaN."""
    if math.isnan(value):
        return ""
    return f"{value:,.0f}" if 1000 <= abs(value) < 1e9 else f"{value:.3g}"


def _count(value: float) -> str:
    return "" if math.isnan(value) else f"{int(value):,}"


def _speed(record: Record) -> float:
    seconds = record.last("seconds")
    return record.last("images") / seconds if seconds else math.nan


def _parameters(counts: dict[str, int] | None) -> str:
    if not counts:
        return ""
    total = f"{sum(counts.values()):,}"
    return f"{total} ({' + '.join(f'{count:,}' for count in counts.values())})"


def _version(config: dict) -> str:
    backend, versions = config.get("backend"), config.get("versions", {})
    return versions.get("torch" if backend == "torch" else backend, "")


def _flat(record: Record) -> dict[str, str]:
    """Returns the options of a run as texts, by dotted names."""
    config = record.config
    sections = {
        "": _given(config["arguments"]),
        "gan.": config.get("gan", {}),
        "compile.": config.get("compile") or {},
    }
    found: dict[str, str] = {}
    for prefix, section in sections.items():
        _add(found, prefix, section)
    for name in ("backend", "threads"):
        found[name] = str(config.get(name, ""))
    return found


def _given(arguments: Config) -> Config:
    """Returns the arguments with a value; earlier releases lack the newer options."""
    return {
        name: value
        for name, value in arguments.items()
        if value is not None and name not in ("out", "resume")
    }


def _add(found: dict[str, str], prefix: str, value: object) -> None:
    match value:
        case {"class_name": name, "config": options, **_others}:
            found[prefix.rstrip(".")] = str(name)
            _add(found, prefix, options)
        case dict():
            for key, item in value.items():
                _add(found, f"{prefix}{key}.", item)
        case [{}, *_] if isinstance(value, list):
            for place, item in enumerate(value):
                _add(found, f"{prefix}{place}.", item)
        case _:
            found[prefix.rstrip(".")] = str(value)
