"""What a detector answers with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anomalyllm.data.series import Series
from anomalyllm.scoring.events import Event

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Explanation:
    """What an event looks like, and what it should have looked like; both in the units of the input.

    Args:
        start: row of the window's first point in the scored series.
        observed: the window with the highest score at the event's peak, (L, C).
        normal: the nearest normal prototype of each channel, (L, C).
    """

    start: int
    observed: Floats
    normal: Floats


@dataclass(frozen=True)
class Detection:
    """Scores, flags and events of a series.

    Args:
        scores: (T,), at least 0, finite; 1 is usual, higher is more anomalous.
        labels: (T,), 1 where `score >= threshold`.
        threshold: above 0.
        events: in order of time.
        channel_scores: (T, C).
        notes: one sentence for each thing in the input that was handled.
        series: what was scored, as it was read.
        explanations: one per event, in the same order; empty if they were not asked for.
    """

    scores: Floats
    labels: NDArray[np.int8]
    threshold: float
    events: tuple[Event, ...]
    channel_scores: Floats
    notes: tuple[str, ...]
    series: Series
    explanations: tuple[Explanation, ...] = ()

    def to_mapping(self) -> dict[str, Any]:
        """The summary as plain JSON: everything but the points. Rows are called as in the source (`first_row` on)."""
        return {
            "source": self.series.source,
            "rows": len(self.series),
            "first_row": self.series.first_row,
            "channels": list(self.series.channels),
            "threshold": self.threshold,
            "flagged": int(self.labels.sum()),
            "events": [self.event_mapping(event) for event in self.events],
            "notes": list(self.notes),
        }

    def event_mapping(self, event: Event) -> dict[str, Any]:
        """An event as plain JSON, with times where the series has them."""
        times = self.series.times
        placed = None if times is None else [times[row] for row in told_rows(event)]
        return event_mapping(event, self.series.first_row, placed)


def told_rows(event: Event) -> tuple[int, int, int]:
    """The first row of an event, its last, and that of its peak."""
    return event.start, event.end - 1, event.peak


def event_mapping(event: Event, first_row: int, times: Sequence[np.datetime64] | None) -> dict[str, Any]:
    """An event as plain JSON; `times` are those of `told_rows`."""
    values: dict[str, Any] = {
        "start": event.start + first_row,
        "end": event.end + first_row,
        "peak": event.peak + first_row,
        "severity": round(event.severity, 4),
        "channels": list(event.channels),
    }
    if times is not None:
        names = ("start_time", "last_time", "peak_time")
        values |= {name: str(time) for name, time in zip(names, times, strict=True)}
    return values


def coverage_notes(rows: int, window: int, *, missing: bool) -> list[str]:
    """What there is to say of `rows` that were scored by windows of at most `window`."""
    notes = []
    if rows < window:
        notes.append(f"{rows} rows are fewer than a window of {window}: nothing is scored, all are 0")
    if missing:
        notes.append("missing values were replaced by the last value seen; windows with too many are not judged")
    return notes
