"""Places by several windows: the curve that is believed, the peaks that are named, and what is left as it was."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from anomalyllm.errors import ChannelError, ConfigError, NotFittedError
from anomalyllm.evaluation.baselines import BASELINES
from anomalyllm.evaluation.baselines.located import (
    LENGTHS,
    LocatedKMeans,
    LocatedSubPCA,
    LocatedSummaryStatistics,
    highest_rows,
    named_places,
)
from anomalyllm.evaluation.baselines.windowed import SubPCA
from anomalyllm.evaluation.metrics.location import most_anomalous
from conftest import fitted_scorer, sine

LOCATED = [name for name in BASELINES if name.endswith("-located")]


def lengths(fitted: Any) -> list[int]:
    return [form.window_ for form in fitted._forms]


def curve(rows: int = 1000, **heights: float) -> np.ndarray:
    """Zeros with single peaks, `at_300=2.0`."""
    scores = np.zeros(rows)
    for name, height in heights.items():
        scores[int(name.removeprefix("at_"))] = height
    return scores


@pytest.mark.parametrize("name", LOCATED)
def test_everything_but_places_is_the_baseline_s_own(name: str) -> None:
    """A fair race: only where the place comes from may differ."""
    located, alone = fitted_scorer(name), fitted_scorer(name.removesuffix("-located"))
    X = sine(300, 2, seed=5)
    assert type(located).alone is type(alone)
    assert np.array_equal(located.decision_function(X), alone.decision_function(X))
    assert np.array_equal(located.decision_scores_, alone.decision_scores_)
    assert (located.threshold_, located.window_) == (alone.threshold_, alone.window_)


def test_the_curve_that_stands_out_most_is_believed() -> None:
    """Against each length fitted by itself, with the formula written out."""
    train, X = sine(1200, period=50), sine(900, period=50, seed=3)
    X[400:460] = X[400:460] * 0.4
    X[700] += 0.5
    known = {}
    for length in LENGTHS[:4]:
        form = SubPCA(window=length).fit(train)
        scores = form.decision_function(X)
        row = most_anomalous(scores)
        assert row is not None
        elsewhere = np.abs(np.arange(900) - row) >= max(100, length)
        evidence = (
            math.log(scores[row] / scores[elsewhere].max()) + math.log(scores[row] / form.decision_scores_.max())
        ) / 2
        known[length] = (evidence, row)
    fitted = LocatedSubPCA().fit(train)
    assert lengths(fitted) == list(known)
    (place,) = fitted.locate(X)
    evidence, row = max(known.values())
    assert (place.evidence, place.peak) == (pytest.approx(evidence), row)
    assert len({found for _, found in known.values()}) > 1  # there was something to choose


def test_a_slow_change_is_found_where_the_scores_of_one_window_point_elsewhere() -> None:
    """What the forms are for."""
    train, X = sine(4000, period=20), sine(2000, period=20, seed=3)
    X[900:1200, 0] += 0.25 * np.sin(2 * np.pi * np.arange(300) / 150)  # two waves of seven periods each
    X[300, 0] += 1.5
    fitted = LocatedSummaryStatistics(window=32).fit(train)
    assert most_anomalous(fitted.decision_function(X)) == pytest.approx(300, abs=32)
    assert fitted.locate(X)[0].peak == pytest.approx(1050, abs=150)


@pytest.mark.parametrize(
    ("rows", "expected"), [(127, []), (128, [32]), (255, [32]), (256, [32, 64]), (2048, [*LENGTHS])]
)
def test_a_length_must_fit_four_times(rows: int, expected: list[int]) -> None:
    assert lengths(LocatedSubPCA().fit(sine(rows))) == expected


def test_a_short_training_part_is_looked_through_with_the_usual_window() -> None:
    fitted, X = LocatedSubPCA().fit(sine(100)), sine(400, seed=2)
    X[250:255] += 3.0
    (place,) = fitted.locate(X)
    assert place.peak == most_anomalous(fitted.decision_function(X)) == pytest.approx(252, abs=fitted.window_)
    assert place.end - place.start == fitted.window_


def test_a_length_of_which_no_window_can_be_judged_has_no_say() -> None:
    """Values come in short stretches: no window of 256 rows has half of them. That must not stop the others."""
    train = sine(2100)
    train[np.arange(2100) % 100 >= 40] = np.nan
    found = lengths(LocatedSubPCA(window=32).fit(train))
    assert found[:2] == [32, 64]
    assert not {256, 512} & {*found}


def test_fitted_anew_the_old_lengths_are_gone() -> None:
    fitted = LocatedSubPCA().fit(sine(2048))
    assert lengths(fitted.fit(sine(128))) == [32]


def test_the_seed_reaches_every_length() -> None:
    X = sine(300, seed=4)
    X[150] += 2.0
    one, same, other = (LocatedKMeans(seed=seed).fit(sine(600)).locate(X)[0] for seed in (1, 1, 2))
    assert one == same
    assert one.evidence != other.evidence


def test_peaks_are_those_of_a_slow_search() -> None:
    chance = np.random.default_rng(0)
    for separation in (1, 7, 30, 200):
        scores = chance.permutation(150).astype(float)
        slow: list[int] = []
        for row in sorted(range(150), key=lambda row: -scores[row]):
            if all(abs(row - other) >= separation for other in slow):
                slow.append(row)
        slow = slow[:-1] if scores[slow[-1]] == 0 else slow  # a score of 0 names nothing
        assert highest_rows(scores, separation, 1000) == slow
        assert highest_rows(scores, separation, 2) == slow[:2]


def test_evidence_is_half_against_the_second_peak_and_half_against_training() -> None:
    scores = curve(at_300=8.0, at_399=7.0, at_400=2.0, at_800=1.0)  # row 399 is still the first peak
    places = named_places(scores, 4.0, 64, 3)
    assert [place.peak for place in places] == [300, 400, 800]
    assert places[0].evidence == pytest.approx((math.log(8 / 2) + math.log(8 / 4)) / 2)
    assert [place.evidence for place in places] == sorted((place.evidence for place in places), reverse=True)
    wide = named_places(scores, 4.0, 128, 3)  # within a window of the first, 400 is no second
    assert [place.peak for place in wide] == [300, 800]
    assert wide[0].evidence == pytest.approx((math.log(8 / 1) + math.log(8 / 4)) / 2)


def test_a_place_is_the_window_around_its_peak_within_the_series() -> None:
    for row in (0, 3, 500, 998, 999):
        (place,) = named_places(curve(**{f"at_{row}": 1.0}), 1.0, 65, 1)
        assert (place.start, place.end) == (max(0, row - 32), min(1000, row + 33))
        assert place.start <= place.peak == row < place.end


def test_the_middle_of_a_plateau_is_the_peak() -> None:
    scores = curve()
    scores[500:516] = 1.0
    assert named_places(scores, 1.0, 64, 1)[0].peak == 508


def test_one_peak_alone_stands_out_from_training_only() -> None:
    """A series shorter than two windows has no second peak; taken for 0, it would make the longest window win."""
    assert named_places(curve(at_300=8.0), 4.0, 64, 2)[0].evidence == pytest.approx(math.log(8 / 4) / 2)
    short = np.linspace(1, 2, 150)
    assert named_places(short, 4.0, 256, 1)[0].evidence == pytest.approx(math.log(2 / 4) / 2)


def test_evidence_is_finite_where_training_scores_are_0() -> None:
    (place,) = named_places(curve(at_300=8.0), 0.0, 64, 1)
    assert place.evidence == pytest.approx(math.log(1e6) / 2)


@pytest.mark.parametrize("name", LOCATED)
def test_nothing_is_named_where_every_curve_is_flat(name: str) -> None:
    fitted = fitted_scorer(name)
    assert fitted.locate(np.full((300, 2), np.nan)) == []
    assert fitted.locate(sine(20, 2)) == []  # shorter than any window


@pytest.mark.parametrize("name", LOCATED)
def test_at_most_k_places_in_order_and_apart(name: str) -> None:
    X = sine(700, 2, seed=7)
    X[200:210, 0] += 3.0
    X[500:505, 1] -= 2.0
    places = fitted_scorer(name).locate(X, k=3)
    assert 1 <= len(places) <= 3
    assert places[0] == fitted_scorer(name).locate(X)[0]
    assert [place.evidence for place in places] == sorted((place.evidence for place in places), reverse=True)
    assert np.diff(sorted(place.peak for place in places)).min(initial=100) >= 100


def test_what_cannot_be_asked_is_refused() -> None:
    with pytest.raises(NotFittedError, match="expected a fitted baseline, got one that is not; call fit first"):
        LocatedSubPCA().locate(sine(100))
    with pytest.raises(ChannelError):
        fitted_scorer("sub-pca-located").locate(sine(100, 3))
    with pytest.raises(ConfigError) as caught:
        fitted_scorer("sub-pca-located").locate(sine(100, 2), k=0)
    assert str(caught.value) == ("expected k, the number of places, to be at least 1, got 0; ask for one place or more")
