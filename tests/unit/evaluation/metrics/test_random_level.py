"""The value that random scores reach: known where it can be known, and high where point adjustment makes it so."""

from __future__ import annotations

import numpy as np
import pytest

from anomalyllm.errors import ConfigError, DataError
from anomalyllm.evaluation.metrics.adjusted import best_f1, point_adjusted_f1
from anomalyllm.evaluation.metrics.random_level import expected_random
from anomalyllm.evaluation.metrics.ranking import average_precision, roc_area

LABELS = np.zeros(3000, dtype=int)
LABELS[1000:1300] = 1


def test_levels_that_are_known() -> None:
    assert expected_random(LABELS, roc_area) == pytest.approx(0.5, abs=0.02)
    assert expected_random(LABELS, average_precision) == pytest.approx(0.1, abs=0.01)


def test_point_adjusted_values_of_random_scores_are_high() -> None:
    """Why they are never printed alone."""
    adjusted = expected_random(LABELS, point_adjusted_f1)
    pointwise = expected_random(LABELS, lambda scores, labels: best_f1(scores, labels, "pointwise").f1)
    assert adjusted > 0.8
    assert pointwise < 0.25


def test_a_seed_settles_the_value_and_another_changes_it() -> None:
    first = expected_random(LABELS, roc_area, draws=3, seed=1)
    assert expected_random(LABELS, roc_area, draws=3, seed=1) == first
    assert expected_random(LABELS, roc_area, draws=3, seed=2) != first


def test_the_mean_is_over_different_draws() -> None:
    seen: list[float] = []

    def first_score(scores: np.ndarray, labels: np.ndarray) -> float:
        seen.append(float(scores[0]))
        return seen[-1]

    mean = expected_random(LABELS, first_score, draws=5)
    assert len(set(seen)) == 5
    assert mean == pytest.approx(np.mean(seen))


def test_what_is_refused() -> None:
    with pytest.raises(ConfigError) as caught:
        expected_random(LABELS, roc_area, draws=0)
    assert str(caught.value) == "expected at least 1 draw, got 0; 20 draws settle most metrics to the second digit"
    with pytest.raises(ConfigError, match="seed to be a whole number"):
        expected_random(LABELS, roc_area, seed=-1)
    with pytest.raises(DataError, match="0 or 1 in labels, got 2 at point 0"):
        expected_random([2, 0], roc_area)
