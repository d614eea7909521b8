"""Retrieval as a graph, for runtimes that have no NumPy: windows in, distances to the nearest normal window out.

It says what `judges.RetrievalJudge` says, up to the last digits. The nearest row is chosen by a product in float64, so
that rounding chooses no other, and its distance is that of the difference, as in `model.nearest`. The bank lies in the
graph once, as averaged windows; what each view sees of them is computed when the graph is loaded.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from anomalyllm.exporting.drawing import Drawing, Name
from anomalyllm.exporting.views_drawn import (
    drawn_average,
    drawn_energies,
    drawn_view,
    root_mean_square,
)
from anomalyllm.judges import LEAST, RetrievalJudge
from anomalyllm.model.bank import SUBSPACE, Bank
from anomalyllm.scoring.calibrate import UNJUDGED
from anomalyllm.windows.views import ROUGHNESS, points_of, segments_of

DOUBLE = 11  # as ONNX numbers its kinds


def retrieval_graph(judge: RetrievalJudge) -> Any:
    """Windows (W, C, L) float32, scaled and filled -> scores (W, C) float32; 0 in channels that are not judged."""
    bank, channels, to = judge.bank, judged_channels(judge), Drawing("retrieval")
    windows = chosen_windows(to, channels)
    points = drawn_average(to, windows, bank.length, points_of(bank.length))
    total = ""
    for view, weight in judge.views.items():
        away = to.node("Mul", _away(to, view, windows, points, bank, channels), float(weight))
        total = to.node("Add", total, away) if total else away
    scores = to.node("Max", to.node("Div", total, float(sum(judge.views.values()))), float(LEAST))
    shape = ["windows", len(judge.moving)]
    return to.model({"windows": [*shape, bank.length]}, {"scores": (in_all_channels(to, scores, judge.moving), shape)})


def judged_channels(judge: RetrievalJudge) -> NDArray[np.int64]:
    """Those that move, or the first where none does: a graph cannot be empty, and its scores are put to 0."""
    return np.flatnonzero(judge.moving) if judge.moving.any() else np.zeros(1, np.int64)


def chosen_windows(to: Drawing, channels: NDArray[np.int64]) -> Name:
    """The input (W, C, L) as (G, W, L)."""
    return to.node("Transpose", to.node("Gather", "windows", channels, axis=1), perm=[1, 0, 2])


def partial_squares(to: Drawing, rows: Name, bank: Name) -> Name:
    """Squared distances of rows (G, W, P) to all of a bank's, less the rows' own squares; (G, W, B) float64."""
    asked, there = (to.node("Cast", of, to=DOUBLE) for of in (rows, bank))
    products = to.node("MatMul", to.node("Mul", asked, np.array(-2.0)), to.node("Transpose", there, perm=[0, 2, 1]))
    squares = to.node("ReduceSum", to.node("Mul", there, there), np.array([2]), keepdims=0)
    return to.node("Add", products, to.node("Unsqueeze", squares, np.array([1])))


def _away(to: Drawing, view: str, windows: Name, points: Name, bank: Bank, channels: NDArray[np.int64]) -> Name:
    """Distances in one view, (G, W)."""
    if view == SUBSPACE:
        centred = to.node("Sub", points, bank.centre[channels, None])
        return root_mean_square(to, to.node("MatMul", centred, bank.axes[channels]))
    if view == ROUGHNESS:
        floor = bank.stillness[channels, None, None]
        energies = drawn_energies(to, windows, bank.length, segments_of(bank.length))
        rows, there = (
            to.node("Log", to.node("Add", energy, floor)) for energy in (energies, to.constant(bank.energy[channels]))
        )
    else:
        count = points_of(bank.length)
        rows, there = (drawn_view(to, view, seen, count) for seen in (points, to.constant(bank.windows[channels])))
    choice = to.node("ArgMin", partial_squares(to, rows, there), axis=2, keepdims=0)
    nearest = to.node("GatherND", there, to.node("Unsqueeze", choice, np.array([2])), batch_dims=1)
    return root_mean_square(to, to.node("Sub", rows, nearest))


def in_all_channels(to: Drawing, scores: Name, moving: NDArray[np.bool_]) -> Name:
    """(G, W) -> (W, C), with `UNJUDGED` in the other channels."""
    place = np.where(moving, np.cumsum(moving) - 1, 0)
    spread = to.node("Transpose", to.node("Gather", scores, place, axis=0), perm=[1, 0])
    return to.node("Where", moving[None], spread, float(UNJUDGED))
