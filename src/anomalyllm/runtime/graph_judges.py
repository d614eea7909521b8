"""Judges whose networks are graphs: what they say is what `pairing.PairJudge` and `network_judge.NetworkJudge` say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, NoReturn

import numpy as np
from numpy.typing import NDArray

from anomalyllm.config import ScoringConfig
from anomalyllm.judges import LEAST, Prepared, RetrievalJudge, where_there
from anomalyllm.model.nearest_rows import nearest_rows
from anomalyllm.runtime.sessions import Graph
from anomalyllm.scoring.calibrate import UNJUDGED, combine
from anomalyllm.windows.slicing import slide
from anomalyllm.windows.views import POINTS, averaged, shape

Floats = NDArray[np.float64]
Rows = NDArray[np.float32]
Indices = NDArray[np.int64]

PROTOTYPES = 4  # normal windows that the pair is shown with a window
MOST_WINDOWS = 512  # of one channel, in one run of a graph
FEWEST_WINDOWS = 16  # in one run, however many channels
NO_TRAINING_ROWS = "an exported detector does not score its own training rows: they are not in it"


@dataclass(frozen=True)
class PairGraphJudge:
    """The pretrained pair: which normal windows it is shown is found here, what it says of them by a graph.

    Args:
        retrieval: whose bank, channels and limits it shares.
        stride: samples.
        graph: windows (N, 32), prototypes (N, 4, 32), usual (N, 4) -> scores (N,), before their unit.
        usual: (C, B) how far each window of the bank is from its own nearest.
        unit: what a score of 1 becomes.
    """

    retrieval: RetrievalJudge
    stride: int
    graph: Graph
    usual: Rows
    unit: float
    trained: ClassVar[bool] = False

    @property
    def window(self) -> int:
        """L in samples."""
        return self.retrieval.window

    def window_scores(self, prepared: Prepared, starts: Indices, *, own: bool = False) -> Floats:
        """Discrepancies of windows, (W, C), in `unit`."""
        _refuse_training_rows(own)
        scores = np.full((len(starts), len(self.retrieval.moving)), UNJUDGED)
        for channel in map(int, np.flatnonzero(self.retrieval.moving)):
            for begin in range(0, len(starts), MOST_WINDOWS):
                part = slice(begin, begin + MOST_WINDOWS)
                found = self._discrepancy(prepared.values[:, channel], starts[part], channel)
                scores[part, channel] = np.maximum(self.unit * found, LEAST)
        return self.retrieval.where_there(scores, prepared, starts)

    def total(self, by_group: Floats) -> Floats:
        """The mean over the channels that are judged."""
        return self.retrieval.total(by_group)

    def by_channel(self, prepared: Prepared, starts: Indices, by_group: Floats) -> Floats:  # noqa: ARG002 - protocol
        """Channels are the groups."""
        return by_group

    def normal(self, prepared: Prepared, start: int) -> Rows:
        """The nearest normal window of each channel."""
        return self.retrieval.normal(prepared, start)

    def seen_from(self, row: int) -> NoReturn:  # noqa: ARG002 - protocol
        """Refused, as training rows are."""
        raise ValueError(NO_TRAINING_ROWS)

    def _discrepancy(self, values: Rows, starts: Indices, channel: int) -> Floats:
        bank = self.retrieval.bank
        windows, normal = _points(averaged(values, starts, bank.length)), _points(bank.windows[channel])
        near = nearest_rows(shape(windows), shape(normal), PROTOTYPES)
        (found,) = self.graph(windows=windows, prototypes=normal[near], usual=self.usual[channel][near])
        return found


@dataclass(frozen=True)
class NetworkGraphJudge:
    """Teacher and student of one series, prototypes, calibration and unit and all, in a graph.

    Args:
        window, stride: samples.
        joint: whether one vector speaks for all channels.
        scoring: how groups become one score, and what may be missing.
        graph: windows (W, C, L) -> scores (W, G), choice (W, C) and, if `joint`, each channel's share (W, C).
        prototypes: (C, K, L) scaled.
    """

    window: int
    stride: int
    joint: bool
    scoring: ScoringConfig
    graph: Graph
    prototypes: Rows
    trained: ClassVar[bool] = False
    """Nothing of it can be trained on, or saved again."""

    def window_scores(self, prepared: Prepared, starts: Indices, *, own: bool = False) -> Floats:
        """Calibrated scores of windows, (W, G)."""
        _refuse_training_rows(own)
        scores: Floats = self._asked(prepared, starts)[0]
        return where_there(scores, prepared, starts, self.window, self.scoring.max_missing, joint=self.joint)

    def total(self, by_group: Floats) -> Floats:
        """The power mean over groups."""
        return combine(by_group, self.scoring.combine_power)

    def by_channel(self, prepared: Prepared, starts: Indices, by_group: Floats) -> Floats:
        """The groups themselves where each channel is one, else the total by each channel's share."""
        if not self.joint:
            return by_group
        shares: Floats = self._asked(prepared, starts)[2]
        return self.total(by_group)[:, None] * shares

    def normal(self, prepared: Prepared, start: int) -> Rows:
        """The prototypes that were chosen."""
        choice = self._asked(prepared, np.array([start]))[1][0]
        return np.stack([self.prototypes[channel, index] for channel, index in enumerate(choice)], axis=1)

    def seen_from(self, row: int) -> NoReturn:  # noqa: ARG002 - protocol
        """Refused, as training rows are."""
        raise ValueError(NO_TRAINING_ROWS)

    def _asked(self, prepared: Prepared, starts: Indices) -> list[NDArray[Any]]:
        """What the graph gives for windows, a batch at a time."""
        windows = slide(prepared.values, self.window)
        size = max(FEWEST_WINDOWS, MOST_WINDOWS // windows.shape[1])
        batches = [starts[begin : begin + size] for begin in range(0, len(starts), size)]
        found = [self.graph(windows=windows[batch]) for batch in batches]
        return [np.concatenate(part) for part in zip(*found, strict=True)]


def _points(rows: Rows) -> Rows:
    """As `model.pair.points`: averaged windows of fewer points brought to 32 by saying points again."""
    there = rows.shape[1]
    return rows if there == POINTS else np.ascontiguousarray(rows[:, np.arange(POINTS) * there // POINTS])


def _refuse_training_rows(own: bool) -> None:
    if own:
        raise ValueError(NO_TRAINING_ROWS)
