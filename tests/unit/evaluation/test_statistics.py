"""Intervals that hold what they promise, and a comparison that sees what is there and nothing else."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

import naive
from anomalyllm.evaluation.statistics import Interval, compare, mean_interval

MODULE = "anomalyllm.evaluation.statistics"


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fewer resamples, for tests that need many intervals."""
    monkeypatch.setattr(f"{MODULE}.RESAMPLES", 499)


@pytest.mark.parametrize("kind", ["normal", "hits and misses"])
def test_the_interval_holds_the_true_mean_95_times_in_100(kind: str, quick: None) -> None:
    chance = np.random.default_rng(0)
    samples = chance.normal(0.6, 1, (400, 40)) if kind == "normal" else (chance.random((400, 40)) < 0.6).astype(float)
    intervals = [mean_interval(sample) for sample in samples]
    assert np.mean([each.low <= 0.6 <= each.high for each in intervals]) == pytest.approx(0.94, abs=0.03)


def test_the_interval_is_that_of_the_normal_law_where_there_are_many_series() -> None:
    values = np.random.default_rng(1).normal(5, 2, 2000)
    found = mean_interval(values)
    half = 1.96 * values.std() / np.sqrt(2000)
    assert (found.low, found.high) == pytest.approx((values.mean() - half, values.mean() + half), abs=0.05 * half)
    assert (found.mean, found.count) == (pytest.approx(values.mean()), 2000)


def test_series_without_a_value_are_left_out() -> None:
    values = np.array([0.1, np.nan, 0.4, 0.9, np.nan, 0.2])
    assert mean_interval(values) == mean_interval(values[[0, 2, 3, 5]])
    assert mean_interval(values).count == 4


@pytest.mark.parametrize("values", [[0.3], [0.3, np.nan], [0.3] * 7])
def test_nothing_is_resampled_where_nothing_varies(values: list[float]) -> None:
    count = np.isfinite(values).sum()
    assert mean_interval(np.array(values)) == Interval(
        pytest.approx(0.3), pytest.approx(0.3), pytest.approx(0.3), count
    )


@pytest.mark.parametrize("values", [[], [np.nan, np.nan]])
def test_no_series_have_no_mean(values: list[float]) -> None:
    found = mean_interval(np.array(values))
    assert np.isnan([found.mean, found.low, found.high]).all()
    assert found.count == 0


def test_a_table_is_the_same_each_time_it_is_made() -> None:
    first, second = np.random.default_rng(2).random((2, 30))
    state = np.random.get_state()[1].tolist()  # noqa: NPY002 - the global state is what is tested
    assert mean_interval(first) == mean_interval(first)
    assert compare(first, second) == compare(first, second)
    assert np.random.get_state()[1].tolist() == state  # noqa: NPY002


def test_a_real_difference_is_found() -> None:
    chance = np.random.default_rng(3)
    hard = chance.random(40)  # how hard a series is moves both methods: only a paired test sees past it
    first, second = hard + 0.1 + chance.normal(0, 0.05, 40), hard
    found = compare(first, second)
    assert found.p_value < 0.001
    assert found.difference.low < 0.1 < found.difference.high
    assert found.difference.low > 0


def test_p_values_are_uniform_where_there_is_no_difference(quick: None) -> None:
    """Otherwise one would find differences between a method and itself."""
    pairs = np.random.default_rng(4).exponential(size=(300, 2, 20))
    values = [compare(first, second).p_value for first, second in pairs]
    assert stats.kstest(values, "uniform").pvalue > 0.01
    assert np.mean(np.array(values) <= 0.05) == pytest.approx(0.05, abs=0.03)


@pytest.mark.parametrize("shift", [0.0, 0.3, 1.0])
def test_few_series_are_enumerated(shift: float) -> None:
    first, second = np.random.default_rng(5).normal([[shift], [0.0]], size=(2, 8))
    assert compare(first, second).p_value == pytest.approx(naive.sign_flip_p_value(first - second))


def test_it_speaks_about_as_the_signed_rank_test_does() -> None:
    first, second = np.random.default_rng(6).normal([[0.45], [0.0]], size=(2, 40))
    ours, ranks = compare(first, second).p_value, stats.wilcoxon(first, second).pvalue
    assert 0.002 < ranks < 0.2
    assert abs(np.log(ours / ranks)) < np.log(3)


def test_the_order_of_the_two_does_not_matter() -> None:
    first, second = np.random.default_rng(7).random((2, 25))
    one, other = compare(first, second), compare(second, first)
    assert one.p_value == other.p_value
    ours, theirs = one.difference, other.difference
    assert (ours.mean, ours.low, ours.high) == pytest.approx((-theirs.mean, -theirs.high, -theirs.low))


def test_pairs_with_a_missing_value_are_left_out() -> None:
    first, second = np.random.default_rng(8).random((2, 12))
    gappy, lacking = np.append(first, [np.nan, 0.5]), np.append(second, [0.5, np.nan])
    assert compare(gappy, lacking) == compare(first, second)


@pytest.mark.parametrize("values", [[0.1, 0.5, 0.7], [0.2], [], [np.nan]])
def test_a_method_does_not_differ_from_itself(values: list[float]) -> None:
    found = compare(np.array(values), np.array(values))
    assert found.p_value == 1
    assert found.difference.count == np.isfinite(values).sum()
