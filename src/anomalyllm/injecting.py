"""Whether another judge helps a detector, told without a label: anomalies are put into rows that it never trained on.

Each is put into the training part by itself and scored as training rows are, so that no window meets its own points.
What counts is its rank: the share of clean held-out points that score below its highest point.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from anomalyllm.fitted import Fitted
from anomalyllm.judges import Judge, Prepared
from anomalyllm.pretraining.anomalies import Changed, anomaly, event_at
from anomalyllm.seeding import generator
from anomalyllm.windows.slicing import Grid, lift_scores

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]

EVENTS = 48  # enough for a difference of a few hundredths, at a second or two on one channel
FEWEST_EVENTS = 12  # with fewer the standard error is a guess
SHARE_OF_TAIL = 8  # the longest event is an eighth of the held-out rows
SHORTEST = 4  # rows: a kind that changes a shape needs so many
ROOM = 3  # times the longest event, from its first row on: a kind that takes points away pulls others in
LEAST_CHANGE = 0.01  # in the series' own deviations: what cannot be seen says nothing of who sees more


@dataclass(frozen=True)
class Room:
    """Where events may begin: all they touch is held out, and nothing is missing there.

    Args:
        begin: first row that no network was trained on.
        longest: rows of the longest event.
        starts: rows by channel; channels without any are left out.
    """

    begin: int
    longest: int
    starts: dict[int, Indices]

    @property
    def events(self) -> int:
        """How many can be put there, 0 where they would be too few to say anything."""
        places = sum(map(len, self.starts.values()))
        return min(EVENTS, places) if places >= FEWEST_EVENTS else 0


@dataclass(frozen=True)
class Comparison:
    """Ranks (E,) of the same injected anomalies among clean held-out points, from 0 to 1, by two detectors."""

    without: Floats
    joined: Floats

    @property
    def helps(self) -> bool:
        """Whether the mean paired difference lies more than one standard error above 0, a one-sided test.

        Judges that change nothing pass it about once in six.
        """
        gain = self.joined - self.without
        return len(gain) >= FEWEST_EVENTS and bool(gain.mean() > gain.std(ddof=1) / math.sqrt(len(gain)))


def room_for_events(fitted: Fitted, training: Prepared, begin: int) -> Room:
    """The room that the rows from `begin` on leave, in channels that move."""
    rows = len(training.values)
    longest = max(0, rows - begin) // SHARE_OF_TAIL
    if longest < SHORTEST:
        return Room(begin, longest, {})
    starts = np.arange(begin, rows - ROOM * longest + 1, dtype=np.int64)
    by_channel: dict[int, Indices] = {}
    for channel in map(int, np.flatnonzero(fitted.novelty.moving)):
        free = starts
        if training.missing is not None:
            gaps = np.concatenate([[0], np.cumsum(training.missing[:, channel])])
            free = starts[gaps[starts + ROOM * longest] == gaps[starts]]
        if len(free):
            by_channel[channel] = free
    return Room(begin, longest, by_channel)


def compared(without: Fitted, joined: Fitted, training: Prepared, room: Room) -> Comparison:
    """Both detectors on the same events; `joined` has the judges of `without`, and then others."""
    clean = _scores(without, joined, training, slice(room.begin, len(training.values)))
    ranks = []
    for channel, changed in injected(joined, training, room):
        values = training.values.copy()
        values[:, channel] = changed.values
        strange = dataclasses.replace(training, values=values)
        peaks = _scores(without, joined, strange, slice(changed.start, changed.end)).max(axis=1, keepdims=True)
        ranks.append((clean < peaks).mean(axis=1))
    return Comparison(*np.array(ranks).reshape(-1, 2).T)


def injected(fitted: Fitted, training: Prepared, room: Room) -> Iterator[tuple[int, Changed]]:
    """Changed channels, one event in each: at most `room.events`; those that cannot be seen are drawn anew."""
    period = min(fitted.period or fitted.window, room.longest)
    seen = 0
    for number in range(2 * room.events):
        if seen == room.events:
            return
        chance = generator(fitted.seed, "injected", number)
        channel = int(chance.choice(sorted(room.starts)))
        start = int(chance.choice(room.starts[channel]))
        values = training.values[:, channel].astype(np.float64)
        changed = anomaly(chance, values, event_at(chance, start, period, room.longest))
        where = slice(changed.start, changed.end)
        if np.abs(changed.values[where] - values[where]).max() >= LEAST_CHANGE:
            seen += 1
            yield channel, changed


def heard(judge: Judge, training: Prepared, rows: slice, *, own: bool = True) -> Floats:
    """What a judge says of some rows of the training part (T,): all windows that cover them, and no others.

    `own` is False where the rows are of another series.
    """
    stride, window, total = judge.stride, judge.window, len(training.values)
    first = min(max(0, rows.start - window + stride), total - window) // stride * stride
    last = min(total, (rows.stop - 1) // stride * stride + window)
    grid = Grid(last - first, window, stride)
    by_group = judge.window_scores(training, first + grid.starts, own=own)
    return lift_scores(judge.total(by_group), grid)[rows.start - first : rows.stop - first]


def _scores(without: Fitted, joined: Fitted, training: Prepared, rows: slice) -> Floats:
    """Scores (2, R) of rows of the training part by both detectors; the judges they share are asked once."""
    said = np.stack([heard(judge, training, rows) for judge in joined.judges])
    missing = None if training.missing is None else training.missing[rows]
    novel = joined.novelty.of(training.values[rows], missing).max(axis=1)
    return np.stack([without.joined(said[: len(without.judges)], novel), joined.joined(said, novel)])
