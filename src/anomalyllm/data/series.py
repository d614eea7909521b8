"""A series: values (T, C), names, times, labels, and notes of what was handled. Every check of input is here.

Rows are counted from 0 in notes; an error that concerns a text file counts lines from 1, as an editor does.
Only NumPy is imported here, so that the command line stays quick.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from numbers import Real
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from anomalyllm.data.wording import (
    NAMED,
    channels_named,
    kind_name,
    listed,
    nearest,
    others,
    plural,
    short,
    span,
)
from anomalyllm.errors import ChannelError, DataError

Floats: TypeAlias = NDArray[np.float64]
Times: TypeAlias = NDArray[np.datetime64]
Labels: TypeAlias = NDArray[np.int8]

LARGEST = 1e30  # larger magnitudes are fill values of loggers, and their squares leave float32
MISSING_WORDS = frozenset({"", "-", "na", "n/a", "#n/a", "<na>", "nan", "null", "none", "nat"})
FRAME_LIBRARIES = frozenset({"pandas", "polars", "pyarrow", "modin", "cudf", "narwhals"})
IRREGULAR_SHARE = 0.01  # of the steps that differ, and by how much of the median step


@dataclass(frozen=True, eq=False)
class Series:
    """A checked time series.

    Attributes:
        values: (T, C), NaN where missing.
        channels: C names.
        times: (T,) datetime64[ns] in UTC, strictly increasing, or None.
        labels: (T,) 0/1 where the source labels points; never used to fit.
        notes: one sentence for each thing that was handled.
        source: file name or "array", for messages and titles.
        first_row: what the first row is called when a person is told of it.
    """

    values: Floats
    channels: tuple[str, ...]
    times: Times | None = None
    labels: Labels | None = None
    notes: tuple[str, ...] = ()
    source: str = "array"
    first_row: int = 0

    def __post_init__(self) -> None:
        if self.values.ndim != 2 or self.values.shape[1] != len(self.channels):
            expected = f"values (rows, {len(self.channels)}), one column for each channel"
            raise DataError(expected, f"an array of shape {self.values.shape}", "use as_series")
        for name, array in (("times", self.times), ("labels", self.labels)):
            if array is not None and array.shape != (len(self.values),):
                raise DataError(f"{len(self.values)} {name}", f"shape {array.shape}", "give one for each row")

    def __len__(self) -> int:
        return len(self.values)

    @property
    def spacing(self) -> float | None:
        """Median step between rows in seconds, or None without times or with one row."""
        return None if self.times is None or len(self) < 2 else float(_median_step(self.times)) / 1e9

    def part(self, start: int, stop: int | None = None) -> Series:
        """Rows `start` to `stop` as in a slice; everything else is kept."""
        rows = slice(start, stop)
        times = None if self.times is None else self.times[rows]
        labels = None if self.labels is None else self.labels[rows]
        first_row = self.first_row + rows.indices(len(self))[0]
        return dataclasses.replace(self, values=self.values[rows], times=times, labels=labels, first_row=first_row)

    def choose(self, channels: Sequence[str]) -> Series:
        """The named channels, in the order given.

        Raises:
            ChannelError: no such channel.
        """
        require_known(channels, self.channels)
        places = {name: index for index, name in enumerate(self.channels)}
        values = self.values[:, [places[name] for name in channels]]
        return dataclasses.replace(self, values=values, channels=tuple(channels))

    def renamed(self, channels: Sequence[str]) -> Series:
        """The same values under other names, in their order."""
        return dataclasses.replace(self, channels=tuple(channels))


@dataclass(frozen=True)
class Recording:
    """What a file holds.

    Attributes:
        series: all rows.
        train_end: the rows before it are for fitting, where the file itself says so, else None.
    """

    series: Series
    train_end: int | None = None


@dataclass(frozen=True)
class Origin:
    """Where rows come from, so that an error can point at one.

    Attributes:
        source: file name or "array".
        error: the kind of error that its faults are.
        place: says where a row is found: "row 4", "line 6".
    """

    source: str = "array"
    error: type[DataError] = DataError
    place: Callable[[int], str] = "row {}".format

    def at(self, row: int) -> str:
        """ "line 6 of readings.csv", for the row that is the sixth line of that file."""
        return f"{self.place(row)} of {self.name}"

    @property
    def name(self) -> str:
        """The source, short enough for a sentence."""
        return short(self.source, 120)


def as_series(X: Any, *, source: str = "array") -> Series:
    """Checks `X` and copies it into a series; `X` is never changed.

    Args:
        X: numbers as an array or nested list (T,) or (T, C), a data frame or column of pandas, Polars or
            Arrow, or a series, which is returned as it is. A column of times, or a pandas DatetimeIndex,
            becomes `times`.
        source: what messages and titles call it.

    Raises:
        DataError: no rows, no channels, text, complex numbers, or more than two dimensions.
    """
    if isinstance(X, Series):
        return X
    origin = Origin(source)
    if is_frame(X):
        from anomalyllm.data.frames import series_from_frame

        return series_from_frame(X, origin)
    return build_series(array_values(X, origin), origin=origin)


def build_series(
    values: Floats,
    channels: Sequence[str] | None = None,
    *,
    times: Times | None = None,
    labels: Labels | None = None,
    notes: Sequence[str] = (),
    origin: Origin,
) -> Series:
    """Every check that does not depend on where the numbers came from.

    Args:
        values: (T, C); taken over and changed: the caller has no further use of it.
        channels: C names, by default channel_0, channel_1, ...
        times: (T,) in any order, none missing.
        labels: (T,) 0/1.
        notes: what was handled before.
        origin: for messages.
    """
    require_rows(values, origin)
    require_channels(values, origin)
    names = numbered_channels(values.shape[1]) if channels is None else tuple(channels)
    told = list(notes)
    if times is not None:
        rows = rows_in_order(times, told)
        if rows is not None:
            values, times = values[rows], times[rows]
            labels = None if labels is None else labels[rows]
        note_irregular_steps(times, told)
    note_missing(values, names, told)
    discard_extremes(values, names, told)
    note_constant(values, names, told)
    return Series(values, names, times, labels, tuple(told), origin.source)


def value_notes(series: Series) -> tuple[str, ...]:
    """What there is to say of these values alone, whatever they were a part of: missing ones, constant channels."""
    told: list[str] = []
    note_missing(series.values, series.channels, told)
    note_constant(series.values, series.channels, told)
    return tuple(told)


def is_frame(X: object) -> bool:
    """Whether `X` is a data frame or column of a known library, told without importing any."""
    return any(base.__module__.partition(".")[0] in FRAME_LIBRARIES for base in type(X).__mro__)


def numbered_channels(count: int) -> tuple[str, ...]:
    """The names of channels that came without any."""
    return tuple(f"channel_{index}" for index in range(count))


# --- an array-like in, float64 (T, C) out -------------------------------------------------------------------


def array_values(X: Any, origin: Origin) -> Floats:
    """An array or nested list as a fresh float64 (T, C); masked entries become NaN."""
    array = two_dimensional(rectangular(X, origin), origin)
    mask = np.ma.getmaskarray(X).reshape(array.shape) if isinstance(X, np.ma.MaskedArray) else None
    kind = array.dtype.kind
    if kind in "biuf":
        values = real_values(array)
    elif kind in "OUST":
        texts = array.astype("U") if kind == "S" else array
        columns = [numbers_in(texts[:, index], f"channel_{index}", origin) for index in range(array.shape[1])]
        values = np.stack(columns, axis=1) if columns else np.empty(array.shape, np.float64)
    else:
        raise origin.error("real numbers", f"{kind_name(array)} values", "convert them to real numbers first")
    if mask is not None:
        values[mask] = np.nan
    return values


def rectangular(X: Any, origin: Origin) -> NDArray[Any]:
    """`X` as a NumPy array."""
    try:
        return np.asarray(X)
    except (ValueError, TypeError, RuntimeError) as error:
        came = f"a {type(X).__name__} that NumPy cannot take as one ({short(str(error), 80)})"
        raise origin.error("rows of equal length that hold numbers", came, "pass an array (T,) or (T, C)") from error


def two_dimensional(array: NDArray[Any], origin: Origin) -> NDArray[Any]:
    """(T,) as (T, 1), (T, C) as it is."""
    if array.ndim == 1:
        return array.reshape(-1, 1)
    if array.ndim != 2:
        came = f"an array of shape {array.shape}" if array.ndim else f"a single {kind_name(array)} value"
        remedy = "score one series at a time" if array.ndim else "pass the rows; a file is read by read_recording"
        raise origin.error("values of shape (T,) or (T, C)", came, remedy)
    return array


def real_values(array: NDArray[Any]) -> Floats:
    """A fresh float64 copy; wider floats that do not fit become infinite."""
    with np.errstate(over="ignore"):
        return np.array(array, dtype=np.float64, order="C")


def numbers_in(items: Iterable[object], column: str, origin: Origin, *, decimal: str = ".") -> Floats:
    """Texts and loose Python objects as numbers, NaN for missing words.

    Raises:
        DataError (or the origin's kind): the first item that is no number, with its column and place.
    """
    numbers: list[float] = []
    for row, item in enumerate(items):
        number = _number(item, decimal)
        if number is None:
            came = f"{short(repr(str(item) if isinstance(item, str) else item))} at {origin.at(row)}"
            remedy = "mend that value, or choose the channels without this column"
            raise origin.error(f"a number in column {short(repr(column))}", came, remedy)
        numbers.append(number)
    return np.array(numbers, dtype=np.float64)


def _number(item: object, decimal: str) -> float | None:
    """The number an item stands for, NaN where it is missing, None where it is no number."""
    if isinstance(item, str):
        return _number_in_text(item.strip(), decimal)
    if item is None or type(item).__name__ in {"NAType", "NaTType"}:
        return math.nan
    if not isinstance(item, Real | Decimal | np.bool_):
        return None
    try:
        return float(item)
    except OverflowError:
        whole: Any = item
        return math.inf if whole > 0 else -math.inf


def _number_in_text(text: str, decimal: str) -> float | None:
    if text.lower() in MISSING_WORDS:
        return math.nan
    if "_" in text or (decimal != "." and "." in text):  # Python's digit groups are nobody's measurement
        return None
    try:
        return float(text.replace(decimal, "."))
    except ValueError:
        return None


# --- what must hold -----------------------------------------------------------------------------------------


def require_rows(values: NDArray[Any], origin: Origin) -> None:
    """At least one row."""
    if len(values) == 0:
        raise origin.error("at least one row", f"no rows in {origin.name}", "check the export")


def require_channels(values: NDArray[Any], origin: Origin) -> None:
    """At least one channel."""
    if values.shape[1] == 0:
        came = f"none in {origin.name}"
        raise origin.error("at least one column of numbers", came, "check which columns were chosen")


def require_known(wanted: Sequence[str], known: Sequence[str], what: str = "channel") -> None:
    """Every wanted name is there, once, and there is at least one.

    Raises:
        ChannelError: with the nearest name, or the first few.
    """
    if not wanted:
        raise ChannelError(f"at least one {what}", "an empty choice", "name one, or leave the choice out")
    there = set(known)
    for index, name in enumerate(wanted):
        if name not in there:
            remedy = nearest(name, known) or f"choose from: {listed(known)}"
            raise ChannelError(f"a {what} that is there", short(repr(name)), remedy)
        if name in wanted[:index]:
            raise ChannelError(f"each {what} once", f"{short(repr(name))} twice", "name it once")


def binary_labels(values: Floats, column: str, origin: Origin) -> Labels:
    """Labels (T,) as 0/1.

    Raises:
        DataError (or the origin's kind): another value, or a missing one, with its place.
    """
    bad = (values != 0) & (values != 1)
    if bad.any():
        row = int(np.argmax(bad))
        came = "a missing value" if np.isnan(values[row]) else f"{values[row]:g}"
        remedy = "use 0 for normal and 1 for anomalous, or choose another label column"
        raise origin.error(f"0 or 1 in {short(repr(column))}", f"{came} at {origin.at(row)}", remedy)
    return values.astype(np.int8)


# --- what is handled, and noted -----------------------------------------------------------------------------


def rows_in_order(times: Times, notes: list[str]) -> NDArray[np.intp] | None:
    """The rows that put times into strictly increasing order (of equal ones the last); None if they are."""
    steps = np.diff(times.view(np.int64))
    if (steps > 0).all():
        return None
    rows: NDArray[np.intp] = np.arange(len(times))
    if (steps < 0).any():
        notes.append("the times were not in order: the rows were sorted by time")
        rows = np.argsort(times, kind="stable")
    kept: NDArray[np.intp] = rows[np.append(np.diff(times[rows].view(np.int64)) > 0, True)]
    repeated = len(times) - len(kept)
    if repeated:
        rest = "1 row repeats" if repeated == 1 else f"{repeated} rows repeat"
        notes.append(f"{rest} a time: the last row of each time was kept")
    return kept


def note_irregular_steps(times: Times, notes: list[str]) -> None:
    """Tells once if more than 1 % of the steps differ from the median step by more than 1 %."""
    if len(times) < 3:
        return
    steps = np.diff(times.view(np.int64)).astype(np.float64)
    median = _median_step(times)
    share = float(np.mean(np.abs(steps - median) > IRREGULAR_SHARE * median))
    if share > IRREGULAR_SHARE:
        notes.append(
            f"sampling is irregular: {share:.1%} of the steps differ from the median step of {span(median)}, "
            "and rows are taken as equally spaced"
        )


def note_missing(values: Floats, channels: Sequence[str], notes: list[str]) -> None:
    """Tells how many values are missing, where first, and which channels have none at all."""
    missing = np.isnan(values)
    counts = missing.sum(axis=0)
    if not counts.any():
        return
    first = missing.argmax(axis=0)
    empty = np.flatnonzero(counts == len(values))
    partly = np.flatnonzero((counts > 0) & (counts < len(values)))
    if len(partly):
        details = [f"{short(channels[i])} has {counts[i]}, first at row {first[i]}" for i in partly[:NAMED]]
        total = plural(int(counts[partly].sum()), "value is", "values are")
        notes.append(f"{total} missing: {'; '.join(details)}{others(len(partly))}")
    if len(empty):
        who = channels_named(channels, empty)
        notes.append(f"{who} no value at all and {'counts' if len(empty) == 1 else 'count'} as constant")


def discard_extremes(values: Floats, channels: Sequence[str], notes: list[str]) -> None:
    """Infinities, and numbers beyond 1e30, become NaN in `values`."""
    with np.errstate(invalid="ignore"):
        extreme = np.abs(values) > LARGEST
    if not extreme.any():
        return
    infinite = np.isinf(values)
    for found, name in ((infinite, "infinite"), (extreme & ~infinite, f"beyond {LARGEST:.0e} in magnitude")):
        counts = found.sum(axis=0)
        if counts.any():
            total = plural(int(counts.sum()), "value is", "values are")
            where = channels_named(channels, np.flatnonzero(counts), verb=False)
            notes.append(f"{total} {name.replace('+', '')} and taken as missing: {where}")
    values[extreme] = np.nan


def note_constant(values: Floats, channels: Sequence[str], notes: list[str]) -> None:
    """Tells which channels hold one value throughout."""
    if len(values) < 2:
        return
    constant = np.flatnonzero(np.fmin.reduce(values, axis=0) == np.fmax.reduce(values, axis=0))
    if len(constant):
        notes.append(f"{channels_named(channels, constant)} one value throughout (constant)")


def _median_step(times: Times) -> float:
    return float(np.median(np.diff(times.view(np.int64))))
