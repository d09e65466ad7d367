"""The frame of all pages: one HTML file that makes no request."""

import importlib.resources
import json
import string
from collections.abc import Sequence

from kgan.cli.html import markup
from kgan.files import atomic_path
from kgan.types import Config, PathLike


def read(name: str) -> str:
    """Returns the text of a file of this folder."""
    return importlib.resources.files("kgan.cli.html").joinpath(name).read_text("utf-8")


def write(
    path: PathLike,
    title: str,
    body: str,
    styles: Sequence[str],
    scripts: Sequence[str],
) -> None:
    """Writes a page.

    Args:
        path: The path of the HTML file.
        title: A plain text, the title without the name of kgan.
        body: HTML.
        styles: Names of .css files of this folder.
        scripts: Names of .js files of this folder.
    """
    values = {
        "title": markup.escape(f"{title} - kgan"),
        "style": "".join(map(read, styles)),
        "body": body,
        "script": "".join(map(read, scripts)),
    }
    text = string.Template(read("page.html")).substitute(values)
    with atomic_path(path) as temporary:
        # Names of files and folders may have bytes that are no letters.
        temporary.write_text(text, "utf-8", errors="backslashreplace")


def data(identifier: str, values: Config) -> str:
    """Returns an element with values for a script; texts may have any characters.

    Args:
        identifier: The `id` of the element.
        values: An object for JSON.
    """
    text = json.dumps(values, separators=(",", ":")).replace("<", "\\u003c")
    return f'<script type="application/json" id="{identifier}">{text}</script>'
