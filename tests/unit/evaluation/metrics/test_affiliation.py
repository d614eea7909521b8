"""Affiliation: against integration in small steps, and what distance means."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import naive
from anomalyllm.evaluation.metrics.affiliation import affiliation


@given(pairs=st.lists(st.tuples(st.integers(0, 1), st.sampled_from([0, 0, 1])), min_size=1, max_size=40))
@settings(derandomize=True, deadline=None, max_examples=200)
def test_precision_and_recall_equal_the_integrals(pairs: list[tuple[int, int]]) -> None:
    flags, labels = map(list, zip(*pairs, strict=True))
    found = affiliation(flags, labels)
    expected = naive.affiliation(flags, labels)
    assert (found.precision, found.recall) == pytest.approx(expected, abs=1e-12, nan_ok=True)
    if not np.isnan(expected).any():
        assert found.f1 == pytest.approx(2 * expected[0] * expected[1] / (sum(expected) + 1e-15), abs=1e-12)


@given(
    labels=st.lists(st.sampled_from([0] * 9 + [1]), min_size=30, max_size=80),
    flagged=st.sets(st.integers(0, 29), min_size=1, max_size=4),
)
@settings(derandomize=True, deadline=None, max_examples=100)
def test_sparse_flags_leave_zones_without_any(labels: list[int], flagged: set[int]) -> None:
    flags = [int(point in flagged) for point in range(len(labels))]
    found = affiliation(flags, labels)
    assert (found.precision, found.recall) == pytest.approx(naive.affiliation(flags, labels), abs=1e-12, nan_ok=True)


def test_the_nearer_the_better_and_a_hit_is_perfect() -> None:
    labels = np.zeros(101)
    labels[50] = 1
    values = []
    for distance in (0, 1, 5, 20, 50):
        flags = np.zeros(101)
        flags[50 + distance] = 1
        values.append(affiliation(flags, labels))
    assert values[0] == pytest.approx((1, 1, 1))
    assert all(np.diff([value.precision for value in values]) < 0)
    assert all(np.diff([value.recall for value in values]) < 0)


def test_flags_everywhere_have_full_recall_and_middling_precision() -> None:
    labels = np.zeros(1001)
    labels[500] = 1
    found = affiliation(np.ones(1001), labels)
    assert found.recall == 1
    assert found.precision == pytest.approx(0.5, abs=0.001)


def test_without_flags_or_labels() -> None:
    nothing, something = np.zeros(10), np.eye(10)[3]
    assert affiliation(nothing, something).recall == 0
    assert np.isnan([affiliation(nothing, something).precision, affiliation(nothing, something).f1]).all()
    assert np.isnan(affiliation(something, nothing)).all()


def test_a_run_that_ends_where_a_zone_begins_does_not_serve_it() -> None:
    """Zones meet at 5: flags on 3 and 4 belong to the first event alone."""
    labels = [0, 0, 1, 1, 0, 0, 1, 1, 0, 0]
    flags = [0, 0, 0, 1, 1, 0, 0, 0, 0, 0]
    assert affiliation(flags, labels).recall == pytest.approx(naive.affiliation(flags, labels)[1])
    assert affiliation(flags, labels).recall < 0.5
    flags[5] = 1
    assert affiliation(flags, labels).recall > 0.5


def test_sums_stay_exact_in_long_series() -> None:
    """At the end of a million points the cumulative integral is 10^11; a last zone must not lose digits to it."""
    labels, flags = np.zeros(60, dtype=int), np.zeros(60, dtype=int)
    labels[[20, 40]] = flags[[23, 44]] = 1
    long_labels, long_flags = (np.concatenate([np.tile([1, 0], 500_000), part]) for part in (labels, flags))
    found = affiliation(long_flags, long_labels)
    events = 500_000 + 2
    short_labels, short_flags = (np.concatenate([[1, 0], part]) for part in (labels, flags))
    short = affiliation(short_flags, short_labels)
    assert found.precision * events == pytest.approx(short.precision * 3 + 499_999, abs=1e-8)
    assert found.recall * events == pytest.approx(short.recall * 3 + 499_999, abs=1e-8)
