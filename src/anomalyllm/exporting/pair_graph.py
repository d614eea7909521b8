"""The pretrained pair as two graphs that follow each other: which normal windows are shown, and what of them."""

from __future__ import annotations

from typing import Any

import numpy as np
from torch import Tensor, nn

from anomalyllm.exporting.drawing import Drawing, Name
from anomalyllm.exporting.retrieval_graph import chosen_windows, judged_channels, partial_squares
from anomalyllm.exporting.views_drawn import drawn_average, drawn_view
from anomalyllm.model.pair import PROTOTYPES, Pair, points
from anomalyllm.pairing import PairJudge
from anomalyllm.windows.views import POINTS, points_of

FLOAT = 1  # as ONNX numbers its kinds


class PairGraph(nn.Module):
    """The mean discrepancy over patches: windows (N, 32), prototypes (N, 4, 32), usual (N, 4) -> (N,) float64."""

    def __init__(self, pair: Pair) -> None:
        super().__init__()
        self.pair = pair

    def forward(self, windows: Tensor, prototypes: Tensor, usual: Tensor) -> Tensor:
        """In the pair's own unit."""
        found: Tensor = self.pair(windows, prototypes, usual).double().mean(dim=1)
        return found


def prototypes_graph(judge: PairJudge) -> Any:
    """Windows (W, C, L) float32 -> what the pair's graph takes, of the judged channels one after the other.

    It chooses as `model.nearest_rows` does. Between rows that only the last digit of a float32 tells apart it may
    choose otherwise, since averages are rounded otherwise.
    """
    bank, channels, to = judge.retrieval.bank, judged_channels(judge.retrieval), Drawing("prototypes")
    there = np.stack([points(bank.windows[channel]) for channel in channels])
    place = np.arange(POINTS) * points_of(bank.length) // POINTS
    averages = drawn_average(to, chosen_windows(to, channels), bank.length, points_of(bank.length))
    windows = to.node("Gather", averages, place, axis=2)
    choice = _chosen(to, windows, there)
    shown = [
        to.node("GatherND", to.constant(values), choice, batch_dims=1)
        for values in (there, np.ascontiguousarray(judge.usual[channels]))
    ]
    shapes = {"windows": [POINTS], "prototypes": [PROTOTYPES, POINTS], "usual": [PROTOTYPES]}
    outputs = {
        f"shown_{name}": (to.node("Reshape", made, np.array([-1, *shape])), ["shown", *shape])
        for (name, shape), made in zip(shapes.items(), (windows, *shown), strict=True)
    }
    return to.model({"windows": ["windows", len(judge.retrieval.moving), bank.length]}, outputs)


def _chosen(to: Drawing, windows: Name, there: np.ndarray) -> Name:
    """The nearest of each of eight runs, and of those the four nearest; (G, W, 32) -> (G, W, 4, 1) int64."""
    groups, count, _ = there.shape
    runs = min(2 * PROTOTYPES, count)
    of_run = -(-count // runs)
    rows = [drawn_view(to, "shape", seen, POINTS) for seen in (windows, to.constant(there))]
    partial = to.node("Cast", partial_squares(to, *rows), to=FLOAT)
    beyond = np.array([0, 0, 0, 0, 0, runs * of_run - count])
    padded = to.node("Pad", partial, beyond, float("inf"))
    by_run = to.node("Reshape", padded, np.array([groups, -1, runs, of_run]))
    least = to.node("ReduceMin", by_run, np.array([3]), keepdims=0)
    places = to.node("Add", to.node("ArgMin", by_run, axis=3, keepdims=0), np.arange(runs) * of_run)
    best = np.array([min(PROTOTYPES, runs)])
    order = to.second("TopK", least, best, axis=2, largest=0)
    order = to.node("Gather", order, np.minimum(np.arange(PROTOTYPES), best[0] - 1), axis=2)
    there_is = to.node("Less", to.node("GatherElements", least, order, axis=2), float("inf"))
    order = to.node("Where", there_is, order, to.node("Gather", order, np.array([0]), axis=2))
    chosen = to.node("Min", to.node("GatherElements", places, order, axis=2), np.array(count - 1))
    return to.node("Unsqueeze", chosen, np.array([3]))
