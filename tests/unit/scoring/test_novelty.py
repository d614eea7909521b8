"""Still channels: what is a value never seen, and which channels have shapes to compare."""

from __future__ import annotations

import numpy as np
import pytest

from anomalyllm.scoring.novelty import NEAR, Novelty
from conftest import sine

ROWS = 100
NOTHING = np.zeros((ROWS, 1), dtype=bool)


def constant(level: float = 0.0) -> np.ndarray:
    return np.full((ROWS, 1), level, dtype=np.float32)


def flag(low: float = -0.5, high: float = 2.0) -> np.ndarray:
    return np.where(np.arange(ROWS) % 10 == 0, high, low)[:, None].astype(np.float32)


def fitted(*channels: np.ndarray, weight: float = 0.3) -> Novelty:
    values = np.hstack(channels)
    return Novelty.fit(values, np.zeros(values.shape, dtype=bool), weight)


def test_channels_of_one_or_two_values_are_still() -> None:
    third = flag()
    third[5] = 1.0
    novelty = fitted(constant(3), flag(), third, sine(ROWS).astype(np.float32))
    assert novelty.still.tolist() == [True, True, False, False]
    assert (novelty.low[0], novelty.high[0]) == (3, 3)
    assert (novelty.low[1], novelty.high[1]) == (-0.5, 2)


def test_windows_are_compared_where_channels_move() -> None:
    """A flag among moving channels has no shape worth comparing; where there is nothing else it has."""
    moving = sine(ROWS).astype(np.float32)
    assert fitted(constant(), flag(), moving).moving.tolist() == [False, False, True]
    assert fitted(constant(), flag()).moving.tolist() == [False, True]
    assert fitted(constant(), constant(1)).moving.tolist() == [False, False]


@pytest.mark.parametrize("value", [-0.5, 2.0, -0.5 - NEAR, 2.0 + NEAR])
def test_values_seen_or_near_to_one_are_not_new(value: float) -> None:
    """Rounding, and a sensor that counts a little differently, are no events."""
    assert not fitted(flag()).of(constant(value), None).any()


@pytest.mark.parametrize("value", [0.75, 9.0, -9.0])
def test_a_third_value_is_new(value: float) -> None:
    values = flag()
    values[40] = value
    novel = fitted(flag(), weight=0.7).of(values, None)
    assert np.flatnonzero(novel).tolist() == [40]
    assert novel[40, 0] == 0.7


def test_a_constant_that_changes_is_new_for_as_long_as_it_lasts() -> None:
    values = constant(3)
    values[30:50] = 4
    assert np.flatnonzero(fitted(constant(3)).of(values, None)).tolist() == list(range(30, 50))


def test_a_flag_that_toggles_otherwise_is_not_told() -> None:
    assert not fitted(flag()).of(flag()[::-1], None).any()


def test_channels_that_move_have_no_new_values() -> None:
    moving = sine(ROWS).astype(np.float32)
    novel = fitted(moving, constant()).of(np.hstack([moving + 50, constant()]), None)
    assert novel.shape == (ROWS, 2)
    assert not novel.any()


def test_a_missing_value_is_not_new() -> None:
    values, missing = constant(), NOTHING.copy()
    values[[10, 20]] = 5
    missing[20] = True
    assert np.flatnonzero(fitted(constant()).of(values, missing)).tolist() == [10]


def test_what_stands_in_for_missing_values_was_not_seen_in_training() -> None:
    """A flag that begins with a gap is filled with 0 there: that is no third value, and none that was seen."""
    values, missing = flag(), NOTHING.copy()
    values[:5], missing[:5] = 0.75, True
    novelty = Novelty.fit(values, missing, 0.3)
    assert novelty.still.tolist() == [True]
    assert novelty.of(values, None)[:5].all()


def test_a_channel_that_was_wholly_missing_is_a_constant_in_the_middle() -> None:
    """Its values, if it ever has any, are new; that it goes on missing is not."""
    novelty = Novelty.fit(constant(), ~NOTHING, 0.3)
    assert (novelty.still[0], novelty.low[0], novelty.high[0]) == (True, 0, 0)
    assert not novelty.of(constant(), ~NOTHING).any()
    assert novelty.of(constant(7), NOTHING).all()


def test_none_sees_nothing() -> None:
    novelty = Novelty.none(2)
    assert novelty.moving.tolist() == [True, True]
    assert not novelty.of(np.full((5, 2), 99.0), None).any()
