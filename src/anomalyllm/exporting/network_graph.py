"""The networks of one series as a graph: teacher, student, retrieval of prototypes, calibration, unit."""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn

from anomalyllm.model.distiller import Distiller
from anomalyllm.network_judge import NetworkJudge
from anomalyllm.scoring.calibrate import Calibration


class NetworkGraph(nn.Module):
    """Windows (W, C, L) float32, scaled and filled -> scores (W, G) float64 and choice (W, C) int64.

    A teacher that multiplies in bfloat16 multiplies in float32 here: processors' runtimes have no other products. Its
    weights are the same; the scores differ in the digits that bfloat16 does not have.
    """

    def __init__(self, judge: NetworkJudge) -> None:
        super().__init__()
        self.distiller = in_float32(judge.distiller)
        self.share, self.unit = judge.scoring.prototype_share, judge.unit
        self.discrepancy = Calibrated(judge.calibration)
        self.mismatch = Calibrated(judge.mismatch_calibration)

    def forward(self, windows: Tensor) -> tuple[Tensor, Tensor]:
        """As `network_judge.NetworkJudge.window_scores` and `evidence`."""
        pair = self.distiller(windows)
        distance, mismatch = pair.discrepancy, pair.mismatch
        if distance.shape[1] == 1:
            mismatch = mismatch.mean(dim=1, keepdim=True)
        standardised = (1 - self.share) * self.discrepancy(distance) + self.share * self.mismatch(mismatch)
        below = torch.exp(torch.clamp(standardised, max=1.0) - 1)
        return self.unit * torch.where(standardised >= 1, standardised, below), pair.choice


class Calibrated(nn.Module):
    """As `scoring.calibrate.Calibration.apply`."""

    def __init__(self, calibration: Calibration) -> None:
        super().__init__()
        self.register_buffer("centre", torch.tensor(calibration.centre))
        self.register_buffer("spread", torch.tensor(calibration.spread))

    def forward(self, evidence: Tensor) -> Tensor:
        """Evidence (W, G) in spreads from the centre."""
        standardised: Tensor = (evidence.double() - self.centre) / self.spread  # type: ignore[operator]
        return standardised.clamp(-1e12, 1e12)


def in_float32(distiller: Distiller) -> Distiller:
    """A copy of the networks, asleep, on the processor, with no number narrower than float32."""
    copied = copy.deepcopy(distiller).cpu().eval().float().requires_grad_(False)
    copied.teacher.halved = False
    return copied
