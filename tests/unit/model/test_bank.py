"""Banks: distances in every view equal a loop over all windows; what is retrieved is a normal window."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

import naive
from anomalyllm.config import VIEWS
from anomalyllm.model.bank import RIDGE, STILL_FLOOR, STILLNESS, SUBSPACE, Bank, Scale
from conftest import sine

ROWS = 240
DISTANCE_VIEWS = tuple(view for view in VIEWS if view != SUBSPACE)
WEIGHTS = dict.fromkeys(VIEWS, 1.0)
DISTANCE_WEIGHTS = dict.fromkeys(DISTANCE_VIEWS, 1.0)


def values(rows: int = ROWS, seed: int = 0) -> np.ndarray:
    """Two channels: a sine, and a walk."""
    walk = np.cumsum(np.random.default_rng(seed + 10).standard_normal(rows)) / 4
    return np.column_stack([sine(rows, seed=seed)[:, 0], walk]).astype(np.float32)


def cut(length: int = 16, step: int = 5) -> Bank:
    return Bank.cut(values(), np.arange(0, ROWS - length + 1, step), length)


def distances(
    bank: Bank, scored: np.ndarray, starts: np.ndarray, channel: int, views: dict[str, float], *, own: bool = False
) -> np.ndarray:
    """Of one channel."""
    return bank.distances(scored, starts, np.array([channel]), views, own=own)[:, 0]


def floor_of(windows: list[np.ndarray]) -> float:
    return STILLNESS * float(np.median([naive.energies(window) for window in windows])) + STILL_FLOOR


def slowly(view: str, window: np.ndarray, others: list[np.ndarray], normal: list[np.ndarray]) -> float:
    """Distance of a window to the nearest of `others`; `normal`: the whole bank, which stillness is a part of."""
    if view == SUBSPACE:
        return naive.mahalanobis(naive.averaged(window), [naive.averaged(other) for other in normal], RIDGE)
    still = floor_of(normal)
    row = naive.view(view, window, still)
    return min((naive.distance(row, naive.view(view, other, still)) for other in others), default=math.inf)


@pytest.mark.parametrize("channel", [0, 1])
@pytest.mark.parametrize("length", [16, 40])
@pytest.mark.parametrize("view", VIEWS)
def test_distances_equal_the_slow_version(view: str, length: int, channel: int) -> None:
    bank, scored = cut(length), values(seed=1)
    starts = np.array([0, 13, 100, ROWS - length])
    normal = [values()[start : start + length, channel].astype(float) for start in bank.starts]
    windows = [scored[start : start + length, channel].astype(float) for start in starts]
    found = distances(bank, scored, starts, channel, {view: 1.0})
    assert found.dtype == np.float32
    assert found == pytest.approx([slowly(view, window, normal, normal) for window in windows], rel=1e-3)


@pytest.mark.parametrize("view", DISTANCE_VIEWS)
def test_training_windows_do_not_meet_their_own_points(view: str) -> None:
    """Else the training part would have no distances at all, and everything after it would be an alarm."""
    bank, starts = cut(16), np.arange(0, ROWS - 15, 3)
    windows = {start: values()[start : start + 16, 1].astype(float) for start in range(ROWS - 15)}
    normal = [windows[start] for start in bank.starts]
    expected = [
        slowly(view, windows[start], [windows[other] for other in bank.starts if abs(other - start) >= 16], normal)
        for start in starts
    ]
    assert distances(bank, values(), starts, 1, {view: 1.0}, own=True) == pytest.approx(expected, rel=1e-3)
    same = distances(bank, values(), bank.starts, 1, {view: 1.0})
    assert same == pytest.approx(np.zeros(len(same)), abs=1e-6)  # not own: each meets itself


def test_several_views_are_averaged() -> None:
    bank, starts = cut(), np.arange(0, 200, 7)
    scored = values(seed=1)
    single = [distances(bank, scored, starts, 0, {view: 1.0}) for view in VIEWS]
    assert np.allclose(distances(bank, scored, starts, 0, WEIGHTS), np.mean(single, axis=0), rtol=1e-5)
    weights = dict(zip(VIEWS, (1.0, 2.0, 0.5, 1.0, 0.2), strict=True))
    expected = np.average(single, axis=0, weights=list(weights.values()))
    assert np.allclose(distances(bank, scored, starts, 0, weights), expected, rtol=1e-5)


def test_without_a_normal_window_apart_from_itself_a_window_is_infinitely_far() -> None:
    bank = Bank.cut(values(), np.arange(0, 10), 16)
    assert np.isinf(distances(bank, values(), np.arange(5), 0, DISTANCE_WEIGHTS, own=True)).all()
    assert np.isfinite(distances(bank, values(), np.arange(5), 0, DISTANCE_WEIGHTS)).all()


@pytest.mark.parametrize("length", [16, 40, 128])
def test_distances_do_not_depend_on_the_windows_asked_for_together(length: int) -> None:
    """Batch, chunks and stream give one score: to the last bits of float32, whichever way windows come."""
    bank, scored, starts = cut(length), values(seed=1), np.arange(0, ROWS - length + 1)
    whole = distances(bank, scored, starts, 1, WEIGHTS)
    pieces = [distances(bank, scored, starts[begin : begin + 9], 1, WEIGHTS) for begin in range(0, len(starts), 9)]
    assert np.allclose(np.concatenate(pieces), whole, rtol=1e-6)


@pytest.mark.parametrize("own", [False, True])
@pytest.mark.parametrize("at_once", [1, 20, 1 << 13])
def test_channels_and_windows_together_equal_each_alone(
    at_once: int, own: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To the last bit: how many are taken at once, and on how many threads, is a matter of time only."""
    scored, starts = values(seed=0 if own else 1), np.arange(0, ROWS - 15, 3)
    bank = cut()
    alone = [[distances(bank, scored, np.array([at]), one, WEIGHTS, own=own)[0] for one in (0, 1)] for at in starts]
    monkeypatch.setattr("anomalyllm.model.bank.ROWS_AT_ONCE", at_once)
    together = cut().distances(scored, starts, np.array([0, 1]), WEIGHTS, own=own)
    assert together.tobytes() == np.array(alone, dtype=np.float32).tobytes()


