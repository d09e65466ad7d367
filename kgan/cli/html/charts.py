"""Curves as SVG. A script of the page shows the values under the pointer."""

import dataclasses
import json
import math
from collections.abc import Sequence

import numpy as np

from kgan.cli import facts
from kgan.cli.html.markup import element

# The size of a chart, and the margins of its plot: left, top, right, bottom.
_WIDTH, _HEIGHT = 360, 210
_LEFT, _TOP, _RIGHT, _BOTTOM = 46, 10, 10, 26
# The largest number of points of a curve, more than a chart has pixels.
_MOST_POINTS = 400
# The quotient of the largest and the smallest value from which on a scale is logarithmic.
_LOGARITHMIC = 30
# The number of colours of the page.
_COLORS = 6


@dataclasses.dataclass(frozen=True)
class Curve:
    """A curve of a chart.

    Args:
        name: The name in the legend.
        x: Positions, ascending.
        y: Values; NaN for none.
        color: Int, the number of the colour.
    """

    name: str
    x: Sequence[float]
    y: Sequence[float]
    color: int = 0


def chart(title: str, curves: Sequence[Curve], unit: str) -> str:
    """Returns a chart with a title and a legend; empty without a finite value.

    Args:
        title: The title.
        curves: The curves.
        unit: The unit of the positions, for example `"samples"`.
    """
    thinned = [thin for curve in curves if len((thin := _finite(curve)).x)]
    if not thinned:
        return ""
    x = _Scale.linear(np.concatenate([c.x for c in thinned]), _LEFT, _WIDTH - _RIGHT)
    y = _Scale.of(np.concatenate([c.y for c in thinned]), _HEIGHT - _BOTTOM, _TOP)
    drawn = [_axes(x, y), *(_line(curve, x, y) for curve in thinned)]
    svg = element(
        "svg",
        *drawn,
        viewBox=f"0 0 {_WIDTH} {_HEIGHT}",
        role="img",
        aria_label=f"{title}, by {unit} shown",
    )
    scale = " (logarithmic)" if y.logarithmic else ""
    head = element("figcaption", element("b", text=title + scale), _legend(curves))
    points = json.dumps([_points(curve, x, y, unit) for curve in thinned])
    plot = element("div", svg, class_="plot", tabindex=0, data_curves=points)
    return element("figure", head, plot, class_="chart")


