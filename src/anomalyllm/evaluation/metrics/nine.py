"""The nine metrics of TSB-AD (Liu and Paparrizos, NeurIPS 2024) together, with its values.

Quick because scores are sorted once for all of them, and each of the 100 thresholds of the last four is compared with
labels once. To add a metric here, add it to `NAMES` and to `evaluate`; but this is TSB-AD's list.
"""

from __future__ import annotations

from numpy.typing import ArrayLike

from anomalyllm.evaluation.metrics.adjusted import judge_adjusted
from anomalyllm.evaluation.metrics.affiliation import Zones
from anomalyllm.evaluation.metrics.eventwise import judge_events
from anomalyllm.evaluation.metrics.inputs import checked_window, scored
from anomalyllm.evaluation.metrics.ranges import judge_ranges
from anomalyllm.evaluation.metrics.ranking import ranked_average_precision, ranked_roc_area, ranked_standard_f1
from anomalyllm.evaluation.metrics.sweep import highest
from anomalyllm.evaluation.metrics.volume import ranked_volume

NAMES = (
    "AUC-PR",
    "AUC-ROC",
    "VUS-PR",
    "VUS-ROC",
    "Standard-F1",
    "PA-F1",
    "Event-based-F1",
    "R-based-F1",
    "Affiliation-F",
)


def evaluate(scores: ArrayLike, labels: ArrayLike, window: int) -> dict[str, float]:
    """All nine metrics by name, in the order of `NAMES`; a metric that is undefined is NaN.

    If no point is labelled, or all are, TSB-AD raises; here the metrics that are defined keep the values they have when
    they are called alone, and the others are NaN, so that a benchmark with cases free of anomalies does not stop.

    Args:
        scores: (n,), finite, larger = more anomalous.
        labels: (n,), 1 anomalous, 0 normal; any numeric type.
        window: the widest buffer of VUS, in points, at least 0; `lag.dominant_lag` gives the usual one.

    Raises:
        DataError: empty, unequal lengths, more than one dimension, NaN or infinite scores, labels other than 0 and 1,
            or a negative window.
    """
    case = scored(scores, labels)
    volume = ranked_volume(case, checked_window(window))
    zones = Zones(case.labelled, case.size)
    values = (
        ranked_average_precision(case),
        ranked_roc_area(case),
        volume.precision_recall,
        volume.roc,
        ranked_standard_f1(case),
        *highest(case, [judge_adjusted, judge_events, judge_ranges, zones.judge_f1]),
    )
    return dict(zip(NAMES, values, strict=True))
