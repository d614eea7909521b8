"""A delimited table in parts: the dialect is found in its head, and every part ends where a line ends.

Each part but the first begins with the last row of the one before it, so that a reader sees every step between rows;
the last part is the only one that the file ends in.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from anomalyllm.data.delimited import (
    SAMPLE_LETTERS,
    Dialect,
    decoded,
    delimited,
    find_dialect,
    head,
    origin_of,
    parse,
    tabbed,
)
from anomalyllm.data.origin import Origin
from anomalyllm.data.wording import short
from anomalyllm.errors import ReadError, WholeError

HEAD_BYTES = 4 * SAMPLE_LETTERS  # as many letters as the dialect of a whole file is found in, whatever their size
PART_BYTES = 1 << 22
BLANK = b"\r\n "


class Part(NamedTuple):
    """Rows of a table."""

    table: Any  # pyarrow.Table
    origin: Origin
    is_last: bool
    faulty: bool = False  # bytes that are not UTF-8 were replaced


@dataclasses.dataclass(frozen=True)
class TextTable:
    """A file whose dialect is known."""

    path: Path
    dialect: Dialect
    latin: bool
    spaced: bool  # runs of spaces part the columns
    notes: tuple[str, ...]

    @classmethod
    def open(cls, path: Path, header: bool | None) -> TextTable:
        """Finds out how a file is written, as `series_from_text` does.

        Raises:
            ReadError: empty, binary, or without a row.
            WholeError: UTF-16.
        """
        with path.open("rb") as file:
            data = file.read(HEAD_BYTES)
            if file.read(1):
                data = data[: data.rfind(b"\n") + 1] or data
        if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
            raise WholeError("a text in UTF-8, to read it in blocks", f"UTF-16 in {path.name}", "read it whole")
        text = decoded(data, path.name, [])
        if not text.strip():
            raise ReadError("a table with at least one row", f"an empty file: {short(path.name, 120)}", "check it")
        latin, notes = not _is_utf8(head(data)), []
        if latin:
            notes.append("the file is not UTF-8 and was read as Latin-1")
        written, delimiter = delimited(text)
        dialect = find_dialect(written, delimiter, header, notes)
        return cls(path, dialect, latin, written is not text, tuple(notes))

    def parts(self) -> Iterator[Part]:
        """The rows, of `PART_BYTES` at a time or of more where a line is longer."""
        left, lines, skip = b"", 0, self.dialect.skip
        with self.path.open("rb") as file:
            while True:
                read = file.read(PART_BYTES)
                left += read
                if not read:
                    yield self._part(left, skip, lines, is_last=True)
                    return
                end, last_row = _cut(left)
                if not last_row or left.count(b"\n", 0, last_row) < skip:
                    continue
                yield self._part(left[:end], skip, lines, is_last=False)
                lines += left.count(b"\n", 0, last_row)
                left, skip = left[last_row:], 0

    def _part(self, data: bytes, skip: int, lines: int, *, is_last: bool) -> Part:
        encoding, faulty = "utf-8-sig" if lines == 0 else "utf-8", not self.latin and not _is_utf8(data)
        text = data.decode("latin-1") if self.latin else data.decode(encoding, errors="replace")
        dialect = dataclasses.replace(self.dialect, skip=skip, before=lines)
        text = tabbed(text) if self.spaced else text
        origin = origin_of(text, dialect, self.path.name)
        return Part(parse(text, dialect, origin), origin, is_last, faulty)


def _cut(data: bytes) -> tuple[int, int]:
    """Where the last whole row that is not blank ends, and where it begins; 0 and 0 without two such rows.

    A line break inside quotes ends no row. Blank lines at the end are left for the next part: they may be rows.
    """
    end = data.rfind(b"\n")
    while end > 0 and data.count(b'"', 0, end) % 2:
        end = data.rfind(b"\n", 0, end)
    end = len(data[: max(0, end)].rstrip(BLANK))
    begin = data.rfind(b"\n", 0, end) + 1
    while begin > 0 and data.count(b'"', begin, end) % 2:
        begin = data.rfind(b"\n", 0, begin - 1) + 1
    return (end, begin) if begin else (0, 0)


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return False
    return True
