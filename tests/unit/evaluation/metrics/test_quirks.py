"""Choices of TSB-AD that surprise, each held by an example, so that nobody mends them by mistake."""

from __future__ import annotations

import numpy as np
import pytest

from anomalyllm.evaluation.metrics.eventwise import event_based_f1
from anomalyllm.evaluation.metrics.inputs import scored
from anomalyllm.evaluation.metrics.ranges import judge_ranges, range_based_f1
from anomalyllm.evaluation.metrics.segments import compare
from anomalyllm.evaluation.metrics.sweep import comparisons


def test_an_anomaly_on_the_last_point_counts_but_cannot_be_found() -> None:
    inside, at_end = [0, 1, 0, 0, 1, 0], [0, 1, 0, 0, 0, 1]
    assert event_based_f1(inside, inside) == pytest.approx(1)
    assert event_based_f1(at_end, at_end) == pytest.approx(2 / 3)  # of two events one


def test_a_longer_segment_at_the_end_can_be_found_before_its_last_point() -> None:
    labels = [0, 0, 0, 1, 1]
    assert event_based_f1([0, 0, 0, 1, 0], labels) == pytest.approx(1)
    assert event_based_f1([0, 0, 0, 0, 1], labels) == 0


@pytest.mark.parametrize(("flags", "labels"), [([1] * 4, [0, 1, 1, 0]), ([0, 1, 1, 0], [1] * 4), ([1] * 4, [1] * 4)])
def test_a_vector_of_ones_has_no_range(flags: list[int], labels: list[int]) -> None:
    assert judge_ranges(compare(np.array(flags, dtype=bool), np.array(labels, dtype=bool))) == 0
    assert judge_ranges(compare(np.array([0, 1, 1, 0], dtype=bool), np.array([0, 1, 1, 0], dtype=bool))) == 1


def test_a_range_cut_in_two_is_worth_half_its_overlap() -> None:
    """Cardinality: recall 0.2 for being there, and 0.8 of (6 of 8 points) / 2; both pieces lie wholly inside."""
    labels = [0, 1, 1, 1, 1, 1, 1, 1, 1, 0]
    flags = [0, 1, 1, 1, 0, 0, 1, 1, 1, 0]
    recall = 0.2 + 0.8 * (6 / 8) / 2
    assert range_based_f1(flags, labels) == pytest.approx(2 * recall / (1 + recall))


def test_flags_are_strictly_above_thresholds_and_equal_ones_are_judged_once() -> None:
    """Three distinct scores make two predictions, and the highest threshold flags nothing."""
    found = [comparison.predicted.pairs() for comparison in comparisons(scored([0, 2, 1, 0, 2], [0, 1, 0, 0, 0]))]
    assert found == [[(1, 3), (4, 5)], [(1, 2), (4, 5)], []]
