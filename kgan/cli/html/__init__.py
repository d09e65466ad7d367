"""The page that `kgan report` writes: one HTML file that needs no other file."""

from kgan.cli.html.page import write_page

__all__ = ["write_page"]
