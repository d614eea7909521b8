"""VUS: window by window against the slow version, neighbours above all."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import naive
from anomalyllm.evaluation.metrics.ranking import average_precision
from anomalyllm.evaluation.metrics.volume import surface, volume_under_surface


@given(
    points=st.lists(st.tuples(st.integers(0, 6), st.sampled_from([0, 0, 0, 1])), min_size=2, max_size=30),
    window=st.integers(0, 40),
)
@settings(derandomize=True, deadline=None, max_examples=60)
def test_each_window_equals_the_slow_version(points: list[tuple[int, int]], window: int) -> None:
    """Also where three and more buffers overlap, and where the window is longer than the series."""
    scores, labels = map(list, zip(*points, strict=True))
    found = surface(scores, labels, window)
    assert found.precision_recall.shape == found.roc.shape == (window + 1,)
    for width in {0, min(1, window), window // 2, window}:
        expected = naive.range_areas(scores, labels, width) if 0 < sum(labels) < len(labels) else (np.nan, np.nan)
        assert found.precision_recall[width] == pytest.approx(expected[0], abs=1e-12, nan_ok=True)
        assert found.roc[width] == pytest.approx(expected[1], abs=1e-12, nan_ok=True)


@pytest.mark.parametrize("distance", range(1, 14))
def test_neighbours_at_every_distance(distance: int) -> None:
    """Around the distance at which buffers touch, share a point, and cap."""
    labels = [0] * 60
    labels[20:23] = [1] * 3
    labels[22 + distance : 24 + distance] = [1] * 2
    scores = np.random.default_rng(distance).random(60).tolist()
    found = volume_under_surface(scores, labels, 11)
    assert found == pytest.approx(naive.volume(scores, labels, 11), abs=1e-12)


def test_without_a_buffer_and_with_few_points_it_is_average_precision() -> None:
    """One segment, no ties, at most 250 points: all thresholds are used and the group is found at the first hit."""
    scores = np.random.default_rng(0).permutation(250)
    labels = np.zeros(250)
    labels[100] = 1
    assert volume_under_surface(scores, labels, 0).precision_recall == pytest.approx(average_precision(scores, labels))


def test_a_near_miss_is_worth_more_than_a_far_one() -> None:
    """What VUS is for: a score that peaks just beside the segment counts."""
    labels = np.zeros(400)
    labels[200:210] = 1
    near, far = np.zeros(400), np.zeros(400)
    near[211:216] = far[300:305] = 1
    near[:] += np.linspace(0, 0.01, 400)
    far[:] += np.linspace(0, 0.01, 400)
    assert (
        volume_under_surface(near, labels, 20).precision_recall > volume_under_surface(far, labels, 20).precision_recall
    )
    assert average_precision(near, labels) == pytest.approx(average_precision(far, labels), abs=0.01)


def test_buffers_wider_than_the_series_change_nothing_but_weights() -> None:
    scores, labels = [0.1, 0.9, 0.3, 0.2], [0, 1, 0, 0]
    assert volume_under_surface(scores, labels, 30) == pytest.approx(naive.volume(scores, labels, 30), abs=1e-12)
