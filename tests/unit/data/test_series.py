"""Arrays and lists become one checked type; what is wrong is refused, what is handled is noted, in a sentence."""

from __future__ import annotations

import subprocess
import sys
import time
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from anomalyllm.data.origin import Origin
from anomalyllm.data.requirements import binary_labels, require_known
from anomalyllm.data.series import Series, as_series, build_series, value_notes
from anomalyllm.data.wording import span
from anomalyllm.errors import ChannelError, DataError

QUICK = settings(deadline=None, derandomize=True, max_examples=60)
DIRTY = st.floats(allow_nan=True, allow_infinity=True, width=64) | st.sampled_from([0.0, 1e31, -1e40, 1e30])
DAY = np.datetime64("2024-01-01", "ns")


def days(*numbers: int) -> np.ndarray:
    return DAY + np.array(numbers) * np.timedelta64(86400, "s").astype("timedelta64[ns]")


def timed(values: list[float], *numbers: int, labels: list[int] | None = None) -> Series:
    told = None if labels is None else np.array(labels, np.int8)
    array = np.array(values, dtype=np.float64).reshape(-1, 1)
    return build_series(array, times=days(*numbers), labels=told, origin=Origin())


# --- what is accepted


@pytest.mark.parametrize("kind", ["bool", "i1", "i8", "u2", "u8", "f2", "f4", "f8", "g"])
def test_every_real_kind_of_array_becomes_float64(kind: str) -> None:
    series = as_series(np.array([0, 1, 1], dtype=kind))
    assert series.values.dtype == np.float64
    assert series.values.tolist() == [[0.0], [1.0], [1.0]]
    assert series.channels == ("channel_0",)


@pytest.mark.parametrize(
    ("given_", "expected"),
    [
        ([1, 2, 3], [[1.0], [2.0], [3.0]]),
        ([[1, 2], [3, 4]], [[1.0, 2.0], [3.0, 4.0]]),
        ((True, False), [[1.0], [0.0]]),
        (["1.5", " 2 "], [[1.5], [2.0]]),
        (np.array([b"1", b"2"]), [[1.0], [2.0]]),
        ([Decimal("1.5"), 2], [[1.5], [2.0]]),
        ([[1]], [[1.0]]),
    ],
)
def test_lists_texts_and_loose_objects_become_numbers(given_: Any, expected: list[list[float]]) -> None:
    assert as_series(given_).values.tolist() == expected


def test_a_series_is_returned_as_it_is() -> None:
    series = as_series([1.0, 2.0])
    assert as_series(series) is series


def test_the_values_are_a_copy() -> None:
    array = np.ones((4, 2))
    series = as_series(array)
    series.values[0, 0] = 7
    assert array[0, 0] == 1


@given(arrays.arrays(np.float64, arrays.array_shapes(min_dims=1, max_dims=2, max_side=6), elements=DIRTY))
@QUICK
def test_any_dirty_array_keeps_its_finite_values_and_its_shape(array: np.ndarray) -> None:
    before = array.copy()
    series = as_series(array)
    table = array.reshape(len(array), -1)
    with np.errstate(invalid="ignore"):
        usable = np.abs(table) <= 1e30
    assert series.values.shape == table.shape
    np.testing.assert_array_equal(series.values[usable], table[usable])
    assert np.isnan(series.values[~usable]).all()
    np.testing.assert_array_equal(array, before)
    assert bool(series.notes) or usable.all()


@given(st.integers(0, 3), st.integers(0, 3))
@QUICK
def test_lengths_from_zero_are_either_refused_or_kept(rows: int, channels: int) -> None:
    array = np.zeros((rows, channels))
    if rows and channels:
        assert len(as_series(array)) == rows
    else:
        with pytest.raises(DataError, match="at least one"):
            as_series(array)


def test_masked_entries_are_missing() -> None:
    series = as_series(np.ma.masked_array([1, 2, 3], [False, True, False]))
    assert series.values[:, 0].tolist()[::2] == [1.0, 3.0]
    assert np.isnan(series.values[1, 0])


