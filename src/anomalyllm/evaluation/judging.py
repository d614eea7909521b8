"""All measures of one method on one case, by name. Nothing else in the package compares scores with labels.

Three groups, which are never mixed: measures without a threshold (areas, and the archive's location rule); measures of
the flags at the method's *own* threshold; and oracles, F-measures at the threshold that is best on the test labels:
those named `oracle_…`, and TSB-AD's five F-measures, which keep TSB-AD's names. Point-adjusted values stand beside what
random scores reach (`…_random`).
"""

from __future__ import annotations

import math
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from anomalyllm.datasets.case import CaseData
from anomalyllm.evaluation.metrics.adjusted import (
    Kind,
    best_f1,
    point_adjusted,
    point_adjusted_f1,
    pointwise,
    revised_point_adjusted,
)
from anomalyllm.evaluation.metrics.affiliation import affiliation
from anomalyllm.evaluation.metrics.delay import detection_delay, false_alarms
from anomalyllm.evaluation.metrics.lag import dominant_lag
from anomalyllm.evaluation.metrics.location import location_hit, most_anomalous
from anomalyllm.evaluation.metrics.nine import NAMES, evaluate
from anomalyllm.evaluation.metrics.random_level import Metric, expected_random
from anomalyllm.evaluation.metrics.segments import runs
from anomalyllm.scoring.events import flags

Floats = NDArray[np.float64]
Labels = NDArray[np.int8]

RANDOM_DRAWS = 5  # of scores, for the level of chance: the mean of five is steady to the second digit
ORACLES: dict[str, Kind] = {
    "oracle_f1": "pointwise",
    "oracle_point_adjusted_f1": "point_adjusted",
    "oracle_revised_point_adjusted_f1": "revised_point_adjusted",
}


class Measure(NamedTuple):
    """A measure as tables explain it."""

    name: str  # the column
    title: str
    inflated: bool = False  # random scores do well on it
    oracle: bool = False  # takes the threshold that is best on the test labels


def _column(name: str) -> str:
    return name.lower().replace("-", "_")


MEASURES = (
    Measure("accuracy", "accuracy of the one location that the method names (the archive's rule)"),
    Measure("accuracy_scores", "accuracy of the highest score (the archive's rule)"),
    *(Measure(_column(name), name, inflated=name == "PA-F1", oracle="F" in name) for name in NAMES),
    Measure("pa_f1_random", "PA-F1 of random scores"),
    Measure("precision", "precision at the own threshold"),
    Measure("recall", "recall at the own threshold"),
    Measure("f1", "F1 at the own threshold"),
    Measure("point_adjusted_f1", "point-adjusted F1 at the own threshold", inflated=True),
    Measure("point_adjusted_f1_random", "point-adjusted F1 of as many random flags"),
    Measure("revised_point_adjusted_f1", "revised point-adjusted F1 at the own threshold"),
    Measure("affiliation_precision", "affiliation precision at the own threshold"),
    Measure("affiliation_recall", "affiliation recall at the own threshold"),
    Measure("affiliation_f1", "affiliation F1 at the own threshold"),
    Measure("detected", "share of anomalies with an alarm at the own threshold"),
    Measure("detection_delay", "points from the start of a detected anomaly to its first alarm"),
    Measure("false_alarm_points", "flagged points per 10,000 normal points"),
    Measure("false_alarm_events", "false alarms per 10,000 normal points"),
    Measure("oracle_f1", "oracle: F1 at the threshold that is best on the test labels", oracle=True),
    Measure("oracle_point_adjusted_f1", "oracle: point-adjusted F1", inflated=True, oracle=True),
    Measure("oracle_point_adjusted_f1_random", "oracle: point-adjusted F1 of random scores"),
    Measure("oracle_revised_point_adjusted_f1", "oracle: revised point-adjusted F1", oracle=True),
)
"""Every measure in the order of the columns."""


