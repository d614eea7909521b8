"""What of a detection is shown, decided once for the picture and the page: channels, places and words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from anomalyllm.reporting.axes import Scale, duration, exact_time, linear_scale, milliseconds, score_scale

if TYPE_CHECKING:
    from anomalyllm.data.series import Series
    from anomalyllm.result import Detection
    from anomalyllm.scoring.events import Event

MOST_CHANNELS = 6
BREAK_STEPS = 5.0  # a step in time this many times the usual one is drawn as a break
MOST_BREAKS = 1_000


@dataclass(frozen=True)
class Ruler:
    """Where each row lies on the horizontal axis.

    Attributes:
        places: (T,) milliseconds after `origin`, or row numbers where the series has no times.
        origin: the time of the first row, or None.
        breaks: rows that come after a break in time, rising.
    """

    places: NDArray[np.float64]
    origin: np.datetime64 | None
    breaks: NDArray[np.int64]

    @property
    def limits(self) -> tuple[float, float]:
        """The places of the two ends of the axis; a single row gets room around it."""
        low, high = float(self.places[0]), float(self.places[-1])
        return (low, high) if high > low else (low - 0.5, high + 0.5)

    def shares(self, rows: NDArray[np.int64]) -> NDArray[np.float64]:
        """How far along the axis rows lie, 0 to 1."""
        low, high = self.limits
        return (self.places[rows] - low) / (high - low)

    def span(self, event: Event) -> tuple[float, float]:
        """The places of an event's first and last row."""
        return float(self.places[event.start]), float(self.places[event.end - 1])


def ruler(series: Series) -> Ruler:
    """The horizontal axis of a series: its times where it has them, else its row numbers."""
    if series.times is None:
        return Ruler(series.first_row + np.arange(len(series), dtype=np.float64), None, np.empty(0, dtype=np.int64))
    nanoseconds = series.times.astype("datetime64[ns]").astype(np.int64)
    steps = np.diff(nanoseconds)
    after = np.flatnonzero(steps > BREAK_STEPS * np.median(steps)) + 1 if steps.size else np.empty(0, np.int64)
    widest = after[np.argsort(-steps[after - 1], kind="stable")[:MOST_BREAKS]]
    places = (nanoseconds - nanoseconds[0]) / 1e6
    return Ruler(places, series.times[0], np.sort(widest).astype(np.int64))


def shown_channels(detection: Detection, most: int = MOST_CHANNELS) -> list[int]:
    """At most `most` channels: the events' own first, by the events' severity, then by highest score."""
    names = detection.series.channels
    weights = dict.fromkeys(names, 0.0)
    for event in detection.events:
        for rank, name in enumerate(event.channels):
            weights[name] += max(0.0, float(np.nan_to_num(event.severity))) / (rank + 1)
    scores = detection.channel_scores
    highest = np.where(np.isfinite(scores), scores, -np.inf).max(axis=0)
    order = sorted(range(len(names)), key=lambda index: (-weights[names[index]], -highest[index], index))
    return order[:most]


def shown_events(detection: Detection, most: int) -> list[int]:
    """Indices of the `most` most severe events, in order of time."""
    order = sorted(range(len(detection.events)), key=lambda index: -detection.events[index].severity)
    return sorted(order[:most])


def scales(detection: Detection, channels: list[int]) -> list[Scale]:
    """One vertical axis for each shown channel, and the score's as the last."""
    values = detection.series.values
    return [
        *(linear_scale(values[:, channel]) for channel in channels),
        score_scale(detection.scores, detection.threshold),
    ]


def labelled_spans(series: Series) -> list[tuple[int, int]]:
    """Half-open stretches of rows that the source itself labels as anomalous."""
    if series.labels is None:
        return []
    flagged = np.concatenate([[0], (series.labels != 0).astype(np.int8), [0]])
    edges = np.flatnonzero(np.diff(flagged))
    return list(zip(edges[0::2].tolist(), edges[1::2].tolist(), strict=True))


def headline(detection: Detection) -> str:
    """The result in one sentence: 5 events in 3,600 rows; 0.9 % of points flagged."""
    rows, events = len(detection.series), len(detection.events)
    counted = f"{events:,} event{'' if events == 1 else 's'}" if events else "No events"
    return f"{counted} in {rows:,} row{'' if rows == 1 else 's'}; {_flagged(detection)} flagged"


def _flagged(detection: Detection) -> str:
    count, rows = int(np.count_nonzero(detection.labels)), len(detection.labels)
    if count == 0:
        return "no point is"
    share = 100 * count / rows
    return f"{share:.1f} % of points" if share >= 0.1 else "less than 0.1 % of points"


def hidden_words(shown: int, hidden: int) -> str:
    """Which channels are drawn where there are more."""
    few = "1 more is" if hidden == 1 else f"{hidden:,} more are"
    return f"{shown} of {shown + hidden:,} channels: those that matter most to the events; {few} not drawn"


def row_words(series: Series, row: int) -> str:
    """A row as a reader looks for it: its time where there is one, else its number."""
    return f"row {series.first_row + row:,}" if series.times is None else exact_time(series.times[row])


def length_words(series: Series, event: Event) -> str:
    """How long an event lasts: in rows, and in time where the series has times."""
    rows = event.end - event.start
    words = f"{rows:,} row{'' if rows == 1 else 's'}"
    if series.times is None or len(series) < 2:
        return words
    step = float(np.median(np.diff(series.times.astype("datetime64[ns]").astype(np.int64)))) / 1e6
    span = milliseconds(series.times[event.end - 1]) - milliseconds(series.times[event.start]) + step
    return f"{words} ({duration(span)})"


def channel_shares(detection: Detection, event: Event) -> list[tuple[str, float | None]]:
    """An event's channels, strongest first, each with its share (0 to 1) of all channels' scores during it.

    The share is None where the channel scores give none (all zero or not finite).
    """
    window = detection.channel_scores[event.start : event.end]
    totals = np.where(np.isfinite(window), np.maximum(window, 0.0), 0.0).sum(axis=0)
    total = float(totals.sum())
    index = {name: position for position, name in enumerate(detection.series.channels)}
    return [(name, float(totals[index[name]]) / total if total > 0 else None) for name in event.channels]
