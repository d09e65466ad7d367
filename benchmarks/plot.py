"""Plots of the quality against operations and against time, drawn with Pillow."""

import math
import pathlib
from collections.abc import Sequence
from typing import Any

from PIL import Image, ImageDraw

WIDTH, HEIGHT, EDGE = 460, 320, 56
COLORS = {"kgan": "#c0392b", "keras_io": "#2c7fb8", "keras_gan": "#7a7a7a"}


def plot(rows: Sequence[dict[str, Any]], folder: pathlib.Path) -> None:
    """Draws the distances of all seeds, on logarithmic axes, into `quality.png`.

    Args:
        rows: Dicts, as written by `quality.py`.
        folder: Path of the folder for the file.
    """
    image = Image.new("RGB", (2 * WIDTH, HEIGHT), "white")
    keys = {"tflop": "training operations, TFLOP", "seconds": "training time, seconds"}
    for i, (key, label) in enumerate(keys.items()):
        panel = Image.new("RGB", (WIDTH, HEIGHT), "white")
        _panel(ImageDraw.Draw(panel), rows, key, label)
        image.paste(panel, (i * WIDTH, 0))
    image.save(folder / "quality.png")


def _panel(
    draw: ImageDraw.ImageDraw, rows: Sequence[dict[str, Any]], key: str, label: str
) -> None:
    x = _Scale([row[key] for row in rows], EDGE, WIDTH - 16)
    y = _Scale([row["distance"] for row in rows], HEIGHT - EDGE, 24)
    box = (EDGE, 24, WIDTH - 16, HEIGHT - EDGE)
    draw.rectangle(box, outline="#888888")
    for scale, vertical in ((x, False), (y, True)):
        for tick in scale.ticks:
            pixel = scale(tick)
            text = f"{tick:g}"
            if vertical:
                draw.line((EDGE, pixel, WIDTH - 16, pixel), fill="#e4e4e4")
                draw.text((EDGE - 6, pixel), text, fill="black", anchor="rm")
            else:
                draw.line((pixel, 24, pixel, HEIGHT - EDGE), fill="#e4e4e4")
                draw.text((pixel, HEIGHT - EDGE + 6), text, fill="black", anchor="mt")
    draw.text((WIDTH / 2, HEIGHT - 22), label, fill="black", anchor="mm")
    draw.text((EDGE, 12), "distance (lower is better)", fill="black", anchor="lm")
    names = dict.fromkeys(row["name"] for row in rows)
    for i, name in enumerate(names):
        color = COLORS.get(name, "black")
        place = WIDTH - 24, HEIGHT - EDGE - 14 * (len(names) - i)
        draw.text(place, name, fill=color, anchor="rm")
        for seed in {row["seed"] for row in rows}:
            line = sorted(
                (x(row[key]), y(row["distance"]))
                for row in rows
                if (row["name"], row["seed"]) == (name, seed)
            )
            draw.line(line, fill=color, width=2)
            for point in line:
                draw.circle(point, 3, fill=color)


class _Scale:
    """A logarithmic axis, which maps a value to a pixel."""

    def __init__(self, values: Sequence[float], start: float, end: float):
        self.low, self.high = math.log10(min(values)), math.log10(max(values))
        self.low, self.high = self.low - 0.05, self.high + 0.05
        self.start, self.end = start, end
        ticks = (m * 10.0**e for e in range(-2, 6) for m in (1, 2, 5))
        self.ticks = [t for t in ticks if self.low <= math.log10(t) <= self.high]

    def __call__(self, value: float) -> float:
        fraction = (math.log10(value) - self.low) / (self.high - self.low)
        return self.start + fraction * (self.end - self.start)
