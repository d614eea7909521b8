"""What is measured on held-out series: the area, how sure it is, and what there is to beat."""

from __future__ import annotations

import numpy as np
import pytest

from anomalyllm.pretraining.held_out import area, differences, interval
from anomalyllm.pretraining.sampling import Samples


def test_the_area_is_the_share_of_pairs_in_order() -> None:
    scores = np.array([[0.1, 0.5, 0.5, 0.9]], dtype=np.float32)
    labels = np.array([[0, 0, 1, 1]], dtype=np.int8)
    assert area(scores, labels) == pytest.approx((1 + 0.5 + 1 + 1) / 4)
    assert area(-scores, labels) == pytest.approx(1 - 3.5 / 4)
    assert area(scores, np.array([[0, -1, 1, 1]], dtype=np.int8)) == 1


def test_what_there_is_to_beat_is_the_difference_from_the_nearest_window() -> None:
    time = np.sin(np.linspace(0, 9, 32, dtype=np.float32))[None]
    changed = time.copy()
    changed[:, 4:8] += [1, -1, 1, -1]
    usual = np.full((1, 4), 0.1, dtype=np.float32)
    judged = Samples(changed, np.repeat(time[:, None], 4, axis=1), usual, np.zeros((1, 8), dtype=np.int8))
    found = differences(judged)
    assert found.argmax() == 1
    assert found[0, 1] > 5 * np.delete(found[0], 1).max()


def judged(series: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Series of 20 windows, each with its own ease: in some the anomalous patches stand out, in some they do not."""
    chance = np.random.default_rng(seed)
    labels = (chance.random((20 * series, 8)) < 0.2).astype(np.int8)
    labels[chance.random(labels.shape) < 0.1] = -1
    ease = np.repeat(chance.uniform(0, 3, size=series), 20)[:, None]
    scores = np.round(chance.normal(size=labels.shape) + ease * (labels == 1), 1)  # rounded: there are ties
    return scores.astype(np.float32), labels


def test_an_interval_is_that_of_areas_of_series_drawn_again() -> None:
    """The slow way: the windows of each drawn series are copied, and the area is computed anew."""
    scores, labels = judged(9)
    found = interval(np.random.default_rng(5), scores, labels, 9)
    chance = np.random.default_rng(5)
    areas = []
    for _ in range(200):
        rows = np.concatenate([np.arange(20 * one, 20 * one + 20) for one in chance.integers(0, 9, size=9)])
        areas.append(area(scores[rows], labels[rows]))
    assert found == pytest.approx(np.quantile(areas, [0.025, 0.975]).tolist(), abs=1e-9)
    assert found[0] < area(scores, labels) < found[1]


def test_more_series_make_surer() -> None:
    widths = []
    for series in (8, 200):
        low, high = interval(np.random.default_rng(0), *judged(series), series)
        widths.append(high - low)
    assert widths[1] < widths[0] / 3
