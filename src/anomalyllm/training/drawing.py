"""Windows of a training part that is not held: drawn before it is read, and kept as its rows go by.

Which windows those are is known from the number of rows alone. A window that turns out to have gaps is replaced by
another of the same stratum, so each has a few candidates; where nothing is missing, the first ones are those that a
part which is held would be drawn from.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from anomalyllm.seeding import generator
from anomalyllm.windows.slicing import slide

Indices = NDArray[np.int64]
Rows = NDArray[np.float32]
Booleans = NDArray[np.bool_]

TRIES = 4  # candidates of a stratum


def candidates(
    draw: Callable[[np.random.Generator], Indices], seed: int, purpose: str, first: Indices | None = None
) -> Indices:
    """What `draw` gives (W,), `TRIES` times, each by a chance of its own; (W, TRIES).

    Args:
        draw: one place of each stratum.
        seed, purpose: of the chances.
        first: what the first try is, where that is not drawn.
    """
    tries = [draw(generator(seed, purpose)) if first is None else first]
    tries += [draw(generator(seed, purpose, attempt)) for attempt in range(1, TRIES)]
    return np.stack(tries, axis=1)


class Drawn:
    """Of each line of candidates the first window without gaps.

    Args:
        candidates: first rows of windows, (W, N).
        windows: where they are put, (W, C, L).
        few: share of its values that a window without gaps may lack.
        most: the same of one that serves where there is no other.
    """

    def __init__(self, candidates: Indices, windows: Rows, few: float, most: float) -> None:
        self.windows = windows
        self.starts = np.full(len(candidates), -1, np.int64)
        self._tries = candidates.shape[1]
        self._rank = np.full(len(candidates), 2 * self._tries)  # of the window that is kept; the lower the better
        self._order = np.argsort(candidates, axis=None, kind="stable")
        self._sorted = candidates.ravel()[self._order]
        self._lacking = few, most
        self._done = 0

    def take(self, first: int, filled: Rows, missing: Booleans) -> None:
        """Rows from `first` on, among them all of each window that ends in them and did not before.

        Args:
            first: their first.
            filled: (n, C).
            missing: (n, C') of channels that have values.
        """
        length = self.windows.shape[2]
        until = int(np.searchsorted(self._sorted, first + len(filled) - length, side="right"))
        part = slice(self._done, until)
        self._done = until
        starts, (lines, places) = self._sorted[part], np.divmod(self._order[part], self._tries)
        ranks = places + self._worse(starts - first, missing)
        best = np.lexsort((ranks, lines))
        best = best[np.diff(lines[best], prepend=-1) > 0]  # of each line
        best = best[ranks[best] < self._rank[lines[best]]]
        if len(best):
            kept = lines[best]
            self._rank[kept], self.starts[kept] = ranks[best], starts[best]
            self.windows[kept] = slide(filled, length)[starts[best] - first]

    def _worse(self, places: Indices, missing: Booleans) -> Indices:
        """What is added to the rank of windows for what they lack."""
        length = self.windows.shape[2]
        total = np.concatenate([[0], np.cumsum(missing.sum(axis=1))])
        lacking = total[places + length] - total[places]
        few, most = (share * length * max(1, missing.shape[1]) for share in self._lacking)
        return np.where(lacking <= few, 0, np.where(lacking <= most, self._tries, 2 * self._tries))

    def whole(self) -> Booleans:
        """Which lines have a window without gaps."""
        return np.asarray(self._rank < self._tries)

    def usable(self) -> Booleans:
        """Which lines have a window."""
        return np.asarray(self._rank < 2 * self._tries)
