"""F1 at one set of flags and at the best threshold, in three ways of counting."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import naive
from anomalyllm.errors import ConfigError
from anomalyllm.evaluation.metrics.adjusted import (
    best_f1,
    point_adjusted,
    point_adjusted_f1,
    pointwise,
    revised_point_adjusted,
)

KINDS = {
    "pointwise": (pointwise, naive.counts),
    "point_adjusted": (point_adjusted, lambda flags, labels: naive.counts(naive.adjust(flags, labels), labels)),
    "revised_point_adjusted": (revised_point_adjusted, naive.revised_counts),
}


@pytest.mark.parametrize("kind", KINDS)
@given(pairs=st.lists(st.tuples(st.integers(0, 1), st.integers(0, 1)), min_size=1, max_size=25))
@settings(derandomize=True, deadline=None, max_examples=150)
def test_counts_equal_the_slow_version(kind: str, pairs: list[tuple[int, int]]) -> None:
    flags, labels = map(list, zip(*pairs, strict=True))
    metric, slow = KINDS[kind]
    hits, false_alarms, misses = slow(flags, labels)
    found = metric(flags, labels)
    assert found.precision == pytest.approx(hits / (hits + false_alarms) if hits else 0)
    assert found.recall == pytest.approx(hits / (hits + misses) if hits else 0)
    assert found.f1 == pytest.approx(naive.f_score(hits, false_alarms, misses))


@pytest.mark.parametrize("kind", KINDS)
@given(points=st.lists(st.tuples(st.sampled_from([-1.0, 0.0, 0.5, 2.0]), st.integers(0, 1)), min_size=1, max_size=25))
@settings(derandomize=True, deadline=None, max_examples=150)
def test_the_best_threshold_equals_the_slow_version(kind: str, points: list[tuple[float, int]]) -> None:
    scores, labels = map(list, zip(*points, strict=True))
    assert best_f1(scores, labels, kind) == pytest.approx(naive.best_f1(scores, labels, kind))  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", KINDS)
def test_the_best_threshold_reaches_what_it_says(kind: str) -> None:
    g = np.random.default_rng(0)
    labels = np.repeat(g.random(200) < 0.1, 10).astype(int)
    scores = g.random(2000) + 0.2 * labels
    best = best_f1(scores, labels, kind)  # type: ignore[arg-type]
    assert KINDS[kind][0](scores >= best.threshold, labels).f1 == pytest.approx(best.f1)


def test_the_three_ways_on_one_example() -> None:
    """A segment of four with one flag in it, one of one without, two false points in one run."""
    labels = [0, 1, 1, 1, 1, 0, 0, 0, 1, 0]
    flags = [0, 0, 1, 0, 0, 0, 1, 1, 0, 0]
    assert pointwise(flags, labels) == pytest.approx((1 / 3, 1 / 5, 1 / 4))
    assert point_adjusted(flags, labels) == pytest.approx((4 / 6, 4 / 5, 8 / 11))
    assert revised_point_adjusted(flags, labels) == pytest.approx((1 / 3, 1 / 2, 2 / 5))


def test_the_first_point_is_adjusted_here_but_not_in_tsb_ad() -> None:
    """A segment from the first point on, found at its second: TSB-AD calls its first point missed."""
    labels, scores = [1, 1, 1, 0], [0.0, 1.0, 0.0, 0.0]
    assert point_adjusted([0, 1, 0, 0], labels).f1 == 1
    assert point_adjusted_f1(scores, labels) == pytest.approx(2 * 2 / (2 * 2 + 1))


def test_another_kind_is_refused() -> None:
    with pytest.raises(ConfigError) as caught:
        best_f1([0, 1], [0, 1], "adjusted")  # type: ignore[arg-type]
    assert str(caught.value) == (
        "expected a kind of F1, got 'adjusted'; choose pointwise, point_adjusted, revised_point_adjusted"
    )
