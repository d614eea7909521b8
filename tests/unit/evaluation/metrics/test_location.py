"""The archive's rule, border by border, and the location that scores name."""

from __future__ import annotations

import numpy as np
import pytest

from anomalyllm.errors import ConfigError, DataError
from anomalyllm.evaluation.metrics.location import location_hit, most_anomalous


@pytest.mark.parametrize(
    ("start", "stop", "margin"),
    [(500, 501, 100), (500, 599, 100), (500, 600, 100), (500, 601, 101), (500, 750, 250)],
    ids=["a point", "99 points", "100 points", "101 points", "250 points"],
)
def test_both_borders_are_strict(start: int, stop: int, margin: int) -> None:
    """At least 100 points on each side, and more for an anomaly longer than that; counted from its first and last."""
    first, last = start - margin, stop - 1 + margin
    assert not location_hit(first, [(start, stop)])
    assert location_hit(first + 1, [(start, stop)])
    assert location_hit(last - 1, [(start, stop)])
    assert not location_hit(last, [(start, stop)])


def test_the_rule_as_it_was_published() -> None:
    """min(a - L, a - 100) < location < max(e + L, e + 100), with the last point e inside the anomaly."""
    for start, stop in [(300, 310), (300, 420), (150, 151)]:
        last, length = stop - 1, stop - start
        for location in range(1000):
            right = min(start - length, start - 100) < location < max(last + length, last + 100)
            assert location_hit(location, [(start, stop)]) == right


def test_any_of_several_anomalies_will_do() -> None:
    segments = [(1000, 1010), (5000, 5010)]
    assert location_hit(950, segments)
    assert location_hit(5050, segments)
    assert not location_hit(3000, segments)
    assert not location_hit(3000, [])


def test_widening_moves_both_borders() -> None:
    """Short anomalies gain the points added; long ones gain them twice, for their length grows too."""
    assert not location_hit(390, [(500, 510)])
    assert location_hit(390, [(500, 510)], widen=11)
    assert not location_hit(390, [(500, 510)], widen=10)
    assert not location_hit(500 - 200, [(500, 700)])
    assert location_hit(500 - 229, [(500, 700)], widen=10)
    assert not location_hit(500 - 230, [(500, 700)], widen=10)


def test_no_location_is_no_hit() -> None:
    """Constant scores must not earn the anomaly that happens to lie where `argmax` begins."""
    location = most_anomalous(np.full(2000, 0.3))
    assert location is None
    assert not location_hit(location, [(0, 2000)])


@pytest.mark.parametrize(
    ("scores", "location"),
    [
        ([0, 3, 1], 1),
        ([5, 0, 0], 0),
        ([0, 0, 5], 2),
        ([0, 2, 2, 2, 0], 2),
        ([0, 2, 2, 0], 2),
        ([0, 2, 2, 2, 0, 2], 2),
        ([1, 0, 1, 1, 1], 0),
        ([1], None),
        ([4, 4, 4], None),
    ],
)
def test_the_middle_of_the_first_highest_plateau(scores: list[float], location: int | None) -> None:
    assert most_anomalous(scores) == location


def test_a_plateau_is_answered_where_its_window_is() -> None:
    """Scores are equal within a stride: its first point would lie half a stride before the place that is meant."""
    scores = np.repeat([0.1, 0.9, 0.2], 100)
    assert most_anomalous(scores) == 150


def test_what_is_refused() -> None:
    with pytest.raises(ConfigError) as caught:
        location_hit(3, [(1, 2)], widen=-1)
    assert str(caught.value) == "expected widen to be at least 0 points, got -1; use 0 for the archive's own rule"
    with pytest.raises(DataError, match="finite scores, got nan at point 1"):
        most_anomalous([0.0, np.nan])
