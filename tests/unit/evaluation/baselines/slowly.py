"""Two series, and how any baseline that judges windows should score one of them, written out point by point."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import naive
from conftest import sine

LENGTH = 32
Judge = Callable[[int, np.ndarray, int], float]
"""The score of a window from its channel, its scaled values and the row at which it starts."""


def training(channels: int = 1, rows: int = 400) -> np.ndarray:
    return 3 * sine(rows, channels, seed=1) + 7


def disturbed(channels: int = 1, rows: int = 150) -> np.ndarray:
    X = 3 * sine(rows, channels, seed=2) + 7
    X[60:75, 0] += 6
    X[110:140, -1] = X[110, -1]
    return X


def scaled(X: np.ndarray, like: np.ndarray) -> np.ndarray:
    return (X - like.mean(axis=0)) / like.std(axis=0)


def starts(rows: int, stride: int, length: int = LENGTH) -> list[int]:
    """Every multiple of the stride that fits, then the window that ends the series if the last did not."""
    grid = list(range(0, rows - length + 1, stride))
    return grid if grid[-1] + length == rows else [*grid, rows - length]


def point_scores(fitted: Any, X: np.ndarray, train: np.ndarray, judge: Judge) -> np.ndarray:
    """Scale, judge each window of each channel, combine channels, take the mean over the windows of a point."""
    rows = scaled(X, train)
    values = [
        naive.power_mean([judge(c, rows[start : start + LENGTH, c], start) for c in range(rows.shape[1])], 2.0)
        for start in starts(len(X), fitted.stride_)
    ]
    return naive.lift(values, len(X), LENGTH, fitted.stride_, 0.0)


def by_channel(train: np.ndarray) -> list[list[np.ndarray]]:
    """All windows of the scaled training part, channel by channel."""
    rows = scaled(train, train)
    return [naive.windows_of(rows[:, channel], LENGTH) for channel in range(rows.shape[1])]
