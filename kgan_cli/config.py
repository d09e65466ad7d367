"""Options from a file: TOML, or the `config.json` of a run."""

import argparse
import dataclasses
import json
import pathlib
import tomllib
from collections.abc import Iterable
from typing import Any

from kgan_cli.nearest import did_you_mean, sentence
from kgan_cli.option import Settings, from_file, shortened, spellings


def with_file(
    given: dict[str, Any], command: type[Settings], commands: Iterable[type[Settings]]
) -> dict[str, Any]:
    """Returns the options of the shell, and the options of the file of `--config`.

    Args:
        given: The options of the shell, which override the options of the file.
        command: The settings of the command.
        commands: The settings of all commands that take such a file. An option of another
            command is left out, so that a file serves several commands.

    Raises:
        ValueError: If the file can't be read, or the command line would refuse a value.
    """
    path = given["config"]
    if "resume" in given:
        raise ValueError(
            "--config has the options of a new run, but --resume continues with the "
            f"options of its run. Received: --config {path}, --resume {given['resume']}"
        )
    document = _read(path)
    is_record = isinstance(document.get("arguments"), dict)
    items = document["arguments"] if is_record else document
    fields = {
        spelling.lstrip("-"): field
        for settings in [*commands, command]
        for field in dataclasses.fields(settings)
        if field.metadata["recorded"]
        for spelling in spellings(field)
    }
    values = {}
    for name, value in items.items():
        if name in fields:
            values[fields[name].name] = _value(fields[name], value, path)
        elif not is_record:
            raise ValueError(
                f"{sentence(f'unknown option{did_you_mean(name, fields)}')} Received: "
                f"{shortened(name)} in {path}"
            )
    if is_record:
        _forget(values, given)
    own = {field.name for field in dataclasses.fields(command)}
    return {**{k: v for k, v in values.items() if k in own}, **given}


def _read(path: str) -> dict[str, Any]:
    try:
        text = pathlib.Path(path).read_text("utf-8")
        document = json.loads(text) if path.endswith(".json") else tomllib.loads(text)
        if not isinstance(document, dict):
            raise ValueError("no options by name")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ValueError(
            f"--config must be a TOML file, or the config.json of a run ({reason}). "
            f"Received: --config {path}"
        ) from None
    return document


def _value(field: dataclasses.Field, value: object, path: str) -> Any:
    try:
        return from_file(field, value)
    except argparse.ArgumentTypeError as error:
        raise ValueError(f"{error} in {path}") from None


def _forget(values: dict[str, Any], given: dict[str, Any]) -> None:
    """Removes values of a record that another run can't have."""
    values.pop("out", None)
    # The record has the epochs that its budget and its batch size needed.
    changes = "budget" in given or ("batch_size" in given and values.get("budget"))
    if changes and "epochs" not in given:
        values.pop("epochs", None)