def test_where_no_channel_is_asked_for_there_are_no_distances() -> None:
    """Of a series that stands still nothing moves, and nothing is compared."""
    assert cut().distances(values(), np.arange(5), np.zeros(0, np.int64), WEIGHTS).shape == (5, 0)


def test_a_bank_keeps_what_its_views_see_and_no_more_than_once() -> None:
    """A stream asks again and again; other channels than before must not be given the kept ones."""
    bank, starts = cut(), np.arange(0, 200, 7)
    both = bank.distances(values(seed=1), starts, np.array([0, 1]), WEIGHTS)
    kept = dict(bank._tables)
    assert bank.distances(values(seed=1), starts, np.array([0, 1]), WEIGHTS).tobytes() == both.tobytes()
    assert all(bank._tables[view] is table for view, table in kept.items())
    assert bank.distances(values(seed=1), starts, np.array([1]), WEIGHTS).tobytes() == both[:, [1]].tobytes()
    assert len(bank._tables) == len(DISTANCE_VIEWS)
    assert "_tables" not in vars(dataclasses.replace(bank))


def test_runs_are_of_neighbouring_windows() -> None:
    """A window's own occasion is one run, so what resembles nothing else is told from what recurs."""
    bank, starts = cut(), np.arange(0, 200, 9)
    ((_, rows),) = bank.seen(values(), starts, 0, ("shape",))
    for own in (None, starts):
        found = bank.nearest_of_runs("shape", rows, 0, own, 4)
        apart = {"starts": bank.starts, "length": 16} if own is not None else {}
        expected = [
            naive.nearest_of_runs(row, bank.rows("shape", 0), 4, start=start if apart else None, **apart)
            for row, start in zip(rows, starts, strict=True)
        ]
        assert np.allclose(found, expected, atol=1e-3)


@pytest.mark.parametrize("view", DISTANCE_VIEWS)
def test_a_bank_sees_its_windows_as_it_sees_others(view: str) -> None:
    """Two routes to one row: kept from training, and cut from the series again."""
    bank = cut(40)
    ((name, rows),) = bank.seen(values(), bank.starts, 1, (view,))
    assert name == view
    assert np.allclose(rows, bank.rows(view, 1), atol=1e-6)


