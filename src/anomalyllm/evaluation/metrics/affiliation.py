"""Affiliation precision, recall and F1 (Huet, Navarro and Rossi, KDD 2022): how near flags are to labels, in time.

Events are real intervals [start, stop) on [0, n]. Each labelled event owns a zone that ends half-way to its
neighbours. Inside a zone precision is the mean closeness of flags to the event, recall that of the event to flags,
where closeness is the share of the zone that lies further away: flags at random places get about one half.

Quick and exact: losses are integrals of piecewise linear functions with borders at multiples of a quarter, so sums over
any stretch are differences of one cumulative integral, without rounding; only gaps between flags inside an event are
looked at one by one.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from anomalyllm.evaluation.metrics.inputs import checked_pair, scored
from anomalyllm.evaluation.metrics.segments import Comparison, Counts, Floats, Segments, compare, meet, sums
from anomalyllm.evaluation.metrics.sweep import highest

GUARD = 1e-15


class Affiliation(NamedTuple):
    """Affiliation at one set of flags; NaN where undefined."""

    precision: float
    recall: float
    f1: float


def affiliation(predictions: ArrayLike, labels: ArrayLike) -> Affiliation:
    """Precision, recall and F1 at one set of flags.

    Without flags recall is 0 and the others are NaN; without labels all are NaN.

    Args:
        predictions: (n,), 1 flagged, 0 not.
        labels: (n,), 1 anomalous, 0 normal.

    Raises:
        DataError: see `inputs.checked_pair`.
    """
    comparison = compare(*checked_pair(predictions, labels))
    return Zones(comparison.labelled, comparison.size).judge(comparison.predicted)


def affiliation_f1(scores: ArrayLike, labels: ArrayLike) -> float:
    """Affiliation-F as in TSB-AD, the best of 100 thresholds; NaN without labels and for constant scores.

    Args:
        scores: (n,), larger = more anomalous.
        labels: (n,), 1 anomalous, 0 normal.

    Raises:
        DataError: see `inputs.scored`.
    """
    case = scored(scores, labels)
    return highest(case, [Zones(case.labelled, case.size).judge_f1])[0]


class Zones:
    """The zones of labelled events, and what lies how far from its event: computed once for all thresholds.

    Args:
        labelled: S events.
        size: points n of the series.
    """

    def __init__(self, labelled: Segments, size: int) -> None:
        self.labelled = labelled
        self.size = size
        middles = (labelled.stops[:-1] + labelled.starts[1:]) / 2
        self.borders: Floats = np.concatenate([[0.0], middles, [float(size)]])  # (S + 1,)
        self.lengths: Floats = np.diff(self.borders)
        if len(labelled):
            self._sum_losses()

    def _sum_losses(self) -> None:
        """The loss of precision, times the zone's length, integrated from 0 to each point and to each border."""
        starts, stops, borders = self.labelled.starts, self.labelled.stops, self.borders
        self.room = np.minimum(starts - borders[:-1], borders[1:] - stops)  # (S,) between event and nearer border
        every = np.arange(len(self.labelled))
        before = self._loss_to(starts - borders[:-1], every)
        after = self._loss_to(borders[1:] - stops, every)
        self.loss_at_border: Floats = np.append(0.0, np.cumsum(before + after))
        at_event = self.loss_at_border[:-1] + before
        point = np.arange(self.size + 1)
        zone = np.searchsorted(borders[1:-1], point)
        ahead, behind = starts[zone] - point, point - stops[zone]
        self.loss_at_point: Floats = at_event[zone]
        for distance, sign in ((ahead, -1), (behind, 1)):
            outside = np.flatnonzero(distance > 0)
            self.loss_at_point[outside] += sign * self._loss_to(distance[outside], zone[outside])

    def _loss_to(self, distance: Floats | Counts, zone: Counts) -> Floats:
        """The loss integrated from the event to `distance` d: of min(u, room) + u + event length, over 0 <= u <= d."""
        near = np.minimum(distance, self.room[zone])
        loss: Floats = near * distance - near**2 / 2 + distance * distance / 2 + self.labelled.lengths[zone] * distance
        return loss

    def judge_f1(self, comparison: Comparison) -> float:
        """F1 alone, for a sweep over thresholds."""
        return self.judge(comparison.predicted).f1

    def judge(self, predicted: Segments) -> Affiliation:
        """All three at one set of flags."""
        if not len(self.labelled):
            return Affiliation(math.nan, math.nan, math.nan)
        if not len(predicted):
            return Affiliation(math.nan, 0.0, math.nan)
        amount, loss = self._predicted_in_zones(predicted)
        has_flags = amount > 0
        closeness = 1 - loss[has_flags] / (amount[has_flags] * self.lengths[has_flags])
        precision = float(closeness.mean())
        missed = self._lost_recall(predicted) / (self.labelled.lengths * self.lengths)
        recall = float(np.mean(np.where(has_flags, 1 - missed, 0.0)))
        return Affiliation(precision, recall, 2 * recall * precision / (recall + precision + GUARD))

    def _predicted_in_zones(self, predicted: Segments) -> tuple[Floats, Floats]:
        """For each zone the predicted length and its loss of precision, both (S,)."""
        starts, stops = predicted.starts, predicted.stops
        lost = np.cumsum(self.loss_at_point[stops] - self.loss_at_point[starts])
        length = np.cumsum(predicted.lengths)
        last = np.searchsorted(starts, self.borders[1:]) - 1  # (S,) the last run that begins before the border
        overhang = np.maximum(stops[last] - self.borders[1:], 0) * (last >= 0)
        lost_beyond = np.where(overhang > 0, self.loss_at_point[stops[last]] - self.loss_at_border[1:], 0)
        length_to = np.where(last >= 0, length[last], 0) - overhang
        lost_to = np.where(last >= 0, lost[last], 0) - lost_beyond
        return np.diff(length_to, prepend=0), np.diff(lost_to, prepend=0)

    def _lost_recall(self, predicted: Segments) -> Floats:
        """For each event the loss of recall, times the zone's length, integrated over the event; (S,).

        Inside a gap the nearer flag counts; one that ends where the zone begins lies outside it.
        """
        gaps = Segments(np.append(0, predicted.stops), np.append(predicted.starts, self.size))
        gap, event, _ = meet(gaps, self.labelled)
        left, right = gaps.starts[gap], gaps.stops[gap]
        border_left, border_right = self.borders[event], self.borders[event + 1]
        first = np.maximum(left, self.labelled.starts[event])
        last = np.minimum(right, self.labelled.stops[event])
        has_left, has_right = left > border_left, right < border_right
        middle: Floats = np.where(has_right, (left + right) / 2, np.inf)
        middle = np.clip(np.where(has_left, middle, -np.inf), first, last)
        lost = np.zeros(len(gap))
        lost += has_left * _lost_between(first - left, middle - left, (border_right - left) / 2)
        lost += has_right * _lost_between(right - last, right - middle, (right - border_left) / 2)
        return sums(event, lost, len(self.labelled))


def _lost_between(near: Counts, far: Floats, turn: Floats) -> Floats:
    """min(u, the way to the zone's far border) + u, integrated over near <= u <= far; they are equal at `turn`."""
    lost: Floats = far**2 - np.maximum(far - turn, 0) ** 2 - near**2 + np.maximum(near - turn, 0) ** 2
    return lost
