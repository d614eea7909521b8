"""Summary statistics and Sub-PCA against an inverted covariance, window by window."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

import naive
from anomalyllm.evaluation.baselines.windowed import SMALLEST, SubPCA, SummaryStatistics, statistics
from unit.evaluation.baselines.slowly import LENGTH, by_channel, disturbed, point_scores, scaled, training


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("most_values", [1 << 22, 1])
def test_summary_statistics_equal_the_mahalanobis_distance(
    channels: int, most_values: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("anomalyllm.evaluation.baselines.base.MOST_VALUES", most_values)
    train, X = training(channels), disturbed(channels)
    fitted = SummaryStatistics(window=LENGTH).fit(train)
    tables = [
        np.array([naive.window_statistics(window, SMALLEST) for window in windows[:: fitted.stride_]])
        for windows in by_channel(train)
    ]
    units = [np.maximum(table.std(axis=0), SMALLEST) for table in tables]

    def judge(channel: int, window: np.ndarray, _: int) -> float:
        row = naive.window_statistics(window, SMALLEST) / units[channel]
        return naive.mahalanobis(row, tables[channel] / units[channel], 0.01)

    assert fitted.decision_function(X) == pytest.approx(point_scores(fitted, X, train, judge), rel=1e-6)


def test_the_eight_statistics_are_those_of_scipy_above_the_floor_and_fade_below_it() -> None:
    windows = scaled(disturbed(2), training(2))[: 4 * LENGTH].reshape(4, LENGTH, 2).swapaxes(1, 2)
    table = statistics(windows)
    assert table.shape == (4, 2, 8)
    for index in np.ndindex(4, 2):
        assert table[index] == pytest.approx(naive.window_statistics(windows[index], SMALLEST))
    assert table[..., 5] == pytest.approx(stats.skew(windows, axis=-1))
    assert table[..., 6] == pytest.approx(stats.kurtosis(windows, axis=-1, fisher=False))
    assert table[..., 4] == pytest.approx(np.median(windows, axis=-1))
    small = windows / windows.std() * SMALLEST / 10
    share = np.minimum(small.std(axis=-1) / SMALLEST, 1)
    assert statistics(small)[..., 5] == pytest.approx(stats.skew(small, axis=-1) * share**3)
    assert statistics(small)[..., 6] == pytest.approx(stats.kurtosis(small, axis=-1, fisher=False) * share**4)


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("most_values", [1 << 22, 1])
def test_sub_pca_equals_the_mahalanobis_distance(
    channels: int, most_values: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("anomalyllm.evaluation.baselines.base.MOST_VALUES", most_values)
    train, X = training(channels), disturbed(channels)
    bank, fitted = by_channel(train), SubPCA(window=LENGTH).fit(train)
    slow = point_scores(fitted, X, train, lambda channel, window, _: naive.mahalanobis(window, bank[channel], 0.01))
    assert fitted.decision_function(X) == pytest.approx(slow, rel=1e-6)


def test_a_long_training_part_gives_every_nth_window(monkeypatch: pytest.MonkeyPatch) -> None:
    """A covariance does not grow better for more windows, only slower."""
    monkeypatch.setattr("anomalyllm.evaluation.baselines.windowed.ENOUGH_WINDOWS", 100)
    train, X = training(), disturbed()
    bank, fitted = by_channel(train)[0][::4], SubPCA(window=LENGTH).fit(train)
    slow = point_scores(fitted, X, train, lambda _, window, __: naive.mahalanobis(window, bank, 0.01))
    assert fitted.decision_function(X) == pytest.approx(slow, rel=1e-6)


@pytest.mark.parametrize("baseline", [SubPCA, SummaryStatistics])
def test_a_training_part_without_any_variance_leaves_scores_finite(baseline: type[SubPCA]) -> None:
    fitted = baseline(window=LENGTH).fit(np.full(200, 5.0))
    X = np.full((100, 1), 5.0)
    assert not fitted.predict(X).any()
    X[50] = 6.0
    scores = fitted.decision_function(X)
    assert np.isfinite(scores).all()
    assert fitted.predict(X)[50] == 1
