"""Where windows lie and what becomes of points: the only code that knows tails and coverage.

Windows start at 0, stride, 2·stride, … while they fit; the stride divides the window, so every block of `stride`
points is covered by the same windows. A point's score is the geometric mean over the windows that cover it. The last
points (fewer than `stride`), which no window of the grid reaches, take the value of one more window that ends with the
series and touches no other point. A series shorter than a window has no windows; its points take the fill value.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Grid:
    """The windows of a series of `rows` points.

    Args:
        rows: T, at least 0.
        window: L in samples.
        stride: samples between window starts; divides `window`.
    """

    rows: int
    window: int
    stride: int

    def __post_init__(self) -> None:
        if self.stride < 1 or self.window % self.stride:
            raise ValueError(f"stride {self.stride} does not divide window {self.window}")

    @property
    def regular(self) -> int:
        """Number of windows on the grid."""
        return max(0, (self.rows - self.window) // self.stride + 1)

    @property
    def has_tail(self) -> bool:
        """Whether points at the end need one more window."""
        return self.regular > 0 and (self.rows - self.window) % self.stride > 0

    @property
    def starts(self) -> NDArray[np.int64]:
        """First row of each window, the tail's last; (W,)."""
        starts = np.arange(self.regular, dtype=np.int64) * self.stride
        return np.append(starts, self.rows - self.window) if self.has_tail else starts


def slide(values: NDArray[np.floating], window: int) -> NDArray[np.floating]:
    """Every window of `values` (T, C) as a read-only view (T - L + 1, C, L): index it with a grid's starts."""
    return np.lib.stride_tricks.sliding_window_view(values, window, axis=0)


def lift(values: Floats, grid: Grid, fill: float = 0.0) -> Floats:
    """Window values (W, ...) as point values (T, ...): the mean over covering windows, `fill` where there is none.

    Sums are taken block by block in the order of the windows, so a point's value is the same to the last bit however
    long the series around it is.
    """
    points = np.full((grid.rows, *values.shape[1:]), fill)
    if not grid.regular:
        return points
    depth = grid.window // grid.stride
    blocks = np.zeros((grid.regular + depth - 1, *values.shape[1:]))
    count = np.zeros(len(blocks))
    for late in reversed(range(depth)):  # earliest window first
        blocks[late : late + grid.regular] += values[: grid.regular]
        count[late : late + grid.regular] += 1
    blocks /= count.reshape(-1, *[1] * (values.ndim - 1))
    covered = len(blocks) * grid.stride
    points[:covered] = np.repeat(blocks, grid.stride, axis=0)
    if grid.has_tail:
        points[covered:] = values[-1]
    return points


def lift_scores(scores: Floats, grid: Grid) -> Floats:
    """Window scores (W, ...), at least 0, as point scores (T, ...): the geometric mean over covering windows.

    It lies lower than the mean where windows disagree, so the flanks of an anomaly, which few of its windows cover,
    stay out of the event. A window that scores 0 was not judged and is left out; a point with no other window scores 0.
    """
    judged = scores > 0
    weight = lift(judged.astype(np.float64), grid)
    logarithm = lift(np.log(np.where(judged, scores, 1.0)), grid) / np.where(weight > 0, weight, 1.0)
    points: Floats = np.where(weight > 0, np.exp(logarithm), 0.0)
    return points


def nearest_stride(window: int, wanted: float) -> int:
    """The divisor of `window` that is nearest to `wanted` from below (at least 1)."""
    divisors = [d for d in range(1, window + 1) if window % d == 0]
    return max(d for d in divisors if d <= max(1.0, wanted))
