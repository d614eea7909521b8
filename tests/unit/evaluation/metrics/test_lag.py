"""The dominant lag: against the slow version, and where it falls back to 125."""

from __future__ import annotations

import numpy as np
import pytest

import naive
from anomalyllm.errors import DataError, TooShortError
from anomalyllm.evaluation.metrics.lag import dominant_lag


def wave(period: float, size: int = 2000, noise: float = 0.1, seed: int = 0) -> np.ndarray:
    return np.sin(2 * np.pi * np.arange(size) / period) + noise * np.random.default_rng(seed).standard_normal(size)


@pytest.mark.parametrize("period", [7, 12, 50, 120, 300])
def test_the_period_of_a_wave_is_found(period: float) -> None:
    assert dominant_lag(wave(period)) == pytest.approx(period, abs=3)


@pytest.mark.parametrize("size", [4, 5, 6, 12, 60, 401, 402, 900])
@pytest.mark.parametrize("seed", range(3))
def test_it_equals_the_slow_version(size: int, seed: int) -> None:
    series = np.convolve(np.random.default_rng(seed).standard_normal(size + 8), np.ones(9), mode="valid")
    assert dominant_lag(series) == naive.dominant_lag(series)


@pytest.mark.parametrize(
    "series",
    [
        np.zeros(500),
        np.full(700, 0.1),
        np.full(700, 1e300),
        np.array([1.0, 2.0]),
        np.array([1.0, 3.0, 2.0]),
        np.arange(1000.0),
        np.append(wave(30), np.nan),
        np.append(wave(30), np.inf),
        wave(380, 4000, 0.0),
    ],
    ids=["zeros", "constant", "huge constant", "two points", "three points", "ramp", "NaN", "infinite", "too slow"],
)
def test_without_a_peak_in_reach_it_is_125(series: np.ndarray) -> None:
    assert dominant_lag(series) == 125


def test_only_the_first_20000_points_count() -> None:
    series = np.concatenate([wave(40, 20_000), np.full(100, np.nan)])
    assert dominant_lag(series) == dominant_lag(series[:20_000]) == pytest.approx(40, abs=1)


@pytest.mark.parametrize("scale", [1e-200, 1e200])
def test_the_unit_does_not_matter(scale: float) -> None:
    """Squares of huge and tiny values leave the range of numbers."""
    assert dominant_lag(wave(50) * scale) == dominant_lag(wave(50))


def test_a_column_is_a_series_and_integers_are_numbers() -> None:
    series = np.round(100 * wave(25)).astype(int)
    assert dominant_lag(series[:, None]) == dominant_lag(series) == dominant_lag(series.tolist())


@pytest.mark.parametrize("series", [[1.0], [], np.ones((1, 1))])
def test_a_series_too_short_is_refused(series: object) -> None:
    with pytest.raises(TooShortError) as caught:
        dominant_lag(series)  # type: ignore[arg-type]
    assert str(caught.value) == (
        f"expected at least 2 points, to compare one with another, got {np.size(series)}; give a longer series"
    )


def test_several_channels_and_words_are_refused() -> None:
    with pytest.raises(DataError) as caught:
        dominant_lag(np.ones((10, 2)))
    said = "expected a series of one channel, got shape (10, 2); choose the channel that sets the rhythm"
    assert str(caught.value) == said
    with pytest.raises(DataError) as caught:
        dominant_lag(["a", "b"])
    assert str(caught.value) == "expected numbers in the series, got text values; convert them to numbers first"
