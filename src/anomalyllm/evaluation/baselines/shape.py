"""The shape of a window: what is left of it without its level and its size."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

VARIANCE_FLOOR = 0.1  # training variances, added to a window's own: flat windows are not blown up


def normalised(windows: NDArray[np.floating]) -> NDArray[np.float32]:
    """Windows (W, L) without their mean, divided by their deviation (with a floor)."""
    centred = windows - windows.mean(axis=1, keepdims=True)
    deviation = np.sqrt((centred**2).mean(axis=1, keepdims=True) + VARIANCE_FLOOR)
    shapes: NDArray[np.float32] = (centred / deviation).astype(np.float32)
    return shapes