def test_none_and_not_available_are_missing_and_too_large_integers_infinite() -> None:
    pandas = pytest.importorskip("pandas")
    objects = [1, None, pandas.NA, pandas.NaT, 10**400, -(10**5000)]
    series = as_series(np.array(objects, dtype=object))
    assert np.isnan(series.values[1:, 0]).all()
    assert "3 values are missing: channel_0 has 3, first at row 1" in series.notes
    assert "2 values are infinite and taken as missing: channel channel_0" in series.notes


def test_missing_words_in_a_list_of_texts() -> None:
    np.testing.assert_array_equal(as_series(["1", "NA", "", "2"]).values[:, 0], [1, np.nan, np.nan, 2])


def test_a_long_double_that_does_not_fit_is_infinite() -> None:
    huge = np.array([np.finfo(np.longdouble).max, 1], dtype=np.longdouble)
    assert np.isnan(as_series(huge).values[0, 0])


# --- what is refused


class Awkward:
    def __array__(self, *_: Any, **__: Any) -> np.ndarray:
        raise TypeError("no array here")


@pytest.mark.parametrize(
    ("given_", "sentence"),
    [
        ([], "expected at least one row, got no rows in array; check the export"),
        ([[]], "expected at least one column of numbers, got none in array; check which columns were chosen"),
        (
            np.zeros((2, 3, 4)),
            "expected values of shape (T,) or (T, C), got an array of shape (2, 3, 4); score one series at a time",
        ),
        (
            "file.csv",
            "expected values of shape (T,) or (T, C), got a single text value; "
            "pass the rows; a file is read by read_recording",
        ),
        (
            {"a": 1},
            "expected values of shape (T,) or (T, C), got a single dict value; "
            "pass the rows; a file is read by read_recording",
        ),
        (
            np.array([1j]),
            "expected real numbers, got complex values; convert them to real numbers first",
        ),
        (
            np.array(["2024-01-01"], "M8[s]"),
            "expected real numbers, got date-time values; convert them to real numbers first",
        ),
        (
            ["1", "x"],
            "expected a number in column 'channel_0', got 'x' at row 1 of array; "
            "mend that value, or choose the channels without this column",
        ),
        (
            [["1", "2"], ["3", "1_000"]],
            "expected a number in column 'channel_1', got '1_000' at row 1 of array; "
            "mend that value, or choose the channels without this column",
        ),
        (
            np.array([1, [2]], dtype=object),
            "expected a number in column 'channel_0', got [2] at row 1 of array; "
            "mend that value, or choose the channels without this column",
        ),
        (
            Awkward(),
            "expected rows of equal length that hold numbers, got a Awkward that NumPy cannot take as one "
            "(no array here); pass an array (T,) or (T, C)",
        ),
    ],
)
def test_what_cannot_be_a_series_is_refused_in_one_sentence(given_: Any, sentence: str) -> None:
    with pytest.raises(DataError) as raised:
        as_series(given_)
    assert str(raised.value) == sentence


def test_rows_of_differing_length_are_refused() -> None:
    with pytest.raises(DataError, match="expected rows of equal length that hold numbers, got a list that"):
        as_series([[1], [2, 3]])


def test_a_series_built_by_hand_must_fit_together() -> None:
    with pytest.raises(DataError, match=r"expected values \(rows, 2\).*got an array of shape \(3, 1\); use as_series"):
        Series(np.zeros((3, 1)), ("a", "b"))
    with pytest.raises(DataError, match=r"expected 3 labels, got shape \(2,\); give one for each row"):
        Series(np.zeros((3, 1)), ("a",), labels=np.zeros(2, np.int8))


