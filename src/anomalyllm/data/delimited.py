"""CSV and its kin as series: encoding, delimiter, decimal sign and header are found; a bad line is named."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from anomalyllm.data.numbers import MISSING_WORDS
from anomalyllm.data.origin import Origin
from anomalyllm.data.series import Series, numbered_channels
from anomalyllm.data.tables import Wanted, series_from_table
from anomalyllm.data.wording import short
from anomalyllm.errors import ReadError

DELIMITERS = (";", "\t", "|", ",")  # the comma last: it may be a decimal sign inside the others' fields
SAMPLE_LINES = 25
SAMPLE_LETTERS = 1 << 20
BLOCK_BYTES = 1 << 30  # one block for all but enormous files, so that a column's type is found from all of it
DATE_START = re.compile(
    r"\d{4}-\d{1,2}(-\d{1,2})?([ T].*)?|\d{1,4}[/.]\d{1,2}[/.]\d{1,4}([ T].*)?|\d{1,2}:\d{2}(:\d{2}.*)?"
)


@dataclass(frozen=True)
class Dialect:
    """How a table is written.

    Attributes:
        delimiter: one letter.
        decimal: "." or ",".
        names: column names, from the header or numbered.
        skip: lines before the first row of values.
        blank_rows: whether a blank line is a row with its one value missing (only with a single column).
        before: lines of the file before the text, where that is a part of it.
    """

    delimiter: str
    decimal: str
    names: tuple[str, ...]
    skip: int
    blank_rows: bool
    before: int = 0


def series_from_text(data: bytes, source: str, wanted: Wanted, header: bool | None) -> Series:
    """The series in a delimited table.

    Args:
        data: the file's bytes.
        source: its name.
        wanted: the caller's choice of columns.
        header: whether the first line names the columns; None finds out.

    Raises:
        ReadError: empty, only a header, lines of differing length, or text where a number should be.
    """
    notes: list[str] = []
    text = decoded(data, source, notes)
    if not text.strip():
        raise ReadError("a table with at least one row", f"an empty file: {short(source, 120)}", "check the export")
    text, delimiter = delimited(text)
    dialect = find_dialect(text, delimiter, header, notes)
    origin = origin_of(text, dialect, source)
    table = parse(text, dialect, origin)
    return series_from_table(table, wanted, origin, notes=notes, decimal=dialect.decimal)


def origin_of(text: str, dialect: Dialect, source: str) -> Origin:
    """Where the rows of a text come from, by lines."""
    return Origin(source, ReadError, lambda row: f"line {line_of_row(text, dialect, row)}")


# --- letters ------------------------------------------------------------------------------------------------


def decoded(data: bytes, source: str, notes: list[str]) -> str:
    """The text of a file: UTF-8, UTF-16 with its mark, or with a note Latin-1, if its header is not UTF-8.

    The header alone decides, because a faulty byte in some later row must not change the names of the channels.
    """
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", errors="replace")
    if b"\0" in data[:SAMPLE_LETTERS]:
        raise ReadError("a text table", f"a binary file: {short(source, 120)}", "give the file its right extension")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    try:
        head(data).decode("utf-8")
    except UnicodeDecodeError:
        notes.append("the file is not UTF-8 and was read as Latin-1")
        return data.decode("latin-1")
    notes.append("some bytes below the first line are not UTF-8 and were replaced")
    return data.decode("utf-8-sig", errors="replace")


def head(data: bytes) -> bytes:
    """The lines up to the end of the first one that is not blank; a line break inside quotes ends no line."""
    first = b""
    for line in data[:SAMPLE_LETTERS].splitlines(keepends=True)[:SAMPLE_LINES]:
        first += line
        if first.strip() and first.count(b'"') % 2 == 0:
            break
    return first


def delimited(text: str) -> tuple[str, str]:
    """The text and its delimiter; where runs of spaces part the columns, one tab stands for each run."""
    delimiter = best_delimiter(text)
    if delimiter is not None:
        return text, delimiter
    widths = {len(line.split()) for line in sample(text).splitlines() if line.strip()}
    if len(widths) != 1 or widths == {1}:
        return text, ","
    return tabbed(text), "\t"


def tabbed(text: str) -> str:
    """One tab for each run of spaces."""
    return "\n".join("\t".join(line.split()) for line in text.splitlines())


def sample(text: str) -> str:
    """The first lines, counted from the first one that is not blank."""
    written = re.search(r"\S", text)
    end = written.start() if written else 0
    for _ in range(SAMPLE_LINES):
        end = text.find("\n", end) + 1
        if end == 0:
            return text
    return text[:end]


# --- dialect ------------------------------------------------------------------------------------------------


def find_dialect(text: str, delimiter: str, header: bool | None, notes: list[str]) -> Dialect:
    """How the table is written, from its first lines."""
    decimal = find_decimal(text[:SAMPLE_LETTERS], delimiter)
    first, lines = first_record(text, delimiter)
    if header is None:
        header = looks_like_header(first, decimal)
        if header and all(_is_value(field, decimal) for field in first):
            notes.append("the first line (0, 1, 2, ...) was read as the header")
    names = tuple(field.strip() for field in first) if header else numbered_channels(len(first))
    names = (names[0].removeprefix("#").strip(), *names[1:])  # as numpy.savetxt writes a header
    blank_rows = len(first) == 1
    return Dialect(delimiter, decimal, names, lines if header else lines - 1, blank_rows)


def first_record(text: str, delimiter: str) -> tuple[list[str], int]:
    """The first record that is not blank, and the line at which it ends.

    Raises:
        ReadError: there is none, as in a file of quotes and delimiters alone.
    """
    for record, line in records(sample(text), delimiter):
        if record:
            return record, line
    raise ReadError("a table with at least one row", "a file of blank lines and quotes", "check the export")


def best_delimiter(text: str) -> str | None:
    """The delimiter that cuts most of the first lines into equally many fields (two or more), or None."""
    best, most = None, 0.5
    first = sample(text)
    for delimiter in DELIMITERS:
        if delimiter not in first:
            continue
        widths = [len(record) for record, _ in records(first, delimiter) if record]
        usual = max(set(widths), key=widths.count, default=1)
        share = widths.count(usual) / len(widths) if usual > 1 else 0.0
        if share > most:
            best, most = delimiter, share
    return best


def find_decimal(text: str, delimiter: str) -> str:
    """The comma, where fields such as 1,5 occur and fields such as 1.5 do not."""
    if delimiter == ",":
        return "."
    edge = re.escape(delimiter) + r'"\r\n'

    def occurs(sign: str) -> bool:
        number = rf"(?:^|(?<=[{edge}]))\s*[+-]?\d*{sign}\d+(?:[eE][+-]?\d+)?\s*(?:$|(?=[{edge}]))"
        return re.search(number, text, re.MULTILINE) is not None

    return "," if occurs(",") and not occurs(r"\.") else "."


def looks_like_header(fields: list[str], decimal: str) -> bool:
    """Whether a first line names columns: a field is no value, or they count 0, 1, 2, ... as in pandas."""
    if not all(_is_value(field, decimal) for field in fields):
        return True
    unnamed_index = len(fields) > 1 and not fields[0].strip()
    counted = fields[1:] if unnamed_index else fields
    return (unnamed_index or len(fields) > 3) and counted == [str(index) for index in range(len(counted))]


def _is_value(field: str, decimal: str) -> bool:
    text = field.strip().strip('"')
    if text.lower() in MISSING_WORDS | {"true", "false"} or DATE_START.fullmatch(text):
        return True
    try:
        float(text.replace(decimal, "."))
    except ValueError:
        return False
    return True


# --- rows ---------------------------------------------------------------------------------------------------


def parse(text: str, dialect: Dialect, origin: Origin) -> Any:
    """The rows as an Arrow table.

    Raises:
        ReadError: no rows, or lines of differing length.
    """
    import pyarrow as pa
    from pyarrow import csv as arrow_csv

    start = _start_of_line(text, dialect.skip)
    body = text[start:].rstrip("\r\n ").encode()
    if not body.strip():
        came = f"a file with only a header: {origin.name}"
        raise ReadError("at least one row", came, "check the export")
    words = sorted({case for word in MISSING_WORDS for case in (word, word.upper(), word.title())} | {"NaN", "NaT"})
    try:
        return arrow_csv.read_csv(
            pa.BufferReader(body),
            arrow_csv.ReadOptions(column_names=list(dialect.names), block_size=min(len(body) + 1, BLOCK_BYTES)),
            arrow_csv.ParseOptions(
                delimiter=dialect.delimiter,
                newlines_in_values=True,
                ignore_empty_lines=not dialect.blank_rows,
            ),
            arrow_csv.ConvertOptions(
                null_values=words,
                true_values=["true", "True", "TRUE"],
                false_values=["false", "False", "FALSE"],
                strings_can_be_null=True,
                decimal_point=dialect.decimal,
            ),
        )
    except pa.ArrowInvalid as error:
        raise _unparsed(text, dialect, origin, str(error)) from error


def _unparsed(text: str, dialect: Dialect, origin: Origin, reason: str) -> ReadError:
    """The error for a table that Arrow refuses: the first line of another length, else Arrow's own reason."""
    width = len(dialect.names)
    for record, line in records(text, dialect.delimiter):
        if record and len(record) != width:
            fields = "1 field" if len(record) == 1 else f"{len(record)} fields"
            came = f"{fields} at line {dialect.before + line} of {origin.name}"
            return ReadError(f"{width} fields in every line", came, "mend that line; a text with commas needs quotes")
    came = f"one that cannot be read: {origin.name} ({short(reason.splitlines()[0], 100)})"
    return ReadError("a delimited table", came, "check its quotes and delimiters")


def line_of_row(text: str, dialect: Dialect, row: int) -> int:
    """The line of the file, from 1, at which a row of values ends."""
    seen = -1
    last = 0
    for record, line in records(text, dialect.delimiter):
        last = line
        if line <= dialect.skip or not (record or dialect.blank_rows):
            continue
        seen += 1
        if seen == row:
            break
    return dialect.before + last


def records(text: str, delimiter: str) -> Iterator[tuple[list[str], int]]:
    """The records of a table with the line, from 1, at which each ends; a blank line is an empty record."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        for record in reader:
            blank = len(record) <= 1 and not any(field.strip() for field in record)
            yield ([] if blank else record), reader.line_num
    except csv.Error as error:
        line = reader.line_num
        raise ReadError(
            "a delimited table", f"a line that cannot be split ({error}) at line {line}", "mend it"
        ) from error


def _start_of_line(text: str, skip: int) -> int:
    """Where the line after the first `skip` lines begins."""
    place = 0
    for _ in range(skip):
        found = re.compile(r"\r\n|\r|\n").search(text, place)
        place = found.end() if found else len(text)
    return place
