"""Text tables: how they are written is found, their numbers are those NumPy parses, faults name their line."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anomalyllm.data import Series, read_recording
from anomalyllm.errors import ChannelError, ReadError

QUICK = settings(deadline=None, derandomize=True, max_examples=40)


@pytest.fixture
def read(tmp_path: Path) -> Any:
    """Reads a text or bytes as if it were a file."""

    def reader(content: str | bytes, name: str = "x.csv", **choice: Any) -> Series:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_recording(path, **choice).series

    return reader


def refused(read: Any, content: str | bytes, name: str = "x.csv", **choice: Any) -> str:
    with pytest.raises(ReadError) as raised:
        read(content, name, **choice)
    return str(raised.value)


# --- numbers


@given(
    st.lists(
        st.tuples(*[st.floats(allow_nan=False, allow_infinity=False, min_value=-1e30, max_value=1e30)] * 2),
        min_size=1,
        max_size=20,
    ),
    st.sampled_from([",", ";", "\t", "|"]),
    st.sampled_from(["\n", "\r\n"]),
)
@QUICK
def test_a_written_table_comes_back_bit_for_bit(rows: list[tuple[float, float]], sign: str, end: str) -> None:
    text = end.join([sign.join("ab"), *(sign.join(repr(value) for value in row) for row in rows)])
    stream = io.BytesIO(text.encode())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.stdin", io.TextIOWrapper(stream))
        values = read_recording("-").series.values
    expected = np.loadtxt(io.StringIO(text), delimiter=sign, skiprows=1, ndmin=2)
    np.testing.assert_array_equal(values, expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a,b\n1,2\n3,4\n", [[1, 2], [3, 4]]),
        ("a;b\n1,5;2\n3;4,25\n", [[1.5, 2], [3, 4.25]]),
        ("1,5;2\n3,5;4\n", [[1.5, 2], [3.5, 4]]),
        ("a;b\n1.5;2\n", [[1.5, 2]]),
        ("a\tb\n1\t2\n", [[1, 2]]),
        ("a|b\n1|2\n", [[1, 2]]),
        ("1 2\n3   4\n", [[1, 2], [3, 4]]),
        ("  1.5\n 2.5\n", [[1.5], [2.5]]),
        ("a,b\n1, 2\n +3 ,4\n", [[1, 2], [3, 4]]),
        ("a,b\r\n1,2\r\n", [[1, 2]]),
        ("a,b\r1,2\r", [[1, 2]]),
        ("\ufeffa,b\n1,2\n", [[1, 2]]),
        ('"a","b"\n"1","2.5"\n', [[1, 2.5]]),
        ("a,b\n1,2\n\n\n", [[1, 2]]),
        ("\n\na,b\n1,2\n   \n", [[1, 2]]),
        ("a,b\n1,true\n2,False\n", [[1, 1], [2, 0]]),
        ("a,b\n1e-3,-.5\n", [[0.001, -0.5]]),
        ("5\n6", [[5], [6]]),
        ('"a\nb",c\n1,2\n', [[1, 2]]),
    ],
)
def test_many_ways_to_write_a_table(read: Any, text: str, expected: list[list[float]]) -> None:
    np.testing.assert_array_equal(read(text).values, expected)


def test_a_plain_txt_is_a_table(read: Any) -> None:
    assert read("1 2 3\n4 5 6\n", "notes.txt").values.shape == (2, 3)


def test_utf_16_as_excel_writes_it(read: Any) -> None:
    assert read("a\tb\n1\t2\n".encode("utf-16")).values.tolist() == [[1.0, 2.0]]


def test_latin_1_is_read_with_a_note(read: Any) -> None:
    series = read("Wärme,b\n1,2\n".encode("latin-1"))
    assert series.channels == ("Wärme", "b")
    assert series.notes[0] == "the file is not UTF-8 and was read as Latin-1"
    assert read('"a\nWärme",b\n1,2\n'.encode("latin-1")).channels == ("a\nWärme", "b")


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_a_faulty_byte_below_the_header_changes_no_name(read: Any, mark: bytes) -> None:
    series = read(mark + "Wärme,b,label\n1,2,0\n3,4,".encode() + b"\xff\n")
    assert series.channels == ("Wärme", "b")
    assert series.notes == (
        "some bytes below the first line are not UTF-8 and were replaced",
        "column label has a label's name but not only 0 and 1, and was left out",
    )
    assert refused(read, b"a,b\n1,2\n3,\xff\n").startswith("expected a number in column 'b'")


@pytest.mark.parametrize("word", ["", "NA", "NaN", "nan", "null", "None", "-", "N/A", "#N/A", "NULL", " na "])
def test_missing_words(read: Any, word: str) -> None:
    series = read(f"a,b\n1,2\n{word},3\n")
    assert np.isnan(series.values[1, 0])
    assert series.notes[0] == "1 value is missing: a has 1, first at row 1"


def test_a_blank_line_in_a_single_column_is_a_missing_value(read: Any) -> None:
    np.testing.assert_array_equal(read("a\n1\n\n3\n\n").values, [[1], [np.nan], [3]])


def test_integers_that_turn_into_decimals_late_are_read(read: Any) -> None:
    text = "a,b\n" + "1,2\n" * 400_000 + "1.5,2\n"
    assert read(text).values[-1, 0] == 1.5


def test_infinities_are_missing_with_a_note(read: Any) -> None:
    series = read("a,b\n1,inf\n2,1e999\n3,-2e30\n")
    assert np.isnan(series.values[:, 1]).all()
    assert "2 values are infinite and taken as missing: channel b" in series.notes


# --- header and names


@pytest.mark.parametrize(
    ("text", "channels"),
    [
        ("1,2\n3,4\n", ("channel_0", "channel_1")),
        ("# a,b\n1,2\n", ("a", "b")),
        ("a,,b\n1,2,3\n", ("a", "channel_1", "b")),
        ("a,b,\n1,2,\n", ("a", "b")),
        (",a,b\n0,1,2\n1,3,4\n", ("a", "b")),
        (",0,1\n0,.1,.2\n1,.3,.4\n", ("0", "1")),
        ("0,1,2,3\n.1,.2,.3,.4\n", ("0", "1", "2", "3")),
        ("0,1\n.1,.2\n", ("channel_0", "channel_1")),
        ("2024-01-01,1\n2024-01-02,2\n", ("channel_1",)),
        ("time,2,3\n2024-01-01,1,2\n", ("2", "3")),
    ],
)
def test_a_header_is_found_or_columns_are_numbered(read: Any, text: str, channels: tuple[str, ...]) -> None:
    assert read(text).channels == channels


def test_a_header_of_numbers_is_noted(read: Any) -> None:
    assert read("0,1,2,3\n.1,.2,.3,.4\n").notes == ("the first line (0, 1, 2, ...) was read as the header",)


def test_the_caller_can_say_whether_there_is_a_header(read: Any) -> None:
    assert read("10,20\n1,2\n", header=True).channels == ("10", "20")
    assert read("0,1,2,3\n4,5,6,7\n", header=False).values.shape == (2, 4)


def test_repeated_names_are_numbered_with_a_note(read: Any) -> None:
    series = read("a,a,a_2\n1,2,3\n")
    assert series.channels == ("a", "a_2", "a_2_2")
    assert series.notes == ("column names are repeated: the later ones are called a_2, a_2_2",)


def test_an_unnamed_empty_column_is_left_out_with_a_note(read: Any) -> None:
    assert read("a,\n1,\n2,\n").notes == ("columns without numbers were left out: (unnamed, empty)",)


# --- choice of columns and labels


def test_channels_come_in_the_order_asked_for(read: Any) -> None:
    series = read("a,b,c\n1,2,x\n", columns=["b", "a"])
    assert series.channels == ("b", "a")
    assert series.values.tolist() == [[2.0, 1.0]]
    assert read("ab,b\n1,2\n", columns="ab").channels == ("ab",)


def test_an_unknown_column_is_refused_with_the_nearest_name(read: Any) -> None:
    with pytest.raises(ChannelError) as raised:
        read("memory,b\n1,2\n", columns=["memry"])
    assert str(raised.value) == "expected a column that is there, got 'memry'; did you mean 'memory'?"


def test_a_chosen_column_is_a_channel_whatever_its_name(read: Any) -> None:
    series = read("t,label,a\n1,0,5\n2,1,6\n", columns=["t", "label"])
    assert series.channels == ("t", "label")
    assert series.labels is None


@pytest.mark.parametrize("name", ["label", "Labels", "is_anomaly", "ANOMALY"])
@pytest.mark.parametrize("values", [("0", "1"), ("false", "true"), ("0.0", "1.0")])
def test_labels_are_found_by_name(read: Any, name: str, values: tuple[str, str]) -> None:
    series = read(f"a,{name}\n5,{values[0]}\n6,{values[1]}\n")
    assert series.channels == ("a",)
    assert series.labels.tolist() == [0, 1]
    assert series.notes == (f"column {name} was read as labels, not as a channel",)


def test_a_column_with_a_labels_name_and_other_values_is_left_out(read: Any) -> None:
    for value in ("2", "x", ""):
        assert read(f"a,label\n1,0\n2,{value}\n").channels == ("a",)
    series = read("a,label\n1,0.5\n2,1\n")
    assert series.channels == ("a",)
    assert series.labels is None
    assert series.notes == ("column label has a label's name but not only 0 and 1, and was left out",)


def test_a_label_column_can_be_named(read: Any) -> None:
    series = read("a,y\n1,0\n2,1\n", label_column="y")
    assert series.channels == ("a",)
    assert series.labels.tolist() == [0, 1]


def test_a_file_with_nothing_but_a_label_column_has_one_channel(read: Any) -> None:
    assert read("label\n0\n1\n").channels == ("label",)


# --- faults


MEND = "mend that value, or choose the channels without this column"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "expected a file with at least one row, got an empty file: x.csv; check the export"),
        ("\n \n", "expected a table with at least one row, got an empty file: x.csv; check the export"),
        ("a,b\n", "expected at least one row, got a file with only a header: x.csv; check the export"),
        ("a,b\n1,2\n3,x\n", f"expected a number in column 'b', got 'x' at line 3 of x.csv; {MEND}"),
        ("a,b\n\n1,2\n\n3,x\n", f"expected a number in column 'b', got 'x' at line 5 of x.csv; {MEND}"),
        ("v\n1\n\nfoo\n", f"expected a number in column 'v', got 'foo' at line 4 of x.csv; {MEND}"),
        ("1,2\n3,x\n", f"expected a number in column 'channel_1', got 'x' at line 2 of x.csv; {MEND}"),
        (
            "a;b\n1,5;2\n1.000,5;2\n",
            f"expected a number in column 'a', got '1.000,5' at line 3 of x.csv; {MEND}",
        ),
        (
            "a,b\n1,2\n3\n",
            "expected 2 fields in every line, got 1 field at line 3 of x.csv; "
            "mend that line; a text with commas needs quotes",
        ),
        (
            "a,b\n1,2\n\n3,4,5\n6,7\n",
            "expected 2 fields in every line, got 3 fields at line 4 of x.csv; "
            "mend that line; a text with commas needs quotes",
        ),
        (
            "a,y\n1,2\n",
            "expected a label column 'label', got the columns a, y; name one of them, or leave label_column out",
        ),
        (
            "a,label\n1,0\n2,7\n",
            "expected 0 or 1 in 'label', got 7 at line 3 of x.csv; "
            "use 0 for normal and 1 for anomalous, or choose another label column",
        ),
        (
            "a,labl\n1,0\n",
            "expected a label column 'label', got the columns a, labl; did you mean 'labl'?",
        ),
        (
            "time\n2024-01-01\n",
            "expected at least one column of numbers, got none in x.csv; check which columns were chosen",
        ),
        ("a\0b\n", "expected a text table, got a binary file: x.csv; give the file its right extension"),
    ],
)
def test_each_fault_is_one_sentence_that_names_the_place(read: Any, text: str, sentence: str) -> None:
    choice = {"label_column": "label"} if "0 or 1" in sentence or "label column '" in sentence else {}
    assert refused(read, text, **choice) == sentence


def test_a_field_too_long_for_the_reader_of_lines_is_refused(read: Any) -> None:
    came = refused(read, "a,b\n1," + "x" * 200_000 + "\n")
    assert came.startswith("expected a delimited table, got a line that cannot be split (field larger than")
    assert came.endswith("at line 2; mend it")


def test_what_arrow_refuses_for_another_reason_is_told_in_its_words(read: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    import pyarrow as pa
    from pyarrow import csv

    def refuse(*_: object) -> None:
        raise pa.ArrowInvalid("straddling object\nmore")

    monkeypatch.setattr(csv, "read_csv", refuse)
    assert refused(read, "a,b\n1,2\n") == (
        "expected a delimited table, got one that cannot be read: x.csv (straddling object); "
        "check its quotes and delimiters"
    )


def test_many_blank_lines_may_stand_before_the_table(read: Any) -> None:
    blank = 40
    assert read("\n" * blank + "a;b\n1;2\n3;4\n").channels == ("a", "b")
    assert "line 43" in refused(read, "\n" * blank + "a;b\n1;2\n3;4;5\n")


@pytest.mark.parametrize("content", ['"', '""', '\n"\n"\n'])
def test_quotes_around_nothing_are_no_table(read: Any, content: str) -> None:
    assert refused(read, content) == (
        "expected a table with at least one row, got a file of blank lines and quotes; check the export"
    )


@given(st.binary(max_size=80) | st.text("0123456789.,;\t \n\"'-eaNA:/", max_size=80).map(str.encode))
@settings(deadline=None, derandomize=True, max_examples=250)
def test_any_bytes_are_read_or_refused_with_a_sentence(content: bytes) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(content)))
        with contextlib.suppress(ReadError):  # any other kind of error fails
            assert read_recording("-").series.values.dtype == np.float64
