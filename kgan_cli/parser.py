"""The parser of the command line. An error is one line, with the nearest known name."""

import argparse
import dataclasses
import functools
import inspect
import re
import sys
from collections.abc import Iterable, Iterator
from typing import Any, NoReturn

from kgan_cli.nearest import did_you_mean, sentence
from kgan_cli.option import REQUIRED, Settings, parsed, shortened, spellings
from kgan_cli.status import Status

# A value that begins with a dash.
_NUMBER = re.compile(r"-\.?\d")
# The beginnings of messages of argparse.
_ARGUMENT = re.compile(r"argument (-[\w-]+)\S*: (?:\1 )?")
_CHOICE = re.compile(r"(-[\w-]+) invalid choice: '?(.*?)'? \(choose from (.*)\)")
_COMMAND = re.compile(r"argument COMMAND: invalid choice: '?(.*?)'? \(choose from (.*)\)")


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one line, with the nearest known name.

    An option must be given in full: a script with an abbreviation would fail as soon as
    another option begins with the same letters.

    Args:
        **keywords: See `argparse.ArgumentParser`.
    """

    def __init__(self, **keywords: Any):
        self._known: list[str] = []
        self._has_commands = False
        super().__init__(allow_abbrev=False, **keywords)

    def add_subparsers(self, **keywords: Any) -> Any:
        """Adds commands, see `argparse`."""
        self._has_commands = True
        return super().add_subparsers(**keywords)

    def add_argument(self, *names: Any, **keywords: Any) -> argparse.Action:
        """Adds an option, see `argparse`."""
        self._known += names
        return super().add_argument(*names, **keywords)

    def add_options(self, settings: type[Settings]) -> None:
        """Adds the options of a command, group by group."""
        groups: dict[str | None, Any] = {None: self}
        for field in dataclasses.fields(settings):
            title = _title(settings, field.name)
            if title not in groups:
                groups[title] = self.add_argument_group(title)
            groups[title].add_argument(*spellings(field), **_keywords(field))
            self._known += spellings(field)

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Parses arguments, and ends the process if there is an unknown argument."""
        given = sys.argv[1:] if args is None else list(args)
        # Before the parse, since argparse would first name an argument that is missing.
        if unknown := next(self._unknown(given), None):
            known = [name for name in self._known if name.startswith("--")]
            suggested = did_you_mean(unknown, known)
            self.error(f"unknown option {shortened(unknown)}{suggested}")
        found, others = super().parse_known_args(given, namespace)
        if others:
            self.error(f"unexpected argument {shortened(others[0])}")
        return found, []

    def error(self, message: str) -> NoReturn:
        """Prints a message, and ends the process."""
        message = _ARGUMENT.sub(r"\1 ", message)
        if wrong := _COMMAND.match(message):
            suggested = did_you_mean(wrong[1], re.findall(r"[\w-]+", wrong[2]))
            message = f"unknown command {shortened(wrong[1])}{suggested}"
        elif wrong := _CHOICE.match(message):
            name, value, listed = wrong.groups()
            listed = listed.replace("'", "")
            received = f"{name} {shortened(value)}"
            message = f"{name} must be one of {listed}. Received: {received}"
        fail(self.prog, message)

    def _unknown(self, given: Iterable[str]) -> Iterator[str]:
        """Yields the options among the arguments that this parser does not know."""
        for argument in given:
            is_option = argument.startswith("-") and not _NUMBER.match(argument)
            # The arguments after a command are for the parser of the command.
            if argument == "--" or (self._has_commands and not is_option):
                return
            name = argument.partition("=")[0]
            if is_option and name not in ["-", *self._known] and " " not in name:
                yield name


def fail(command: str, message: str) -> NoReturn:
    """Prints a usage error of a command, and ends the process."""
    print(f"{command}: {sentence(message)} See {command} --help", file=sys.stderr)
    raise SystemExit(Status.USAGE)


def _title(settings: type[Settings], name: str) -> str | None:
    """Returns the title of the class that declares an option first."""
    classes = reversed(settings.__mro__)
    declaring = next(c for c in classes if name in inspect.get_annotations(c))
    return vars(declaring).get("title")


def _keywords(field: dataclasses.Field) -> dict[str, Any]:
    """Returns the keyword arguments of `add_argument`."""
    metadata, default = field.metadata, field.default
    help = metadata["help"]
    if default is REQUIRED and metadata["positional"]:
        named = {name: metadata[name] for name in ("metavar", "nargs", "help")}
        return {**named, "type": functools.partial(parsed, field)}
    # `Settings` has the defaults: the result of the parser has the given options alone.
    common = {"dest": field.name, "default": argparse.SUPPRESS}
    if default is False:
        return {**common, "action": "store_true", "help": help}
    if default is not None and default is not REQUIRED:
        help += f" (default: {default})"
    keywords = {key: metadata[key] for key in ("choices", "metavar", "nargs")}
    if metadata["const"] is not None:
        keywords |= {"nargs": "?", "const": metadata["const"]}
    if metadata["nargs"] == "+":
        # `--text A --text B` is `--text A B`.
        keywords |= {"action": "extend"}
    return {
        **common,
        **keywords,
        "type": functools.partial(parsed, field),
        "required": default is REQUIRED,
        "help": help,
    }
