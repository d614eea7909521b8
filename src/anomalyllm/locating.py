"""The strangest places of a whole series: which of many curves to believe is chosen by how its highest peak stands out.

Scores must not depend on the series around them; places may. So a window is compared with the training part *and* with
the rest of the series it lies in: what recurs there is not strange. Each length and view gives a curve; the one whose
highest peak stands out most, against its own second and against the training part's highest, says where the place is.
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from anomalyllm.fitted import Fitted
from anomalyllm.judges import Prepared, missing_shares
from anomalyllm.model.bank import Scale
from anomalyllm.model.nearest import Overlap
from anomalyllm.model.retrieval import RUNS, nearest_in_runs, rarity

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]

NEAREST_RUNS = 4  # runs whose distances are averaged: what resembles fewer has hardly happened before
APART = 100  # rows: peaks of a curve that are nearer, or nearer than a window, are one; places keep half of it between
AGAINST_SECOND = 0.6  # weight of standing out against the curve's own second peak; the rest: against training
FEW_MISSING = 0.1  # of a window in any channel: what stands in for a missing value is not strange
LEAST = 0.01  # in the series' own deviations: nothing stands out by being smaller


@dataclass(frozen=True)
class Place:
    """A strange place.

    Args:
        start, end: rows, half-open, of the window that stands out.
        peak: row in its middle.
        evidence: by how much it stands out; a logarithm, 0 is not at all.
        view: what was looked at ("score" where one curve is all there is).
    """

    start: int
    end: int
    peak: int
    evidence: float
    view: str


@dataclass
class Curve:
    """Strangeness of windows of one length in one view."""

    length: int
    view: str
    starts: Indices
    heights: Floats
    usual: float

    def place(self) -> Place:
        """The highest peak and how it stands out."""
        top = int(self.heights.argmax())
        height, start = self.heights[top], int(self.starts[top])
        elsewhere = np.abs(self.starts - start) >= max(APART, self.length)
        second = self.heights[elsewhere].max(initial=0.0) or self.usual  # where nothing else is left to compare with
        evidence = AGAINST_SECOND * _excess(height, second) + (1 - AGAINST_SECOND) * _excess(height, self.usual)
        return Place(start, start + self.length, start + self.length // 2, evidence, self.view)

    def forget(self, place: Place) -> None:
        """Takes out what lies at a place that was found."""
        margin = max(APART, self.length) // 2
        near = (self.starts + self.length > place.start - margin) & (self.starts < place.end + margin)
        self.heights = np.where(near, 0.0, self.heights)


def find_places(fitted: Fitted, prepared: Prepared, count: int) -> tuple[Place, ...]:
    """At most `count` places of a series, the strangest first; fewer where nothing is left that is strange at all."""
    curves = curves_of(fitted, prepared)
    places: list[Place] = []
    while len(places) < count:
        curves = [curve for curve in curves if curve.heights.max(initial=0.0) > 0]
        if not curves:
            break
        found = max((curve.place() for curve in curves), key=lambda place: place.evidence)
        if places:  # what stands out among the rest stands out less among all
            found = dataclasses.replace(found, evidence=min(found.evidence, places[-1].evidence))
        places.append(found)
        for curve in curves:
            curve.forget(found)
    return tuple(places)


def curves_of(fitted: Fitted, prepared: Prepared) -> list[Curve]:
    """A curve for each length and view; that of the scores where no scale fits into the series, or there is none."""
    curves = [curve for scale in fitted.scales for curve in _curves_of_scale(fitted, scale, prepared)]
    if curves:
        return curves
    scores = fitted.point_scores(prepared)
    return [Curve(1, "score", np.arange(len(scores)), scores, fitted.threshold)]


def usual_peaks(fitted: Fitted, scale: Scale, prepared: Prepared) -> Floats:
    """The highest that each view's curve reaches in the training part itself, (V,)."""
    heights = _heights(fitted, scale, prepared, _starts(fitted, scale, len(prepared.values)), own=True)
    peaks: Floats = heights.max(axis=1)
    return peaks


def _curves_of_scale(fitted: Fitted, scale: Scale, prepared: Prepared) -> list[Curve]:
    length, views = scale.bank.length, fitted.config.retrieval.place_views
    if len(prepared.values) < length or not fitted.novelty.moving.any():
        return []
    starts = _starts(fitted, scale, len(prepared.values))
    heights = _heights(fitted, scale, prepared, starts, own=False)
    return [Curve(length, view, starts, heights[index], float(scale.usual[index])) for index, view in enumerate(views)]


def _heights(fitted: Fitted, scale: Scale, prepared: Prepared, starts: Indices, *, own: bool) -> Floats:
    """(V, W): how rare windows are, the mean over channels that move.

    `own`: the series is the training part; else it is compared with itself as well.
    """
    bank, settings = scale.bank, fitted.config.retrieval
    values, rows = prepared.values, len(prepared.values)
    stride = max(1, bank.length // settings.bank_strides, -(-rows // (2 * settings.bank)))
    others = np.arange(0, rows - bank.length + 1, stride, dtype=np.int64)
    channels = np.flatnonzero(fitted.novelty.moving)
    heights = np.zeros((len(settings.place_views), len(starts)))
    for channel in map(int, channels):
        around = {} if own else dict(bank.seen(values, others, channel, settings.place_views))
        for index, (view, windows) in enumerate(bank.seen(values, starts, channel, settings.place_views)):
            distances = bank.nearest_of_runs(view, windows, channel, starts if own else None, RUNS)
            if not own:
                here = nearest_in_runs(windows, around[view], Overlap(starts, others, bank.length))
                distances = np.concatenate([distances, here], axis=1)
            heights[index] += rarity(distances, NEAREST_RUNS) / len(channels)
    if prepared.missing is not None:
        lacking = missing_shares(prepared.missing[:, channels], starts, bank.length).max(axis=1, initial=0.0)
        heights[:, lacking > (0.0 if own else FEW_MISSING)] = 0.0  # a gap must not make strange places usual
    return heights


def _starts(fitted: Fitted, scale: Scale, rows: int) -> Indices:
    length = scale.bank.length
    starts = np.arange(0, rows - length + 1, max(1, length // fitted.config.retrieval.strides), dtype=np.int64)
    return np.unique(np.append(starts, rows - length))  # the end of the series is looked at too


def _excess(height: float, reference: float) -> float:
    return math.log(max(height, LEAST) / max(reference, LEAST))
