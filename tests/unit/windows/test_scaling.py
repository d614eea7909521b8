"""Scaling by training statistics alone, guards for flat and huge channels, and fillings of gaps."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import naive
from anomalyllm.windows.scaling import CLIP, RunningMoments, Scaler, carry_forward, last_seen

NAN = np.nan


def column(*values: float) -> np.ndarray:
    return np.array(values, dtype=np.float64)[:, None]


def test_statistics_are_those_of_the_values_that_are_there() -> None:
    values = np.array([[1.0, NAN], [NAN, 4.0], [3.0, 8.0], [5.0, NAN]])
    scaler = Scaler.fit(values)
    assert scaler.mean == pytest.approx(np.nanmean(values, axis=0))
    assert scaler.deviation == pytest.approx(np.nanstd(values, axis=0))
    assert scaler.constant.tolist() == [False, False]


def test_applying_learns_nothing_and_changes_nothing() -> None:
    """Statistics of the scored part would leak the anomaly into its own scale."""
    train, test = column(0, 1, 2, 3), column(100, 200, 300)
    before = test.copy()
    scaler = Scaler.fit(train)
    together, alone = scaler.apply(test), [scaler.apply(test[row : row + 1])[0, 0] for row in range(3)]
    assert together[:, 0].tolist() == alone
    assert np.array_equal(test, before)
    assert together[0, 0] == pytest.approx((100 - 1.5) / np.std(train))


@pytest.mark.parametrize(
    ("values", "unit"),
    [
        ((0.0, 0.0, 0.0), 0.1),
        ((0.1,) * 1000, 0.1),  # the mean of these is not exactly 0.1
        ((1e6 / 3,) * 7, 1e4 / 3),
        ((-5e29, -5e29), 5e27),
        ((7.0,), 0.1),
        ((NAN, NAN), 0.1),
        ((NAN, 3.0, NAN), 0.1),
    ],
)
def test_a_constant_channel_is_measured_in_hundredths_of_its_size(values: tuple[float, ...], unit: float) -> None:
    """Dividing by its deviation would turn rounding errors into the largest values of all."""
    scaler = Scaler.fit(column(*values))
    assert scaler.constant.tolist() == [True]
    assert scaler.deviation[0] == pytest.approx(unit)
    scaled = scaler.apply(column(*values))
    assert np.nanmax(np.abs(np.nan_to_num(scaled))) < 1e-9


@pytest.mark.parametrize("size", [1e-20, 1e-6, 1.0, 1e12, 1e30])
def test_channels_of_any_size_are_scaled_alike(size: float) -> None:
    """1e30 is the largest magnitude that a series may hold."""
    usual = np.sin(np.arange(50.0))[:, None]
    scaler = Scaler.fit(usual * size)
    assert not scaler.constant[0]
    np.testing.assert_allclose(scaler.apply(usual * size), Scaler.fit(usual).apply(usual), rtol=1e-9, atol=1e-12)


def test_a_small_variation_on_a_high_level_is_no_constant() -> None:
    values = column(*(1e6 + np.sin(np.arange(100.0)) * 0.1))
    scaler = Scaler.fit(values)
    assert not scaler.constant[0]
    assert np.std(scaler.apply(values)) == pytest.approx(1.0, rel=1e-6)


def test_scaled_values_are_cut_so_that_their_squares_fit_into_float32() -> None:
    scaler = Scaler.fit(column(-1, 1))
    assert scaler.apply(column(1e30, -1e30, 5, NAN))[:3, 0].tolist() == [CLIP, -CLIP, 5.0]
    assert np.isnan(scaler.apply(column(NAN))[0, 0])
    assert np.isfinite(np.float32(CLIP) ** 2 * 1e6)


@given(arrays(np.float64, (12, 3), elements=st.floats(-1e6, 1e6)))
@settings(derandomize=True, deadline=None, max_examples=60)
def test_invert_undoes_apply(values: np.ndarray) -> None:
    scaler = Scaler.fit(values)
    size = max(1.0, float(np.abs(values).max()))
    np.testing.assert_allclose(scaler.invert(scaler.apply(values)), values, rtol=1e-9, atol=1e-9 * size)


def test_invert_takes_windows_too() -> None:
    scaler = Scaler.fit(np.array([[0.0, 10.0], [2.0, 30.0]]))
    assert scaler.invert(np.ones((4, 5, 2)))[3, 4].tolist() == [2.0, 30.0]


with_gaps = arrays(
    np.float64, st.tuples(st.integers(0, 15), st.just(2)), elements=st.sampled_from([1.0, 2.0, 3.5, NAN])
)


@given(values=with_gaps, before=st.sampled_from([None, (7.0, -7.0)]), cut=st.integers(0, 15))
@settings(derandomize=True, deadline=None, max_examples=150)
def test_carrying_forward_equals_the_slow_version_whole_and_in_chunks(
    values: np.ndarray, before: tuple[float, float] | None, cut: int
) -> None:
    """A stream sees chunks: the last row of one chunk is all that the next needs to know."""
    first = None if before is None else np.array(before)
    whole = carry_forward(values, first)
    assert np.array_equal(whole, naive.carry_forward(values, before or (0.0, 0.0)))
    head = carry_forward(values[:cut], first)
    last = head[-1] if len(head) else first
    assert np.array_equal(np.concatenate([head, carry_forward(values[cut:], last)]), whole)


@pytest.mark.parametrize("values", [column(1, 2), column(1, NAN), np.zeros((0, 1))])
def test_carrying_forward_returns_a_copy(values: np.ndarray) -> None:
    before = values.copy()
    carried = carry_forward(values)
    assert not np.shares_memory(carried, values)
    assert np.array_equal(values, before, equal_nan=True)


@given(
    values=arrays(np.float64, (24, 2), elements=st.sampled_from([1e6, 1e6 + 1, 1e6 + 3, NAN])),
    cuts=st.lists(st.integers(1, 23), max_size=4, unique=True),
)
@settings(derandomize=True, deadline=None, max_examples=150)
def test_running_moments_are_those_of_the_whole(values: np.ndarray, cuts: list[int]) -> None:
    """Within rounding, also where the mean is a million deviations; a constant is told as one."""
    running = RunningMoments(2)
    for rows in np.split(values, sorted(cuts)):
        running.take(rows)
    found, whole = running.scaler(), Scaler.fit(values)
    np.testing.assert_allclose(found.mean, whole.mean, rtol=1e-14)
    np.testing.assert_allclose(found.deviation, whole.deviation, rtol=1e-9)
    assert found.constant.tolist() == whole.constant.tolist()


def test_the_value_last_seen_is_that_of_its_channel() -> None:
    scaled = np.array([[1.0, NAN], [NAN, NAN], [2.0, NAN], [NAN, NAN]])
    assert last_seen(scaled, np.array([7.0, 8.0])).tolist() == [2.0, 8.0]
