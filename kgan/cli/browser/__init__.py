"""Generators as programs that a browser can run, for the page of `kgan explore`."""

from kgan.cli.browser.graph import translate
from kgan.cli.browser.program import Program

__all__ = ["Program", "translate"]
