"""Data frames and columns of three libraries give the series that their numbers give as an array."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from anomalyllm.data import as_series
from anomalyllm.errors import DataError

pd = pytest.importorskip("pandas")
pl = pytest.importorskip("polars")
HOURS = pd.date_range("2024-01-01", periods=3, freq="h")
COLUMNS = {"a": [1.0, 2.5, 4.0], "b": [3.0, 1.0, 2.0]}


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame, pa.table, pa.RecordBatch.from_pydict])
def test_a_frame_of_any_library_equals_its_array(make: Any) -> None:
    series = as_series(make(COLUMNS))
    np.testing.assert_array_equal(series.values, np.column_stack(list(COLUMNS.values())))
    assert series.channels == ("a", "b")
    assert series.times is None
    assert series.notes == ()


@pytest.mark.parametrize(
    ("column", "name"),
    [
        (pd.Series([1, 2]), "channel_0"),
        (pd.Series([1, 2], name="z"), "z"),
        (pl.Series("z", [1, 2]), "z"),
        (pl.Series([1, 2]), "channel_0"),
        (pa.array([1, 2]), "channel_0"),
        (pa.chunked_array([[1], [2]]), "channel_0"),
    ],
)
def test_one_column_is_one_channel(column: Any, name: str) -> None:
    series = as_series(column)
    assert series.values.tolist() == [[1.0], [2.0]]
    assert series.channels == (name,)


def test_a_frame_is_never_changed() -> None:
    frame = pd.DataFrame({"a": [1.0, np.inf, np.nan], "b": [1, 2, 3]}, index=HOURS[::-1])
    before = frame.copy(deep=True)
    as_series(frame).values[:] = 0
    pd.testing.assert_frame_equal(frame, before)


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame, pa.table])
def test_a_time_column_becomes_times(make: Any) -> None:
    series = as_series(make({"time": HOURS.to_numpy(), "a": [1, 2, 3]}))
    assert series.channels == ("a",)
    np.testing.assert_array_equal(series.times, HOURS.to_numpy().astype("datetime64[ns]"))


def test_a_date_column_by_another_name_becomes_times() -> None:
    series = as_series(pd.DataFrame({"a": [1, 2, 3], "when": HOURS, "then": HOURS}))
    assert series.channels == ("a",)
    assert series.times is not None
    assert series.notes == ("columns without numbers were left out: then",)


def test_a_pandas_index_of_dates_becomes_times() -> None:
    frame = pd.DataFrame({"a": [1, 2, 3]}, index=HOURS)
    for given in (frame, frame["a"]):
        np.testing.assert_array_equal(as_series(given).times, HOURS.to_numpy().astype("datetime64[ns]"))


def test_a_time_zone_is_converted_to_utc() -> None:
    series = as_series(pd.DataFrame({"a": [1, 2, 3]}, index=HOURS.tz_localize("Europe/Paris")))
    assert series.times is not None
    assert str(series.times[0]) == "2023-12-31T23:00:00.000000000"
    assert series.notes == ("the times carry a time zone (Europe/Paris) and are given in UTC",)


def test_an_index_of_periods_counts_from_their_starts() -> None:
    series = as_series(pd.DataFrame({"a": [1, 2]}, index=pd.period_range("2024-01", periods=2, freq="M")))
    assert series.times is not None
    assert str(series.times[1])[:10] == "2024-02-01"


@pytest.mark.parametrize("index", [[5, 6, 7], pd.MultiIndex.from_tuples([(1, 2), (1, 3), (2, 1)])])
def test_any_other_index_is_no_time(index: Any) -> None:
    assert as_series(pd.DataFrame({"a": [1, 2, 3]}, index=index)).times is None


def test_kinds_of_columns() -> None:
    frame = pd.DataFrame(
        {
            "whole": pd.array([1, None, 3], dtype="Int64"),
            "flag": [True, False, True],
            "group": pd.Categorical([1, 2, 1]),
            "text": ["1.5", "NA", "3"],
            "loose": np.array([1, 2.5, None], dtype=object),
        }
    )
    np.testing.assert_array_equal(
        as_series(frame).values,
        [[1, 1, 1, 1.5, 1], [np.nan, 0, 2, np.nan, 2.5], [3, 1, 1, 3, np.nan]],
    )


def test_decimal_and_empty_columns_of_arrow() -> None:
    table = pa.table({"d": pa.array([1, 2], pa.decimal128(5, 2)), "n": pa.nulls(2)})
    np.testing.assert_array_equal(as_series(table).values, [[1, np.nan], [2, np.nan]])


def test_a_label_column_is_no_channel() -> None:
    series = as_series(pd.DataFrame({"a": [1, 2, 3], "label": [0, 0, 1]}))
    assert series.channels == ("a",)
    assert series.labels is not None
    assert series.labels.tolist() == [0, 0, 1]
    assert series.notes == ("column label was read as labels, not as a channel",)


def test_numbered_and_repeated_column_names() -> None:
    assert as_series(pd.DataFrame(np.zeros((2, 2)))).channels == ("0", "1")
    table = pa.Table.from_arrays([pa.array([1, 2])] * 3, names=["a", "a", "a"])
    series = as_series(table)
    assert series.channels == ("a", "a_2", "a_3")
    assert "column names are repeated: the later ones are called a_2, a_3" in series.notes


MEND = "mend that value, or choose the channels without this column"


@pytest.mark.parametrize(
    ("frame", "sentence"),
    [
        (
            pd.DataFrame({"a": [1, "x", 3]}),
            f"expected a number in column 'a', got 'x' at row 1 of array; {MEND}",
        ),
        (
            pl.DataFrame({"a": ["1", "x"]}),
            f"expected a number in column 'a', got 'x' at row 1 of array; {MEND}",
        ),
        (
            pd.DataFrame({"a": [1j, 2]}),
            f"expected a number in column 'a', got 1j at row 0 of array; {MEND}",
        ),
        (
            pl.DataFrame({"a": [[1], [2]]}),
            "expected numbers in column 'a', got values of type large_list<item: int64>; "
            "convert it to numbers, or choose the channels without this column",
        ),
        (
            pd.DataFrame([[1, 2]], columns=["a", "a"]),
            "expected different column names, got 'a' more than once; rename the columns",
        ),
        (
            pl.DataFrame({"a": [1]}).lazy(),
            "expected a data frame or one column of it, got a polars LazyFrame; collect or convert it first",
        ),
        (
            pd.DataFrame(),
            "expected at least one column of numbers, got a data frame without columns; choose its columns",
        ),
        (
            pd.DataFrame({"a": []}),
            "expected at least one row, got no rows in array; check the export",
        ),
        (
            pd.DataFrame({"time": [HOURS[0], pd.NaT], "a": [1, 2]}),
            "expected a time in every row of column 'time', got none at row 1 of array; mend that row or remove it",
        ),
        (
            pl.DataFrame({"o": pl.Series([object(), object()], dtype=pl.Object)}),
            "expected numbers in column 'o', got values of type fixed_size_binary[8]; "
            "convert it to numbers, or choose the channels without this column",
        ),
    ],
)
def test_what_cannot_be_a_series_is_refused_in_one_sentence(frame: Any, sentence: str) -> None:
    with pytest.raises(DataError) as raised:
        as_series(frame)
    assert str(raised.value) == sentence


def test_times_that_nanoseconds_cannot_hold_are_refused() -> None:
    table = pa.table({"time": pa.array([-20_000_000_000], pa.timestamp("s")), "a": [1]})
    with pytest.raises(DataError, match="expected times between the years 1678 and 2262 in column 'time'"):
        as_series(table)
