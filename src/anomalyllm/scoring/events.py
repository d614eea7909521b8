"""Flags and events: what a person is told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

STRONG_CHANNEL = 0.5  # of the strongest channel's score: below it a channel is not named


@dataclass(frozen=True)
class Event:
    """A stretch that is called anomalous.

    Args:
        start: first row.
        end: the row after the last (half-open).
        peak: the row of the highest score.
        severity: score at the peak divided by the threshold, at least 1.
        channels: names of the channels behind it, strongest first.
    """

    start: int
    end: int
    peak: int
    severity: float
    channels: tuple[str, ...]


def flags(scores: Floats, threshold: float) -> NDArray[np.int8]:
    """1 where `score >= threshold`, else 0; (T,)."""
    return (scores >= threshold).astype(np.int8)


def find_events(
    scores: Floats, channel_scores: Floats, threshold: float, channels: tuple[str, ...], gap: int
) -> tuple[Event, ...]:
    """Runs of flags as events; runs with fewer than `gap` unflagged points between them are one.

    Args:
        scores: (T,).
        channel_scores: (T, C).
        threshold: above 0.
        channels: C names.
        gap: points.
    """
    finder = EventFinder(threshold, channels, gap)
    return (*finder.take(scores, channel_scores), *finder.finish())


class EventFinder:
    """Finds the events of a series whose scores arrive in pieces: the same as of all scores at once.

    Args:
        threshold: above 0.
        channels: C names.
        gap: points, as in `find_events`.
    """

    def __init__(self, threshold: float, channels: tuple[str, ...], gap: int) -> None:
        self._threshold, self._channels, self._gap = threshold, channels, max(1, gap)
        self._rows = 0
        self._open: OpenEvent | None = None

    def take(self, scores: Floats, channel_scores: Floats) -> tuple[Event, ...]:
        """The next scores (n,) and (n, C); returns the events that nothing can lengthen any more."""
        flagged = np.flatnonzero(scores >= self._threshold)
        breaks = np.flatnonzero(np.diff(flagged) > self._gap) + 1
        ended: list[Event] = []
        seen = 0  # rows of this piece that are accounted for
        for run in np.split(flagged, breaks) if len(flagged) else []:
            first, stop = int(run[0]), int(run[-1]) + 1
            if self._open is not None and self._rows + first - self._open.last > self._gap:
                ended += self.finish()
            if self._open is None:
                self._open, seen = OpenEvent.at(self._rows + first, len(self._channels)), first
            self._open.extend(self._rows + seen, scores[seen:stop], channel_scores[seen:stop])
            seen = stop
        if self._open is not None:
            self._open.wait(channel_scores[seen:])
        self._rows += len(scores)
        if self._open is not None and self._rows - self._open.last > self._gap:
            ended += self.finish()
        return tuple(ended)

    def finish(self) -> tuple[Event, ...]:
        """The event that is still open, if there is one: no scores follow."""
        if self._open is None:
            return ()
        event, self._open = self._open.event(self._threshold, self._channels), None
        return (event,)

    def state(self) -> dict[str, Any]:
        """What must be kept to go on in another process, as plain JSON."""
        return {"rows": self._rows, "open": None if self._open is None else self._open.state()}

    def restore(self, state: dict[str, Any]) -> None:
        """Goes on from a `state`."""
        self._rows = state["rows"]
        self._open = None if state["open"] is None else OpenEvent.restored(state["open"])


@dataclass
class OpenEvent:
    """An event whose end is not known yet.

    Args:
        start: first row.
        last: the last flagged row.
        highest: score so far.
        plateau: [first row, rows] of each run of points with that score.
        strongest: (C,) highest score of each channel up to `last`.
        waiting: (C,) the same of the rows after it, which belong to the event if it goes on.
    """

    start: int
    last: int
    highest: float
    plateau: list[list[int]]
    strongest: Floats
    waiting: Floats

    @classmethod
    def at(cls, start: int, channels: int) -> OpenEvent:
        """Before its first row."""
        nothing = np.full(channels, -np.inf)
        return cls(start, start, -np.inf, [], nothing, nothing)

    def extend(self, first: int, scores: Floats, channel_scores: Floats) -> None:
        """Takes in rows from `first` on, the last of which is flagged, and those that waited."""
        highest = float(scores.max())
        if highest > self.highest:
            self.highest, self.plateau = highest, []
        for run in _runs(np.flatnonzero(scores == self.highest)):
            if self.plateau and sum(self.plateau[-1]) == first + run[0]:
                self.plateau[-1][1] += run[1]
            else:
                self.plateau.append([first + run[0], run[1]])
        self.last = first + len(scores) - 1
        self.strongest = np.maximum(np.maximum(self.strongest, self.waiting), channel_scores.max(axis=0))
        self.waiting = np.full(len(self.waiting), -np.inf)

    def wait(self, channel_scores: Floats) -> None:
        """Rows that are not flagged."""
        if len(channel_scores):
            self.waiting = np.maximum(self.waiting, channel_scores.max(axis=0))

    def event(self, threshold: float, channels: tuple[str, ...]) -> Event:
        """As it is when nothing follows."""
        left = sum(count for _, count in self.plateau) // 2  # the middle: scores are equal within a stride
        runs = iter(self.plateau)
        first, count = next(runs)
        while left >= count:
            left -= count
            first, count = next(runs)
        severity = float(self.highest / threshold)
        return Event(self.start, self.last + 1, first + left, severity, strongest(self.strongest, channels))

    def state(self) -> dict[str, Any]:
        """As plain JSON."""
        names = ("start", "last", "highest", "plateau")
        arrays = {"strongest": self.strongest.tolist(), "waiting": self.waiting.tolist()}
        return {name: getattr(self, name) for name in names} | arrays

    @classmethod
    def restored(cls, state: dict[str, Any]) -> OpenEvent:
        """From a `state`."""
        arrays = {name: np.array(state[name], dtype=np.float64) for name in ("strongest", "waiting")}
        return cls(**{**state, **arrays})


def _runs(places: NDArray[np.intp]) -> list[list[int]]:
    """Neighbouring ones of ascending numbers as [first, count]."""
    firsts = np.flatnonzero(np.diff(places, prepend=-2) != 1)
    counts = np.diff(np.append(firsts, len(places)))
    return [[int(first), int(count)] for first, count in zip(places[firsts], counts, strict=True)]


def strongest(scores: Floats, channels: tuple[str, ...]) -> tuple[str, ...]:
    """The channels with at least `STRONG_CHANNEL` of the highest score (C,), strongest first."""
    order = np.argsort(-scores, kind="stable")
    return tuple(channels[index] for index in order if scores[index] >= STRONG_CHANNEL * scores[order[0]])
