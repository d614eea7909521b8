"""Baselines that compare a window with all windows of the training part, each in its own mean and deviation."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from anomalyllm.evaluation.baselines.base import Floats, Indices, WindowBaseline, pieces
from anomalyllm.evaluation.baselines.shape import normalised
from anomalyllm.extras import required
from anomalyllm.windows.slicing import slide

BANK_BLOCK = 4_096  # training windows compared at once
WINDOW_BLOCK = 1_024
NONE = -1  # in place of the nearest window, where a short training part has none to compare with


class NearestNeighbour(WindowBaseline):
    """Distance to the nearest of all training windows; a window is freed of its mean and divided by its deviation.

    Exact: every window of the training part is compared, in blocks. Called "NN" in the literature on this archive.
    """

    def _learn(self, filled: Floats) -> None:
        self._filled = filled.astype(np.float32)

    def _judge(self, windows: NDArray[np.floating], starts: Indices, *, own: bool) -> Floats:
        bank = slide(self._filled, self.window_)
        scores = np.empty((len(starts), windows.shape[1]))
        for channel in range(windows.shape[1]):
            parts = [starts[part] for part in pieces(len(starts), self.window_)]
            ours = np.concatenate([normalised(windows[part, channel]) for part in parts])
            nearest = nearest_window(ours, bank[:, channel], starts if own else None)
            theirs = normalised(bank[nearest, channel])
            distance = np.sqrt(((ours.astype(np.float64) - theirs) ** 2).mean(axis=1))
            scores[:, channel] = np.where(nearest == NONE, np.nan, distance)
        return scores


class MatrixProfile(WindowBaseline):
    """The AB-join of STUMPY: z-normalised distance of every window to its nearest training window (needs stumpy).

    A window stands at every point, whatever stride others take, and its deviation has no floor.
    Source: Law, STUMPY: a powerful and scalable Python library for time series data mining, JOSS 2019.
    """

    needs: ClassVar[str] = "stumpy"

    def _learn(self, filled: Floats) -> None:
        self._filled = filled
        self.stride_ = 1

    def _judge(self, windows: NDArray[np.floating], starts: Indices, *, own: bool) -> Floats:  # noqa: ARG002
        stumpy = required(self.needs, "the method matrix-profile")
        scores = np.empty((len(windows), windows.shape[1]))
        for channel in range(windows.shape[1]):
            series = np.concatenate([windows[0, channel, :-1], windows[:, channel, -1]])
            join = {} if own else {"T_B": self._filled[:, channel], "ignore_trivial": False}
            with warnings.catch_warnings(), _windows_apart(stumpy.config, self.window_):
                warnings.simplefilter("ignore", UserWarning)  # many exact repeats are no mistake here
                profile = stumpy.stump(series, self.window_, **join)
            scores[:, channel] = np.asarray(profile[:, 0], dtype=np.float64)
        return np.where(np.isinf(scores), np.nan, scores)  # infinite: no window to compare with


@contextlib.contextmanager
def _windows_apart(config: Any, window: int) -> Iterator[None]:
    """Inside, windows of one series that share a point are no neighbours; STUMPY leaves out a quarter of them."""
    before = config.STUMPY_EXCL_ZONE_DENOM
    config.STUMPY_EXCL_ZONE_DENOM = window / (window - 1.5)  # the zone is the window less 1.5, rounded up
    try:
        yield
    finally:
        config.STUMPY_EXCL_ZONE_DENOM = before


def nearest_window(ours: NDArray[np.float32], bank: NDArray[np.float32], own: Indices | None) -> Indices:
    """For each normalised window (W, L) the index of the nearest window of `bank` (N, L), a view.

    `own` (W,) are the rows in the bank's series at which the windows begin: those that share a point are left out.
    `NONE` where no window is left.
    """
    length = bank.shape[1]
    least = np.full(len(ours), np.inf, dtype=np.float32)
    nearest = np.full(len(ours), NONE, dtype=np.int64)
    for first in range(0, len(bank), BANK_BLOCK):
        block = normalised(bank[first : first + BANK_BLOCK])
        half_square = (block**2).sum(axis=1) / 2
        for begin in range(0, len(ours), WINDOW_BLOCK):
            rows = slice(begin, begin + WINDOW_BLOCK)
            distance = half_square - ours[rows] @ block.T  # half the squared distance, less what all share
            if own is not None:
                places = np.arange(first, first + len(block))
                distance[np.abs(own[rows, None] - places) < length] = np.inf
            best = distance.argmin(axis=1)
            value = distance[np.arange(len(best)), best]
            closer = value < least[rows]
            least[rows] = np.where(closer, value, least[rows])
            nearest[rows] = np.where(closer, first + best, nearest[rows])
    return nearest
