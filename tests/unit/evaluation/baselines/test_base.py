"""What all baselines share: the window, what is missing, the threshold and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import naive
from anomalyllm.errors import ConfigError, DataError, NotFittedError, TooShortError
from anomalyllm.evaluation.baselines import BASELINES
from anomalyllm.evaluation.baselines.base import pieces
from anomalyllm.evaluation.baselines.pointwise import Constant, MovingZScore, SecondDifference
from anomalyllm.evaluation.baselines.windowed import SubPCA
from conftest import sine, small_detector
from unit.evaluation.baselines.slowly import LENGTH, by_channel, disturbed, scaled, starts, training


def test_baselines_take_the_window_of_a_detector_that_is_trained() -> None:
    """They differ from it in how they judge, and in nothing else; `default` has several windows."""
    X = sine(900, period=56)
    detector, baseline = small_detector(max_steps=1).fit(X), SubPCA().fit(X)
    assert (baseline.window_, baseline.stride_, baseline.period_) == (detector.window_, detector.stride_, 56)
    assert SubPCA(window=48).fit(X).window_ == 48


def test_windows_near_a_gap_do_not_count_as_normal() -> None:
    """A window that lacks more than half is left out of the mean; counted as 0 it would hide what is beside a gap."""
    train, X = training(), disturbed()
    X[80:100] = np.nan
    fitted, bank = SubPCA(window=LENGTH).fit(train), by_channel(train)[0]
    rows = naive.carry_forward(scaled(X, train), [0.0])[:, 0]
    judged = [start for start in starts(len(X), fitted.stride_) if np.isnan(X[start : start + LENGTH]).mean() <= 0.5]
    value = {start: naive.mahalanobis(rows[start : start + LENGTH], bank, 0.01) for start in judged}
    regular = (len(X) - LENGTH) // fitted.stride_ * fitted.stride_ + LENGTH  # after it only the last window counts
    slow = []
    for point in range(len(X)):
        covering = [value[start] for start in judged if start <= point < start + LENGTH and start % fitted.stride_ == 0]
        slow.append(np.mean(covering) if covering else 0.0)
    slow[regular:] = [value[len(X) - LENGTH]] * (len(X) - regular)
    assert len(judged) < len(starts(len(X), fitted.stride_))
    assert fitted.decision_function(X) == pytest.approx(slow, rel=1e-6)


def test_a_channel_that_is_missing_counts_as_0_beside_one_that_is_there() -> None:
    train, X = training(2), disturbed(2)
    X[:, 1] = np.nan
    alone = SecondDifference().fit(train[:, :1]).decision_function(X[:, :1])
    assert SecondDifference().fit(train).decision_function(X) == pytest.approx(alone / np.sqrt(2))


@pytest.mark.parametrize("name", ["sub-pca", "nearest-neighbour", "second-difference"])
def test_a_series_without_a_value_or_shorter_than_a_window_scores_0(name: str) -> None:
    fitted = BASELINES[name](window=LENGTH).fit(training())
    assert not fitted.decision_function(np.full(100, np.nan)).any()
    if name != "second-difference":
        assert not fitted.decision_function(disturbed()[: LENGTH - 1]).any()


@pytest.mark.parametrize("rate", [0.02, 0.05])
def test_as_many_points_are_flagged_as_was_asked_for_where_most_do_not_move(rate: float) -> None:
    """A score of 0 is a judgement too: left out, the rate would be one of the points that move."""
    steps = np.random.default_rng(0).normal(size=4000) * (np.random.default_rng(1).random(4000) < 0.1)
    fitted = SecondDifference(alarms_per=rate).fit(np.cumsum(steps))
    assert np.mean(fitted.decision_scores_ == 0) > 0.6
    assert fitted.labels_.mean() == pytest.approx(rate, rel=0.2)


def test_points_that_were_not_judged_are_left_out_of_the_rate() -> None:
    """The moving z-score says nothing of its first window: a short training part is no more often flagged for it."""
    X = np.random.default_rng(0).normal(size=200)
    fitted = MovingZScore(window=96, alarms_per=0.1).fit(X)
    assert fitted.labels_[96:].mean() == pytest.approx(0.1, abs=0.02)


def test_scores_of_0_throughout_raise_no_alarm_and_anything_else_does() -> None:
    fitted = SecondDifference().fit(np.full(100, 5.0))
    assert 0 < fitted.threshold_ < 1e-6
    X = np.full(50, 5.0)
    assert not fitted.predict(X).any()
    X[20] += 0.1
    assert fitted.predict(X)[19:22].all()


def test_a_rate_per_time_needs_times() -> None:
    with pytest.raises(ConfigError, match="expected a time column, for alarms_per 2/day, got a series without times"):
        Constant(alarms_per="2/day").fit(training())


@pytest.mark.parametrize(
    ("X", "settings", "kind", "said"),
    [
        (training(rows=20), {}, TooShortError, "at least 32 rows to train on, got 20"),
        (training(), {"seed": -1}, ConfigError, "expected seed to be a whole number of at least 0, got -1"),
        (training(), {"window": 201}, TooShortError, r"at least two windows \(402 rows\) to train on, got 400"),
    ],
)
def test_what_cannot_be_fitted_is_refused(X: np.ndarray, settings: dict[str, Any], kind: type, said: str) -> None:
    with pytest.raises(kind, match=said):
        SubPCA(**settings).fit(X)


def test_a_training_part_of_which_nothing_can_be_judged_is_refused() -> None:
    X = training()
    X[np.random.default_rng(0).random(len(X)) < 0.8] = np.nan
    with pytest.raises(DataError) as caught:
        SubPCA(window=LENGTH).fit(X)
    assert str(caught.value) == (
        "expected training rows of which some can be judged, got none; give rows with fewer missing values"
    )


def test_nothing_is_scored_before_fit() -> None:
    with pytest.raises(NotFittedError, match="expected a fitted baseline, got one that is not; call fit first"):
        Constant().predict(training())


@pytest.mark.parametrize(("count", "values"), [(10, 3), (10, 100), (1, 1), (0, 5), (7, 8)])
def test_pieces_are_small_and_cover_everything_once(count: int, values: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("anomalyllm.evaluation.baselines.base.MOST_VALUES", 8)
    parts = pieces(count, values)
    assert [place for part in parts for place in range(part.start, part.stop)] == list(range(count))
    assert all(part.stop - part.start <= max(1, 8 // values) for part in parts)
