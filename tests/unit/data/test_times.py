"""Times are found by name, type or form, given in UTC, and never guessed out of numbers that only count."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from anomalyllm.data import Series, as_series, read_recording
from anomalyllm.errors import ReadError


@pytest.fixture
def read(tmp_path: Path) -> Any:
    def reader(text: str, **choice: Any) -> Series:
        path = tmp_path / "x.csv"
        path.write_text(text, encoding="utf-8", newline="")
        return read_recording(path, **choice).series

    return reader


def told(series: Series) -> list[str]:
    """Times to the second, as text."""
    assert series.times is not None
    return [str(time)[:19] for time in series.times]


def table(name: str, *times: str) -> str:
    return f"{name};a\n" + "".join(f"{time};{row}\n" for row, time in enumerate(times))


@pytest.mark.parametrize("name", ["time", "Timestamp", "DATE", "datetime", "ds", "ts", "date_time", "t", " time "])
def test_a_time_column_is_found_by_name_wherever_it_stands(read: Any, name: str) -> None:
    series = read(f"a,{name}\n1,2024-01-01T00:00:00\n2,2024-01-01T00:01:00\n")
    assert told(series) == ["2024-01-01T00:00:00", "2024-01-01T00:01:00"]
    assert series.channels == ("a",)
    assert series.notes == ()


FIRST, SECOND = "2024-01-31T10:00:00", "2024-02-01T10:00:00"


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("2024-01-31 10:00:00", "2024-02-01 10:00:00"),
        ("2024-01-31T10:00", "2024-02-01T10:00"),
        ("2024-01-31T10:00:00.000250", "2024-02-01T10:00:00"),
        ("2024-01-31 10:00:00,000", "2024-02-01 10:00:00,000"),
        ("2024-01-31T10:00:00Z", "2024-02-01T12:00:00+02:00"),
        ("2024-01-31 10:00 UTC", "2024-02-01 10:00 UTC"),
        ("2024/01/31 10:00", "2024/02/01 10:00"),
        ("01/31/2024 10:00", "02/01/2024 10:00"),
        ("31/01/2024 10:00:00", "01/02/2024 10:00:00"),
        ("31.01.2024 10:00", "01.02.2024 10:00"),
        ("01/31/2024 10:00 AM", "02/01/2024 10:00 AM"),
        ("20240131 10:00", "20240201 10:00"),
        ("20240131100000", "20240201100000"),
        ("1706695200", "1706781600"),
        ("1706695200.0", "1706781600.0"),
        ("1706695200000", "1706781600000"),
        ("1706695200000000", "1706781600000000"),
        ("1706695200000000000", "1706781600000000000"),
    ],
)
def test_forms_of_date_times_and_epochs(read: Any, first: str, second: str) -> None:
    assert told(read(table("time", first, second))) == [FIRST, SECOND]


@pytest.mark.parametrize(
    ("first", "second", "form"),
    [
        ("01/31/2024", "02/01/2024", "month/day/year"),
        ("31/01/2024", "01/02/2024", "day/month/year"),
        ("10/01/2024", "11/01/2024", "month/day/year"),
        ("12/01/2024", "01/02/2024", "day/month/year"),
        ("31.01.2024", "01.02.2024", "day.month.year"),
    ],
)
def test_the_order_of_day_and_month_is_told(read: Any, first: str, second: str, form: str) -> None:
    assert f"the times in column when were read as {form}" in read(table("when", first, second)).notes


def test_fractions_of_an_epoch_second_survive(read: Any) -> None:
    series = read("time,a\n1700000000.25,1\n1700000000.5,2\n")
    assert series.spacing == pytest.approx(0.25, abs=1e-6)


def test_a_zone_is_told(read: Any) -> None:
    series = read("time,a\n2024-01-01T00:00:00+02:00,1\n2024-01-01T00:01:00+02:00,2\n")
    assert told(series)[0] == "2023-12-31T22:00:00"
    assert series.notes == ("the times carry a time zone (UTC) and are given in UTC",)
    assert "the times carry a time zone and are given in UTC" in read(table("time", "2024-01-01 00:00 UTC")).notes


def test_dates_and_clock_times_in_two_columns_are_one_time(read: Any) -> None:
    series = read("date,time,a\n2024-01-01,00:05:00,1\n2024-01-01,00:10:00,2\n")
    assert told(series) == ["2024-01-01T00:05:00", "2024-01-01T00:10:00"]
    assert series.channels == ("a",)
    assert series.notes == ("the times are those of the columns date and time together",)


def test_a_first_column_of_dates_needs_no_name(read: Any) -> None:
    assert told(read(table("when", "2024-01-01", "2024-01-02")))[1] == "2024-01-02T00:00:00"
    assert told(read("31.01.2024;5\n01.02.2024;6\n"))[1] == "2024-02-01T00:00:00"


@pytest.mark.parametrize("values", ["0,1,2", "0,0.01,0.02", "5,7,20"])
def test_numbers_that_only_rise_are_a_row_index(read: Any, values: str) -> None:
    text = "t,a\n" + "".join(f"{value},{row * row}\n" for row, value in enumerate(values.split(",")))
    series = read(text)
    assert series.times is None
    assert series.channels == ("a",)
    assert series.notes == ("column t counts up but gives no date-times, and was left out",)


def test_an_index_as_pandas_writes_it_is_left_out(read: Any) -> None:
    assert read(",a\n0,5\n1,6\n").notes == ("the unnamed column counts up but gives no date-times, and was left out",)
    assert read("Unnamed: 0,a\n7,5\n8,6\n").channels == ("a",)


@pytest.mark.parametrize("name", ["index", "Unnamed: 0", "__index_level_0__"])
@pytest.mark.parametrize("values", [(1, 3), (1, 0), ("NA", "NA"), (True, False)])
def test_an_index_with_gaps_is_left_out_too(read: Any, name: str, values: tuple[object, object]) -> None:
    series = read(f"{name},a\n{values[0]},5\n{values[1]},6\n")
    assert series.channels == ("a",)
    assert series.notes == (f"column {name} has an index's name, and was left out",)
    assert read(f"{name},a\n{values[0]},5\n{values[1]},6\n", columns=[name]).channels == (name,)


def test_an_unnamed_column_is_an_index_only_in_the_first_place(read: Any) -> None:
    assert read(",a\n4,5\n2,6\n").notes == ("the unnamed column has an index's name, and was left out",)
    assert read("a,\n5,0\n6,1\n").channels == ("a", "channel_1")


def test_only_one_column_of_several_with_a_times_name_gives_the_times(read: Any) -> None:
    for text in ("t,time,a\n5,2024-01-01,1\n1,2024-01-02,2\n", "time,t,a\n2024-01-01,5,1\n2024-01-02,1,2\n"):
        series = read(text)
        assert told(series)[1] == "2024-01-02T00:00:00"
        assert series.channels == ("a",)
        assert series.notes == ("column t has a time's name but no times, and was left out",)


@pytest.mark.parametrize("values", ["0,1,2", "5,1,2"])
def test_a_file_with_nothing_but_a_times_name_has_one_channel(read: Any, values: str) -> None:
    series = read("t\n" + values.replace(",", "\n"))
    assert series.channels == ("t",)
    assert series.notes == ()


def test_other_numbers_under_a_times_name_are_left_out(read: Any) -> None:
    """Rows to come may rise or fall: they must not decide what is a channel."""
    series = read("t,a\n5,1\n1,2\n")
    assert series.channels == ("a",)
    assert series.notes == ("column t has a time's name but no times, and was left out",)
    assert read("t\n5\n1\n").channels == ("t",)
    assert read("time,a\n12:00:00,1\n12:01:00,2\n").channels == ("a",)


def test_epochs_may_be_out_of_order_and_repeated(read: Any) -> None:
    series = read("ts,a\n1700000060,1\n1700000000,2\n1700000060,3\n")
    assert series.values[:, 0].tolist() == [2.0, 3.0]
    assert len(series.notes) == 2


def test_the_caller_names_the_time_column(read: Any) -> None:
    series = read("a,start,stop\n1,2024-01-01,2025-01-01\n2,2024-01-02,2025-01-02\n", time_column="stop")
    assert told(series)[0] == "2025-01-01T00:00:00"
    assert series.notes == ("columns without numbers were left out: start",)


@pytest.mark.parametrize(
    ("text", "choice", "sentence"),
    [
        (
            "time,a\n2024-01-01,1\nfoo,2\n2024-01-03,3\n",
            {},
            "expected a date-time like that of the first row in column 'time', got 'foo' at line 3 of x.csv; "
            "write all times in one form, best ISO 8601",
        ),
        (
            "time,a\n2024-01-01T00:00:00Z,1\n2024-01-02T00:00:00,2\n",
            {},
            "expected a date-time like that of the first row in column 'time', "
            "got '2024-01-02T00:00:00' at line 3 of x.csv; write all times in one form, best ISO 8601",
        ),
        (
            "time,a\n2024-01-01,1\n,2\n",
            {},
            "expected a time in every row of column 'time', got none at line 3 of x.csv; mend that row or remove it",
        ),
        (
            "time,a\n01.02.2024,1\nNA,2\n",
            {},
            "expected a time in every row of column 'time', got none at line 3 of x.csv; mend that row or remove it",
        ),
        (
            "time,a\n1700000000,1\n,2\n1700000001,3\n",
            {},
            "expected a time in every row of column 'time', got none at line 3 of x.csv; mend that row or remove it",
        ),
        (
            "date,time,a\n2024-01-01,00:05:00,1\n2024-01-02,,2\n",
            {},
            "expected a time in every row of column 'time', got none at line 3 of x.csv; mend that row or remove it",
        ),
        (
            "time,a\nfoo,1\n",
            {},
            "expected a number in column 'time', got 'foo' at line 2 of x.csv; "
            "mend that value, or choose the channels without this column",
        ),
        (
            "a,b\n1,2\n",
            {"time_column": "when"},
            "expected a time column 'when', got the columns a, b; name one of them, or leave time_column out",
        ),
        (
            "stamp,b\n1,2\n",
            {"time_column": "stmp"},
            "expected a time column 'stmp', got the columns stamp, b; did you mean 'stamp'?",
        ),
        (
            "a,b\n1,2\n3,1\n",
            {"time_column": "b"},
            "expected date-times or epoch numbers in column 'b', got values such as 2; choose another time column",
        ),
        (
            "a,b\n1,true\n3,false\n",
            {"time_column": "b"},
            "expected date-times or epoch numbers in column 'b', got values such as True; choose another time column",
        ),
        (
            "a,b\n1,x\n",
            {"time_column": "b"},
            "expected date-times or epoch numbers in column 'b', got values such as 'x'; choose another time column",
        ),
    ],
)
def test_each_fault_is_one_sentence(read: Any, text: str, choice: dict[str, str], sentence: str) -> None:
    with pytest.raises(ReadError) as raised:
        read(text, **choice)
    assert str(raised.value) == sentence


def test_a_column_of_missing_numbers_is_no_time() -> None:
    series = as_series(pa.table({"t": pa.array([None, None], pa.float64()), "a": [1, 2]}))
    assert series.times is None
    assert series.channels == ("a",)


def test_unsigned_and_narrow_integers() -> None:
    epochs = pa.array([1_700_000_060, 1_700_000_000], pa.uint32())
    series = as_series(pa.table({"time": epochs, "a": [1, 2]}))
    assert told(series) == ["2023-11-14T22:13:20", "2023-11-14T22:14:20"]
    falling = as_series(pa.table({"t": pa.array([2, 1], pa.uint8()), "a": [1, 2]}))
    np.testing.assert_array_equal(falling.values, [[1], [2]])
