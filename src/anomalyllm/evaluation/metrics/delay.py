"""What an operator asks of flags: how many anomalies are found and how late, and how many alarms are false."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from anomalyllm.evaluation.metrics.inputs import checked_pair
from anomalyllm.evaluation.metrics.segments import compare

PER = 10_000  # points outside labels, to which false alarms are counted


class Delay(NamedTuple):
    """Share of segments found, and the mean points from a found segment's start to its first flag; NaN if none."""

    share_found: float
    mean_delay: float


class FalseAlarms(NamedTuple):
    """Per 10,000 points outside labels: flagged points there, and runs of flags that touch no label."""

    points: float
    runs: float


def detection_delay(predictions: ArrayLike, labels: ArrayLike) -> Delay:
    """Which share of segments is found, and how late; a segment is found if one of its points is flagged.

    Without labels the share is NaN too.

    Args:
        predictions: (n,), 1 flagged, 0 not.
        labels: (n,), 1 anomalous, 0 normal.

    Raises:
        DataError: see `inputs.checked_pair`.
    """
    comparison = compare(*checked_pair(predictions, labels))
    run, segment, _ = comparison.meetings
    found, first_meeting = np.unique(segment, return_index=True)
    if not len(found):
        return Delay(0.0 if len(comparison.labelled) else math.nan, math.nan)
    late = comparison.predicted.starts[run[first_meeting]] - comparison.labelled.starts[found]
    return Delay(len(found) / len(comparison.labelled), float(np.maximum(late, 0).mean()))


def false_alarms(predictions: ArrayLike, labels: ArrayLike) -> FalseAlarms:
    """Flags where nothing is labelled; NaN where everything is. Arguments and errors as in `detection_delay`."""
    comparison = compare(*checked_pair(predictions, labels))
    outside = comparison.size - comparison.labelled.total
    if not outside:
        return FalseAlarms(math.nan, math.nan)
    touching = len(np.unique(comparison.meetings.one))
    return FalseAlarms(comparison.false_points * PER / outside, (len(comparison.predicted) - touching) * PER / outside)
