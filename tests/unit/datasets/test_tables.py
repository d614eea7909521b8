"""Published tables are read to the digit, and a fault in them is named."""

from __future__ import annotations

import numpy as np
import pytest

from anomalyllm.datasets.tables import read_table
from anomalyllm.errors import ReadError


def test_numbers_are_those_that_python_reads() -> None:
    values = np.random.default_rng(0).standard_normal((50, 3)) * 10.0 ** np.arange(-150, 150, 6)[:, None]
    text = "\n".join(",".join(repr(float(value)) for value in row) for row in values)
    table = read_table(text.encode(), "x.txt", header=False)
    assert table.names == ("0", "1", "2")
    np.testing.assert_array_equal(table.numbers(), values)


def test_a_header_names_the_columns_and_texts_stay_texts() -> None:
    data = '\ufeff"",when,a,b\r\n1,2020-01-01,1,0.5\r\n2,,inf,\r\n'.encode()
    table = read_table(data, "x.csv", header=True, texts=("", "when", "not there"))
    assert table.names == ("", "when", "a", "b")
    assert table.column("when").tolist() == ["2020-01-01", ""]
    np.testing.assert_array_equal(table.numbers(["b", "a"]), [[0.5, 1], [np.nan, np.inf]])


@pytest.mark.parametrize("word", ["", "NaN", "nan", "NA", "null", "NULL", "None", "n/a"])
def test_missing_words_are_missing(word: str) -> None:
    values = read_table(f"1,2\n3,{word}\n".encode(), "x.txt", header=False).numbers()
    np.testing.assert_array_equal(values, [[1, 2], [3, np.nan]])


def test_columns_of_one_name_are_all_kept() -> None:
    table = read_table(b"a,a,Label\n1,2,0\n", "x.csv", header=True)
    assert [column.tolist() for column in table.columns] == [[1.0], [2.0], [0.0]]


@pytest.mark.parametrize(
    ("data", "header", "sentence"),
    [
        (b"1,2\n3,x\n", False, r"conversion error to double: invalid value 'x' in x.csv; fetch the set again"),
        (b"1,2\n3\n", False, r"Expected 2 columns, got 1: 3 in x.csv; fetch the set again"),
        (b"a,b\n", True, r"expected a table with at least one row, got none in x.csv; fetch the set again"),
        (b"\n", True, r"expected a table (of numbers with commas|with at least one row), got .* x.csv; fetch"),
    ],
)
def test_each_fault_is_one_sentence(data: bytes, header: bool, sentence: str) -> None:
    with pytest.raises(ReadError, match=sentence) as caught:
        read_table(data, "x.csv", header=header)
    assert "\n" not in str(caught.value)


def test_columns_that_are_not_there() -> None:
    table = read_table(b"a,b\n1,2\n", "x.csv", header=True)
    with pytest.raises(ReadError) as caught:
        table.numbers(["c"])
    assert str(caught.value) == ("expected a column 'c', got a, b in x.csv; check that this is the published file")
    with pytest.raises(ReadError, match="expected at least one column of values, got none in x.csv"):
        table.numbers([])
