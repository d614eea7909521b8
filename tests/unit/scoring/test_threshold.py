"""Thresholds: which rates can be asked for, and that normal data raises alarms about as often."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import genpareto

import naive
from anomalyllm.errors import ConfigError
from anomalyllm.scoring.threshold import SHAPES, AlarmRate, cluster_peaks, fit_tail, fit_threshold

DRAWS = 20_000


def chance(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def fitted(
    scores: np.ndarray,
    rate: str | float,
    *,
    spacing: float | None = None,
    tail: float = 0.1,
    separation: int = 16,
) -> float:
    return fit_threshold(scores, AlarmRate.parse(rate), spacing=spacing, tail_fraction=tail, separation=separation)


@pytest.mark.parametrize(
    ("text", "amount", "unit"),
    [
        ("0.001", 0.001, None),
        (0.001, 0.001, None),
        (" 1e-4 ", 1e-4, None),
        (np.float64(0.25), 0.25, None),
        ("2/day", 2, "day"),
        ("2/days", 2, "day"),
        ("0.5 / hour", 0.5, "hour"),
        ("3/second", 3, "second"),
        ("1/minute", 1, "minute"),
        ("1e2/week", 100, "week"),
    ],
)
def test_forms_of_a_rate(text: str | float, amount: float, unit: str | None) -> None:
    rate = AlarmRate.parse(text)
    assert rate == AlarmRate(amount, unit)
    assert rate.counts_events == (unit is not None)


REFUSED = """0 1 1.5 -0.1 nan inf e 1e 1e999 often 2/ 2/year 0/day -1/day 1e999/day 2//day 2/day/day /day 2/Day"""


@pytest.mark.parametrize(
    "text",
    ["", "0.1 0.2", "2/Day", *REFUSED.split(), True, 2, float("nan")],
)
def test_anything_else_is_refused_with_the_forms_and_units(text: str | float) -> None:
    with pytest.raises(ConfigError) as caught:
        AlarmRate.parse(text)
    said = str(caught.value)
    assert said == (
        'expected alarms_per to be a fraction of points between 0 and 1, such as "0.001", or events per '
        f'time, such as "2/day", got {text!r}; units are second, minute, hour, day, week'
    )


def test_a_rate_per_time_needs_the_time_between_points() -> None:
    assert AlarmRate.parse("2/day").per_point(86_400 / 100) == pytest.approx(0.02)
    assert AlarmRate.parse("1/week").per_point(60.0) == pytest.approx(1 / (7 * 24 * 60))
    assert AlarmRate.parse("0.01").per_point(None) == 0.01
    with pytest.raises(ConfigError) as caught:
        AlarmRate.parse("2/day").per_point(None)
    assert str(caught.value) == (
        "expected a time column, for alarms_per 2/day, got a series without times; "
        "name it (time_column) or give a fraction of points"
    )


SAMPLES = {  # draws, the true score that one in 1/rate exceeds, and how far off the fit may be (relative)
    "exponential": (lambda: chance().exponential(size=DRAWS), lambda rate: -np.log(rate), 0.08),
    "Pareto 6": (lambda: chance().pareto(6.0, DRAWS), lambda rate: rate ** (-1 / 6) - 1, 0.15),
    "uniform": (
        lambda: chance().random(DRAWS),
        lambda rate: 1 - rate,
        0.06,
    ),  # its shape, -1, is held at -0.5
}


@pytest.mark.parametrize("rate", [0.05, 0.01, 0.001, 0.0001])
@pytest.mark.parametrize("name", SAMPLES)
def test_the_threshold_is_the_quantile_of_the_rate(name: str, rate: float) -> None:
    draw, truth, tolerance = SAMPLES[name]
    assert fitted(draw(), rate) == pytest.approx(truth(rate), rel=tolerance)


def test_the_tail_goes_on_beyond_what_was_seen() -> None:
    """Two thousand scores say something of one in a hundred thousand: the largest of them is not the end."""
    scores = chance().exponential(size=2000)
    threshold = fitted(scores, 1e-5)
    assert threshold > scores.max()
    assert threshold == pytest.approx(-np.log(1e-5), rel=0.3)


@pytest.mark.parametrize("form", ["{}", "{}/hour"])
@pytest.mark.parametrize("kind", ["exponential", "bursts", "plateaus"])
def test_more_alarms_never_mean_a_higher_threshold(form: str, kind: str) -> None:
    noise = chance(5).exponential(size=3000)
    scores = {
        "exponential": noise,
        "bursts": np.convolve(noise, np.ones(40) / 40, mode="same"),
        "plateaus": np.repeat(np.round(noise[:300], 1), 10),
    }[kind]
    rates = [1e-5, 1e-4, 5e-4, 0.001, 0.002, 0.003, 0.005, 0.01, 0.02, 0.05, 0.09, 0.1, 0.11, 0.2, 0.5, 0.9]
    thresholds = [fitted(scores, form.format(rate), spacing=3600.0) for rate in rates]
    assert all(np.diff(thresholds) <= 1e-8), thresholds
    assert thresholds[0] > thresholds[-1] > 0


