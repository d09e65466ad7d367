"""`kgan --print-completion SHELL`: the script by which a shell completes commands."""

import argparse
from typing import Any

SHELLS = ("bash", "zsh", "tcsh")


class PrintCompletion(argparse.Action):
    """Prints the script for a shell, and ends the process."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        """Prints the script that `shtab` makes from the options of the parser.

        Raises:
            ImportError: If `shtab` is missing.
        """
        try:
            # An extra that nothing else needs.
            import shtab
        except ImportError:
            raise ImportError(
                "Completion needs the package shtab: `pip install 'kgan[completion]'`. "
                f"Received: {option_string} {values}"
            ) from None
        print(shtab.complete(parser, shell=values))
        parser.exit()