def test_a_bank_keeps_averaged_windows() -> None:
    bank = Bank.cut(values(), np.arange(0, 100, 10), 128)
    assert bank.windows.shape == (2, 10, 32)
    assert bank.energy.shape == (2, 10, 16)
    assert bank.axes.shape == (2, 32, 32)
    assert {array.dtype for array in (bank.windows, bank.energy, bank.stillness, bank.centre, bank.axes)} == {
        np.dtype(np.float32)
    }
    assert len(Scale(bank, np.ones(3)).usual) == 3


def test_in_the_directions_of_the_subspace_normal_windows_have_unit_variance() -> None:
    bank = Bank.cut(np.random.default_rng(0).standard_normal((4000, 1)).astype(np.float32), np.arange(0, 3900, 16), 16)
    away = (bank.windows[0] - bank.centre[0]) @ bank.axes[0]
    assert away.var(axis=0) == pytest.approx(np.ones(16), abs=0.05)  # a hundredth goes to the ridge


def test_the_subspace_sees_what_leaves_the_usual_directions() -> None:
    """A small step across the direction in which windows vary says more than a large one along it."""
    level = np.repeat(np.random.default_rng(0).standard_normal(60) * 5, 16)[:, None].astype(np.float32)
    bank = Bank.cut(level, np.arange(0, 960, 16), 16)
    along, across = np.full((16, 1), 5, np.float32), np.zeros((16, 1), np.float32)
    across[8:] = 5
    start = np.zeros(1, dtype=np.int64)
    alone = {SUBSPACE: 1.0}
    assert distances(bank, across, start, 0, alone) > 3 * distances(bank, along, start, 0, alone)


@pytest.mark.parametrize("level", [0.0, 5.0])
def test_a_channel_that_stands_still_has_finite_distances(level: float) -> None:
    still = np.full((ROWS, 1), level, dtype=np.float32)
    bank = Bank.cut(still, np.arange(0, 200, 5), 16)
    starts = np.arange(0, 200, 8)
    assert bank.stillness == pytest.approx(STILL_FLOOR)
    assert distances(bank, still, starts, 0, WEIGHTS) == pytest.approx(np.zeros(len(starts)), abs=1e-6)
    moved = distances(bank, still + values()[:, :1], starts, 0, WEIGHTS)
    assert np.isfinite(moved).all()
    assert moved.min() > 0.5


def test_stillness_is_seen_in_units_of_the_usual_roughness() -> None:
    """A channel's stillness floor is a part of its own noise: a quiet channel can stand still, too."""
    noise = np.random.default_rng(0).standard_normal((ROWS, 1))
    loud, quiet = (Bank.cut((noise * size).astype(np.float32), np.arange(0, 200, 5), 16) for size in (1.0, 0.1))
    assert loud.stillness[0] - STILL_FLOOR == pytest.approx(10 * (quiet.stillness[0] - STILL_FLOOR), rel=1e-3)


# --- the nearest normal window


def test_the_nearest_window_of_a_normal_window_is_itself() -> None:
    bank = cut(16)
    window = values()[35:51, 1]
    assert np.allclose(bank.nearest_window(window, 1), window)


def test_the_nearest_window_has_the_nearest_contour() -> None:
    """It shows what the window should have looked like: its level is that of normal data."""
    bank, window = cut(16), values(seed=1)[60:76, 1] + np.float32(9)
    rows = [naive.view("contour", values()[start : start + 16, 1].astype(float)) for start in bank.starts]
    nearest = min(range(len(rows)), key=lambda index: naive.distance(rows[index], naive.view("contour", window)))
    assert np.allclose(bank.nearest_window(window, 1), bank.windows[1, nearest])


def test_between_averaged_points_lies_a_straight_line() -> None:
    ramp = np.arange(300, dtype=np.float32)[:, None] / 10
    found = Bank.cut(ramp, np.array([0]), 128).nearest_window(ramp[:128, 0], 0)
    assert found.shape == (128,)
    assert found.dtype == np.float32
    assert np.allclose(found[2:-2], ramp[2:126, 0], atol=1e-5)  # its ends have points on one side only
    assert np.allclose(found[[0, -1]], [0.15, 12.55], atol=1e-5)


def test_a_window_that_the_series_cuts_short_is_continued_by_its_last_value() -> None:
    bank = cut(40)
    short = values()[30:55, 1]
    padded = np.concatenate([short, np.full(15, short[-1])])
    assert np.array_equal(bank.nearest_window(short, 1), bank.nearest_window(padded, 1))
