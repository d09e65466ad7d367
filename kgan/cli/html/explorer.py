"""The page in which the generator of a trained GAN draws samples."""

import dataclasses
import string

import numpy as np

from kgan.cli.browser import Program
from kgan.cli.browser.program import encoded
from kgan.cli.html import template
from kgan.cli.html.markup import escape
from kgan.data.sample_range import SampleRange
from kgan.types import PathLike, Shape


@dataclasses.dataclass(frozen=True, kw_only=True)
class Exploration:
    """The contents of the page.

    Args:
        name: Name of the run or the file.
        command: The command that draws the sample of seed N.
        program: The generator.
        shape: Shape of a sample, `(height, width, channels)`.
        sample_range: The range of the samples.
        latents: Float array `(seeds, latent_dim)`, the latents of the seeds from 0 up.
        directions: Arrays `(n, latent_dim)` of directions, by their method.
        classes: Names of the classes of a conditional GAN.
    """

    name: str
    command: str
    program: Program
    shape: Shape
    sample_range: SampleRange
    latents: np.ndarray
    directions: dict[str, np.ndarray]
    classes: list[str]


def write_explorer(exploration: Exploration, path: PathLike) -> None:
    """Writes the page.

    Args:
        exploration: The contents of the page.
        path: The path of the HTML file.
    """
    directions = exploration.directions
    values = {
        "program": exploration.program.config(),
        "shape": exploration.shape,
        "low": exploration.sample_range.low,
        "high": exploration.sample_range.high,
        "latents": encoded(exploration.latents),
        "directions": {name: encoded(found) for name, found in directions.items()},
        "strongest": min(map(len, directions.values()), default=0),
        "classes": exploration.classes,
    }
    body = string.Template(template.read("explore.html")).substitute(
        name=escape(exploration.name),
        command=f"<code>{escape(exploration.command)}</code>",
        data=template.data("gan", values),
    )
    styles, scripts = ("shared.css", "explore.css"), ("generator.js", "explore.js")
    template.write(path, exploration.name, body, styles, scripts)
