"""Runs of flags, and which of them meet."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

import naive
from anomalyllm.evaluation.metrics.segments import compare, meet, runs

flags = st.lists(st.booleans(), min_size=1, max_size=30)


@given(vector=flags)
@settings(derandomize=True, deadline=None)
def test_runs_equal_the_slow_version(vector: list[bool]) -> None:
    found = runs(np.array(vector))
    assert found.pairs() == naive.segments(vector)
    assert len(found) == len(naive.segments(vector))
    assert found.total == sum(vector)


@given(pairs=st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=30))
@settings(derandomize=True, deadline=None, max_examples=200)
def test_meetings_equal_the_slow_version(pairs: list[tuple[bool, bool]]) -> None:
    one, other = map(list, zip(*pairs, strict=True))
    expected = [
        (i, j, min(end, stop) - max(begin, start))
        for j, (start, stop) in enumerate(naive.segments(other))
        for i, (begin, end) in enumerate(naive.segments(one))
        if min(end, stop) > max(begin, start)
    ]
    found = meet(runs(np.array(one)), runs(np.array(other)))
    assert list(zip(*(part.tolist() for part in found), strict=True)) == expected


def test_a_comparison_counts_points_and_runs() -> None:
    predictions = np.array([1, 1, 0, 1, 0, 1, 0, 1], dtype=bool)
    labels = np.array([0, 1, 1, 1, 0, 0, 0, 0], dtype=bool)
    comparison = compare(predictions, labels)
    assert comparison.hits == 2
    assert comparison.false_points == 3
    assert comparison.runs_met.tolist() == [2]
    assert comparison.covered.tolist() == [2.0]