def test_labels_are_zero_or_one() -> None:
    assert binary_labels(np.array([0.0, 1.0]), "label", Origin()).tolist() == [0, 1]
    with pytest.raises(DataError, match="expected 0 or 1 in 'label', got 2 at row 1 of array; use 0 for normal and 1"):
        binary_labels(np.array([0.0, 2.0]), "label", Origin())
    with pytest.raises(DataError, match="got a missing value at row 0 of array"):
        binary_labels(np.array([np.nan]), "label", Origin())


# --- what is handled and noted


def test_clean_values_leave_no_note() -> None:
    assert as_series(np.random.default_rng(0).normal(size=(50, 3))).notes == ()


def test_missing_values_are_counted_with_their_first_row() -> None:
    values = np.arange(12.0).reshape(6, 2)
    values[[1, 4], 0] = np.nan
    values[3, 1] = np.nan
    expected = "3 values are missing: channel_0 has 2, first at row 1; channel_1 has 1, first at row 3"
    assert as_series(values).notes == (expected,)


def test_a_channel_without_any_value_is_kept_and_noted() -> None:
    values = np.column_stack([np.arange(3.0), np.full(3, np.nan)])
    series = as_series(values)
    assert series.values.shape == (3, 2)
    assert series.notes == ("channel channel_1 has no value at all and counts as constant",)
    assert as_series(np.full((2, 2), np.nan)).notes == (
        "channels channel_0, channel_1 have no value at all and count as constant",
    )


def test_infinite_and_enormous_values_become_missing_with_a_note_each() -> None:
    series = as_series([[1.0, np.inf], [2e30, 2.0], [-np.inf, 3.0], [4.0, 4.0], [5.0, 1e30]])
    assert np.isnan(series.values).sum() == 3
    assert series.values[4, 1] == 1e30
    assert series.notes == (
        "2 values are infinite and taken as missing: channels channel_0, channel_1",
        "1 value is beyond 1e30 in magnitude and taken as missing: channel channel_0",
    )


def test_constant_channels_are_noted_but_one_row_is_not() -> None:
    assert as_series([[1, 2], [1, 3]]).notes == ("channel channel_0 has one value throughout (constant)",)
    assert as_series([[1, 2]]).notes == ()


def test_unsorted_times_are_sorted_with_their_values_and_labels() -> None:
    series = timed([1, 2, 3], 2, 0, 1, labels=[1, 0, 0])
    assert series.values[:, 0].tolist() == [2.0, 3.0, 1.0]
    assert series.labels is not None
    assert series.labels.tolist() == [0, 0, 1]
    assert series.notes == ("the times were not in order: the rows were sorted by time",)


def test_of_rows_with_one_time_the_last_is_kept() -> None:
    series = timed([1, 2, 3, 4], 0, 1, 1, 2)
    assert series.values[:, 0].tolist() == [1.0, 3.0, 4.0]
    assert series.notes == ("1 row repeats a time: the last row of each time was kept",)


@given(st.lists(st.integers(0, 8), min_size=1, max_size=12))
@QUICK
def test_any_times_end_up_strictly_increasing_and_the_last_row_of_a_time_wins(numbers: list[int]) -> None:
    series = timed([float(row) for row in range(len(numbers))], *numbers)
    last = {number: float(row) for row, number in enumerate(numbers)}
    assert series.times is not None
    np.testing.assert_array_equal(series.times, days(*sorted(last)))
    assert series.values[:, 0].tolist() == [last[number] for number in sorted(last)]
    repeated = len(numbers) - len(last)
    assert any(f"{repeated} row" in note for note in series.notes) == bool(repeated)


def test_irregular_sampling_is_noted_once() -> None:
    series = timed([1, 2, 3, 4, 5], 0, 1, 2, 3, 9)
    expected = "sampling is irregular: 25.0% of the steps differ from the median step of 1 d, "
    assert series.notes == (expected + "and rows are taken as equally spaced",)
    assert timed([1, 2, 3, 4], 0, 1, 2, 3).notes == ()
    assert timed([1, 2], 0, 5).notes == ()


