"""What metrics refuse: each with a sentence that says what to do."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from anomalyllm.errors import DataError
from anomalyllm.evaluation import evaluate
from anomalyllm.evaluation.metrics.adjusted import pointwise
from anomalyllm.evaluation.metrics.inputs import scored

SCORES, LABELS = [0.1, 0.9, 0.4], [0, 1, 0]
LEAVE_OUT = "leave such points out of scores and labels, or score them"
PERIOD = "give the period of the series (dominant_lag finds one), or 0 for no buffers"

REFUSED: dict[str, tuple[Any, Any, Any, str]] = {
    "fewer labels": (
        SCORES,
        [0, 1],
        1,
        "a label for each point, got 2 labels for 3 points; give both for the same points",
    ),
    "one score": ([1.0], LABELS, 1, "a label for each point, got 3 labels for 1 point; give both for the same points"),
    "one label": (SCORES, [1], 1, "a label for each point, got 1 label for 3 points; give both for the same points"),
    "empty": ([], [], 1, "at least one point in scores, got none; check that the series is not empty"),
    "empty labels": (SCORES, [], 1, "at least one point in labels, got none; check that the series is not empty"),
    "two channels": (np.ones((3, 2)), LABELS, 1, "scores of one dimension, got shape (3, 2); give one value per point"),
    "a column": (SCORES, np.ones((3, 1)), 1, "labels of one dimension, got shape (3, 1); give one value per point"),
    "a number": (0.5, LABELS, 1, "scores of one dimension, got shape (); give one value per point"),
    "ragged": ([[1, 2], [3]], LABELS, 1, "numbers in scores, got Python object values; convert them to numbers first"),
    "words": (SCORES, ["0", "1", "0"], 1, "numbers in labels, got text values; convert them to numbers first"),
    "complex": ([1j, 2, 3], LABELS, 1, "numbers in scores, got complex values; convert them to numbers first"),
    "a two": (SCORES, [0, 1, 2], 1, "0 or 1 in labels, got 2 at point 2; use 0 for normal, 1 for anomalous"),
    "minus one": (SCORES, [0, -1, 1], 1, "0 or 1 in labels, got -1 at point 1; use 0 for normal, 1 for anomalous"),
    "a half": (SCORES, [0, 0.5, 1], 1, "0 or 1 in labels, got 0.5 at point 1; use 0 for normal, 1 for anomalous"),
    "NaN label": (SCORES, [0, 1, np.nan], 1, "0 or 1 in labels, got nan at point 2; use 0 for normal, 1 for anomalous"),
    "NaN": ([0.1, np.nan, np.nan], LABELS, 1, f"finite scores, got nan at point 1; {LEAVE_OUT}"),
    "infinite": ([0.1, 0.2, np.inf], LABELS, 1, f"finite scores, got inf at point 2; {LEAVE_OUT}"),
    "minus infinite": ([-np.inf, 0.2, 1], LABELS, 1, f"finite scores, got -inf at point 0; {LEAVE_OUT}"),
    "negative window": (SCORES, LABELS, -1, f"window to be a whole number of points, at least 0, got -1; {PERIOD}"),
    "half a point": (SCORES, LABELS, 1.5, f"window to be a whole number of points, at least 0, got 1.5; {PERIOD}"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_evaluated_is_refused(case: str) -> None:
    scores, labels, window, said = REFUSED[case]
    with pytest.raises(DataError) as caught:
        evaluate(scores, labels, window)
    assert str(caught.value) == f"expected {said}"


@pytest.mark.parametrize(
    ("predictions", "labels", "said"),
    [
        ([0, 1, 1], [0, 1], "a label for each point, got 2 labels for 3 points; give both for the same points"),
        ([0, 0.7], [0, 1], "0 or 1 in predictions, got 0.7 at point 1; use 0 for normal, 1 for anomalous"),
        ([], [], "at least one point in predictions, got none; check that the series is not empty"),
    ],
)
def test_flags_are_checked_like_labels(predictions: list[float], labels: list[int], said: str) -> None:
    """Scores given where flags belong are the likeliest mistake."""
    with pytest.raises(DataError) as caught:
        pointwise(predictions, labels)
    assert str(caught.value) == f"expected {said}"


def test_inputs_stay_as_they_were() -> None:
    scores, labels = np.array([3.0, 1.0, 2.0]), np.array([1, 0, 0])
    evaluate(scores, labels, 2)
    assert scores.tolist() == [3.0, 1.0, 2.0]
    assert labels.tolist() == [1, 0, 0]


def test_one_sort_gives_counts_at_each_distinct_score() -> None:
    case = scored([2, 5, 2, 1, 5], [0, 1, 1, 0, 0])
    assert case.falling.tolist() == [5, 5, 2, 2, 1]
    assert case.flagged.tolist() == [2, 4, 5]
    assert case.hits.tolist() == [1, 2, 2]


def test_the_first_prediction_that_flags_a_point() -> None:
    """Three predictions flag the best one, two and two of four points: the worst two stay unflagged."""
    case = scored([0.4, 0.9, 0.1, 0.2], [0, 1, 0, 0])
    assert case.first_flagged(np.array([1, 2, 2])).tolist() == [1, 0, 3, 3]
