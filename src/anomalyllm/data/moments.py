"""Date-times in Arrow's types or written as text, as datetime64[ns] in UTC; and what an Arrow type means."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anomalyllm.data.numbers import MISSING_WORDS
from anomalyllm.data.origin import Origin, Times
from anomalyllm.data.wording import short

DATES = ("%Y/%m/%d", "%Y.%m.%d", "%d.%m.%Y", "%d-%m-%Y", "%Y%m%d")
CLOCKS = ("", " %H:%M:%S", " %H:%M", " %I:%M:%S %p", " %I:%M %p")
ISO_FORMS = ("iso", "iso with zone")


def is_moment(kind: Any) -> bool:
    """Whether an Arrow type is a date or a date-time."""
    import pyarrow as pa

    return bool(pa.types.is_timestamp(kind) or pa.types.is_date(kind))


def is_text(kind: Any) -> bool:
    """Whether an Arrow type is text."""
    import pyarrow as pa

    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def is_number(kind: Any) -> bool:
    """Whether an Arrow type is a real number (booleans are not)."""
    import pyarrow as pa

    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind))


def moments(column: Any, name: str, origin: Origin, notes: list[str]) -> Times:
    """An Arrow column of dates or date-times as datetime64[ns] in UTC."""
    import pyarrow as pa

    require_all(column, name, origin)
    zone = getattr(column.type, "tz", None)
    if zone is not None:
        notes.append(f"the times carry a time zone ({zone}) and are given in UTC")
    try:
        return nanoseconds(column.cast(pa.timestamp("ns", tz=zone)))
    except pa.ArrowInvalid as error:
        expected = f"times between the years 1678 and 2262 in column {short(repr(name))}"
        raise origin.error(expected, "one that is outside", "mend that row or remove it") from error


def nanoseconds(column: Any) -> Times:
    """An Arrow timestamp[ns] column without nulls as NumPy sees it."""
    import pyarrow as pa

    numbers: NDArray[np.int64] = column.cast(pa.int64()).to_numpy()
    return np.ascontiguousarray(numbers).view("datetime64[ns]")


def require_all(column: Any, name: str, origin: Origin) -> None:
    """A time in every row."""
    if column.null_count:
        row = int(np.argmax(column.is_null().to_numpy()))
        came = f"none at {origin.at(row)}"
        raise origin.error(f"a time in every row of column {short(repr(name))}", came, "mend that row or remove it")


def text_times(column: Any, name: str, origin: Origin, notes: list[str]) -> Times | None:
    """A text column as times, or None where its first value is no time.

    Raises:
        DataError (or the origin's kind): the first value is a time and a later one is missing or is not.
    """
    import pyarrow.compute as pc

    texts = _tidy(column)
    known = pc.drop_null(texts)
    forms = [form for form in _forms() if len(known) and parsed_times(known.slice(0, 1), form) is not None]
    if not forms:
        return None
    require_all(texts, name, origin)
    fitting = [(form, times) for form in forms if (times := parsed_times(texts, form)) is not None]
    if not fitting:
        row = _first_unreadable(texts, forms[0])
        came = f"{short(repr(texts[row].as_py()))} at {origin.at(row)}"
        expected = f"a date-time like that of the first row in column {short(repr(name))}"
        raise origin.error(expected, came, "write all times in one form, best ISO 8601")
    form, times = next((pair for pair in fitting if (np.diff(pair[1].view(np.int64)) >= 0).all()), fitting[0])
    if form not in ISO_FORMS and not form.startswith("%Y"):
        notes.append(f"the times in column {short(name)} were read as {_spoken(form)}")
    if form == "iso with zone":
        notes.append("the times carry a time zone and are given in UTC")
    return times


def _forms() -> list[str]:
    slashed = [f"{date}{clock}" for date, clock in product(("%m/%d/%Y", "%d/%m/%Y"), CLOCKS)]
    return [*ISO_FORMS, *(f"{date}{clock}" for date, clock in product(DATES, CLOCKS)), *slashed]


def _tidy(column: Any) -> Any:
    """Texts without margins, UTC as Z, a decimal comma as a point, and missing words as nulls."""
    import pyarrow as pa
    import pyarrow.compute as pc

    texts = pc.utf8_trim_whitespace(column.cast(pa.string()))
    texts = pc.replace_substring_regex(texts, r"\s*(UTC|GMT)$", "Z")
    texts = pc.replace_substring_regex(texts, r"(:\d\d),(\d{1,9})", r"\1.\2")
    missing = pc.is_in(pc.utf8_lower(texts), value_set=pa.array(sorted(MISSING_WORDS)))
    return pc.if_else(missing, pa.scalar(None, pa.string()), texts)


def parsed_times(texts: Any, form: str) -> Times | None:
    """All texts by one form, or None."""
    import pyarrow as pa
    import pyarrow.compute as pc

    try:
        if form in ISO_FORMS:
            zone = "UTC" if form == "iso with zone" else None
            return nanoseconds(texts.cast(pa.timestamp("ns", tz=zone)))
        return nanoseconds(pc.strptime(texts, format=form, unit="s").cast(pa.timestamp("ns")))
    except pa.ArrowInvalid:
        return None


def _first_unreadable(texts: Any, form: str) -> int:
    """The first row that the form does not read, found by halving."""
    low, high = 0, len(texts)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if parsed_times(texts.slice(low, middle - low), form) is None else (middle, high)
    return low


def _spoken(form: str) -> str:
    """ "%m/%d/%Y %H:%M" as month/day/year."""
    date = form.split(" ")[0]
    return date.replace("%m", "month").replace("%d", "day").replace("%Y", "year")
