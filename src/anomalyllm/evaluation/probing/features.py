"""A dozen well-known features of windows, and how far each lies from what is normal."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Windows = NDArray[np.floating]  # (W, C, L)

FLAT = 1e-9  # deviation of a window in which nothing moves: what is divided by it is 0
WIDEST = 20.0  # a feature further than that from normal is as far as it can be
QUARTILES = 1.349  # between the quartiles of a normal distribution, in deviations
LEAST_SPREAD = 0.05  # of a feature's unit: what hardly varies on normal windows must not drown the rest


def level(windows: Windows, period: int) -> Floats:  # noqa: ARG001 - all features have one signature
    """Mean."""
    mean: Floats = windows.mean(axis=-1)
    return mean


def deviation(windows: Windows, period: int) -> Floats:  # noqa: ARG001
    """Standard deviation."""
    spread: Floats = windows.std(axis=-1)
    return spread


def span(windows: Windows, period: int) -> Floats:  # noqa: ARG001
    """Highest less lowest value."""
    width: Floats = np.ptp(windows, axis=-1)
    return width


def roughness(windows: Windows, period: int) -> Floats:  # noqa: ARG001
    """Root mean square of the second differences."""
    rough: Floats = np.sqrt((np.diff(windows, n=2, axis=-1) ** 2).mean(axis=-1))
    return rough


def largest_step(windows: Windows, period: int) -> Floats:  # noqa: ARG001
    """Largest change from one point to the next."""
    step: Floats = np.abs(np.diff(windows, axis=-1)).max(axis=-1)
    return step


def skew(windows: Windows, period: int) -> Floats:  # noqa: ARG001
    """Third standardised moment."""
    third: Floats = (_standardised(windows) ** 3).mean(axis=-1)
    return third


def kurtosis(windows: Windows, period: int) -> Floats:  # noqa: ARG001
    """Fourth standardised moment, its logarithm: a spike has a hundred times that of a sine."""
    fourth: Floats = np.log1p((_standardised(windows) ** 4).mean(axis=-1))
    return fourth


def adjacent(windows: Windows, period: int) -> Floats:  # noqa: ARG001
    """Autocorrelation of neighbouring points."""
    return _autocorrelation(windows, 1)


def periodic(windows: Windows, period: int) -> Floats:
    """Autocorrelation at the period, or at half a window where the period is longer or unknown."""
    return _autocorrelation(windows, period)


def trend(windows: Windows, period: int) -> Floats:  # noqa: ARG001
    """Rise of the straight line through the window, from its first point to its last."""
    time = np.linspace(-0.5, 0.5, windows.shape[-1])
    rise: Floats = (windows * time).sum(axis=-1) / (time**2).sum()
    return rise


def crossings(windows: Windows, period: int) -> Floats:  # noqa: ARG001
    """Share of steps that cross the window's mean."""
    above = windows > windows.mean(axis=-1, keepdims=True)
    share: Floats = (above[..., 1:] != above[..., :-1]).mean(axis=-1)
    return share


FEATURES: dict[str, Callable[[Windows, int], Floats]] = {
    "level": level,
    "deviation": deviation,
    "span": span,
    "roughness": roughness,
    "largest_step": largest_step,
    "skew": skew,
    "kurtosis": kurtosis,
    "adjacent": adjacent,
    "periodic": periodic,
    "trend": trend,
    "crossings": crossings,
}
"""(W, C, L), period -> (W, C), by name."""
NEAREST = "nearest"
"""The twelfth: the distance to the nearest normal window, which is asked of the detector."""
NAMES = (*FEATURES, NEAREST)


def features_of(windows: Windows, period: int | None, nearest: Floats) -> Floats:
    """(W, C, 12) in the order of `NAMES`; `nearest` (W,) is the same for all channels."""
    rows = np.asarray(windows, dtype=np.float64)
    half = rows.shape[-1] // 2
    lag = period if period is not None and period <= half else half
    columns = [feature(rows, lag) for feature in FEATURES.values()]
    columns.append(np.broadcast_to(nearest[:, None], rows.shape[:2]))
    return np.stack(columns, axis=-1)


def beside_normal(features: Floats, normal: Floats) -> Floats:
    """How far features (W, C, F) lie from those of normal windows (N, C, F), in deviations; (W, F).

    Of several channels the one counts that is strangest: an anomaly is in few of them.
    """
    low, middle, high = np.nanquantile(normal, [0.25, 0.5, 0.75], axis=0)
    unit = np.maximum((high - low) / QUARTILES, LEAST_SPREAD)
    away = np.clip(np.nan_to_num((features - middle) / unit), -WIDEST, WIDEST)
    strangest = np.abs(away).sum(axis=-1).argmax(axis=1)
    chosen: Floats = away[np.arange(len(away)), strangest]
    return chosen


def _standardised(windows: Windows) -> Floats:
    away = windows - windows.mean(axis=-1, keepdims=True)
    spread = windows.std(axis=-1, keepdims=True)
    return np.where(spread > FLAT, away / np.maximum(spread, FLAT), 0.0)


def _autocorrelation(windows: Windows, lag: int) -> Floats:
    rows = _standardised(windows)
    together: Floats = (rows[..., lag:] * rows[..., :-lag]).mean(axis=-1)
    return together
