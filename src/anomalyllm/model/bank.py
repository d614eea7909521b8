"""The bank: a series' own normal windows of one length, as every view sees them, and distances to them.

A bank holds averaged windows, not the series, so its size does not grow with the series beyond a limit. Two questions
are asked of it: how far a window is from its nearest normal window (`distances`, for scores), and how far from the
nearest of each run of neighbouring windows (`nearest_in_runs`, for places: what resembles one run has happened once).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from anomalyllm.model.nearest import QUERIES, Overlap, Table
from anomalyllm.model.retrieval import nearest_in_runs
from anomalyllm.model.threads import divided
from anomalyllm.windows.views import AVERAGED, ROUGHNESS, averaged, energies, roughness

Rows = NDArray[np.float32]
Values = NDArray[np.float32]
Indices = NDArray[np.int64]

SUBSPACE = "subspace"
"""The view that compares with the directions in which normal windows vary, not with single windows."""

RIDGE = 0.01  # of the mean variance: directions without any do not decide alone
STILLNESS = 0.1  # of the median roughness of normal windows: below it a window is still, and logarithms say no more
ROWS_AT_ONCE = 1 << 13  # of all channels together: what is computed of them stays in the processor's cache
STILL_FLOOR = 1e-3  # the same in the series' own deviations, for series that mostly stand still


@dataclass(frozen=True)
class Bank:
    """Normal windows of one length.

    Args:
        length: L in samples.
        starts: (B,) first training rows, ascending.
        windows: (C, B, P) averaged.
        energy: (C, B, S) of their segments.
        stillness: (C,) floors of roughness.
        centre: (C, P) mean averaged window.
        axes: (C, P, P): centred windows times them have unit variance along every axis, but for the ridge.
    """

    length: int
    starts: Indices
    windows: Rows
    energy: Rows
    stillness: Rows
    centre: Rows
    axes: Rows

    @classmethod
    def cut(cls, values: Values, starts: Indices, length: int) -> Bank:
        """From scaled training values (T, C) in which nothing is missing."""
        return cls.of(averaged(values.T, starts, length), energies(values.T, starts, length), starts, length)

    @classmethod
    def of(cls, windows: Rows, energy: Rows, starts: Indices, length: int) -> Bank:
        """From windows that were averaged, (C, B, P), and the energies of their segments, (C, B, S)."""
        stillness = np.median(energy, axis=(1, 2)) * np.float32(STILLNESS) + np.float32(STILL_FLOOR)
        centre = windows.mean(axis=1)
        axes = np.stack([_whitening(rows - middle) for rows, middle in zip(windows, centre, strict=True)])
        return cls(length, starts, windows, energy, stillness, centre, axes)

    def seen_from(self, row: int) -> Bank:
        """The same with its training rows counted from `row` on: by them a window's neighbours in time are told."""
        return dataclasses.replace(self, starts=self.starts - row)

    def rows(self, view: str, channel: int) -> Rows:
        """The bank's windows of a channel as `view` sees them, (B, P)."""
        rows: Rows = self._rows_of(view, np.array([channel]))[0]
        return rows

    def seen(self, values: Values, starts: Indices, channel: int, views: tuple[str, ...]) -> Iterator[tuple[str, Rows]]:
        """Windows of a scaled series (T, C) that begin at `starts`, as each of `views` sees those of a channel."""
        for view, rows in self._seen(values[:, channel][None], starts, np.array([channel]), views):
            yield view, rows[0]

    def distances(
        self, values: Values, starts: Indices, channels: Indices, views: dict[str, float], *, own: bool = False
    ) -> Rows:
        """Mean over weighted views of the distance of windows to the nearest normal one of their channel.

        Args:
            values: (T, C) scaled.
            starts: (W,) where in it windows begin, ascending.
            channels: (G,) which are looked at.
            views: their weights.
            own: the series is the training part, and a window is not compared with one that shares a point with it.

        Returns:
            (W, G), infinite where there is no window to compare with.
        """
        chosen = np.ascontiguousarray(values[:, channels].T)
        overlap = Overlap(starts, self.starts, self.length) if own else None
        found = np.empty((len(starts), len(channels)), dtype=np.float32)
        step = max(1, ROWS_AT_ONCE // max(1, len(channels)))
        pieces = range(0, len(starts) if len(channels) else 0, step)

        def look(begin: int) -> None:
            part = slice(begin, begin + step)
            found[part] = self._mean_distances(chosen, starts[part], channels, views, overlap and overlap.of(part)).T

        divided(look, pieces)
        return found

    def _mean_distances(
        self, values: Values, starts: Indices, channels: Indices, views: dict[str, float], overlap: Overlap | None
    ) -> Rows:
        """As `distances`, of chosen channels (G, T) and few windows; (G, W)."""
        total = np.zeros((len(channels), len(starts)), dtype=np.float32)
        for view, rows in self._seen(values, starts, channels, tuple(views)):
            weight = np.float32(views[view])
            if view == SUBSPACE:
                total += weight * self._outside(rows, channels)
            else:
                total += weight * np.sqrt(self._table(view, channels).mean_squares(rows, overlap))
        return total / np.float32(sum(views.values()))

    def _seen(
        self, values: Values, starts: Indices, channels: Indices, views: tuple[str, ...]
    ) -> Iterator[tuple[str, Rows]]:
        """Windows of chosen channels (G, T) as each of `views` sees them, (G, W, P)."""
        windows = averaged(values, starts, self.length)
        for view in views:
            if view == ROUGHNESS:
                yield view, roughness(energies(values, starts, self.length), self.stillness[channels, None, None])
            else:
                yield view, windows if view == SUBSPACE else AVERAGED[view](windows)

    def _rows_of(self, view: str, channels: Indices) -> Rows:
        """The bank's windows of chosen channels as `view` sees them, (G, B, P)."""
        if view == ROUGHNESS:
            return roughness(self.energy[channels], self.stillness[channels, None, None])
        return AVERAGED[view](self.windows[channels])

    def _table(self, view: str, channels: Indices) -> Table:
        """The rows of a view, ready to be compared with: made once for the channels that are always asked for."""
        kept = self._tables.get(view)
        if kept is None or not np.array_equal(kept[0], channels):
            by_channel = (Table.of(self._rows_of(view, channels[at : at + 1])) for at in range(len(channels)))
            kept = self._tables[view] = channels, Table.stacked(by_channel, len(channels))
        return kept[1]

    @cached_property
    def _tables(self) -> dict[str, tuple[Indices, Table]]:
        return {}

    def nearest_of_runs(self, view: str, rows: Rows, channel: int, own: Indices | None, runs: int) -> Rows:
        """Distance of windows as `view` sees them to the nearest of each run of the bank, (W, runs)."""
        overlap = None if own is None else Overlap(own, self.starts, self.length)
        return nearest_in_runs(rows, self.rows(view, channel), overlap, runs)

    def nearest_window(self, window: Values, channel: int) -> Values:
        """The bank's window whose contour is nearest to that of `window` (at most L,) of a channel; (L,).

        The bank has it averaged; between its points lies a straight line.
        """
        padded = np.pad(window, (0, self.length - len(window)), mode="edge")[:, None]
        ((_, row),) = self.seen(padded, np.zeros(1, np.int64), 0, ("contour",))
        nearest = int(((self.rows("contour", channel) - row) ** 2).sum(axis=1).argmin())
        points = self.windows[channel, nearest]
        middles = (np.arange(len(points)) + 0.5) * (self.length / len(points)) - 0.5
        between: Values = np.interp(np.arange(self.length), middles, points).astype(np.float32)
        return between

    def _outside(self, windows: Rows, channels: Indices) -> Rows:
        """How far averaged windows (G, W, P) lie outside what is usual, each direction in its own deviation; (G, W)."""
        count, points = windows.shape[1:]
        padded = np.zeros((len(channels), -(-count // QUERIES) * QUERIES, points), dtype=np.float32)
        padded[:, :count] = windows - self.centre[channels, None]
        # products of one size: their last digits do not depend on the number of windows
        away = padded.reshape(len(channels), -1, QUERIES, points) @ self.axes[channels, None]
        length: Rows = np.sqrt((away.reshape(padded.shape)[:, :count] ** 2).mean(axis=2))
        return length


@dataclass(frozen=True)
class Scale:
    """The windows of one length among which places are looked for.

    Args:
        bank: normal windows.
        usual: (V,) for each view the highest that the training part's own curve reaches; empty before that is known.
    """

    bank: Bank
    usual: NDArray[np.float64]


def _whitening(centred: Rows) -> Rows:
    """(P, P) from centred rows (B, P)."""
    wide = centred.astype(np.float64)
    variances, directions = np.linalg.eigh(wide.T @ wide / len(wide))
    ridge = RIDGE * max(float(variances.mean()), 1e-6)
    whitening: Rows = (directions / np.sqrt(np.maximum(variances, 0.0) + ridge)).astype(np.float32)
    return whitening
