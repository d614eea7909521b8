"""The period is found where something repeats, and nothing is found where nothing does."""

from __future__ import annotations

import numpy as np
import pytest

import naive
from anomalyllm.windows.period import autocorrelation, find_period

TIME = np.arange(2000)
PERIODS = [7, 25, 40, 100, 333]


def sine(period: float) -> np.ndarray:
    return np.sin(2 * np.pi * TIME / period)


def noise(rows: int = len(TIME), seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(rows)


def pulses(period: int) -> np.ndarray:
    return (TIME % period < max(2, period // 6)).astype(np.float64)


SHAPES = {
    "sine": lambda period: sine(period),
    "noisy sine": lambda period: sine(period) + 0.3 * noise(),
    "sine on a trend": lambda period: sine(period) + 0.01 * TIME,
    "pulses": lambda period: pulses(period),
    "noisy pulses": lambda period: pulses(period) + 0.2 * noise(),
    "falling saw on a trend": lambda period: -(TIME % period) / period - 0.02 * TIME,
}


@pytest.mark.parametrize("period", PERIODS)
@pytest.mark.parametrize("shape", SHAPES)
def test_the_period_is_found(shape: str, period: int) -> None:
    """Within one sample or one in a hundred: a window of a wrong length shows no whole period."""
    found = find_period(SHAPES[shape](period)[:, None])
    assert found is not None
    assert abs(found - period) <= max(1, 0.01 * period)


@pytest.mark.parametrize("period", [10, 40, 90])
def test_multiples_of_the_period_are_not_taken_for_it(period: int) -> None:
    """A beat whose every second is stronger repeats best after two, but a window follows the single beat."""
    strong = 1 + 0.1 * ((TIME // period) % 2)
    assert find_period((sine(period) * strong)[:, None]) == pytest.approx(period, abs=1)
    assert find_period((sine(period) + 0.5 * sine(period / 2))[:, None]) == pytest.approx(period, abs=1)


@pytest.mark.parametrize("rows", [50, 100, 200, 400, 1000, 4000])
def test_noise_has_no_period(rows: int) -> None:
    """Also where the series is short and noise is like itself by chance: at most one in fifty may pass."""
    found = [find_period(noise(rows, seed)[:, None]) for seed in range(50)]
    assert sum(period is not None for period in found) <= 1


def test_a_straight_line_and_a_constant_have_no_period() -> None:
    assert find_period((0.5 * TIME)[:, None]) is None
    assert find_period(np.full((500, 2), 3.0)) is None


@pytest.mark.parametrize("rows", [0, 1, 2, 5, 17])
def test_a_series_that_is_too_short_has_no_period(rows: int) -> None:
    assert find_period(sine(5)[:rows, None]) is None


def test_a_period_must_fit_three_times() -> None:
    assert find_period(sine(100)[:340, None]) == pytest.approx(100, abs=2)
    assert find_period(sine(100)[:250, None]) is None


def test_periods_below_the_shortest_are_passed_over() -> None:
    found = find_period(sine(5)[:, None], shortest=12)
    assert found is not None
    assert found >= 12
    assert found % 5 == 0


def test_channels_are_averaged_and_constant_ones_left_out() -> None:
    """A channel that never moves, or one of noise, must not hide the repetition of the others."""
    values = np.stack([sine(40), np.full(len(TIME), 2.0), sine(40) + noise(), noise(seed=3)], axis=1)
    assert find_period(values) == pytest.approx(40, abs=1)


def test_only_the_first_samples_of_a_long_series_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("anomalyllm.windows.period.LONGEST_SERIES", 800)
    values = np.concatenate([sine(40)[:800], sine(25)])
    assert find_period(values[:, None]) == 40


@pytest.mark.parametrize("rows", [30, 101])
def test_autocorrelation_equals_the_slow_version(rows: int) -> None:
    values = sine(9)[:rows] + noise(rows) + 0.3 * TIME[:rows]
    expected = naive.autocorrelation(values, rows // 3)
    np.testing.assert_allclose(autocorrelation(values, rows // 3), expected, rtol=1e-9, atol=1e-10)


def test_autocorrelation_of_nothing_is_finite() -> None:
    assert np.isfinite(autocorrelation(np.zeros(20), 5)).all()
