"""What can be seen of a window: its shape, its contour, its changes, its roughness. Each view sees what others miss.

A view turns the windows of one channel into short rows of numbers that are compared by their distance. Whatever the
length of a window, a row has few numbers: the window is averaged down first, so windows of one period and of one
eighth of it cost the same. Everything is computed from the window's own values, so a row does not depend on the series
around it.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.float32]
Indices = NDArray[np.int64]

POINTS = 32  # of an averaged window: 64 find nothing more (docs/lab-notes.md)
SEGMENTS = 16  # of a window, in which roughness is measured
SHAPE_FLOOR = 0.1  # added to a window's variance, in the series' own variances: below it a window is nearly flat
CONTOUR_FLOOR = 1.0  # the same for contours: their size still counts
MOST_VALUES = 1 << 22  # of windows copied at once


def shape(windows: Rows) -> Rows:
    """Freed of its mean and, unless it is nearly flat, of its size."""
    return _standardised(windows, SHAPE_FLOOR)


def contour(windows: Rows) -> Rows:
    """Freed of its mean and, where it is large, of its size: small movements stay small."""
    return _standardised(windows, CONTOUR_FLOOR)


def change(windows: Rows) -> Rows:
    """Differences from point to point: level and drift are gone."""
    return np.diff(windows, axis=1) * np.float32(np.sqrt(windows.shape[1] / 8))


AVERAGED: dict[str, Callable[[Rows], Rows]] = {"shape": shape, "contour": contour, "change": change}
"""The views that are computed from averaged windows, by name."""

ROUGHNESS = "roughness"


def averaged(values: NDArray[np.floating], starts: Indices, length: int) -> Rows:
    """Windows of one channel (T,) averaged down to `points_of(length)` numbers; (W, P)."""
    return _by_blocks(values, starts, length, lambda windows: _segment_means(windows, points_of(length)))


def energies(values: NDArray[np.floating], starts: Indices, length: int) -> Rows:
    """Root mean square of the second differences in each segment of windows of one channel (T,); (W, segments)."""
    return _by_blocks(values, starts, length, lambda windows: _energies(windows, segments_of(length)))


def roughness(energy: Rows, floor: float) -> Rows:
    """The logarithm of energies: noise, stillness and steps stand out, whatever the shape. `floor` is above 0."""
    rows: Rows = np.log(energy + np.float32(floor))
    return rows


def points_of(length: int) -> int:
    """Numbers in an averaged window: the largest divisor of its length that is at most `POINTS`."""
    return _divisor(length, POINTS)


def segments_of(length: int) -> int:
    """Segments in a window, of at least four samples each."""
    return _divisor(length, min(SEGMENTS, length // 4))


def _standardised(windows: Rows, floor: float) -> Rows:
    centred = windows - windows.mean(axis=1, keepdims=True)
    rows: Rows = centred / np.sqrt((centred**2).mean(axis=1, keepdims=True) + np.float32(floor))
    return rows


def _divisor(length: int, most: int) -> int:
    return max(divisor for divisor in range(1, most + 1) if length % divisor == 0)


def _segment_means(windows: Rows, points: int) -> Rows:
    means: Rows = windows.reshape(len(windows), points, windows.shape[1] // points).mean(axis=2)
    return means


def _energies(windows: Rows, segments: int) -> Rows:
    second = np.diff(windows, n=2, axis=1) ** 2
    second = np.concatenate([second[:, :1], second, second[:, -1:]], axis=1)  # the ends have no neighbour of their own
    energy: Rows = np.sqrt(_segment_means(second, segments))
    return energy


def _by_blocks(values: NDArray[np.floating], starts: Indices, length: int, measure: Callable[[Rows], Rows]) -> Rows:
    """`measure` of windows, a block of them at a time: copies of all would take the memory of many series."""
    every = np.lib.stride_tricks.sliding_window_view(values, length)
    size = max(1, MOST_VALUES // length)
    blocks = [
        measure(np.ascontiguousarray(every[starts[begin : begin + size]], dtype=np.float32))
        for begin in range(0, max(len(starts), 1), size)
    ]
    return np.concatenate(blocks)
