"""Parses the command line; each command is a module of its own."""

import argparse
import sys
from collections.abc import Sequence

import kgan
from kgan.cli import evaluate, info, sample, train


def parser() -> argparse.ArgumentParser:
    """Returns the parser of `kgan` and its commands."""
    parser = argparse.ArgumentParser(
        prog="kgan", description="Generative adversarial networks for Keras 3."
    )
    parser.add_argument("--version", action="version", version=f"kgan {kgan.__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for command in (train, sample, evaluate, info):
        command.add_to(commands)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Runs a command.

    Args:
        argv: The arguments; None for those of the process.

    Returns:
        The exit status: 0, 1 after an error, 130 after Ctrl-C.
    """
    arguments = parser().parse_args(argv)
    try:
        return arguments.run(arguments)
    except (ValueError, OSError, ImportError) as error:
        print(f"kgan {arguments.command}: {_sentence(error)}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"\nkgan {arguments.command}: interrupted", file=sys.stderr)
        return 130


def _sentence(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror and error.filename:
        return f"{error.strerror}. Received: {error.filename}"
    return str(error)
