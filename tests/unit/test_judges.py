"""Judges: what they say of windows, which windows and channels they leave out, and what they would have expected."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from anomalyllm import AnomalyLLM
from anomalyllm.config import VIEWS
from anomalyllm.judges import LEAST, Prepared, RetrievalJudge, missing_shares
from anomalyllm.model.bank import Bank
from anomalyllm.scoring.calibrate import UNJUDGED
from conftest import fitted_scorer, sine

ROWS, LENGTH = 400, 16
WEIGHTS = dict.fromkeys(VIEWS, 1.0)
STARTS = np.arange(0, ROWS - LENGTH + 1, 4)


def values(seed: int = 0) -> np.ndarray:
    return sine(ROWS, 3, seed=seed).astype(np.float32)


def judge(moving: tuple[bool, ...] = (True, True, True), step: int = 2) -> RetrievalJudge:
    bank = Bank.cut(values(), np.arange(0, ROWS - LENGTH + 1, step), LENGTH)
    return RetrievalJudge(bank, 4, WEIGHTS, np.array(moving), 0.5)


def gaps(*spans: tuple[int, int, int]) -> np.ndarray:
    missing = np.zeros((ROWS, 3), dtype=bool)
    for start, stop, channel in spans:
        missing[start:stop, channel] = True
    return missing


# --- distances to normal windows


def test_the_window_is_that_of_the_bank() -> None:
    assert judge().window == LENGTH


def test_scores_of_a_channel_are_its_mean_distances() -> None:
    """No other channel enters: each is a group by itself."""
    scores = judge().window_scores(Prepared(values(1), None), STARTS)
    assert scores.shape == (len(STARTS), 3)
    for channel in range(3):
        expected = judge().bank.distances(values(1), STARTS, np.array([channel]), WEIGHTS)
        assert scores[:, [channel]] == pytest.approx(expected)


def test_a_planted_anomaly_is_far_in_its_own_channel() -> None:
    strange = values(1)
    strange[200:210, 1] += 3
    scores = judge().window_scores(Prepared(strange, None), STARTS)
    usual = judge().window_scores(Prepared(values(1), None), STARTS)
    touched = (STARTS < 210) & (STARTS + LENGTH > 200)
    assert scores[touched, 1].max() > 3 * usual.max()
    assert np.array_equal(scores[~touched], usual[~touched])
    assert np.array_equal(scores[:, [0, 2]], usual[:, [0, 2]])


def test_channels_without_shapes_are_not_judged() -> None:
    scores = judge((True, False, True)).window_scores(Prepared(values(1), None), STARTS)
    assert (scores[:, 1] == UNJUDGED).all()
    assert (scores[:, [0, 2]] > UNJUDGED).all()


def test_a_window_equal_to_a_normal_one_was_judged_all_the_same() -> None:
    """0 means "not judged": such a window would be left out of the mean over lengths, and the rest would count more."""
    retrieving = dataclasses.replace(judge(), views={"shape": 1.0})
    scores = retrieving.window_scores(Prepared(values(), None), retrieving.bank.starts)
    assert scores == pytest.approx(LEAST)


def test_training_windows_are_compared_with_others() -> None:
    scores = judge().window_scores(Prepared(values(), None), STARTS, own=True)
    assert scores.min() > 0.01
    expected = judge().bank.distances(values(), STARTS, np.array([0]), WEIGHTS, own=True)
    assert scores[:, [0]] == pytest.approx(expected)


def test_without_another_window_to_compare_with_nothing_can_be_said() -> None:
    alone = RetrievalJudge(Bank.cut(values(), np.arange(0, 9, 3), LENGTH), 4, WEIGHTS, np.ones(3, bool), 0.5)
    scores = alone.window_scores(Prepared(values(), None), np.array([0, 4, 100]), own=True)
    assert (scores[:2] == UNJUDGED).all()
    assert (scores[2] > UNJUDGED).all()


def test_a_channel_with_too_many_missing_values_is_not_judged_there() -> None:
    """Half a window may be missing, not more; the other channels are judged as if nothing were."""
    missing = gaps((100, 108, 0), (200, 209, 1))
    scores = judge().window_scores(Prepared(values(1), missing), STARTS)
    whole = judge().window_scores(Prepared(values(1), None), STARTS)
    unjudged = np.argwhere(scores == UNJUDGED)
    assert {(int(STARTS[window]), int(channel)) for window, channel in unjudged} == {(196, 1), (200, 1)}
    assert np.array_equal(scores[scores > UNJUDGED], whole[scores > UNJUDGED])


def test_the_total_is_the_mean_over_judged_channels() -> None:
    by_group = np.array([[1.0, 0.0, 3.0], [2.0, 0.0, 0.0]])
    assert judge((True, False, True)).total(by_group).tolist() == [2.0, 1.0]
    assert judge((False, False, False)).total(by_group * 0).tolist() == [0.0, 0.0]


def test_channels_are_the_groups() -> None:
    by_group = np.arange(6.0).reshape(2, 3)
    assert judge().by_channel(Prepared(values(), None), STARTS[:2], by_group) is by_group


def test_scores_do_not_depend_on_the_windows_asked_for_together() -> None:
    prepared = Prepared(values(1), gaps((100, 130, 2)))
    whole = judge().window_scores(prepared, STARTS)
    single = [judge().window_scores(prepared, STARTS[index : index + 1]) for index in range(len(STARTS))]
    assert np.allclose(np.concatenate(single), whole, rtol=1e-6)


def test_what_was_expected_is_the_nearest_normal_window_of_each_channel() -> None:
    strange = values(1)
    strange[200:203, 1] += 3
    normal = judge(step=1).normal(Prepared(strange, None), 196)
    assert normal.shape == (LENGTH, 3)
    assert np.abs(normal - values(1)[196:212]).max() < 0.6
    windows = judge(step=1).bank.windows
    assert all((windows[channel] == normal[:, channel]).all(axis=1).any() for channel in range(3))


def test_what_was_expected_of_a_series_that_is_shorter_than_a_window() -> None:
    assert judge().normal(Prepared(values()[:10], None), 0).shape == (LENGTH, 3)


def test_shares_of_missing_values_are_counted() -> None:
    missing = np.random.default_rng(0).random((60, 2)) < 0.4
    starts = np.array([0, 7, 50])
    expected = [missing[start : start + 10].mean(axis=0) for start in starts]
    assert np.allclose(missing_shares(missing, starts, 10), expected)


# --- networks


@pytest.mark.parametrize("preset", ["trained", "paper"])
def test_networks_leave_out_windows_with_too_many_missing_values(preset: str) -> None:
    """Separate channels are left out by themselves; one vector for all is left out by the mean over channels."""
    detector: AnomalyLLM = fitted_scorer(preset)
    networks = detector._fitted.networks
    X = sine(400, 2, seed=3)
    X[: networks.window, 0] = np.nan
    starts = np.array([0, 400 - networks.window])
    scores = networks.window_scores(detector._fitted.prepare(X), starts)
    expected = [[False], [False]] if networks.joint else [[True, False], [False, False]]
    assert (scores == UNJUDGED).tolist() == expected
    X[: networks.window, 1] = np.nan
    scores = networks.window_scores(detector._fitted.prepare(X), starts)
    assert (scores == UNJUDGED).all(axis=1).tolist() == [True, False]


@pytest.mark.parametrize("preset", ["trained", "paper"])
def test_networks_say_what_each_channel_has_to_do_with_it(preset: str) -> None:
    """One vector's score is shared out among channels; scores of channels are what they are."""
    detector: AnomalyLLM = fitted_scorer(preset)
    networks, prepared = detector._fitted.networks, detector._fitted.prepare(sine(400, 2, seed=3))
    starts = np.array([0, 100])
    by_group = networks.window_scores(prepared, starts)
    by_channel = networks.by_channel(prepared, starts, by_group)
    assert by_channel.shape == (2, 2)
    if networks.joint:
        assert by_channel.sum(axis=1) == pytest.approx(networks.total(by_group))
    else:
        assert by_channel is by_group


