"""What each view sees of a window and what it ignores, against slow versions of the same numbers."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import naive
from anomalyllm import config
from anomalyllm.model.bank import SUBSPACE
from anomalyllm.windows.views import AVERAGED, ROUGHNESS, averaged, energies, points_of, roughness, segments_of

Measure = Callable[[np.ndarray, np.ndarray, int], np.ndarray]
LENGTHS = [8, 9, 16, 20, 37, 64, 100, 128]
FLOOR = 0.01


def walk(rows: int = 400, seed: int = 0) -> np.ndarray:
    return np.cumsum(np.random.default_rng(seed).standard_normal(rows)).astype(np.float32) / 4


def seen(name: str, window: np.ndarray) -> np.ndarray:
    """One window as a view sees it."""
    start = np.zeros(1, dtype=np.int64)
    if name == ROUGHNESS:
        return roughness(energies(window, start, len(window)), FLOOR)[0]
    return AVERAGED[name](averaged(window, start, len(window)))[0]


def difference(name: str, one: np.ndarray, other: np.ndarray) -> float:
    return naive.distance(seen(name, one), seen(name, other))


@pytest.mark.parametrize("name", [*AVERAGED, ROUGHNESS])
@pytest.mark.parametrize("length", LENGTHS)
def test_every_view_equals_the_slow_version(name: str, length: int) -> None:
    values, starts = walk(), np.array([0, 3, 17, 400 - length])
    if name == ROUGHNESS:
        rows = roughness(energies(values, starts, length), FLOOR)
    else:
        rows = AVERAGED[name](averaged(values, starts, length))
    expected = [naive.view(name, values[start : start + length].astype(float), FLOOR) for start in starts]
    assert rows.dtype == np.float32
    assert np.allclose(rows, expected, atol=1e-5)


@pytest.mark.parametrize(
    ("length", "points", "segments"),
    [(8, 8, 2), (16, 16, 4), (32, 32, 8), (64, 32, 16), (512, 32, 16), (100, 25, 10), (37, 1, 1), (31, 31, 1)],
)
def test_numbers_in_a_row_are_few_and_divide_the_window(length: int, points: int, segments: int) -> None:
    """Windows of one period and of an eighth of it cost the same; a segment has four samples or more."""
    assert (points_of(length), segments_of(length)) == (points, segments)


def test_the_views_of_the_configuration_exist() -> None:
    assert set(config.VIEWS) == {*AVERAGED, ROUGHNESS, SUBSPACE}


# --- what is ignored and what is seen

SINE = np.sin(2 * np.pi * np.arange(64) / 32) * 2
RAMP = np.linspace(0, 1, 64)


@pytest.mark.parametrize("name", ["shape", "contour", "change", "roughness"])
def test_no_view_of_single_windows_sees_the_level(name: str) -> None:
    """The subspace does, and the novelty of still channels."""
    assert difference(name, SINE, SINE + 3) < 1e-5


def test_shape_ignores_a_size_that_the_contour_still_sees() -> None:
    """A quiet day and a loud one of one shape are alike to the shape; to the contour, small movements stay small."""
    large, small = SINE * 4, SINE / 2
    assert difference("shape", large, small) < 0.15
    assert difference("contour", large, small) > 3 * difference("shape", large, small)


@pytest.mark.parametrize("name", ["shape", "contour", "change"])
def test_averaged_views_see_another_shape(name: str) -> None:
    assert difference(name, SINE, np.roll(SINE, 16)) > 0.5


def test_shape_and_contour_do_not_blow_up_a_nearly_flat_window() -> None:
    """Noise of a channel that stands still has no shape worth comparing; the contour is stricter than the shape."""
    noise = np.random.default_rng(0).standard_normal(64) * 0.03
    contour, shape = (np.abs(seen(name, noise)).max() for name in ("contour", "shape"))
    assert 3 * contour < shape < 0.2


@pytest.mark.parametrize("name", [*AVERAGED, ROUGHNESS])
def test_a_flat_window_gives_finite_numbers(name: str) -> None:
    assert np.isfinite(seen(name, np.zeros(64))).all()
    assert np.isfinite(seen(name, np.full(64, 1e4))).all()


def test_change_sees_a_step_and_hardly_a_drift_of_the_same_height() -> None:
    step = np.repeat([0.0, 1.0], 32)
    assert difference("change", step, np.zeros(64)) > 5 * difference("change", RAMP, np.zeros(64))


def test_roughness_ignores_drift_and_slow_shapes_and_sees_noise_and_stillness() -> None:
    noisy = SINE + np.random.default_rng(0).standard_normal(64)
    still = SINE.copy()
    still[16:32] = still[16]
    assert difference(ROUGHNESS, SINE, SINE + 3 * RAMP) < 1e-4
    assert difference(ROUGHNESS, SINE, noisy) > 2
    assert difference(ROUGHNESS, SINE, still) > 0.5


def test_roughness_says_where() -> None:
    """A click in one segment changes that segment and, at most, its neighbour."""
    clicked = SINE.copy()
    clicked[22] += 2
    changed = np.flatnonzero(np.abs(seen(ROUGHNESS, clicked) - seen(ROUGHNESS, SINE)) > 1e-3)
    assert changed.tolist() == [5]


def test_a_larger_floor_hides_more_stillness() -> None:
    energy = np.array([[0.0, 1.0]], dtype=np.float32)
    gaps = [float(np.ptp(roughness(energy, floor))) for floor in (1e-3, 1e-1, 10.0)]
    assert gaps[0] > gaps[1] > gaps[2] > 0


# --- each window by itself


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("measure", [averaged, energies])
def test_rows_do_not_depend_on_the_windows_measured_with_them(measure: Measure, length: int) -> None:
    """Windows share the sums of their points; a sum is taken in the order of time, wherever its windows begin."""
    values, starts = walk(), np.arange(0, 400 - length + 1, 7)
    whole = measure(values, starts, length)
    singles = [measure(values, starts[index : index + 1], length) for index in range(len(starts))]
    assert np.concatenate(singles).tobytes() == whole.tobytes()


@pytest.mark.parametrize("measure", [averaged, energies])
def test_channels_are_measured_as_each_would_be_alone(measure: Measure) -> None:
    values, starts = np.stack([walk(), walk(seed=1)]), np.array([5, 8, 200])
    both = measure(values, starts, 64)
    assert both.tobytes() == np.stack([measure(channel, starts, 64) for channel in values]).tobytes()


def test_the_series_around_a_window_does_not_matter() -> None:
    values, starts = walk(), np.array([100])
    other = np.full(400, 50, dtype=np.float32)
    other[100:164] = values[100:164]
    assert averaged(values, starts, 64).tobytes() == averaged(other, starts, 64).tobytes()
    assert energies(values, starts, 64).tobytes() == energies(other, starts, 64).tobytes()
