"""Areas under curves: against scikit-learn, and what order alone decides."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from anomalyllm.evaluation.metrics.ranking import average_precision, roc_area, standard_f1


@pytest.mark.parametrize("digits", [1, 2, 15])
@pytest.mark.parametrize("seed", range(5))
def test_areas_are_those_of_scikit_learn(seed: int, digits: int) -> None:
    g = np.random.default_rng(seed)
    labels = g.random(500) < 0.1
    scores = np.round(g.standard_normal(500) + labels, digits)
    assert average_precision(scores, labels) == pytest.approx(average_precision_score(labels, scores), abs=1e-13)
    assert roc_area(scores, labels) == pytest.approx(roc_auc_score(labels, scores), abs=1e-13)


@pytest.mark.parametrize("metric", [average_precision, roc_area, standard_f1])
def test_only_the_order_of_scores_matters(metric: object) -> None:
    g = np.random.default_rng(1)
    labels = g.random(300) < 0.2
    scores = np.round(g.standard_normal(300), 1)
    assert metric(np.exp(scores), labels) == metric(scores, labels)  # type: ignore[operator]


def test_reversed_scores_mirror_the_roc_area() -> None:
    g = np.random.default_rng(2)
    labels, scores = g.random(300) < 0.2, np.round(g.random(300), 1)
    assert roc_area(-scores, labels) == pytest.approx(1 - roc_area(scores, labels))


def test_scores_further_apart_than_the_largest_number_are_distinct() -> None:
    """Their difference is infinite, which must not matter."""
    assert roc_area([-1.5e308, 1.5e308, 0.0], [0, 1, 0]) == 1.0
