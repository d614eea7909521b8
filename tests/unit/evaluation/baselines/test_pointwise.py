"""Chance, nothing, the moving z-score and the second difference."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from scipy import stats

import naive
from anomalyllm.evaluation.baselines.pointwise import HASHED, Constant, MovingZScore, Random, SecondDifference, _spread
from conftest import sine
from unit.evaluation.baselines.slowly import LENGTH, disturbed, scaled, training


def test_random_scores_are_uniform_and_independent_of_their_neighbours() -> None:
    """A level of chance is only one if every score is as likely as every other."""
    scores = Random(seed=3).fit(sine(400)).decision_function(sine(20_000, seed=5))
    assert (scores > 0).all()
    assert (scores <= 1).all()
    assert stats.kstest(scores, "uniform").pvalue > 0.01
    for lag in (1, 2, HASHED, 40):
        assert abs(np.corrcoef(scores[lag:], scores[:-lag])[0, 1]) < 4 / np.sqrt(20_000)


def test_a_random_score_is_never_0_and_never_above_1() -> None:
    """0 says that nothing was judged."""
    assert _spread(np.zeros(1, np.uint64)).tolist() == [2.0**-54]
    assert _spread(np.arange(1000, dtype=np.uint64)).max() <= 1


def test_random_scores_of_two_seeds_have_nothing_in_common() -> None:
    X = sine(5000, seed=5)
    one, other = (Random(seed=seed).fit(sine(400)).decision_function(X) for seed in (0, 1))
    assert abs(stats.spearmanr(one, other).statistic) < 4 / np.sqrt(5000)


def test_equal_windows_have_equal_random_scores() -> None:
    """Chance keeps the contract: a score depends on what came before the point, and on nothing else."""
    fitted = Random().fit(sine(400))
    X = np.tile(sine(50), (2, 1))
    scores = fitted.decision_function(X)
    assert np.array_equal(scores[HASHED:50], scores[50 + HASHED :])
    assert len(np.unique(scores[:50])) == 50


def test_the_sign_of_zero_does_not_matter() -> None:
    """-0.0 and 0.0 are equal, so their scores are; their bits are not."""
    fitted = Random().fit(np.tile([1.0, -1.0], 200))  # mean 0, deviation 1: values stay as they are
    X = np.zeros((60, 1))
    assert np.array_equal(fitted.decision_function(X), fitted.decision_function(-X))


def test_a_constant_says_the_same_of_all_and_flags_nothing() -> None:
    fitted = Constant().fit(training(2))
    assert np.array_equal(fitted.decision_function(disturbed(2)), np.ones(150))
    assert not fitted.predict(disturbed(2)).any()


@pytest.mark.parametrize("most_values", [1 << 22, 5 * LENGTH, 1])
def test_moving_z_score_equals_the_loop_however_it_is_cut(most_values: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("anomalyllm.evaluation.baselines.base.MOST_VALUES", most_values)
    train, X = training(2), disturbed(2)
    fitted = MovingZScore(window=LENGTH).fit(train)
    channels = [naive.moving_z_score(channel, LENGTH, 0.1) for channel in scaled(X, train).T]
    slow = [naive.power_mean(values, 2.0) for values in zip(*channels, strict=True)]
    assert fitted.decision_function(X) == pytest.approx(slow, rel=1e-9)


@pytest.mark.parametrize("rows", [1, LENGTH, LENGTH + 1])
def test_moving_z_score_is_0_until_a_whole_window_came_before(rows: int) -> None:
    scores = MovingZScore(window=LENGTH).fit(training()).decision_function(disturbed()[:rows])
    assert scores.shape == (rows,)
    assert not scores[:LENGTH].any()
    assert scores[LENGTH:].all()


def test_a_flat_stretch_does_not_make_the_next_wiggle_an_anomaly() -> None:
    train = sine(400)
    X = np.full((100, 1), train.mean())
    X[80] += 0.05 * train.std()
    assert MovingZScore(window=LENGTH).fit(train).decision_function(X)[80] == pytest.approx(0.5)


def test_moving_z_score_holds_no_copy_of_all_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Copies of all windows of a long series of many channels are gigabytes."""
    monkeypatch.setattr("anomalyllm.evaluation.baselines.base.MOST_VALUES", 1 << 16)
    fitted, X = MovingZScore(window=256).fit(sine(600)), sine(10_000)
    tracemalloc.start()
    try:
        fitted.decision_function(X)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 10_000 * 256 * 8 / 4


def test_second_difference_equals_the_loop() -> None:
    train, X = training(2), disturbed(2)
    channels = [naive.second_difference(channel) for channel in scaled(X, train).T]
    slow = [naive.power_mean(values, 2.0) for values in zip(*channels, strict=True)]
    assert SecondDifference().fit(train).decision_function(X) == pytest.approx(slow, rel=1e-9)


@pytest.mark.parametrize("rows", [1, 2, 3])
def test_second_difference_of_a_few_points(rows: int) -> None:
    scores = SecondDifference().fit(training()).decision_function(disturbed()[:rows])
    assert scores.shape == (rows,)
    assert (np.flatnonzero(scores) == [1] * (rows == 3)).all()
