"""What `fit` learned, in one frozen object, and how it scores: the same few lines for batch, chunks and stream."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anomalyllm.config import DetectorConfig
from anomalyllm.model.distiller import Distiller
from anomalyllm.model.inference import Evidence, channel_shares, gather_evidence
from anomalyllm.scoring.calibrate import UNJUDGED, Calibration, combine, to_score
from anomalyllm.training.record import TrainingRecord
from anomalyllm.windows.scaling import Scaler, carry_forward
from anomalyllm.windows.slicing import Grid, lift_scores, slide

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
class Prepared:
    """A series as the networks see it."""

    values: NDArray[np.float32]  # (T, C), scaled, nothing missing
    missing: NDArray[np.bool_] | None  # (T, C), None where nothing was


@dataclass(frozen=True)
class Fitted:
    """A fitted detector without its doors. Everything in it comes from training data alone.

    Args:
        config: with window, stride and patches filled in.
        channels: C names.
        period: samples, or None where none was found.
        bank: first training rows of the prototypes, (K,), or empty where they are not windows of the series.
        calibration: of the discrepancy between teacher and student.
        mismatch_calibration: of the distance between a window and its prototype.
        threshold: above 0.
        teacher_label: how the teacher is spoken of, with "(untrained)" where that is so.
        teacher_shape: what rebuilds its language model.
    """

    config: DetectorConfig
    channels: tuple[str, ...]
    period: int | None
    seed: int
    scaler: Scaler
    distiller: Distiller
    bank: Indices
    calibration: Calibration
    mismatch_calibration: Calibration
    threshold: float
    teacher_label: str
    teacher_shape: dict[str, Any]
    training: TrainingFacts

    @property
    def window(self) -> int:
        """L in samples."""
        assert self.config.window.length is not None
        return self.config.window.length

    @property
    def stride(self) -> int:
        """Samples between scored windows."""
        assert self.config.window.stride is not None
        return self.config.window.stride

    def grid(self, rows: int) -> Grid:
        """Where the windows of a series of `rows` rows lie."""
        return Grid(rows, self.window, self.stride)

    def prepare(self, values: Floats, before: Floats | None = None) -> Prepared:
        """Scales (T, C) and fills what is missing from the past; `before` (C,): scaled values seen before."""
        missing = ~np.isfinite(values)
        filled = carry_forward(self.scaler.apply(values), before)
        return Prepared(np.ascontiguousarray(filled, dtype=np.float32), missing if missing.any() else None)

    def window_scores(self, prepared: Prepared, starts: Indices, *, own: bool = False) -> Floats:
        """Calibrated scores of windows, (W, G). `own`: the series is the training part, and no window meets itself."""
        evidence = self.evidence(prepared, starts, own=own)
        share = self.config.scoring.prototype_share
        scores = to_score(
            (1 - share) * self.calibration.apply(evidence.discrepancy)
            + share * self.mismatch_calibration.apply(evidence.mismatch)
        )
        if prepared.missing is not None:
            scores = np.where(self._judged(prepared.missing, starts), scores, UNJUDGED)
        return scores

    def point_scores(self, prepared: Prepared, *, own: bool = False) -> Floats:
        """Scores of points, (T,)."""
        return self.scores(prepared, own=own)[0]

    def scores(self, prepared: Prepared, *, own: bool = False, channels: bool = False) -> tuple[Floats, Floats]:
        """Scores of points (T,) and, where `channels`, of each channel (T, C), else (T, 0)."""
        grid = self.grid(len(prepared.values))
        if not grid.regular:
            return np.full(grid.rows, UNJUDGED), np.full((grid.rows, len(self.channels) if channels else 0), UNJUDGED)
        by_group = self.window_scores(prepared, grid.starts, own=own)
        total = combine(by_group, self.config.scoring.combine_power)
        by_channel = self._by_channel(prepared, grid.starts, by_group, total) if channels else by_group[:, :0]
        return lift_scores(total, grid), lift_scores(by_channel, grid)

    def evidence(self, prepared: Prepared, starts: Indices, *, own: bool = False) -> Evidence:
        """What the networks say of windows, before calibration."""
        windows = slide(prepared.values, self.window)
        return gather_evidence(self.distiller, windows, starts, self.bank if own else None)

    def _by_channel(self, prepared: Prepared, starts: Indices, by_group: Floats, total: Floats) -> Floats:
        """(W, C): the groups themselves where each channel is one, else the total by each channel's share."""
        if by_group.shape[1] == len(self.channels):
            return by_group
        return total[:, None] * channel_shares(self.distiller, slide(prepared.values, self.window), starts)

    def _judged(self, missing: NDArray[np.bool_], starts: Indices) -> NDArray[np.bool_]:
        """Whether enough of a window is there to judge it, (W, G)."""
        padded = np.vstack([np.zeros((1, missing.shape[1]), np.int64), np.cumsum(missing, axis=0)])
        share = (padded[starts + self.window] - padded[starts]) / self.window  # (W, C)
        if self.config.channel_mode == "joint":
            share = share.mean(axis=1, keepdims=True)
        return share <= self.config.scoring.max_missing
