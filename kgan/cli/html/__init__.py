"""Pages for a browser: each is one HTML file that needs no other file."""

from kgan.cli.html.explorer import Exploration, write_explorer
from kgan.cli.html.page import write_page

__all__ = ["Exploration", "write_explorer", "write_page"]
