"""From a training part to banks: how many windows, of which rows, and what the unit of scores is."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from anomalyllm import AnomalyLLM, banking
from anomalyllm.banking import bank_starts, banked, cut_banks, judges_of, stride_of, trusted, with_usual
from anomalyllm.config import DetectorConfig
from anomalyllm.data.series import as_series
from anomalyllm.errors import DataError
from anomalyllm.fitted import Fitted, TrainingFacts
from anomalyllm.scoring.novelty import Novelty
from anomalyllm.training.record import TrainingRecord
from anomalyllm.windows.choice import resolved_lengths
from conftest import sine, small_detector

FACTS = TrainingFacts("array", 1, "", None, TrainingRecord(), ())


def changed(**settings: Any) -> DetectorConfig:
    return DetectorConfig().with_settings({name.replace("__", "."): value for name, value in settings.items()})


def resolved(rows: int = 2400, **settings: Any) -> DetectorConfig:
    return resolved_lengths(changed(**settings), sine(rows).astype(np.float32))[0]


def fitted(X: np.ndarray, **settings: Any) -> Fitted:
    return banked(as_series(X), changed(**settings), 3, FACTS)


def missing(rows: int, *spans: tuple[int, int], channels: int = 1) -> np.ndarray:
    gaps = np.zeros((rows, channels), dtype=bool)
    for start, stop in spans:
        gaps[start:stop] = True
    return gaps


# --- windows of a bank


def test_windows_are_close_together_so_that_no_spike_falls_between_two() -> None:
    config = resolved()
    assert np.array_equal(bank_starts(missing(2400), 128, 10_000, config), np.arange(0, 2273, 4))
    assert np.array_equal(bank_starts(missing(2400), 16, 10_000, config), np.arange(2385))


@pytest.mark.parametrize("most", [1, 16, 100, 2384, 2385])
def test_a_bank_has_no_more_windows_than_it_may_and_they_are_spread_evenly(most: int) -> None:
    starts = bank_starts(missing(2400), 16, most, resolved())
    assert most / 2 <= len(starts) <= most
    assert len(set(np.diff(starts))) <= 1
    assert len(starts) == 1 or starts[-1] > 2400 * 0.6


def test_windows_with_gaps_are_not_normal() -> None:
    """What stands in for missing values is flat: as normal windows, they would hide a sensor that sticks."""
    starts = bank_starts(missing(600, (200, 300)), 16, 10_000, resolved())
    assert not ((starts > 185) & (starts < 299)).any()
    assert {185, 299} <= set(starts)  # one value of sixteen is few


def test_where_every_window_has_gaps_those_with_fewer_will_do() -> None:
    every_third = missing(600)
    every_third[::3] = True
    assert len(bank_starts(every_third, 16, 10_000, resolved())) == 585


def test_without_a_window_that_is_whole_enough_training_is_refused() -> None:
    gaps = missing(600)
    gaps[np.arange(600) % 4 > 0] = True
    with pytest.raises(DataError) as caught:
        bank_starts(gaps, 16, 10_000, resolved())
    assert str(caught.value) == (
        "expected windows of 16 rows with at most 50% missing to train on, got none; give a part with fewer gaps"
    )
    X = sine(600)
    X[gaps] = np.nan
    with pytest.raises(DataError, match="at most 50% missing to train on"):
        small_detector("default").fit(X)


def test_there_is_a_bank_for_every_length_of_scores_and_places() -> None:
    filled = sine(2400, 2).astype(np.float32)
    banks = cut_banks(filled, missing(2400, channels=2), resolved())
    assert list(banks) == [16, 32, 64, 128, 256, 512]
    assert all(bank.length == length and bank.windows.shape[0] == 2 for length, bank in banks.items())


def test_banks_are_bounded_in_windows_and_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    filled, gaps = sine(2400, 2).astype(np.float32), missing(2400, channels=2)

    def longest(config: DetectorConfig) -> int:
        return max(len(bank.starts) for bank in cut_banks(filled, gaps, config).values())

    assert longest(resolved()) == 2385
    assert 250 <= longest(resolved(retrieval__bank=300)) <= 300
    monkeypatch.setattr(banking, "MOST_BANK_VALUES", 100_000)
    held = [bank.windows.size + bank.energy.size for bank in cut_banks(filled, gaps, resolved()).values()]
    assert 50_000 < sum(held) <= 100_000
    monkeypatch.setattr(banking, "MOST_BANK_VALUES", 1)  # however many channels there are, some windows are kept
    assert longest(resolved()) <= banking.FEWEST_BANK_WINDOWS
    assert longest(resolved()) > banking.FEWEST_BANK_WINDOWS / 2


# --- judges


def test_every_length_has_a_judge_the_longest_last() -> None:
    config = resolved()
    banks = cut_banks(sine(2400).astype(np.float32), missing(2400), config)
    judges = judges_of(banks, Novelty.none(1), config)
    assert [(judge.window, judge.stride) for judge in judges] == [(16, 2), (32, 4), (64, 8), (128, 16)]
    weights = {"shape": 1.0, "contour": 1.0, "change": 1.0, "roughness": 1.0, "subspace": 0.2}
    assert all(judge.views == weights and judge.max_missing == 0.5 for judge in judges)


def test_a_stride_that_is_set_is_that_of_every_length() -> None:
    assert [stride_of(length, resolved(window__stride=8)) for length in (16, 64, 128)] == [8, 8, 8]
    assert [stride_of(length, resolved(retrieval__strides=4)) for length in (16, 64, 128)] == [4, 16, 32]
    assert stride_of(25, resolved(window__length=100)) == 1  # the divisor from below


def test_a_detector_before_its_threshold() -> None:
    X = np.hstack([sine(2400), np.full((2400, 1), 7.0)])
    made = fitted(X)
    assert (made.seed, made.period, len(made.channels), made.training) == (3, 40, 2, FACTS)
    assert (made.unit, made.threshold, made.teacher_label, made.teacher_shape) == (1, 1, "none", {})
    assert [judge.window for judge in made.retrieval] == [16, 32, 64, 128]
    assert [scale.bank.length for scale in made.scales] == [32, 64, 128, 256, 512]
    assert made.retrieval[1].bank is made.scales[0].bank  # kept once
    assert all(len(scale.usual) == 0 for scale in made.scales)
    assert made.novelty.still.tolist() == [False, True]
    assert made.novelty.weight == made.config.retrieval.novelty
    assert all(judge.moving.tolist() == [True, False] for judge in made.retrieval)


def test_a_part_with_gaps_is_learned_from_where_it_is_whole() -> None:
    X = sine(1200)
    X[300:500] = np.nan
    made = fitted(X)
    assert not any(((judge.bank.starts > 290) & (judge.bank.starts < 490)).any() for judge in made.retrieval[:2])
    detector = small_detector("default").fit(X)
    assert np.isfinite(detector.decision_scores_).all()
    fresh = sine(600, seed=5)
    assert detector.predict(fresh).mean() < 0.05
    fresh[300:320] += 2
    assert detector.decision_function(fresh).argmax() in range(290, 330)


# --- what is usual


def test_scores_are_in_units_of_what_is_usual() -> None:
    """The border of usual training points is 1, whatever the series: a score has a meaning before the threshold."""
    X = sine(1200)
    made, scores = with_usual(fitted(X), as_series(X))
    assert np.quantile(scores[scores > 0], made.config.scoring.usual_quantile) == pytest.approx(1)
    assert made.unit > banking.LEAST_UNIT
    assert np.allclose(made.point_scores(made.prepare(X), own=True), scores)
    assert [len(scale.usual) for scale in made.scales] == [4] * len(made.scales)
    assert all((scale.usual > 0).all() for scale in made.scales)


def test_where_everything_repeats_exactly_rounding_is_no_event() -> None:
    """Distances are then a matter of the last digits, and a unit made of them would make alarms of noise."""
    X = np.tile(np.arange(32.0), 40)[:, None]
    made, scores = with_usual(fitted(X, retrieval__views=["shape", "change"]), as_series(X))
    assert made.unit == banking.LEAST_UNIT
    assert scores.max() < 1
    assert small_detector("default").fit(X).predict(X).sum() == 0


def test_a_part_of_which_no_point_is_judged_has_the_unit_1() -> None:
    X = np.full((200, 1), 5.0)
    made, scores = with_usual(fitted(X), as_series(X))
    assert made.unit == 1
    assert not scores.any()


@pytest.mark.parametrize("rows", [32, 40, 64, 100])
def test_short_training_parts_have_windows_that_fit(rows: int) -> None:
    detector: AnomalyLLM = small_detector("default").fit(sine(rows, period=8))
    assert 4 * detector.window_ <= rows
    assert (detector.decision_scores_ > 0).all()


# --- scores that a threshold may be taken from


def test_points_near_gaps_are_not_trusted() -> None:
    X = sine(300)
    X[100:110] = np.nan
    scores = np.arange(300.0)
    kept = trusted(as_series(X), scores, 16)
    touched = set(range(300)) - set(kept.astype(int))
    assert set(range(100, 110)) <= touched
    assert min(touched) > 100 - 16
    assert max(touched) < 110 + 16


def test_without_gaps_all_scores_are_trusted_and_so_they_are_where_gaps_are_everywhere() -> None:
    X, scores = sine(300), np.arange(300.0)
    assert np.array_equal(trusted(as_series(X), scores, 16), scores)
    X[::4] = np.nan
    assert np.array_equal(trusted(as_series(X), scores, 16), scores)
