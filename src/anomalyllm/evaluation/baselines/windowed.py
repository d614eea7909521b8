"""Baselines that judge windows by arithmetic alone: summary statistics and the subspace of principal components."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from anomalyllm.evaluation.baselines.base import Floats, Indices, WindowBaseline, pieces
from anomalyllm.windows.slicing import slide

SMALLEST = 0.05  # training deviations of a statistic: below it a difference means nothing
ENOUGH_WINDOWS = 20_000  # for a covariance: of twice as many every second one is taken
RIDGE = 0.01  # of the mean variance, so that directions without any do not decide alone


class SummaryStatistics(WindowBaseline):
    """How far eight summary statistics of a window lie from those of training windows, by Mahalanobis distance.

    After the idea of STAN (eight statistics per period, and how likely training makes them).
    """

    def _learn(self, filled: Floats) -> None:
        every = slide(filled, self.window_)[:: self.stride_]
        table = np.concatenate([statistics(every[part]) for part in pieces(len(every), every[0].size)])
        self._centre = table.mean(axis=0)  # (C, 8)
        self._deviation = np.maximum(table.std(axis=0), SMALLEST)
        standard = (table - self._centre) / self._deviation
        self._axes = [_whitening(standard[:, channel]) for channel in range(standard.shape[1])]

    def _judge(self, windows: NDArray[np.floating], starts: Indices, *, own: bool) -> Floats:  # noqa: ARG002
        table = np.concatenate([statistics(windows[starts[part]]) for part in pieces(len(starts), windows[0].size)])
        away = (table - self._centre) / self._deviation
        return np.stack([_length(away[:, channel] @ axes) for channel, axes in enumerate(self._axes)], axis=1)


class SubPCA(WindowBaseline):
    """How far a window lies from the training windows along their principal components, each in its own deviation.

    A small ridge keeps components without any variance from deciding alone. Called Sub-PCA in TSB-AD.
    """

    def _learn(self, filled: Floats) -> None:
        every = slide(filled, self.window_)[:: max(1, len(filled) // ENOUGH_WINDOWS)]
        self._centre, self._axes = [], []
        for channel in range(every.shape[1]):
            rows = np.ascontiguousarray(every[:, channel])
            self._centre.append(rows.mean(axis=0))  # (L,)
            self._axes.append(_whitening(rows - self._centre[channel]))

    def _judge(self, windows: NDArray[np.floating], starts: Indices, *, own: bool) -> Floats:  # noqa: ARG002
        scores = np.empty((len(starts), len(self._axes)))
        for part in pieces(len(starts), self.window_):
            for channel, (centre, axes) in enumerate(zip(self._centre, self._axes, strict=True)):
                scores[part, channel] = _length((windows[starts[part], channel] - centre) @ axes)
        return scores


def statistics(windows: NDArray[np.floating]) -> Floats:
    """Mean, deviation, least, largest, median, skewness, kurtosis and mean step of windows (W, C, L); (W, C, 8)."""
    mean = windows.mean(axis=-1)
    deviation = windows.std(axis=-1)
    standard = (windows - mean[..., None]) / np.maximum(deviation, SMALLEST)[..., None]
    step = np.abs(np.diff(windows, axis=-1)).mean(axis=-1)
    middle = np.median(windows, axis=-1)
    shape = ((standard**3).mean(axis=-1), (standard**4).mean(axis=-1))
    return np.stack([mean, deviation, windows.min(axis=-1), windows.max(axis=-1), middle, *shape, step], axis=-1)


def _length(rows: Floats) -> Floats:
    """Root mean square of rows (W, K); (W,)."""
    length: Floats = np.sqrt((rows**2).mean(axis=1))
    return length


def _whitening(rows: Floats) -> Floats:
    """(L, L): centred windows (W, L) times it have unit variance along every axis, but for the ridge."""
    values, vectors = np.linalg.eigh(rows.T @ rows / len(rows))
    ridge = RIDGE * max(float(values.mean()), 1e-6)
    whitening: Floats = vectors / np.sqrt(np.maximum(values, 0.0) + ridge)
    return whitening
