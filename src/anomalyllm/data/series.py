"""A series: values (T, C), names, times, labels, and notes of what was handled. All input passes here.

Rows are counted from 0 in notes; an error that concerns a text file counts lines from 1, as an editor does.
Only NumPy is imported here, so that the command line stays quick.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from anomalyllm.data.handling import (
    discard_extremes,
    median_step,
    note_constant,
    note_irregular_steps,
    note_missing,
    rows_in_order,
)
from anomalyllm.data.numbers import array_values
from anomalyllm.data.origin import Floats, Labels, Origin, Times
from anomalyllm.data.requirements import require_channels, require_known, require_rows
from anomalyllm.errors import DataError

FRAME_LIBRARIES = frozenset({"pandas", "polars", "pyarrow", "modin", "cudf", "narwhals"})


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
        return None if self.times is None or len(self) < 2 else float(median_step(self.times)) / 1e9

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
