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


def shape(windows: Rows) -> Rows:
    """Freed of its mean and, unless it is nearly flat, of its size."""
    return _standardised(windows, SHAPE_FLOOR)


def contour(windows: Rows) -> Rows:
    """Freed of its mean and, where it is large, of its size: small movements stay small."""
    return _standardised(windows, CONTOUR_FLOOR)


def change(windows: Rows) -> Rows:
    """Differences from point to point: level and drift are gone."""
    return np.diff(windows, axis=-1) * np.float32(np.sqrt(windows.shape[-1] / 8))


AVERAGED: dict[str, Callable[[Rows], Rows]] = {"shape": shape, "contour": contour, "change": change}
"""The views that are computed from averaged windows, by name."""

ROUGHNESS = "roughness"


def averaged(values: NDArray[np.floating], starts: Indices, length: int) -> Rows:
    """Windows of channels (..., T) averaged down to `points_of(length)` numbers; (..., W, P)."""
    cropped, starts = _cropped(values, starts, length)
    size = length // points_of(length)
    return _gathered(_running_sums(cropped, size) / np.float32(size), starts, length, size)


def energies(values: NDArray[np.floating], starts: Indices, length: int) -> Rows:
    """Root mean square of the second differences in each segment of windows of channels (..., T); (..., W, segments).

    The ends of a window have no second difference of their own and repeat their neighbour's.
    """
    cropped, starts = _cropped(values, starts, length)
    size = length // segments_of(length)
    second = np.zeros_like(cropped)  # of the window's points, each where its middle lies
    second[..., 1:-1] = np.diff(cropped, n=2, axis=-1) ** 2
    sums = _gathered(_running_sums(second, size), starts, length, size)
    if size == length:
        inner = _running_sums(second, size - 2)[..., starts + 1]
        sums[..., 0] = inner + second[..., starts + 1] + second[..., starts + length - 2]
    else:
        inner, last = _running_sums(second, size - 1), starts + length - size
        sums[..., 0] = inner[..., starts + 1] + second[..., starts + 1]
        sums[..., -1] = inner[..., last] + second[..., starts + length - 2]
    energy: Rows = np.sqrt(sums / np.float32(size))
    return energy


def roughness(energy: Rows, floor: float | Rows) -> Rows:
    """The logarithm of energies: noise, stillness and steps stand out, whatever the shape. `floor` is above 0."""
    rows: Rows = np.log(energy + np.asarray(floor, dtype=np.float32))
    return rows


def points_of(length: int) -> int:
    """Numbers in an averaged window: the largest divisor of its length that is at most `POINTS`."""
    return _divisor(length, POINTS)


def segments_of(length: int) -> int:
    """Segments in a window, of at least four samples each."""
    return _divisor(length, min(SEGMENTS, length // 4))


def _standardised(windows: Rows, floor: float) -> Rows:
    centred = windows - windows.mean(axis=-1, keepdims=True)
    rows: Rows = centred / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + np.float32(floor))
    return rows


def _divisor(length: int, most: int) -> int:
    return max(divisor for divisor in range(1, most + 1) if length % divisor == 0)


def _cropped(values: NDArray[np.floating], starts: Indices, length: int) -> tuple[Rows, Indices]:
    """The part of (..., T) in which windows lie, and where in it they begin: the rest costs nothing."""
    first, last = (int(starts.min()), int(starts.max())) if len(starts) else (0, 0)
    return np.ascontiguousarray(values[..., first : last + length], dtype=np.float32), starts - first


def _running_sums(values: Rows, size: int) -> Rows:
    """Sums of `size` neighbours, (..., T) -> (..., T - size + 1), each in the order of time: windows share them."""
    rows = values.shape[-1] - size + 1
    sums = values[..., :rows].copy()
    for late in range(1, size):
        sums += values[..., late : late + rows]
    return sums


def _gathered(values: Rows, starts: Indices, length: int, step: int) -> Rows:
    """Every `step`-th of the numbers (..., T) that begin in a window; (..., W, length // step)."""
    every = np.lib.stride_tricks.sliding_window_view(values, length - step + 1, axis=-1)[..., ::step]
    return np.ascontiguousarray(every[..., starts, :])
