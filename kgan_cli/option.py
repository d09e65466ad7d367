"""Options: fields of frozen dataclasses, from which the parser is built.

An option is declared once, as a field of a subclass of `Settings`:

    epochs: int | None = option(type=count, aliases=("--epoch",), help="number of epochs")

The parser, the record in `config.json` and the check at `--resume` all use this field.
`kgan_cli/settings.py` declares the options of all commands.
"""

import argparse
import dataclasses
import os
from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Self

from kgan_cli.nearest import did_you_mean, sentence

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
    names: Sequence[str] = (),
    with_resume: bool = False,
    recorded: bool = True,
    const: str | None = None,
    check: Callable[[str, str], None] | None = None,
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
        names: Values that are names and no paths, whatever the current folder holds.
        with_resume: Whether the option may be given together with `--resume`.
        recorded: Whether the record of a run has the option.
        const: The value if the option is given without a value; None if the option needs
            a value.
        check: Function of a value, or of each of several values, and of the option's
            spelling, which is empty for an argument without a name. Raises a
            `ValueError` if the command can't be run with the value.
    """
    metadata = {"type": type, "choices": choices, "metavar": metavar, "aliases": aliases}
    metadata["nargs"] = nargs
    roles = {"positional": positional, "is_path": is_path, "with_resume": with_resume}
    more = {"names": names, "recorded": recorded, "const": const, "check": check}
    return dataclasses.field(
        default=default, metadata={"help": help, **metadata, **roles, **more}
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
    # The names of the options that were given, also with their default values.
    given: ClassVar[frozenset[str]] = frozenset()

    @classmethod
    def of_given(cls, options: dict[str, Any]) -> Self:
        """Returns the settings of the options that were given, by name."""
        settings = cls(**options)
        # Not a field: each field is an option.
        object.__setattr__(settings, "given", frozenset(options))
        return settings

    @classmethod
    def checked(cls, record: dict[str, Any]) -> dict[str, Any]:
        """Returns the values in a record by the names of options; others are ignored.

        Args:
            record: The result of `record`, from a file that may have been edited.

        Raises:
            ValueError: If the command line would refuse a value.
        """
        return {
            field.name: _recorded(field, record[field.name])
            for field in dataclasses.fields(cls)
            if field.name in record
        }

    def check(self) -> None:
        """Checks options against each other, and paths, before Keras is imported.

        Raises:
            ValueError: If the command can't be run.
            OSError: If there is nothing at a path.
        """

    def check_each(self) -> None:
        """Checks each option that was given by its own `check`.

        Raises:
            ValueError: If the command can't be run with a value.
        """
        for field in dataclasses.fields(self):
            check, value = field.metadata["check"], getattr(self, field.name)
            if check is None or value is None:
                continue
            spelling = "" if field.metadata["positional"] else spellings(field)[0]
            for one in (value,) if isinstance(value, str) else value:
                check(one, spelling)

    def record(self) -> dict[str, Any]:
        """Returns the recorded options, by name. Paths that exist are absolute."""
        fields = [f for f in dataclasses.fields(self) if f.metadata["recorded"]]
        values = {field.name: getattr(self, field.name) for field in fields}
        for field in fields:
            value = values[field.name]
            if not field.metadata["is_path"] or not value:
                continue
            # The folder of a run may have the name of its data.
            if value in field.metadata["names"]:
                continue
            if field.metadata["nargs"]:
                values[field.name] = list(map(_absolute, value))
            else:
                values[field.name] = _absolute(value)
        return values


def _absolute(path: str) -> str:
    """Returns the absolute path of something that exists; another text stays."""
    return os.path.abspath(path) if os.path.exists(path) else path


def parsed(field: dataclasses.Field, text: str) -> Any:
    """Returns the value of an option.

    Args:
        field: The field that declares the option.
        text: The value as the shell passes it.

    Raises:
        argparse.ArgumentTypeError: If the option does not take the value.
    """
    name, choices = spellings(field)[0], field.metadata["choices"]
    # A shell does not replace the `~` of `--data=~/pictures`.
    is_path = field.metadata["check"] or field.metadata["is_path"]
    if is_path and text.startswith("~/"):
        text = os.path.expanduser(text)
    try:
        value = field.metadata["type"](text) if field.metadata["type"] else text
        if choices and value not in choices:
            raise ValueError
    except (argparse.ArgumentTypeError, ValueError) as error:
        expected = f"must be of type {getattr(field.metadata['type'], '__name__', '')}"
        if isinstance(error, argparse.ArgumentTypeError):
            expected = str(error)
        elif choices:
            listed = ", ".join(map(str, choices))
            expected = f"must be one of {listed}{did_you_mean(text, choices)}"
        raise argparse.ArgumentTypeError(
            f"{sentence(f'{name} {expected}')} Received: {name} {shortened(text)}"
        ) from None
    return value


def from_file(field: dataclasses.Field, value: object) -> Any:
    """Returns the value of an option, as the parser would return it.

    Args:
        field: The field that declares the option.
        value: A value of a JSON or TOML file.

    Raises:
        argparse.ArgumentTypeError: If the option does not take the value.
    """
    if value is None and field.default is None:
        return None
    if field.metadata["nargs"]:
        items = value if isinstance(value, list) and value else [value]
        return [_item_from_file(field, item) for item in items]
    return _item_from_file(field, value)


def _item_from_file(field: dataclasses.Field, value: object) -> Any:
    name, received = spellings(field)[0], shortened(repr(value))
    if field.default is False:
        if isinstance(value, bool):
            return value
        raise argparse.ArgumentTypeError(
            f"{name} must be true or false. Received: {name} {received}"
        )
    if field.metadata["type"] is None and not isinstance(value, str):
        raise argparse.ArgumentTypeError(
            f"{name} must be a text. Received: {name} {received}"
        )
    # Two sides of images are recorded as a list.
    text = "x".join(map(str, value)) if isinstance(value, list) else str(value)
    return parsed(field, text)


def _recorded(field: dataclasses.Field, value: object) -> Any:
    try:
        return from_file(field, value)
    except argparse.ArgumentTypeError:
        raise ValueError(
            f"The record of the run, config.json, has a value that "
            f"{spellings(field)[0]} does not take. Received: {shortened(repr(value))}"
        ) from None


def shortened(text: str) -> str:
    """Returns a text that is at most as long as a reader compares."""
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def spellings(field: dataclasses.Field) -> list[str]:
    """Returns all spellings of an option, the first as the help texts spell it."""
    if field.metadata["positional"]:
        return [field.name]
    spellings = [f"--{field.name.replace('_', '-')}", f"--{field.name}"]
    return list(dict.fromkeys([*spellings, *field.metadata["aliases"]]))