def judge(
    scores: Floats, threshold: float, case: CaseData, *, location: int | None, widen: int = 0
) -> dict[str, float]:
    """Every measure of `MEASURES` by name; NaN where it is not defined.

    Args:
        scores: (T,) of the test part.
        threshold: the method's own; a flag is `score >= threshold`.
        case: its labels judge; its values only give the width of VUS's buffer, for which TSB-AD takes the lag of the
            strongest autocorrelation of the whole series.
        location: the row that the method names as the one anomaly, or None where it names none.
        widen: see `location_hit`; 0 in every honest table.
    """
    labels = case.labels
    values = _nine(scores, case)
    values["accuracy"] = _accuracy(location, labels, widen)
    values["accuracy_scores"] = _accuracy(most_anomalous(scores), labels, widen)
    values |= _at_threshold(flags(scores, threshold), labels)
    values |= _random_levels(flags(scores, threshold), labels)
    values |= {name: best_f1(scores, labels, kind).f1 if labels.any() else math.nan for name, kind in ORACLES.items()}
    return {measure.name: float(values[measure.name]) for measure in MEASURES}


def _nine(scores: Floats, case: CaseData) -> dict[str, float]:
    """TSB-AD's measures; all NaN without anomalies, where it gives 0 for some: no scores could do better."""
    window = dominant_lag(np.concatenate([case.train[:, 0], case.test[:, 0]]))
    values = {_column(name): value for name, value in evaluate(scores, case.labels, window).items()}
    return values if case.labels.any() else dict.fromkeys(values, math.nan)


def _accuracy(location: int | None, labels: Labels, widen: int) -> float:
    """1 or 0 where there is one anomaly, as the rule presumes; else NaN."""
    anomalies = runs(labels != 0).pairs()
    return float(location_hit(location, anomalies, widen=widen)) if len(anomalies) == 1 else math.nan


def _at_threshold(flagged: Labels, labels: Labels) -> dict[str, float]:
    alarms = false_alarms(flagged, labels)
    values = {"false_alarm_points": alarms.points, "false_alarm_events": alarms.runs}
    point, affiliated = pointwise(flagged, labels), affiliation(flagged, labels)
    delay = detection_delay(flagged, labels)
    detailed = {
        "precision": point.precision,
        "recall": point.recall,
        "f1": point.f1,
        "point_adjusted_f1": point_adjusted(flagged, labels).f1,
        "revised_point_adjusted_f1": revised_point_adjusted(flagged, labels).f1,
        "affiliation_precision": affiliated.precision,
        "affiliation_recall": affiliated.recall,
        "affiliation_f1": affiliated.f1 if flagged.any() else 0.0,  # undefined there: silence must not be left out
        "detected": delay.share_found,
        "detection_delay": delay.mean_delay,
    }
    return values | (detailed if labels.any() else dict.fromkeys(detailed, math.nan))


def _random_levels(flagged: Labels, labels: Labels) -> dict[str, float]:
    """What chance reaches on these labels: in TSB-AD's form, by the oracle, and with as many flags as were raised."""
    names = ("pa_f1_random", "oracle_point_adjusted_f1_random", "point_adjusted_f1_random")
    if not labels.any():
        return dict.fromkeys(names, math.nan)
    raised = partial(_as_many_flags, count=int(flagged.sum()))
    forms: tuple[Metric, ...] = (point_adjusted_f1, _best_point_adjusted, raised)
    return {name: expected_random(labels, form, draws=RANDOM_DRAWS) for name, form in zip(names, forms, strict=True)}


def _best_point_adjusted(scores: ArrayLike, labels: ArrayLike) -> float:
    return best_f1(scores, labels, "point_adjusted").f1


def _as_many_flags(scores: Floats, labels: ArrayLike, count: int) -> float:
    highest = np.argsort(scores)[len(scores) - count :]
    raised = np.zeros(len(scores), np.int8)
    raised[highest] = 1
    return point_adjusted(raised, labels).f1
