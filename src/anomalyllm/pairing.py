"""The pretrained pair among the judges that retrieve: what networks that have seen thousands of series say of this one.

Each of its judges reads the windows of one length and the normal windows nearest to them; nothing is trained on the
series. Its discrepancies come in units of their own usual, at half the weight of a distance: they find other anomalies
than distances do, and alone they find fewer (docs/pretraining.md).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import torch
from numpy.typing import NDArray

from anomalyllm.banking import banked, pair_stride_of, unit_of
from anomalyllm.config import DetectorConfig
from anomalyllm.data.series import Series
from anomalyllm.fitted import Fitted
from anomalyllm.judges import LEAST, Prepared, RetrievalJudge
from anomalyllm.model.nearest import Overlap
from anomalyllm.model.nearest_rows import nearest_rows
from anomalyllm.model.pair import PROTOTYPES, Pair, load_pair, points, usual_distances
from anomalyllm.scoring.calibrate import UNJUDGED
from anomalyllm.trainable import facts_of
from anomalyllm.weights import shipped_pair
from anomalyllm.windows.views import averaged, shape

Floats = NDArray[np.float64]
Rows = NDArray[np.float32]
Indices = NDArray[np.int64]

SHIPPED = "shipped"
SHORTEST = 32  # samples: a window of fewer has no eight patches to speak of
WEIGHT = 0.5  # of a discrepancy beside 1 of a distance
MOST_WINDOWS = 2048  # read by the networks at once


@dataclass(frozen=True)
class PairJudge:
    """The discrepancy of the pretrained teacher and student, the mean over the patches of a window.

    Args:
        retrieval: whose bank, channels and limits it shares.
        stride: samples.
        pair: asleep.
        usual: (C, B) how far each window of the bank is from its own nearest.
        unit: what a discrepancy of 1 becomes. Above 0.
    """

    retrieval: RetrievalJudge
    stride: int
    pair: Pair
    usual: Rows
    unit: float = 1.0
    trained: ClassVar[bool] = False

    @property
    def window(self) -> int:
        """L in samples."""
        return self.retrieval.window

    def window_scores(self, prepared: Prepared, starts: Indices, *, own: bool = False) -> Floats:
        """Discrepancies of windows, (W, C), in `unit`."""
        moving = self.retrieval.moving
        scores = np.full((len(starts), len(moving)), UNJUDGED)
        for channel in map(int, np.flatnonzero(moving)):
            for begin in range(0, len(starts), MOST_WINDOWS):
                part = slice(begin, begin + MOST_WINDOWS)
                found = self._discrepancy(prepared.values[:, channel], starts[part], channel, own=own)
                scores[part, channel] = np.maximum(self.unit * found, LEAST)
        return self.retrieval.where_there(scores, prepared, starts)

    def total(self, by_group: Floats) -> Floats:
        """The mean over the channels that are judged, as distances have it."""
        return self.retrieval.total(by_group)

    def by_channel(self, prepared: Prepared, starts: Indices, by_group: Floats) -> Floats:  # noqa: ARG002 - protocol
        """Channels are the groups."""
        return by_group

    def normal(self, prepared: Prepared, start: int) -> Rows:
        """The nearest normal window of each channel."""
        return self.retrieval.normal(prepared, start)

    def seen_from(self, row: int) -> PairJudge:
        """With the bank's rows counted from `row` on."""
        return dataclasses.replace(self, retrieval=self.retrieval.seen_from(row))

    def _discrepancy(self, values: Rows, starts: Indices, channel: int, *, own: bool) -> Floats:
        bank = self.retrieval.bank
        windows = points(averaged(values, starts, bank.length))
        normal = points(bank.windows[channel])
        overlap = Overlap(starts, bank.starts, bank.length) if own else None
        near = nearest_rows(shape(windows), shape(normal), PROTOTYPES, overlap)
        asked = (windows, normal[near], self.usual[channel][near])
        with torch.inference_mode():
            by_patch = self.pair(*(torch.from_numpy(np.ascontiguousarray(field)) for field in asked))
        found: Floats = by_patch.numpy().mean(axis=1, dtype=np.float64)
        return found


def retrieving(series: Series, config: DetectorConfig, seed: int) -> Fitted:
    """A detector that compares with normal windows, with the pair where one is asked for; unit and threshold follow.

    Raises:
        TooShortError, ConfigError, DataError: as `banking.banked`.
        ArtefactError: no weights under the name of the pair.
    """
    fitted = banked(series, config, seed, facts_of(series))
    if config.pair is None:
        return fitted
    training = fitted.prepare(series.values)
    return with_pair(fitted, lambda asked: asked.point_scores(training, own=True))


def with_pair(fitted: Fitted, own: Callable[[Fitted], Floats]) -> Fitted:
    """`fitted` with the pair that its configuration names among its judges, or with a note that it can read nothing.

    Args:
        fitted: before its unit is known, which is 1.
        own: the scores that a detector gives the training rows that are looked at.

    Raises:
        ArtefactError: no weights under that name.
    """
    assert fitted.config.pair is not None
    pair = named_pair(fitted.config.pair)
    read = [judge for judge in fitted.retrieval if judge.window >= SHORTEST]
    if not read:
        return fitted.noted(f"the pretrained pair reads windows of at least {SHORTEST} rows: left out")
    judges = tuple(pair_judge(judge, pair, usual_of(judge)) for judge in read)
    alone = dataclasses.replace(fitted, judges=judges)
    usual, of_pair = (unit_of(own(asked), asked.config) for asked in (fitted, alone))
    unit = WEIGHT * usual / of_pair
    return dataclasses.replace(
        fitted, judges=(*fitted.judges, *(dataclasses.replace(judge, unit=unit) for judge in judges))
    )


def pair_judges(fitted: Fitted) -> tuple[PairJudge, ...]:
    """Those of the pair among all judges."""
    return tuple(judge for judge in fitted.judges if isinstance(judge, PairJudge))


def pair_judge(retrieval: RetrievalJudge, pair: Pair, usual: Rows, unit: float = 1.0) -> PairJudge:
    """The judge of the same windows, fewer of them."""
    return PairJudge(retrieval, pair_stride_of(retrieval.window, retrieval.stride), pair, usual, unit)


def usual_of(judge: RetrievalJudge) -> Rows:
    """(C, B) how far each window of a bank is from its own nearest; ones in channels that are not judged."""
    bank = judge.bank
    usual = np.ones(bank.windows.shape[:2], dtype=np.float32)
    for channel in map(int, np.flatnonzero(judge.moving)):
        usual[channel] = usual_distances(shape(points(bank.windows[channel])), bank.starts, bank.length)
    return usual


def named_pair(name: str) -> Pair:
    """The weights that come with the package ("shipped"), or those in a file.

    Raises:
        ArtefactError: absent, damaged or of another kind.
    """
    if name != SHIPPED:
        return load_pair(Path(name))
    with shipped_pair() as path:
        return load_pair(path)