def test_ten_thousand_channels_give_a_few_short_notes() -> None:
    values = np.random.default_rng(0).normal(size=(20, 10_000))
    values[0] = np.nan
    values[1] = np.inf
    values[:, :7000:7] = 5
    names = tuple(f"a rather long name for channel number {index} of this machine" for index in range(10_000))
    notes = build_series(values, names, origin=Origin()).notes
    assert 1 <= len(notes) <= 6
    assert all(len(note) < 400 for note in notes)
    assert all("other channels" in note for note in notes)


def test_wide_and_long_arrays_take_seconds_at_most() -> None:
    started = time.perf_counter()
    as_series(np.random.default_rng(0).normal(size=(1000, 10_000)))
    as_series(np.zeros(10_000_000, np.float32))
    assert time.perf_counter() - started < 10


# --- the type itself


def test_part_takes_rows_and_keeps_everything_else() -> None:
    series = timed([1, 2, 3, 4], 0, 1, 2, 3, labels=[0, 0, 1, 0])
    part = series.part(1, 3)
    assert len(part) == 2
    assert part.times is not None
    assert part.labels is not None
    assert part.labels.tolist() == [0, 1]
    assert (part.times[0], part.channels, part.source) == (days(1)[0], series.channels, "array")
    assert len(as_series([1, 2, 3]).part(1)) == 2


def test_a_part_remembers_where_it_begins_in_the_source() -> None:
    series = as_series(range(10))
    assert series.part(3).first_row == series.first_row + 3
    assert series.part(3).part(2, 4).first_row == series.first_row + 5
    assert series.part(-4).first_row == series.first_row + 6


def test_a_parts_own_notes_speak_of_its_values_alone() -> None:
    series = as_series([[1.0, 1.0], [1.0, np.nan], [2.0, 3.0]])
    assert value_notes(series.part(0, 1)) == ()
    assert len(value_notes(series.part(0, 2))) == 2


@pytest.mark.parametrize(
    ("nanoseconds", "words"),
    [(86400e9, "1 d"), (5400e9, "1.5 h"), (300e9, "5 min"), (59e9, "59 s"), (1e7, "0.01 s")],
)
def test_lengths_of_time_are_said_in_a_fitting_unit(nanoseconds: float, words: str) -> None:
    assert span(nanoseconds) == words


def test_spacing_is_the_median_step_in_seconds() -> None:
    assert timed([1, 2, 3], 0, 1, 2).spacing == 86400.0
    assert timed([1], 0).spacing is None
    assert as_series([1, 2]).spacing is None


def test_channels_are_chosen_by_name_in_the_order_given() -> None:
    series = as_series([[1, 2, 3]]).renamed(["a", "b", "c"])
    chosen = series.choose(["c", "a"])
    assert chosen.channels == ("c", "a")
    assert chosen.values.tolist() == [[3.0, 1.0]]


@pytest.mark.parametrize(
    ("wanted", "sentence"),
    [
        (["memry"], "expected a channel that is there, got 'memry'; did you mean 'memory'?"),
        (["zzz"], "expected a channel that is there, got 'zzz'; choose from: cpu, memory"),
        (["cpu", "cpu"], "expected each channel once, got 'cpu' twice; name it once"),
        ([], "expected at least one channel, got an empty choice; name one, or leave the choice out"),
    ],
)
def test_unknown_channels_are_refused_with_the_nearest_name(wanted: list[str], sentence: str) -> None:
    with pytest.raises(ChannelError) as raised:
        require_known(wanted, ["cpu", "memory"])
    assert str(raised.value) == sentence


def test_many_known_names_are_not_all_listed() -> None:
    with pytest.raises(ChannelError, match=r"a0, a1, a2, a3, a4, a5, a6, a7 and 92 more$"):
        require_known(["zzzzzz"], [f"a{index}" for index in range(100)])


def test_importing_the_type_costs_only_numpy() -> None:
    heavy = ["pandas", "polars", "pyarrow", "narwhals", "torch", "scipy"]
    code = f"import sys, anomalyllm.data.series; print([name for name in {heavy} if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