@dataclasses.dataclass(frozen=True)
class _Scale:
    """The way from values to coordinates of a chart.

    Args:
        low: The value at the coordinate `start`.
        high: The value at the coordinate `end`.
        start: A coordinate.
        end: A coordinate.
        ticks: The values that the axis names.
        logarithmic: Whether equal distances are equal quotients.
    """

    low: float
    high: float
    start: float
    end: float
    ticks: list[float]
    logarithmic: bool = False

    @classmethod
    def of(cls, values: np.ndarray, start: float, end: float) -> "_Scale":
        """Returns a scale whose kind suits the values."""
        if values.min() > 0 and values.max() / values.min() >= _LOGARITHMIC:
            return cls.powers(values, start, end)
        return cls.linear(values, start, end, margin=0.05)

    @classmethod
    def linear(
        cls, values: np.ndarray, start: float, end: float, margin: float = 0.0
    ) -> "_Scale":
        low, high = float(values.min()), float(values.max())
        if high - low <= 1e-9 * max(abs(low), abs(high)):
            low, high = low - (abs(low) or 1) / 10, high + (abs(high) or 1) / 10
        low, high = low - margin * (high - low), high + margin * (high - low)
        step = _round_step((high - low) / 4)
        first = math.ceil(low / step)
        ticks = [n * step for n in range(first, math.floor(high / step) + 1)]
        return cls(low, high, start, end, ticks)

    @classmethod
    def powers(cls, values: np.ndarray, start: float, end: float) -> "_Scale":
        low, high = float(values.min()) / 1.1, float(values.max()) * 1.1
        exponents = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
        # Not more than six names, and with few powers also their halves and doubles.
        every = max(1, len(exponents) // 6)
        factors = (1, 2, 5) if len(exponents) <= 3 else (1,)
        found = [factor * 10.0**e for e in exponents[::every] for factor in factors]
        ticks = [tick for tick in found if low <= tick <= high]
        return cls(low, high, start, end, ticks, logarithmic=True)

    def __call__(self, values: np.ndarray | float) -> np.ndarray:
        """Returns the coordinates of values."""
        low, high = self.low, self.high
        if self.logarithmic:
            low, high = math.log(low), math.log(high)
            values = np.log(values)
        share = (np.asarray(values) - low) / (high - low)
        return np.round(self.start + share * (self.end - self.start), 1)


def _finite(curve: Curve) -> Curve:
    """Returns the curve with finite values only, and not too many."""
    x, y = np.asarray(curve.x, float), np.asarray(curve.y, float)
    finite = np.isfinite(y) & np.isfinite(x)
    x, y = x[finite], y[finite]
    if len(x) > _MOST_POINTS:
        chosen = np.linspace(0, len(x) - 1, _MOST_POINTS).astype(int)
        x, y = x[chosen], y[chosen]
    return dataclasses.replace(curve, x=x, y=y)


def _round_step(step: float) -> float:
    """Returns the smallest of 1, 2, 5, 10, ... times a power of 10 that is not below."""
    power = 10.0 ** math.floor(math.log10(step))
    return next(n * power for n in (1, 2, 5, 10) if n * power >= step * (1 - 1e-9))


def _axes(x: _Scale, y: _Scale) -> str:
    left, right, bottom = _LEFT, _WIDTH - _RIGHT, _HEIGHT - _BOTTOM
    drawn = []
    for tick in y.ticks:
        at = float(y(tick))
        drawn.append(f'<path class="rule" d="M{left} {at}H{right}"/>')
        drawn.append(_text(left - 6, at + 3.5, "end", _tick(tick)))
    for tick in x.ticks:
        at = float(x(tick))
        anchor = "end" if at > right - 12 else "middle"
        drawn.append(f'<path class="rule" d="M{at} {bottom}v4"/>')
        drawn.append(_text(at, bottom + 17, anchor, _tick(tick)))
    return "".join([f'<path class="rule" d="M{left} {bottom}H{right}"/>', *drawn])


def _text(x: float, y: float, anchor: str, text: str) -> str:
    return element("text", text=text, x=x, y=round(y, 1), text_anchor=anchor)


def _tick(value: float) -> str:
    """Returns a short text for a number at an axis."""
    for size, ending in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:.3g}{ending}"
    return f"{value:.3g}" if value else "0"


def _line(curve: Curve, x: _Scale, y: _Scale) -> str:
    color = f"c{curve.color % _COLORS}"
    xs, ys = x(np.asarray(curve.x)), y(np.asarray(curve.y))
    if len(xs) == 1:
        return f'<circle class="{color} dot" cx="{xs[0]}" cy="{ys[0]}" r="3"/>'
    points = " ".join(f"{a},{b}" for a, b in zip(xs, ys, strict=True))
    return f'<polyline class="{color}" points="{points}"/>'


def _legend(curves: Sequence[Curve]) -> str:
    if len(curves) == 1 and not curves[0].name:
        return ""
    keys = [
        element(
            "span",
            element("i", class_=f"c{c.color % _COLORS}"),
            element("span", text=c.name),
        )
        for c in curves
    ]
    return element("span", *keys, class_="legend")


def _points(curve: Curve, x: _Scale, y: _Scale, unit: str) -> dict[str, object]:
    """Returns the points of a curve, as the script of the page reads them."""
    return {
        "name": curve.name,
        "color": curve.color % _COLORS,
        "x": x(np.asarray(curve.x)).tolist(),
        "y": y(np.asarray(curve.y)).tolist(),
        "at": [f"{int(value):,} {unit}" for value in curve.x],
        "value": [facts.number(value) for value in curve.y],
    }