@pytest.mark.parametrize("preset", ["trained", "paper"])
def test_scores_of_networks_are_in_their_unit(preset: str) -> None:
    """Of windows, of their totals and of channels alike: beside other judges 1 must mean what it means to them."""
    detector: AnomalyLLM = fitted_scorer(preset)
    networks, prepared = detector._fitted.networks, detector._fitted.prepare(sine(400, 2, seed=3))
    other, starts = dataclasses.replace(networks, unit=0.25), np.array([0, 100])
    by_group, by_other = (judge.window_scores(prepared, starts) for judge in (networks, other))
    assert networks.unit == 1
    assert np.array_equal(by_other, 0.25 * by_group)
    assert other.total(by_other) == pytest.approx(0.25 * networks.total(by_group))
    by_channel = networks.by_channel(prepared, starts, by_group)
    assert other.by_channel(prepared, starts, by_other) == pytest.approx(0.25 * by_channel)


@pytest.mark.parametrize("preset", ["trained", "paper"])
def test_networks_expected_a_prototype_of_each_channel(preset: str) -> None:
    detector: AnomalyLLM = fitted_scorer(preset)
    networks = detector._fitted.networks
    normal = networks.normal(detector._fitted.prepare(sine(400, 2, seed=3)), 50)
    prototypes = networks.distiller.student.prototypes.detach().numpy()
    assert normal.shape == (networks.window, 2)
    assert all((prototypes[channel] == normal[:, channel]).all(axis=1).any() for channel in range(2))
