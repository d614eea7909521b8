"""Windows of a series of which nothing else is held."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Indices = NDArray[np.int64]
Rows = NDArray[np.float32]


class KeptWindows:
    """Windows at some first rows of a series of which nothing else is held.

    Args:
        rows: T.
        starts: their first rows, (W,), in any order; some may be there more than once.
        windows: (W, C, L).
    """

    def __init__(self, rows: int, starts: Indices, windows: Rows) -> None:
        _, channels, length = windows.shape
        self.shape: tuple[int, int, int] = (rows - length + 1, channels, length)
        self._windows = windows
        self._order = np.argsort(starts, kind="stable")
        self._sorted = starts[self._order]

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, starts: Indices) -> Rows:
        """Copies of the windows at `starts`, (W, C, L).

        Raises:
            IndexError: one of them is not kept.
        """
        places = np.minimum(np.searchsorted(self._sorted, starts), len(self._sorted) - 1)
        if (self._sorted[places] != starts).any():
            raise IndexError("a window that is not kept")
        return self._windows[self._order[places]]


Windows = NDArray[np.floating] | KeptWindows  # (T - L + 1, C, L), to be indexed with first rows (W,)
