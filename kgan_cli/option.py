"""Options: fields of frozen dataclasses, from which the parser is built.

An option is declared once, as a field of a subclass of `Settings`:

    epochs: int | None = option(type=count, aliases=("--epoch",), help="number of epochs")

The parser, the record in `config.json` and the check at `--resume` all use this field.
`kgan_cli/settings.py` declares the options of all commands.
"""

import argparse
import dataclasses
import inspect
import os
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

# The longest value in a message.
_LONGEST = 80
# The default of an option that must be given.
REQUIRED = dataclasses.MISSING


def option(
    default: object = None,
    *,
    help: str,
    type: Callable[[str], object] | None = None,
    choices: Sequence[Any] | None = None,
    metavar: str | None = None,
    aliases: Sequence[str] = (),
    nargs: str | None = None,
    positional: bool = False,
    is_path: bool = False,
    with_resume: bool = False,
) -> Any:
    """Declares an option as a field of a dataclass.

    The field `batch_size` is the option `--batch-size`, also spelled `--batch_size`.

    Args:
        default: The value if the option is not given. False makes a flag; `REQUIRED`
            makes an option that must be given.
        help: The help text, to which the default is appended.
        type: See `argparse`.
        choices: See `argparse`.
        metavar: See `argparse`.
        aliases: Further spellings of the option.
        nargs: See `argparse`.
        positional: Whether the argument is given without the name of the option.
        is_path: Whether the value may be a path. `record` makes the path absolute.
        with_resume: Whether the option may be given together with `--resume`.
    """
    metadata = {"type": type, "choices": choices, "metavar": metavar, "aliases": aliases}
    metadata["nargs"] = nargs
    roles = {"positional": positional, "is_path": is_path, "with_resume": with_resume}
    return dataclasses.field(
        default=default, metadata={"help": help, **metadata, **roles}
    )


@dataclasses.dataclass(frozen=True, kw_only=True)
class Settings:
    """Base class of the settings of a command, and of groups of options.

    A command sets `summary`, its line in the list of commands, and `description`, the
    beginning of its help text. A group sets `title`, its heading in the help text.
    """

    summary: ClassVar[str]
    description: ClassVar[str]
    title: ClassVar[str | None] = None

    @classmethod
    def checked(cls, record: dict[str, Any]) -> dict[str, Any]:
        """Returns the values in a record by the names of options; others are ignored.

        Args:
            record: The result of `record`, from a file that may have been edited.

        Raises:
            ValueError: If the command line would refuse a value.
        """
        return {
            field.name: _checked(field, record[field.name])
            for field in dataclasses.fields(cls)
            if field.name in record
        }

    def record(self) -> dict[str, Any]:
        """Returns the values of all options, by name. Paths that exist are absolute."""
        values = dataclasses.asdict(self)
        for field in dataclasses.fields(self):
            value = values[field.name]
            if field.metadata["is_path"] and value and os.path.exists(value):
                values[field.name] = os.path.abspath(value)
        return values


def add_options(parser: argparse.ArgumentParser, settings: type[Settings]) -> None:
    """Adds the options of a command to its parser, group by group."""
    groups: dict[str, Any] = {}
    for field in dataclasses.fields(settings):
        title = _title(settings, field.name)
        if title is not None and title not in groups:
            groups[title] = parser.add_argument_group(title)
        group = parser if title is None else groups[title]
        group.add_argument(*spellings(field), **_keywords(field))


def _title(settings: type[Settings], name: str) -> str | None:
    """Returns the title of the class that declares an option first."""
    classes = reversed(settings.__mro__)
    declaring = next(c for c in classes if name in inspect.get_annotations(c))
    return vars(declaring).get("title")


def _checked(field: dataclasses.Field, value: object) -> object:
    """Returns a recorded value of an option, as the parser would return it."""
    metadata = field.metadata
    if value is None and field.default is None:
        return None
    if isinstance(value, bool) or field.default is False:
        allowed = isinstance(value, bool) and field.default is False
    else:
        # Two sides of images are recorded as a list.
        text = "x".join(map(str, value)) if isinstance(value, list) else str(value)
        allowed = isinstance(value, str) or metadata["type"] is not None
        try:
            value = metadata["type"](text) if allowed and metadata["type"] else value
        except (argparse.ArgumentTypeError, ValueError):
            allowed = False
        allowed = allowed and value in (metadata["choices"] or [value])
    if not allowed:
        raise ValueError(
            f"The record of the run, config.json, has a value that "
            f"{spellings(field)[0]} does not take. Received: {shortened(repr(value))}"
        )
    return value


def shortened(text: str) -> str:
    """Returns a text that is at most as long as a reader compares."""
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def spellings(field: dataclasses.Field) -> list[str]:
    """Returns all spellings of an option, the first as the help texts spell it."""
    if field.metadata["positional"]:
        return [field.name]
    spellings = [f"--{field.name.replace('_', '-')}", f"--{field.name}"]
    return list(dict.fromkeys([*spellings, *field.metadata["aliases"]]))


def _keywords(field: dataclasses.Field) -> dict[str, Any]:
    """Returns the keyword arguments of `add_argument`."""
    metadata, default = field.metadata, field.default
    if default is False:
        return {"action": "store_true", "help": metadata["help"]}
    names = ("type", "choices", "metavar", "nargs", "help")
    keywords = {name: metadata[name] for name in names}
    if default is REQUIRED:
        return keywords if metadata["positional"] else {**keywords, "required": True}
    if default is not None:
        keywords["help"] += f" (default: {default})"
    return {**keywords, "default": default, "dest": field.name}
