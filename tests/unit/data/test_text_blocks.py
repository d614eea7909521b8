"""Where a text is cut: behind a line that is whole, never inside quotes, never so that blank rows are lost."""

from __future__ import annotations

import pytest

from anomalyllm.data.text_blocks import _cut


@pytest.mark.parametrize(
    ("data", "kept", "next_begins"),
    [
        (b"a\n1\n2\n3", b"a\n1\n2", b"2\n3"),
        (b"a\n1\n2\n\n\n", b"a\n1\n2", b"2\n\n\n"),  # blank lines go with the last row: they may be rows
        (b'a\n1\n"2\n3"\n4', b'a\n1\n"2\n3"', b'"2\n3"\n4'),
        (b'a\n1\n2\n"3\n', b"a\n1\n2", b'2\n"3\n'),  # a field that is not closed yet
        (b"a\r\n1\r\n2\r\n", b"a\r\n1\r\n2", b"2\r\n"),
    ],
)
def test_a_part_ends_where_a_row_ends_and_the_next_begins_with_that_row(
    data: bytes, kept: bytes, next_begins: bytes
) -> None:
    end, begin = _cut(data)
    assert data[:end] == kept
    assert data[begin:] == next_begins


@pytest.mark.parametrize("data", [b"", b"a", b"a\n", b"a\n\n\n", b'"a\n1\n2\n'])
def test_where_there_are_no_two_rows_nothing_is_cut(data: bytes) -> None:
    assert _cut(data) == (0, 0)
