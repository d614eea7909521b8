"""The networks of one series as a graph: teacher, student, retrieval of prototypes, calibration, unit."""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch import Tensor, nn

from anomalyllm.exporting.attributing import with_shares
from anomalyllm.exporting.tracing import traced
from anomalyllm.model.distiller import Distiller, Pair
from anomalyllm.network_judge import NetworkJudge
from anomalyllm.scoring.calibrate import Calibration


def network_graph(judge: NetworkJudge, example: Tensor) -> Any:
    """Windows (W, C, L) float32, scaled and filled -> scores (W, G) float64, choice (W, C) int64, as an ONNX model.

    Where one vector speaks for all channels there is a third output, each channel's share (W, C).

    Args:
        judge: is left as it is.
        example: (W, C, L) that it is traced with.
    """
    scoring = NetworkScores(judge)
    if not judge.joint:
        return traced(Scored(in_float32(judge.distiller), scoring), {"windows": example}, ("scores", "choice"))
    attributed = with_shares(in_float32(judge.distiller), scoring, example)
    return traced(attributed, {"windows": example}, ("scores", "choice", "shares"))


class Scored(nn.Module):
    """Networks and what their evidence comes to."""

    def __init__(self, distiller: Distiller, scoring: NetworkScores) -> None:
        super().__init__()
        self.distiller, self.scoring = distiller, scoring

    def forward(self, windows: Tensor) -> tuple[Tensor, Tensor]:
        """Scores and choice."""
        pair = self.distiller(windows)
        return self.scoring(pair), pair.choice


class NetworkScores(nn.Module):
    """As `network_judge.NetworkJudge.window_scores`: what the networks say -> (W, G) float64."""

    def __init__(self, judge: NetworkJudge) -> None:
        super().__init__()
        self.share, self.unit = judge.scoring.prototype_share, judge.unit
        self.discrepancy = Calibrated(judge.calibration)
        self.mismatch = Calibrated(judge.mismatch_calibration)

    def forward(self, pair: Pair) -> Tensor:
        """Calibrated, weighed, and as a score above 0."""
        distance, mismatch = pair.discrepancy, pair.mismatch
        if distance.shape[1] == 1:
            mismatch = mismatch.mean(dim=1, keepdim=True)
        standardised = (1 - self.share) * self.discrepancy(distance) + self.share * self.mismatch(mismatch)
        below = torch.exp(torch.clamp(standardised, max=1.0) - 1)
        scores: Tensor = self.unit * torch.where(standardised >= 1, standardised, below)
        return scores


class Calibrated(nn.Module):
    """As `scoring.calibrate.Calibration.apply`."""

    centre: Tensor
    spread: Tensor

    def __init__(self, calibration: Calibration) -> None:
        super().__init__()
        self.register_buffer("centre", torch.tensor(calibration.centre))
        self.register_buffer("spread", torch.tensor(calibration.spread))

    def forward(self, evidence: Tensor) -> Tensor:
        """Evidence (W, G) in spreads from the centre."""
        standardised: Tensor = (evidence.double() - self.centre) / self.spread
        return standardised.clamp(-1e12, 1e12)


def in_float32(distiller: Distiller) -> Distiller:
    """A copy of the networks, asleep, on the processor, with no number narrower than float32.

    A teacher that multiplies in bfloat16 multiplies in float32 then: runtimes of processors have no other products. Its
    weights are the same; scores differ in the digits that bfloat16 does not have.
    """
    copied = copy.deepcopy(distiller).cpu().eval().float().requires_grad_(False)
    copied.teacher.halved = False
    return copied
