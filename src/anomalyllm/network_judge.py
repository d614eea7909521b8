"""The judge that is trained: a teacher and a student that learned this series, and where they disagree."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from anomalyllm.config import ScoringConfig
from anomalyllm.judges import Prepared, where_there
from anomalyllm.model.distiller import Distiller
from anomalyllm.model.inference import Evidence, channel_shares, gather_evidence
from anomalyllm.scoring.calibrate import Calibration, combine, to_score
from anomalyllm.windows.slicing import slide

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]


@dataclass(frozen=True)
class NetworkJudge:
    """The disagreement of a teacher and a student that were trained on this series.

    Args:
        window, stride: samples.
        joint: whether one vector speaks for all channels.
        scoring: how evidence becomes scores.
        bank: first training rows of the prototypes, (K,), or empty where they are not windows of the series.
        calibration: of the discrepancy between teacher and student.
        mismatch_calibration: of the distance between a window and its prototype.
        unit: what a score of 1 becomes; other than 1 beside judges that count in deviations. Above 0.
    """

    window: int
    stride: int
    joint: bool
    scoring: ScoringConfig
    distiller: Distiller
    bank: Indices
    calibration: Calibration
    mismatch_calibration: Calibration
    unit: float = 1.0
    trained: ClassVar[bool] = True

    def window_scores(self, prepared: Prepared, starts: Indices, *, own: bool = False) -> Floats:
        """Calibrated scores of windows, (W, G), in `unit`."""
        evidence = self.evidence(prepared, starts, own=own)
        share = self.scoring.prototype_share
        scores = self.unit * to_score(
            (1 - share) * self.calibration.apply(evidence.discrepancy)
            + share * self.mismatch_calibration.apply(evidence.mismatch)
        )
        return where_there(scores, prepared, starts, self.window, self.scoring.max_missing, joint=self.joint)

    def total(self, by_group: Floats) -> Floats:
        """The power mean over groups."""
        return combine(by_group, self.scoring.combine_power)

    def by_channel(self, prepared: Prepared, starts: Indices, by_group: Floats) -> Floats:
        """The groups themselves where each channel is one, else the total by each channel's share."""
        if not self.joint:
            return by_group
        shares = channel_shares(self.distiller, slide(prepared.values, self.window), starts)
        return self.total(by_group)[:, None] * shares

    def normal(self, prepared: Prepared, start: int) -> NDArray[np.float32]:
        """The prototypes that were chosen."""
        choice = self.evidence(prepared, np.array([start])).choice[0]
        bank = self.distiller.student.prototypes.detach().cpu().numpy()
        return np.stack([bank[channel, index] for channel, index in enumerate(choice)], axis=1)

    def seen_from(self, row: int) -> NetworkJudge:
        """With the prototypes' rows counted from `row` on."""
        return dataclasses.replace(self, bank=self.bank - row)

    def evidence(self, prepared: Prepared, starts: Indices, *, own: bool = False) -> Evidence:
        """What the networks say of windows, before calibration."""
        windows = slide(prepared.values, self.window)
        return gather_evidence(self.distiller, windows, starts, self.bank if own else None)
