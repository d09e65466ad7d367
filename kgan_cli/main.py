"""Parses the command line, and runs the module of the command."""

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from types import ModuleType

from kgan_cli import after_training, config, names, settings, status
from kgan_cli.compilations import kept_compilations
from kgan_cli.completion import SHELLS, PrintCompletion
from kgan_cli.option import Settings
from kgan_cli.out_of_memory import is_out_of_memory
from kgan_cli.output import OutputError, checked_output
from kgan_cli.parser import Parser, fail
from kgan_cli.quiet import quiet_tensorflow
from kgan_cli.spelling import as_options
from kgan_cli.status import Status
from kgan_cli.translation import TranslateSettings

# The settings of each command. `kgan.cli.COMMAND.run` runs the command.
COMMANDS: dict[str, type[Settings]] = {
    "train": settings.TrainSettings,
    "sample": after_training.SampleSettings,
    "translate": TranslateSettings,
    "evaluate": settings.EvaluateSettings,
    "info": settings.InfoSettings,
    "interpolate": after_training.InterpolateSettings,
    "explore": after_training.ExploreSettings,
    "project": after_training.ProjectSettings,
    "export": after_training.ExportSettings,
    "report": after_training.ReportSettings,
    "compare": after_training.CompareSettings,
}


def main(argv: Sequence[str] | None = None) -> int:
    """Runs a command.

    Args:
        argv: The arguments; None for the arguments of the process.

    Returns:
        The exit status, see `kgan_cli.status`.
    """
    command = "kgan"
    given: Settings | None = None
    try:
        with checked_output():
            name, given = parse(argv)
            command = f"kgan {name}"
            given.check_each()
            given.check()
            with quiet_tensorflow(), kept_compilations():
                return _module(name).run(given)
    except (OutputError, ValueError, OSError, ImportError, MemoryError) as error:
        text = _message(error)
        text = text if given is None else as_options(text, given)
        print(f"{command}: {text}", file=sys.stderr)
        return Status.ERROR
    except Exception as error:
        if not is_out_of_memory(error):
            raise
        print(f"{command}: {_message(MemoryError())}", file=sys.stderr)
        return Status.ERROR
    except KeyboardInterrupt as error:
        print(f"\n{command}: {str(error) or 'interrupted'}", file=sys.stderr)
        return Status.INTERRUPTED


def parse(argv: Sequence[str] | None = None) -> tuple[str, Settings]:
    """Returns the name of the command, and its settings.

    Args:
        argv: The arguments; None for the arguments of the process.

    Raises:
        SystemExit: After `--help` and `--version`, and after a usage error.
    """
    given = vars(_parser().parse_args(argv))
    command = given.pop("command")
    kind = COMMANDS[command]
    if "config" in given:
        takers = [c for c in COMMANDS.values() if issubclass(c, settings.ModelSettings)]
        try:
            given = config.with_file(given, kind, takers)
        except ValueError as error:
            fail(f"kgan {command}", str(error))
    return command, kind.of_given(given)


def _module(command: str) -> ModuleType:
    """Imports the module of a command, and with it Keras and its backend.

    Raises:
        ImportError: If Keras finds no backend of that name.
    """
    try:
        return importlib.import_module(f"kgan.cli.{command}")
    except (ImportError, ValueError) as error:
        backend = os.environ.get("KERAS_BACKEND")
        received = f"KERAS_BACKEND={backend}" if backend else "KERAS_BACKEND unset"
        raise ImportError(
            "The backend of Keras can't be imported "
            f"({str(error).splitlines()[0].rstrip('.')}): KERAS_BACKEND must be "
            "tensorflow, jax or torch, and this package must be installed, for example "
            f'by `pip install "kgan[jax]"`. Received: {received}'
        ) from None


def _parser() -> Parser:
    parser = Parser(
        prog="kgan",
        description="Generative adversarial networks for Keras 3.",
        epilog=f"exit status:\n{status.listed()}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    version = f"kgan {names.version()}"
    parser.add_argument("--version", action="version", version=version)
    parser.add_argument(
        "--print-completion",
        action=PrintCompletion,
        default=argparse.SUPPRESS,
        choices=SHELLS,
        help="print the script by which a shell completes the command line",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, command in COMMANDS.items():
        commands.add_parser(
            name, help=command.summary, description=command.description
        ).add_options(command)
    return parser


def _message(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror and error.filename:
        return f"{error.strerror}. Received: {error.filename}"
    if isinstance(error, MemoryError):
        remedy = "try a smaller batch, or fewer samples at a time"
        return f"The memory is not enough; {remedy}. {error}".rstrip()
    return str(error)
