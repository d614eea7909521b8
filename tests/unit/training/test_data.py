"""The windows of training: nothing held out is trained on; the order comes from seed and step alone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anomalyllm.training.data import (
    MOST_CHANNELS,
    MOST_VALIDATION_WINDOWS,
    TrainingData,
    clear_of_gaps,
    mostly_there,
    split_starts,
)
from anomalyllm.windows.slicing import slide


def data(windows: int = 23, held_out: int = 5) -> TrainingData:
    values = np.zeros((windows + held_out + 7, 1), dtype=np.float32)
    starts = np.arange(windows, dtype=np.int64) * 3  # not 0, 1, 2, …: a place must not be taken for a start
    tail = np.arange(held_out, dtype=np.int64) + 1000
    return TrainingData(slide(values, 8), starts, tail, np.zeros(0, dtype=np.int64), len(starts))  # type: ignore[arg-type]


@given(
    rows=st.integers(8, 300),
    window=st.integers(2, 64),
    held_out=st.floats(0.01, 0.5),
    stride=st.integers(1, 9),
)
@settings(derandomize=True, deadline=None, max_examples=300)
def test_held_out_windows_share_no_point_with_those_trained_on(
    rows: int, window: int, held_out: float, stride: int
) -> None:
    """Else validation, calibration and threshold would rest on what the network has learned by heart."""
    window = min(window, rows)
    fit, tail = split_starts(rows, window, held_out, stride)
    assert len(fit) > 0
    assert len(tail) > 0
    for starts in (fit, tail):
        assert starts.min() >= 0
        assert starts.max() + window <= rows
        assert (np.diff(starts) == stride).all()
    if rows < 2 * window:
        assert np.array_equal(fit, tail)
    else:
        assert fit.max() + window <= tail.min()


def test_the_tail_is_the_share_that_was_asked_for_or_one_window() -> None:
    fit, tail = split_starts(1000, 50, 0.2, 10)
    assert (fit[0], fit[-1], tail[0], tail[-1]) == (0, 750, 800, 950)
    fit, tail = split_starts(1000, 50, 0.01, 10)
    assert (fit[-1], tail.tolist()) == (900, [950])


def test_with_less_than_two_windows_of_rows_both_are_all_windows() -> None:
    fit, tail = split_starts(99, 50, 0.2, 7)
    assert fit.tolist() == tail.tolist() == list(range(0, 50, 7))


@pytest.mark.parametrize("size", [1, 4, 23, 100])
def test_an_epoch_sees_every_window_at_most_once(size: int) -> None:
    one = data()
    steps = one.steps(1, size, None)
    seen = np.concatenate([one.batch(0, step, size) for step in range(steps)])
    assert len(seen) == len(set(seen))
    assert set(seen) <= set(one.starts)
    assert len(seen) == steps * min(size, 23)
    assert len(one.starts) - len(seen) < size, "a whole batch was left out"


def test_epochs_differ_and_none_misses_the_same_windows() -> None:
    one = data()
    epochs = [np.concatenate([one.batch(0, epoch * 5 + step, 4) for step in range(5)]) for epoch in range(8)]
    assert len({tuple(epoch) for epoch in epochs}) == 8
    assert set(np.concatenate(epochs)) == set(one.starts)


def test_a_batch_depends_on_seed_and_step_alone() -> None:
    """A training that was killed goes on at its step as if it had seen all the batches before."""
    one = data()
    in_order = [one.batch(5, step, 4).tolist() for step in range(12)]
    backwards = [one.batch(5, step, 4).tolist() for step in reversed(range(12))]
    assert in_order == backwards[::-1]
    assert in_order != [one.batch(6, step, 4).tolist() for step in range(12)]


def test_the_number_of_steps() -> None:
    one = data()
    assert one.steps(3, 4, None) == 15
    assert one.steps(3, 4, 10) == 10
    assert one.steps(3, 4, 99) == 15
    assert one.steps(3, 64, None) == 3


def test_validation_is_thinned_evenly_from_first_to_last() -> None:
    few = data(held_out=MOST_VALIDATION_WINDOWS)
    assert np.array_equal(few.validation(), few.held_out)
    many = data(held_out=5000)
    thinned = many.validation()
    assert len(thinned) == MOST_VALIDATION_WINDOWS
    assert (thinned[0], thinned[-1]) == (many.held_out[0], many.held_out[-1])
    assert set(np.diff(thinned)) <= {9, 10}


def test_channels_that_are_judged_alone_are_drawn_a_few_at_a_time() -> None:
    """A step costs the same with a hundred channels as with four, and over the steps every channel has its turn."""
    many = TrainingData(np.zeros((50, 20, 16), np.float32), np.arange(50), np.arange(5), np.zeros(0, np.int64), 50)
    drawn = [many.channels(0, step) for step in range(60)]
    assert all(len(set(channels)) == MOST_CHANNELS for channels in drawn)
    assert set(np.concatenate(drawn)) == set(range(20))
    assert np.array_equal(many.channels(0, 7), many.channels(0, 7))
    assert many.windows_per_step(32) == 32 // MOST_CHANNELS
    few = TrainingData(np.zeros((50, 2, 16), np.float32), np.arange(50), np.arange(5), np.zeros(0, np.int64), 50)
    assert few.channels(0, 3).tolist() == [0, 1]
    assert few.windows_per_step(32) == 16
    assert few.windows_per_step(1) == 1


def test_windows_with_gaps_are_not_learned_from() -> None:
    """What stands in for a missing value must not become what is normal. A channel without any value is no gap."""
    missing = np.zeros((30, 3), np.bool_)
    missing[:, 2] = True
    missing[10:14, 0] = True
    there = mostly_there(missing, 8, 0.1)
    assert there.tolist() == [not (start + 8 > 11 and start < 13) for start in range(23)]
    assert mostly_there(np.ones((30, 1), np.bool_), 8, 0.1).all()


def test_points_are_clear_of_gaps_if_all_windows_over_them_are() -> None:
    there = np.array([True, True, False, True, True, True])
    clear = clear_of_gaps(there, 3)
    expected = [all(there[s] for s in range(max(0, t - 2), min(t, 5) + 1)) for t in range(8)]
    assert clear.tolist() == expected