@pytest.mark.parametrize("rate", [0.1, 0.2, 0.5, 0.9])
def test_rates_larger_than_the_tail_are_counted(rate: float) -> None:
    scores = chance().exponential(size=DRAWS)
    assert np.mean(scores >= fitted(scores, rate)) == pytest.approx(rate, abs=0.001)


@pytest.mark.parametrize("level", [0.5, 0.0])
@pytest.mark.parametrize("rate", [0.04, 0.06, 0.2, 0.9])
def test_scores_that_are_mostly_the_same_are_not_all_flagged(rate: float, level: float) -> None:
    """Where nineteen in twenty scores share the quantile, a threshold on it would flag the whole series."""
    scores = np.full(1000, level)
    scores[:50] += chance().exponential(size=50)
    assert np.mean(scores >= fitted(scores, rate)) <= 0.05


@pytest.mark.parametrize("level", [0.0, 1.0, 1e9])
@pytest.mark.parametrize("rate", ["0.001", "0.5", "2/day"])
def test_constant_scores_raise_no_alarm_and_anything_above_them_does(level: float, rate: str) -> None:
    threshold = fitted(np.full(500, level), rate, spacing=60.0)
    assert level < threshold <= level * 1.001 + 1e-6


def test_a_single_score_will_do() -> None:
    assert 3.0 < fitted(np.array([3.0]), 0.001) < 3.1


def test_a_tail_of_few_excesses_is_taken_as_exponential() -> None:
    excesses = np.array([1.0, 2.0, 6.0])
    assert fit_tail(excesses) == (0.0, 3.0)


@pytest.mark.parametrize("shape", [-0.3, 0.0, 0.15])
def test_the_tail_is_found_again(shape: float) -> None:
    excesses = genpareto.rvs(shape, scale=7.0, size=DRAWS, random_state=chance(2))
    found, scale = fit_tail(excesses)
    assert found == pytest.approx(shape, abs=0.03)
    assert scale == pytest.approx(7.0, rel=0.04)


@pytest.mark.parametrize(
    ("excesses", "held"),
    [(chance().pareto(0.8, 500) * 5, SHAPES[1]), (chance().random(500), SHAPES[0]), (np.ones(50), SHAPES[0])],
    ids=["heavier", "bounded", "all equal"],
)
def test_shapes_beyond_the_limits_are_held_and_the_mean_kept(excesses: np.ndarray, held: float) -> None:
    """Beyond them the fit follows single points: a threshold would lie at infinity or at the maximum."""
    shape, scale = fit_tail(excesses)
    assert shape == held
    assert scale / (1 - shape) == pytest.approx(excesses.mean())


@pytest.mark.parametrize("seed", range(12))
def test_odd_tails_give_a_finite_scale_above_0(seed: int) -> None:
    """Rounded, nearly constant, U-shaped and wild excesses; an optimiser may end anywhere."""
    g = chance(seed)
    size = int(g.integers(10, 40))
    kinds = (
        np.round(g.exponential(size=size), 1) + 0.1,
        g.beta(0.1, 0.1, size) + 1e-9,
        g.lognormal(0, 6, size),
    )
    for excesses in kinds:
        shape, scale = fit_tail(excesses)
        assert SHAPES[0] <= shape <= SHAPES[1]
        assert 0 < scale < np.inf


def test_the_unit_of_the_scores_does_not_matter() -> None:
    scores = chance(1).exponential(size=3000)
    assert fitted(scores * 1e6, 0.001) == pytest.approx(fitted(scores, 0.001) * 1e6, rel=1e-3)


@pytest.mark.parametrize("per_day", [1.0, 4.0])
def test_a_rate_per_day_counts_events(per_day: float) -> None:
    """On a year's half of minutes of new normal data, the events come about as often as asked for."""
    width, minutes = 30, 260_000
    g = chance(3)
    train, test = (np.convolve(g.exponential(size=minutes), np.ones(width) / width, mode="valid") for _ in range(2))
    threshold = fitted(train[:60_000], f"{per_day:g}/day", spacing=60.0, separation=width)
    events = len(naive.events(test, threshold, width))
    assert events / (len(test) / 1440) == pytest.approx(per_day, rel=0.35)


@given(
    scores=st.lists(st.sampled_from([0.0, 1.0, 2.0, 3.0, 4.0]), max_size=40),
    start=st.sampled_from([0.0, 1.0, 3.5, 4.0]),
    separation=st.integers(0, 12),
)
@settings(derandomize=True, deadline=None, max_examples=200)
def test_peaks_of_clusters_equal_the_slow_version(scores: list[float], start: float, separation: int) -> None:
    found = cluster_peaks(np.array(scores), start, separation)
    assert found.tolist() == naive.cluster_peaks(scores, start, separation).tolist()
