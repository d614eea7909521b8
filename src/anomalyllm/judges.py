"""Judges: what gives scores to windows of one length. A detector has one or several, and averages what they say.

A judge has a `window` and a `stride` in samples, and scores windows by groups: each channel by itself, or all as one.
Another kind of judge is one more class with these names (see `Judge`), and a branch in `packing`.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import ClassVar, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from anomalyllm.model.bank import Bank
from anomalyllm.scoring.calibrate import UNJUDGED

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]

LEAST = 1e-9  # score of a window that equals a normal one: 0 would mean that it was not judged


@dataclass(frozen=True)
class Prepared:
    """A series as judges see it."""

    values: NDArray[np.float32]  # (T, C), scaled, nothing missing
    missing: NDArray[np.bool_] | None  # (T, C), None where nothing was


class Judge(Protocol):
    """Scores windows."""

    trained: ClassVar[bool]
    """Whether it was trained on the series."""

    @property
    def window(self) -> int:
        """L in samples."""

    @property
    def stride(self) -> int:
        """Samples between scored windows; divides the window."""

    def window_scores(self, prepared: Prepared, starts: Indices, *, own: bool = False) -> Floats:
        """Scores (W, G), `UNJUDGED` where nothing can be said. `own`: the series is the training part."""

    def total(self, by_group: Floats) -> Floats:
        """One score for each window from those of its groups, (W, G) -> (W,)."""

    def by_channel(self, prepared: Prepared, starts: Indices, by_group: Floats) -> Floats:
        """What each channel has to do with it, (W, C)."""

    def normal(self, prepared: Prepared, start: int) -> NDArray[np.float32]:
        """What the window that begins at `start` should have looked like, (L, C), scaled."""

    def seen_from(self, row: int) -> Self:
        """The same judge of a part of its training rows that begins at `row`."""


@dataclass(frozen=True)
class RetrievalJudge:
    """The distance to the nearest of the series' own normal windows, in several views at once.

    Args:
        bank: normal windows of this judge's length.
        stride: samples.
        views: their weights by name.
        moving: (C,) the channels that are judged; flags and constants are not (see `scoring.novelty`).
        max_missing: of a channel's window: with more than that missing it is not judged.
    """

    bank: Bank
    stride: int
    views: dict[str, float]
    moving: NDArray[np.bool_]
    max_missing: float
    trained: ClassVar[bool] = False

    @property
    def window(self) -> int:
        """L in samples."""
        return self.bank.length

    def window_scores(self, prepared: Prepared, starts: Indices, *, own: bool = False) -> Floats:
        """Distances of windows, (W, C), in the series' own deviations."""
        scores = np.full((len(starts), len(self.moving)), UNJUDGED)
        channels = np.flatnonzero(self.moving)
        away = self.bank.distances(prepared.values, starts, channels, self.views, own=own)
        scores[:, channels] = np.where(np.isfinite(away), np.maximum(away, LEAST), UNJUDGED)
        return self.where_there(scores, prepared, starts)

    def where_there(self, scores: Floats, prepared: Prepared, starts: Indices) -> Floats:
        """Scores of windows (W, C), `UNJUDGED` where too much of a channel is missing."""
        return where_there(scores, prepared, starts, self.window, self.max_missing)

    def total(self, by_group: Floats) -> Floats:
        """The mean over the channels that are judged: one that stands out among many quiet ones weighs its part."""
        total: Floats = by_group[:, self.moving].sum(axis=1) / max(1, self.moving.sum())
        return total

    def by_channel(self, prepared: Prepared, starts: Indices, by_group: Floats) -> Floats:  # noqa: ARG002 - protocol
        """Channels are the groups."""
        return by_group

    def normal(self, prepared: Prepared, start: int) -> NDArray[np.float32]:
        """The nearest normal window of each channel, as averaged: between its points a straight line."""
        window = prepared.values[start : start + self.window]
        columns = [self.bank.nearest_window(window[:, channel], channel) for channel in range(window.shape[1])]
        return np.stack(columns, axis=1)

    def seen_from(self, row: int) -> RetrievalJudge:
        """With the bank's rows counted from `row` on."""
        return dataclasses.replace(self, bank=self.bank.seen_from(row))


def where_there(
    scores: Floats, prepared: Prepared, starts: Indices, window: int, most: float, *, joint: bool = False
) -> Floats:
    """Scores (W, G) of windows that begin at `starts`, `UNJUDGED` where more than a share of `most` is missing.

    `joint`: one group speaks for all channels, and what is missing is the mean over them.
    """
    if prepared.missing is None:
        return scores
    lacking = missing_shares(prepared.missing, starts, window)
    judged = (lacking.mean(axis=1, keepdims=True) if joint else lacking) <= most
    return np.where(judged, scores, UNJUDGED)


def missing_shares(missing: NDArray[np.bool_], starts: Indices, window: int) -> Floats:
    """Share of missing values in windows that begin at `starts`; (T, C) -> (W, C)."""
    padded = np.vstack([np.zeros((1, missing.shape[1]), np.int64), np.cumsum(missing, axis=0)])
    shares: Floats = (padded[starts + window] - padded[starts]) / window
    return shares
