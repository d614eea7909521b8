"""The views of windows (`windows.views`) as nodes of a graph; G groups, W windows, L samples, P points, S segments."""

from __future__ import annotations

import numpy as np

from anomalyllm.exporting.drawing import Drawing, Name
from anomalyllm.windows.views import CONTOUR_FLOOR, SHAPE_FLOOR

FLOORS = {"shape": SHAPE_FLOOR, "contour": CONTOUR_FLOOR}


def drawn_average(to: Drawing, windows: Name, length: int, points: int) -> Name:
    """(G, W, L) -> (G, W, P): sums are taken in the order of time, as `windows.views.averaged` takes them."""
    size = length // points
    return to.node("Div", drawn_sums(to, windows, points, size), float(size))


def drawn_energies(to: Drawing, windows: Name, length: int, segments: int) -> Name:
    """(G, W, L) -> (G, W, S), as `windows.views.energies`."""
    steps = to.node("Sub", part(to, windows, 1, length), part(to, windows, 0, length - 1))
    change = to.node("Sub", part(to, steps, 1, length - 1), part(to, steps, 0, length - 2))
    second = to.node("Mul", change, change)
    ends = part(to, second, 0, 1), part(to, second, length - 3, length - 2)
    whole = to.node("Concat", ends[0], second, ends[1], axis=2)
    size = length // segments
    return to.node("Sqrt", to.node("Div", drawn_sums(to, whole, segments, size), float(size)))


def drawn_view(to: Drawing, view: str, points: Name, count: int) -> Name:
    """Averaged windows (G, W, P) as `windows.views.AVERAGED` sees them."""
    if view not in FLOORS:
        steps = to.node("Sub", part(to, points, 1, count), part(to, points, 0, count - 1))
        return to.node("Mul", steps, float(np.sqrt(count / 8)))
    centred = to.node("Sub", points, mean(to, points, keep=1))
    squares = mean(to, to.node("Mul", centred, centred), keep=1)
    return to.node("Div", centred, to.node("Sqrt", to.node("Add", squares, FLOORS[view])))


def drawn_sums(to: Drawing, windows: Name, parts: int, size: int) -> Name:
    """(G, W, parts · size) -> (G, W, parts)."""
    split = to.node("Reshape", windows, np.array([0, 0, parts, size]))
    total = to.node("Gather", split, np.array(0), axis=3)
    for late in range(1, size):
        total = to.node("Add", total, to.node("Gather", split, np.array(late), axis=3))
    return total


def root_mean_square(to: Drawing, numbers: Name) -> Name:
    """Over the last axis of three."""
    return to.node("Sqrt", mean(to, to.node("Mul", numbers, numbers), keep=0))


def mean(to: Drawing, numbers: Name, *, keep: int) -> Name:
    """Over the last axis of three."""
    return to.node("ReduceMean", numbers, np.array([2]), keepdims=keep)


def part(to: Drawing, numbers: Name, begin: int, end: int) -> Name:
    """Some of the last axis of three."""
    return to.node("Slice", numbers, np.array([begin]), np.array([end]), np.array([2]))
