"""F1 of flags point by point, point-adjusted, and point-adjusted with each segment counted once.

Point adjustment (Xu et al., WWW 2018) calls a whole segment found if one of its points is flagged. On long segments
random scores then reach high values (Kim et al., AAAI 2022): print it only beside `random_level.expected_random`. The
revised form, as Merlion defines it, counts a found segment as one hit, but every false point as one false alarm.
"""

from __future__ import annotations

from typing import Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import ArrayLike

from anomalyllm.errors import ConfigError
from anomalyllm.evaluation.metrics.inputs import checked_pair, scored
from anomalyllm.evaluation.metrics.segments import Comparison, compare
from anomalyllm.evaluation.metrics.sweep import highest

Kind = Literal["pointwise", "point_adjusted", "revised_point_adjusted"]


class Quality(NamedTuple):
    """Precision, recall and F1 at one set of flags; 0 where undefined."""

    precision: float
    recall: float
    f1: float


class BestF1(NamedTuple):
    """The highest F1, and the highest threshold that reaches it (flags are score >= threshold)."""

    f1: float
    threshold: float


def pointwise(predictions: ArrayLike, labels: ArrayLike) -> Quality:
    """Precision, recall and F1 of points.

    Args:
        predictions: (n,), 1 flagged, 0 not.
        labels: (n,), 1 anomalous, 0 normal.

    Raises:
        DataError: see `inputs.checked_pair`.
    """
    comparison = compare(*checked_pair(predictions, labels))
    return _quality(comparison.hits, comparison.false_points, comparison.labelled.total)


def point_adjusted(predictions: ArrayLike, labels: ArrayLike) -> Quality:
    """Precision, recall and F1 of points, after all points of each segment with a flag are flagged.

    Arguments and errors are those of `pointwise`.
    """
    comparison = compare(*checked_pair(predictions, labels))
    return _quality(_adjusted_hits(comparison), comparison.false_points, comparison.labelled.total)


def revised_point_adjusted(predictions: ArrayLike, labels: ArrayLike) -> Quality:
    """Precision, recall and F1 with segments as hits and misses, and points as false alarms.

    Arguments and errors are those of `pointwise`.
    """
    comparison = compare(*checked_pair(predictions, labels))
    found = int(np.count_nonzero(comparison.runs_met))
    return _quality(found, comparison.false_points, len(comparison.labelled))


def point_adjusted_f1(scores: ArrayLike, labels: ArrayLike) -> float:
    """PA-F1 as in TSB-AD, the best of 100 thresholds; 0 without labels.

    Args:
        scores: (n,), larger = more anomalous.
        labels: (n,), 1 anomalous, 0 normal.

    Raises:
        DataError: see `inputs.scored`.
    """
    return highest(scored(scores, labels), [judge_adjusted])[0]


def judge_adjusted(comparison: Comparison) -> float:
    """TSB-AD's value at one set of flags.

    It never adjusts the first point of the series, which is kept so that values can be compared.
    """
    labelled = comparison.labelled
    hits = _adjusted_hits(comparison)
    if len(labelled) and labelled.starts[0] == 0 and comparison.runs_met[0] and comparison.predicted.starts[0] > 0:
        hits -= 1
    return _quality(hits, comparison.false_points, labelled.total).f1


def best_f1(scores: ArrayLike, labels: ArrayLike, kind: Kind) -> BestF1:
    """The highest F1 over all distinct thresholds: what an oracle would choose, in O(n log n).

    Args:
        scores: (n,), larger = more anomalous.
        labels: (n,), 1 anomalous, 0 normal.
        kind: "pointwise", "point_adjusted" or "revised_point_adjusted".

    Raises:
        ConfigError: another kind.
        DataError: see `inputs.scored`.
    """
    if kind not in get_args(Kind):
        raise ConfigError("a kind of F1", repr(kind), f"choose {', '.join(get_args(Kind))}")
    case = scored(scores, labels)
    thresholds = case.falling[case.flagged - 1]
    false_points = case.flagged - case.hits
    hits, wanted = case.hits, case.labelled.total
    if kind != "pointwise":
        tops = np.maximum.reduceat(np.where(case.labels, case.scores, -np.inf), case.labelled.starts)
        found_at = np.searchsorted(-thresholds, -tops)
        lengths = case.labelled.lengths if kind == "point_adjusted" else np.ones_like(found_at)
        hits = np.cumsum(np.bincount(found_at, weights=lengths, minlength=len(thresholds)))
        wanted = int(lengths.sum())
    values = 2 * hits / (hits + false_points + wanted)  # at each threshold a point is flagged: never 0 / 0
    best = int(np.argmax(values))
    return BestF1(float(values[best]), float(thresholds[best]))


def _adjusted_hits(comparison: Comparison) -> int:
    return int(comparison.labelled.lengths[comparison.runs_met > 0].sum())


def _quality(hits: int, false_alarms: int, wanted: int) -> Quality:
    """From hits, false alarms, and what there was to hit."""
    precision = hits / max(1, hits + false_alarms)
    recall = hits / max(1, wanted)
    return Quality(precision, recall, 2 * hits / max(1, hits + false_alarms + wanted))
