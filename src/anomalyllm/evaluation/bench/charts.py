"""How good against how long: one picture for each data set, drawn twice, for wide screens and for phones.

The style sheet shows one of the two. Names stand beside their points; where there is no room, further away at the end
of a thin line.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import NamedTuple

import numpy as np

from anomalyllm.data.wording import short
from anomalyllm.reporting.axes import Scale, linear_scale

FONT = 12.0  # units, of names and ticks
LETTER = 0.6  # of the font's size: the width of a wide letter, so that names are not taken for shorter than they are
DOT = 4.5
LONGEST = 30  # letters of a name
LEAST_SECONDS = 1e-4  # what is quicker is drawn here: the axis is logarithmic
DIRECTIONS = ((1, 0), (-1, 0), (1, -1), (1, 1), (-1, -1), (-1, 1), (0, -1), (0, 1))


@dataclass(frozen=True)
class Point:
    """A method in the picture: what it costs, how good it is, and the interval of that."""

    name: str
    seconds: float
    mean: float
    low: float
    high: float


class Box(NamedTuple):
    """A rectangle in units of the picture."""

    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: Box) -> bool:
        """Whether the two share any area."""
        across = self.left < other.right and other.left < self.right
        return across and self.top < other.bottom and other.top < self.bottom

    def holds(self, other: Box) -> bool:
        """Whether the other lies inside."""
        across = self.left <= other.left and other.right <= self.right
        return across and self.top <= other.top and other.bottom <= self.bottom


class Label(NamedTuple):
    """Where a name stands, and whether a line leads to its point."""

    box: Box
    led: bool


FORMATS = {"wide": (900.0, 420.0), "narrow": (400.0, 420.0)}  # units


def scatter(points: Sequence[Point], title: str) -> str:
    """The picture of a data set as HTML, in both formats; `title` names the vertical axis."""
    return "".join(_drawn(points, title, kind) for kind in FORMATS)


def place_labels(
    places: Sequence[tuple[float, float]], names: Sequence[str], room: Box, bars: Sequence[Box] = ()
) -> list[Label]:
    """A box for each name that meets no other name and no point, as near to its own point as there is room.

    Args:
        places: of the points.
        names: their names.
        room: what names must not leave.
        bars: what they cross only where there is no room beside it.
    """
    taken = [Box(x - DOT, y - DOT, x + DOT, y + DOT) for x, y in places]
    labels = []
    for (x, y), name in zip(places, names, strict=True):
        label = _free_label(x, y, len(name) * FONT * LETTER, room, taken, bars)
        taken.append(label.box)
        labels.append(label)
    return labels


def _free_label(x: float, y: float, width: float, room: Box, taken: Sequence[Box], bars: Sequence[Box]) -> Label:
    """The nearest place without a name or a point in it, best without a bar; the nearest of all in a full picture."""
    for around in _candidates(x, y, width, room):
        free = [
            label for label in around if room.holds(label.box) and not any(label.box.meets(other) for other in taken)
        ]
        if free:
            return next((label for label in free if not any(label.box.meets(bar) for bar in bars)), free[0])
    return next(_candidates(x, y, width, room))[0]


def _candidates(x: float, y: float, width: float, room: Box) -> Iterator[list[Label]]:
    """Places for a name around a point, in rings, the nearest first."""
    furthest = max(room.right - room.left, room.bottom - room.top)
    for step in range(math.ceil(furthest / FONT)):
        away = DOT + 3 + step * FONT
        ring = []
        for right, down in DIRECTIONS:
            middle, level = x + right * (away + width / 2), y + down * (away + FONT / 2)
            box = Box(middle - width / 2, level - FONT / 2, middle + width / 2, level + FONT / 2)
            ring.append(Label(box, step > 0))
        yield ring


def _drawn(points: Sequence[Point], title: str, kind: str) -> str:
    width, height = FORMATS[kind]
    plot = Box(44, 26, width - 12, height - 40)
    across, up = _scales(points)
    shown = sorted(points, key=lambda point: (-point.mean, point.name))
    places = [(_x(across, point.seconds, plot), _y(up, point.mean, plot)) for point in shown]
    names = [short(point.name, LONGEST) for point in shown]
    bars = [
        Box(x - 1, _y(up, point.high, plot), x + 1, _y(up, point.low, plot))
        for (x, _), point in zip(places, shown, strict=True)
    ]
    labels = place_labels(places, names, plot, bars)
    parts = [_axes(across, up, plot, title)]
    parts += [_bar(bar) for bar in bars]
    parts += [_leader(place, label.box) for place, label in zip(places, labels, strict=True) if label.led]
    parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{DOT}"/>' for x, y in places]
    parts += [_text(label.box.left, label.box.bottom - 2, name) for label, name in zip(labels, names, strict=True)]
    told = escape(f"{title} against median seconds per series")
    box = f'viewBox="0 0 {width:g} {height:g}"'
    return f'<svg class="scatter {kind}" {box} role="img" aria-label="{told}">{"".join(parts)}</svg>'


def _scales(points: Sequence[Point]) -> tuple[Scale, Scale]:
    """Whole decades of seconds, and every interval."""
    times = [max(point.seconds, LEAST_SECONDS) for point in points]
    first, last = math.floor(math.log10(min(times))), math.ceil(math.log10(max(times)))
    values = np.array([[point.low, point.mean, point.high] for point in points])
    return Scale(10.0**first, 10.0 ** max(last, first + 1), logarithmic=True), linear_scale(values)


def _x(across: Scale, time: float, plot: Box) -> float:
    return plot.left + float(across.share(np.array([time]))[0]) * (plot.right - plot.left)


def _y(up: Scale, value: float, plot: Box) -> float:
    return plot.bottom - float(up.share(np.array([value]))[0]) * (plot.bottom - plot.top)


def _axes(across: Scale, up: Scale, plot: Box, title: str) -> str:
    lines, words = [], []
    for value, said in up.ticks(5):
        y = _y(up, value, plot)
        lines.append(f"M{plot.left:.1f} {y:.1f}H{plot.right:.1f}")
        words.append(_text(plot.left - 6, y + FONT / 3, said, "tick", "end"))
    for value, said in across.ticks(8):
        x = _x(across, value, plot)
        lines.append(f"M{x:.1f} {plot.top:.1f}V{plot.bottom:.1f}")
        words.append(_text(x, plot.bottom + FONT + 4, said, "tick", "middle"))
    middle = (plot.left + plot.right) / 2
    words.append(_text(0, FONT, title, "tick"))
    words.append(_text(middle, plot.bottom + 2.6 * FONT + 4, "median seconds per series", "tick", "middle"))
    return f'<path class="grid" d="{"".join(lines)}"/>{"".join(words)}'


def _bar(bar: Box) -> str:
    return f'<path class="interval" d="M{bar.left + 1:.1f} {bar.bottom:.1f}V{bar.top:.1f}"/>'


def _leader(place: tuple[float, float], box: Box) -> str:
    x, y = place
    end_x, end_y = min(max(x, box.left), box.right), min(max(y, box.top), box.bottom)
    return f'<path class="leader" d="M{x:.1f} {y:.1f}L{end_x:.1f} {end_y:.1f}"/>'


def _text(x: float, y: float, words: str, kind: str = "dot-name", anchor: str = "start") -> str:
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(words)}</text>'
