"""Push points, get scores: the same numbers as scoring the whole series at once.

A score leaves the stream when nothing can change it any more, that is when all windows that cover its block of
`stride` points have been seen: `window_` - 1 points later at most.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anomalyllm.data.inputs import same_channels
from anomalyllm.data.series import as_series
from anomalyllm.detector import AnomalyLLM
from anomalyllm.errors import DataError
from anomalyllm.judges import Judge, Prepared
from anomalyllm.scoring.calibrate import UNJUDGED
from anomalyllm.windows.scaling import last_seen
from anomalyllm.windows.slicing import Grid

Floats = NDArray[np.float64]


class Stream:
    """Scores a series that arrives in pieces.

    Args:
        detector: fitted; it is read, never changed, and may serve many streams.

    Example:
        for rows in source:
            scores = stream.push(rows)      # scores of the points that have become final, in order
        scores = stream.finish()            # the rest; all together equal decision_function of the whole
    """

    def __init__(self, detector: AnomalyLLM) -> None:
        self._fitted = detector._fitted
        self._last_seen = np.zeros(len(self._fitted.channels))  # scaled value last seen in each channel
        self._parts = [_JudgeStream(judge, len(self._fitted.channels)) for judge in self._fitted.judges]
        self._waiting: list[Floats] = [np.zeros(0) for _ in self._parts]  # what each judge has said and is not sent
        self._novel = np.zeros(0)  # of points that are not sent
        self._rows = 0
        self._finished = False

    @property
    def rows(self) -> int:
        """Rows pushed so far."""
        return self._rows

    def push(self, X: Any) -> Floats:
        """Takes the next rows (n, C) and returns the scores that have become final, oldest first.

        Raises:
            ChannelError: other channels than those fitted.
            DataError: after `finish`, or no rows.
        """
        if self._finished:
            raise DataError("rows before finish()", "rows after it", "open a new Stream")
        series = same_channels(as_series(X, source="stream"), self._fitted.channels)
        prepared = self._fitted.prepare(series.values, self._last_seen)
        self._last_seen = last_seen(self._fitted.scaler.apply(series.values), self._last_seen)
        self._rows += len(series)
        novel = self._fitted.novelty.of(prepared.values, prepared.missing).max(axis=1)
        self._novel = np.concatenate([self._novel, novel])
        return self._sent([part.push(prepared) for part in self._parts])

    def finish(self) -> Floats:
        """Ends the stream and returns the scores of the last points, as a series that ends here has them."""
        if self._finished:
            return np.zeros(0)
        self._finished = True
        return self._sent([part.finish() for part in self._parts])

    def _sent(self, said: list[Floats]) -> Floats:
        """What all judges have now spoken of, as scores."""
        self._waiting = [np.concatenate(both) for both in zip(self._waiting, said, strict=True)]
        ready = min(len(scores) for scores in self._waiting)
        scores = self._fitted.joined(np.stack([part[:ready] for part in self._waiting]), self._novel[:ready])
        self._waiting = [part[ready:] for part in self._waiting]
        self._novel = self._novel[ready:]
        return scores


class _JudgeStream:
    """What one judge says of points, as soon as nothing can change it."""

    def __init__(self, judge: Judge, width: int) -> None:
        self._judge = judge
        self._values = np.zeros((0, width), dtype=np.float32)  # rows that windows still need, scaled and filled
        self._missing = np.zeros((0, width), dtype=np.bool_)
        self._first = 0  # row of the series at which `_values` begins
        self._windows = 0  # windows of the grid scored so far
        self._recent: list[float] = []  # scores of the windows that blocks not yet final still need
        self._sent = 0

    @property
    def rows(self) -> int:
        return self._first + len(self._values)

    def push(self, prepared: Prepared) -> Floats:
        missing = np.zeros(prepared.values.shape, np.bool_) if prepared.missing is None else prepared.missing
        self._values = np.concatenate([self._values, prepared.values])
        self._missing = np.concatenate([self._missing, missing])
        return self._advance()

    def finish(self) -> Floats:
        judge, grid = self._judge, Grid(self.rows, self._judge.window, self._judge.stride)
        if not grid.regular:
            return np.full(self.rows - self._sent, UNJUDGED)
        depth = judge.window // judge.stride
        blocks = [self._block_mean(block) for block in range(self._windows, self._windows + depth - 1)]
        scores = np.repeat(np.array(blocks, dtype=np.float64), judge.stride)
        if grid.has_tail:
            value = self._score(np.array([self.rows - judge.window]))[0]
            scores = np.append(scores, np.full(self.rows - self._sent - len(scores), value))
        self._sent = self.rows
        return scores

    def _advance(self) -> Floats:
        """Scores the windows that have become whole; each makes one block of points final."""
        stride, window = self._judge.stride, self._judge.window
        whole = Grid(self.rows, window, stride).regular
        if whole == self._windows:
            return np.zeros(0)
        starts = np.arange(self._windows, whole, dtype=np.int64) * stride
        blocks = []
        for score in self._score(starts):
            self._recent = [*self._recent, float(score)][-(window // stride) :]
            self._windows += 1
            blocks.append(self._block_mean(self._windows - 1))
        needed = self._windows * stride  # the next window's start; the tail's window starts later than the last one
        keep_from = max(0, needed - stride) - self._first
        self._values, self._missing = self._values[keep_from:], self._missing[keep_from:]
        self._first += keep_from
        scores = np.repeat(np.array(blocks), stride)
        self._sent += len(scores)
        return scores

    def _score(self, starts: NDArray[np.int64]) -> Floats:
        """Scores of windows by their rows in the series."""
        missing = self._missing if self._missing.any() else None
        by_group = self._judge.window_scores(Prepared(self._values, missing), starts - self._first)
        return self._judge.total(by_group)

    def _block_mean(self, block: int) -> float:
        """Geometric mean of the windows that cover `block`, as `windows.slicing.lift_scores` takes it."""
        depth = self._judge.window // self._judge.stride
        first = self._windows - len(self._recent)  # window of `_recent[0]`
        covering = self._recent[max(0, block - depth + 1 - first) : block + 1 - first]
        judged = [math.log(score) for score in covering if score > 0]
        return math.exp(math.fsum(judged) / len(judged)) if judged else UNJUDGED
