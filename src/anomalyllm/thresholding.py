"""What every fit ends with: the threshold that the training part's own scores give."""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import NDArray

from anomalyllm.banking import trusted
from anomalyllm.data.series import Series
from anomalyllm.fitted import Fitted
from anomalyllm.scoring.calibrate import UNJUDGED
from anomalyllm.scoring.threshold import AlarmRate, fit_threshold

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]

SUSPICIOUS = 2.0  # times the threshold


def with_threshold(fitted: Fitted, series: Series, scores: Floats) -> Fitted:
    """With the threshold that own scores of the training rows (T,) give, and a note if they are strange."""
    clear = trusted(series, scores, fitted.window)
    return thresholded(fitted, clear, scores, series.first_row + np.arange(len(series)))


def thresholded(fitted: Fitted, clear: Floats, scores: Floats, rows: Indices) -> Fitted:
    """The same from the training scores that no gap has touched, from all, and the rows of the latter."""
    threshold = _threshold(fitted, clear)
    return dataclasses.replace(fitted, threshold=threshold).noted(*_suspicious(scores, threshold, rows))


def _threshold(fitted: Fitted, scores: Floats) -> float:
    """From all training scores: the held-out tail alone has seen too little of what is normal (docs/lab-notes.md)."""
    settings = fitted.config.scoring
    judged = scores[scores > UNJUDGED]
    if len(judged) == 0:  # nothing moves: what has never been seen is an alarm
        return fitted.novelty.weight / 2 / fitted.unit
    return fit_threshold(
        judged,
        AlarmRate.parse(settings.alarms_per),
        spacing=fitted.training.spacing,
        tail_fraction=settings.tail_fraction,
        separation=fitted.window,
    )


def _suspicious(scores: Floats, threshold: float, rows: Indices) -> list[str]:
    """A training part that raises a strong alarm itself may not be normal: say where."""
    top = int(scores.argmax())
    if scores[top] < SUSPICIOUS * threshold:
        return []
    return [
        f"the training part itself looks anomalous around row {rows[top]}, where the score is "
        f"{scores[top] / threshold:.1f} times the threshold: if that is not normal, leave it out"
    ]
