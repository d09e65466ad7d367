"""Draws the floors of the house, and the imports between its rooms.

    python docs/make_floors.py

It writes `docs/images/floors.png` from the floors in `tests/house.py` and the imports in
the source. A line goes from a room down to a room that it imports; where another way of
lines leads there too, the line is left out.
"""

import pathlib
import sys

from PIL import Image, ImageDraw, ImageFont

ROOT = pathlib.Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tests"))

import house  # noqa: E402

PATH = ROOT / "docs" / "images" / "floors.png"
# Drawn at twice the size, for smooth lines.
SCALE = 2
WIDTH, MARGIN, FLOOR, ROOM = 960, 24, 56, 28
FONT = ImageFont.load_default(15 * SCALE)
INK, LINE, BAND, BOX = "#1f2933", "#7b8794", "#f1f4f8", "#ffffff"
# Most rooms use these, so their lines would say nothing.
WITHOUT_LINES = {"types", "checks"}


def direct(edges: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """Returns the edges between rooms that no longer way connects."""
    below: dict[str, set[str]] = {}
    for upper, lower in edges:
        below.setdefault(upper, set()).add(lower)

    def reached(name: str) -> set[str]:
        found = set(below.get(name, ()))
        return found.union(*(reached(lower) for lower in found))

    return {
        (upper, lower)
        for upper, lower in edges
        if not any(lower in reached(other) for other in below[upper] - {lower})
    }


def boxes() -> dict[str, tuple[float, float, float, float]]:
    """Returns the rectangle of each room: left, top, right, bottom."""
    found = {}
    for number, rooms in enumerate(reversed(house.FLOORS)):
        share = (WIDTH - 2 * MARGIN) / len(rooms)
        top = MARGIN + number * FLOOR + (FLOOR - ROOM) / 2 - 4
        for place, name in enumerate(rooms):
            middle = MARGIN + (place + 0.5) * share
            # In a zigzag, so that few lines go behind a room on their way.
            middle += (-1) ** number * min(share / 6, 70)
            half = FONT.getlength(title(name)) / SCALE / 2 + 14
            found[name] = (middle - half, top, middle + half, top + ROOM)
    return found


def title(name: str) -> str:
    return {"kgan": "kgan/__init__", "kgan_cli": "kgan_cli (imports cli late)"}.get(
        name, name
    )


def draw() -> Image.Image:
    height = 2 * MARGIN + len(house.FLOORS) * FLOOR
    image = Image.new("RGB", (WIDTH * SCALE, height * SCALE), "white")
    pen = ImageDraw.Draw(image)

    def scaled(*numbers: float) -> list[float]:
        return [number * SCALE for number in numbers]

    for number in range(len(house.FLOORS)):
        top = MARGIN + number * FLOOR
        band = scaled(MARGIN / 2, top, WIDTH - MARGIN / 2, top + FLOOR - 8)
        pen.rounded_rectangle(band, 8 * SCALE, fill=BAND)
    rooms = boxes()
    allowed = {e for e in house.edges() if house.floor(e[0]) > house.floor(e[1])}
    for upper, lower in direct(allowed):
        if {upper, lower} & WITHOUT_LINES:
            continue
        left, _, right, bottom = rooms[upper]
        end_left, end_top, end_right, _ = rooms[lower]
        start, end = (left + right) / 2, (end_left + end_right) / 2
        pen.line(scaled(start, bottom, end, end_top), fill=LINE, width=SCALE)
    for name, (left, top, right, bottom) in rooms.items():
        pen.rounded_rectangle(
            scaled(left, top, right, bottom), 6 * SCALE, BOX, INK, width=SCALE
        )
        middle = scaled((left + right) / 2, (top + bottom) / 2)
        pen.text(middle, title(name), INK, FONT, anchor="mm")
    return image.resize((WIDTH, height), Image.Resampling.LANCZOS)


if __name__ == "__main__":
    draw().quantize(32).save(PATH, optimize=True)
    print(f"{PATH.relative_to(ROOT)}: {PATH.stat().st_size} bytes")
