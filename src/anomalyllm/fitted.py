"""What `fit` learned, in one frozen object, and how it scores: the same few lines for batch, chunks and stream."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from anomalyllm.config import DetectorConfig
from anomalyllm.judges import Judge, Prepared, RetrievalJudge
from anomalyllm.model.bank import Scale
from anomalyllm.scoring.calibrate import UNJUDGED
from anomalyllm.scoring.novelty import Novelty
from anomalyllm.training.record import TrainingRecord
from anomalyllm.windows.scaling import Scaler, carry_forward
from anomalyllm.windows.slicing import Grid, lift_scores

if TYPE_CHECKING:
    from anomalyllm.network_judge import NetworkJudge

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]


@dataclass(frozen=True)
class TrainingFacts:
    """Where a detector comes from."""

    source: str
    rows: int
    sha256: str  # of the training values
    spacing: float | None  # median seconds between rows
    record: TrainingRecord
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Fitted:
    """A fitted detector without its doors. Everything in it comes from training data alone.

    Args:
        config: with window, strides and patches filled in.
        channels: C names.
        period: samples, or None where none was found.
        judges: at least one, the longest window last.
        scales: what places are looked for in; empty where scores are all there is.
        novelty: values never seen in training, in channels that hardly move.
        unit: what the judges say of usual training points; scores are in it. Above 0.
        threshold: above 0.
        teacher_label: how the teacher is spoken of, with "(untrained)" where that is so; "none" without one.
        teacher_shape: what rebuilds its language model.
    """

    config: DetectorConfig
    channels: tuple[str, ...]
    period: int | None
    seed: int
    scaler: Scaler
    judges: tuple[Judge, ...]
    scales: tuple[Scale, ...]
    novelty: Novelty
    unit: float
    threshold: float
    teacher_label: str
    teacher_shape: dict[str, Any]
    training: TrainingFacts

    @property
    def window(self) -> int:
        """The longest window in samples: a point's score is final when `window` - 1 points have followed it."""
        return self.judges[-1].window

    @property
    def stride(self) -> int:
        """Samples between the longest windows."""
        return self.judges[-1].stride

    @property
    def reach(self) -> int:
        """The longest window of any judge: a score hangs on fewer rows than that on either side."""
        return max(judge.window for judge in self.judges)

    @property
    def networks(self) -> NetworkJudge:
        """The judge that was trained on the series.

        Raises:
            TypeError: a detector without one; callers ask `has_networks` first.
        """
        for judge in self.judges:
            if judge.trained:
                return cast("NetworkJudge", judge)
        raise TypeError("this detector has no networks that were trained on the series")

    @property
    def has_networks(self) -> bool:
        """Whether one of the judges was trained on the series; not every finetuning is kept."""
        return any(judge.trained for judge in self.judges)

    @property
    def retrieval(self) -> tuple[RetrievalJudge, ...]:
        """The judges that compare with normal windows; empty where networks judge alone."""
        return tuple(judge for judge in self.judges if isinstance(judge, RetrievalJudge))

    def noted(self, *notes: str) -> Fitted:
        """With more notes on its training part."""
        training = dataclasses.replace(self.training, notes=(*self.training.notes, *notes))
        return dataclasses.replace(self, training=training)

    def prepare(self, values: Floats, before: Floats | None = None) -> Prepared:
        """Scales (T, C) and fills what is missing from the past; `before` (C,): scaled values seen before."""
        missing = ~np.isfinite(values)
        filled = carry_forward(self.scaler.apply(values), before)
        return Prepared(np.ascontiguousarray(filled, dtype=np.float32), missing if missing.any() else None)

    def point_scores(self, prepared: Prepared, *, own: bool = False) -> Floats:
        """Scores of points, (T,)."""
        return self.scores(prepared, own=own)[0]

    def scores(self, prepared: Prepared, *, own: bool = False, channels: bool = False) -> tuple[Floats, Floats]:
        """Scores of points (T,) and, where `channels`, of each channel (T, C), else (T, 0)."""
        lifted = [self._lifted(judge, prepared, own=own, channels=channels) for judge in self.judges]
        novel = self.novelty.of(prepared.values, prepared.missing)
        total = self.joined(np.stack([points for points, _ in lifted]), novel.max(axis=1))
        by_channel = novel if channels else novel[:, :0]
        return total, self.joined(np.stack([points for _, points in lifted]), by_channel)

    def joined(self, judged: Floats, novel: Floats) -> Floats:
        """What the judges say of points, (J, T, ...), and novelty (T, ...) as scores (T, ...).

        A judge that could not say anything of a point is left out; a point that none could judge has its novelty.
        """
        count = (judged > UNJUDGED).sum(axis=0)
        scores: Floats = (judged.sum(axis=0) / np.maximum(count, 1) + novel) / self.unit
        return scores

    def _lifted(self, judge: Judge, prepared: Prepared, *, own: bool, channels: bool) -> tuple[Floats, Floats]:
        """What one judge says of points (T,), and of each channel (T, C) or (T, 0)."""
        grid = Grid(len(prepared.values), judge.window, judge.stride)
        width = len(self.channels) if channels else 0
        if not grid.regular:
            return np.full(grid.rows, UNJUDGED), np.full((grid.rows, width), UNJUDGED)
        by_group = judge.window_scores(prepared, grid.starts, own=own)
        by_channel = judge.by_channel(prepared, grid.starts, by_group) if channels else by_group[:, :0]
        return lift_scores(judge.total(by_group), grid), lift_scores(by_channel, grid)
