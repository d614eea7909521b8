"""What all baselines share: from untidy values to scores and a threshold, as the detector has them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from anomalyllm.config import DetectorConfig, ScoringConfig
from anomalyllm.data.inputs import same_channels
from anomalyllm.data.series import as_series
from anomalyllm.errors import DataError, NotFittedError
from anomalyllm.scoring.calibrate import UNJUDGED, combine
from anomalyllm.scoring.events import flags
from anomalyllm.scoring.threshold import AlarmRate, fit_threshold
from anomalyllm.seeding import checked_seed
from anomalyllm.windows.choice import resolved
from anomalyllm.windows.scaling import Scaler, carry_forward
from anomalyllm.windows.slicing import Grid, lift, slide

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]

MOST_VALUES = 1 << 22  # of windows copied at once: 32 MiB, of which arithmetic holds a few copies
SETTINGS = ScoringConfig()  # rate of alarms, tail, missing share and combination are those of `default`


class Baseline(ABC):
    """A scorer with the manners of `AnomalyLLM`: fit, then score.

    Args:
        window: L in samples; None takes the one that `trained` finds in the training part.
        alarms_per: alarms accepted on normal data, as `AnomalyLLM` takes it; None keeps the default.
        seed: decides what is drawn, where anything is.

    Attributes:
        decision_scores_: scores of the training rows, (T,); no window is compared with one that shares a point with it
            (a model, though, is fitted to all of them).
        threshold_, labels_, window_, period_, channels_: as `AnomalyLLM` has them.
    """

    drawn: ClassVar[bool] = False
    """Whether chance has a part in it: only then do several seeds tell more than one."""

    needs: ClassVar[str] = ""
    """The module of the extra "baselines" without which it cannot run."""

    def __init__(self, *, window: int | None = None, alarms_per: str | float | None = None, seed: int = 0) -> None:
        self.window = window
        self.alarms_per = alarms_per
        self.seed = seed

    def fit(self, X: Any, y: object = None) -> Self:  # noqa: ARG002 - scikit-learn's signature; labels are never used
        """Learns what is normal from `X`, (T,) or (T, C).

        Raises:
            DataError: too short, or nothing to learn from.
            ConfigError: a setting out of range, or an extra that is not installed.
        """
        checked_seed(self.seed)
        rate = AlarmRate.parse(SETTINGS.alarms_per if self.alarms_per is None else self.alarms_per)
        series = as_series(X)
        rate.per_point(series.spacing)
        self._scaler = Scaler.fit(series.values)
        filled = self._filled_in(series.values)
        config, self.period_ = resolved(DetectorConfig().with_settings({"window.length": self.window}), filled)
        assert config.window.length is not None
        assert config.window.stride is not None
        self.window_: int = config.window.length
        self.stride_: int = config.window.stride
        self.channels_: tuple[str, ...] = series.channels
        self._learn(filled)
        scores = self._scored(filled, ~np.isfinite(series.values), own=True)
        judged = scores[np.isfinite(scores)]
        if len(judged) == 0:
            raise DataError("training rows of which some can be judged", "none", "give rows with fewer missing values")
        self.decision_scores_ = _settled(scores)
        self.threshold_ = fit_threshold(
            judged,
            rate,
            spacing=series.spacing,
            tail_fraction=SETTINGS.tail_fraction,
            separation=self.window_,
        )
        self.labels_ = flags(self.decision_scores_, self.threshold_)
        return self

    def decision_function(self, X: Any) -> Floats:
        """Anomaly scores of the rows of `X`, (T,): finite, at least 0, higher is more anomalous.

        Raises:
            NotFittedError: before `fit`.
            ChannelError: other channels than those fitted.
        """
        self._require_fitted()
        series = same_channels(as_series(X), self.channels_)
        return _settled(self._scored(self._filled_in(series.values), ~np.isfinite(series.values), own=False))

    def predict(self, X: Any) -> NDArray[np.int8]:
        """Flags of the rows of `X`, (T,): 1 where the score reaches `threshold_`."""
        return flags(self.decision_function(X), self.threshold_)

    def _require_fitted(self) -> None:
        if "threshold_" not in vars(self):
            raise NotFittedError("a fitted baseline", "one that is not", "call fit first")

    def _filled_in(self, values: Floats) -> Floats:
        """Scaled rows (T, C) without gaps, in one memory layout: sums must not depend on where the rows came from."""
        return np.ascontiguousarray(carry_forward(self._scaler.apply(values)))

    def _learn(self, filled: Floats) -> None:  # noqa: B027 - many have nothing to keep
        """Keeps what scoring needs of the scaled training part (T, C), in which nothing is missing."""

    @abstractmethod
    def _scored(self, filled: Floats, missing: NDArray[np.bool_], *, own: bool) -> Floats:
        """Scores (T,) of scaled rows (T, C), NaN where nothing can be said; `own`: they are the training part."""


class PointBaseline(Baseline):
    """Judges points; a missing one scores 0."""

    @abstractmethod
    def _points(self, filled: Floats) -> Floats:
        """Scores (T, C) of scaled rows (T, C), NaN where nothing can be said."""

    def _scored(self, filled: Floats, missing: NDArray[np.bool_], *, own: bool) -> Floats:  # noqa: ARG002
        return _combined(np.where(missing, np.nan, self._points(filled)))


class WindowBaseline(Baseline):
    """Judges windows of each channel by itself; a point's score is the mean over the judged windows that cover it."""

    @abstractmethod
    def _judge(self, windows: NDArray[np.floating], starts: Indices, *, own: bool) -> Floats:
        """Scores (W, C) of the windows that begin at `starts`, (W,): at least 0, or NaN where nothing can be said.

        `windows` is every window of the scaled series as a view, (T - L + 1, C, L).
        """

    def _scored(self, filled: Floats, missing: NDArray[np.bool_], *, own: bool) -> Floats:
        grid = Grid(len(filled), self.window_, self.stride_)
        if not grid.regular:
            return np.full(len(filled), np.nan)
        starts = grid.starts
        scores = self._judge(slide(filled, self.window_), starts, own=own)
        if missing.any():
            gaps = np.vstack([np.zeros((1, missing.shape[1])), np.cumsum(missing, axis=0)])
            lacking = (gaps[starts + self.window_] - gaps[starts]) / self.window_
            scores = np.where(lacking <= SETTINGS.max_missing, scores, np.nan)
        combined = _combined(scores)
        judged = np.isfinite(combined)
        weight = lift(judged.astype(np.float64), grid)  # exactly 1 where all are judged
        total = lift(np.where(judged, combined, 0.0), grid)
        points: Floats = np.divide(total, weight, out=np.full(len(total), np.nan), where=weight > 0)
        return points


def pieces(count: int, values: int) -> list[slice]:
    """`range(count)` in pieces, so that a copy of each, with `values` numbers for one of the count, stays small."""
    size = max(1, MOST_VALUES // values)
    return [slice(begin, min(begin + size, count)) for begin in range(0, count, size)]


def _combined(scores: Floats) -> Floats:
    """(W, C) -> (W,): a channel that is not judged counts as 0 beside one that is; NaN where none is."""
    judged = np.isfinite(scores)
    combined = combine(np.where(judged, scores, UNJUDGED), SETTINGS.combine_power)
    return np.where(judged.any(axis=1), combined, np.nan)


def _settled(scores: Floats) -> Floats:
    """Scores as they are handed out."""
    return np.where(np.isfinite(scores), scores, UNJUDGED)
