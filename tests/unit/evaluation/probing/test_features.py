"""Features of windows beside the textbook, and how far they lie from normal."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy import stats

from anomalyllm.evaluation.probing.features import FEATURES, NAMES, WIDEST, beside_normal, features_of
from conftest import sine


def windows() -> np.ndarray:
    return np.random.default_rng(0).standard_normal((5, 2, 40)) ** 3


def slowly(window: np.ndarray, period: int) -> dict[str, float]:
    """One window (L,), step by step."""
    steps = [after - before for before, after in itertools.pairwise(window)]
    bends = [after - before for before, after in itertools.pairwise(steps)]
    away = (window - window.mean()) / window.std()
    crossed = [(a > 0) != (b > 0) for a, b in itertools.pairwise(away)]
    return {
        "level": sum(window) / len(window),
        "deviation": float(np.sqrt(np.mean([(value - window.mean()) ** 2 for value in window]))),
        "span": max(window) - min(window),
        "roughness": float(np.sqrt(np.mean(np.square(bends)))),
        "largest_step": max(map(abs, steps)),
        "skew": float(stats.skew(window)),
        "kurtosis": float(np.log1p(stats.kurtosis(window, fisher=False))),
        "adjacent": float(np.mean([a * b for a, b in itertools.pairwise(away)])),
        "periodic": float(np.mean([away[i] * away[i - period] for i in range(period, len(away))])),
        "trend": float(np.polyfit(np.linspace(0, 1, len(window)), window, 1)[0]),
        "crossings": float(np.mean(crossed)),
    }


def test_each_feature_by_hand() -> None:
    found = features_of(windows(), 7, np.arange(5.0))
    assert found.shape == (5, 2, len(NAMES))
    for row in range(5):
        for channel in range(2):
            expected = slowly(windows()[row, channel], 7)
            assert list(expected) == list(FEATURES)
            assert found[row, channel, :-1] == pytest.approx(list(expected.values()))
            assert found[row, channel, -1] == row


def test_a_period_longer_than_half_a_window_is_not_looked_for() -> None:
    half, unknown, long = (features_of(windows(), period, np.zeros(5)) for period in (20, None, 300))
    assert (half == unknown).all()
    assert (half == long).all()


def test_a_window_in_which_nothing_moves_has_features_too() -> None:
    still = features_of(np.ones((1, 1, 40)), 7, np.zeros(1))
    assert np.isfinite(still).all()


def test_normal_windows_lie_about_0_and_the_strangest_channel_counts() -> None:
    rows = np.lib.stride_tricks.sliding_window_view(sine(1000, 3), 40, axis=0)[::7]
    normal = features_of(rows, 40, np.zeros(len(rows)))
    usual = beside_normal(normal, normal)
    assert np.abs(np.median(usual, axis=0)).max() < 1.5
    strange = rows[:4].copy()
    strange[:, 1] += 5
    away = beside_normal(features_of(strange, 40, np.zeros(4)), normal)
    level = NAMES.index("level")
    alone = features_of(strange, 40, np.zeros(4))[:, 1, level] - np.median(normal[:, 1, level])
    assert (away[:, level] > 5).all()
    assert np.sign(alone) == pytest.approx(np.sign(away[:, level]))


def test_one_unknown_or_endless_feature_does_not_drown_the_rest() -> None:
    normal = np.random.default_rng(0).standard_normal((50, 1, 3))
    away = beside_normal(np.array([[[np.nan, 1e9, 0.0]]]), normal)
    assert away[0, 0] == 0
    assert away[0, 1] == WIDEST
