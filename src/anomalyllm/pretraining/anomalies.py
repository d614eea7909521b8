"""Anomalies, put into normal series: from one point to several periods, most of them in a part of what a window shows.

To add a kind, write a function (generator, values, event) -> values of the same length and put it into `KINDS`. Values
are in deviations of the training part. A kind that moves what follows (`cut`, `repeat`) names the seam as its event:
what comes after it is late or early, but normal.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]
Chance = np.random.Generator


class Event(NamedTuple):
    """Where it happens, half open, and the period of the series, in points."""

    start: int
    end: int
    period: int

    @property
    def length(self) -> int:
        """Points."""
        return self.end - self.start

    @property
    def inside(self) -> slice:
        """Its points."""
        return slice(self.start, self.end)


class Changed(NamedTuple):
    """A series with an anomaly, and where that is (half open)."""

    values: Values
    start: int
    end: int


Kind = Callable[[Chance, Values, Event], Values]


def anomaly(chance: Chance, values: Values, event: Event, kind: str | None = None) -> Changed:
    """`values` (T,) with one anomaly in `event`; the kind is drawn if it is None. `values` stay as they are.

    Points of the series that follow the event must be left for `cut`: at least twice its length.
    """
    name = kind or str(chance.choice(sorted(KINDS)))
    event = _of_fitting_length(name, event)
    changed = KINDS[name](chance, values.copy(), event)
    if name in MOVE_THE_REST:
        seam = event.end if name == "repeat" else event.start
        return Changed(changed, seam, seam + max(2, min(event.length, event.period) // 4))
    return Changed(changed, event.start, event.end)


def event_at(chance: Chance, start: int, period: int, longest: int) -> Event:
    """An event of one point to three periods (at most `longest`), short and long ones alike often."""
    most = min(3 * period, longest)
    return Event(start, start + int(np.exp(chance.uniform(0, np.log(most + 1)))), period)


def noise(chance: Chance, values: Values, event: Event) -> Values:
    """Additive noise: the paper's jitter, in a part."""
    values[event.inside] += _size(chance) * 0.5 * chance.normal(size=event.length)
    return values


def scaling(chance: Chance, values: Values, event: Event) -> Values:
    """A factor per point that changes smoothly: the paper's scaling."""
    knots = 1 + 0.8 * chance.normal(size=5)
    values[event.inside] *= np.interp(np.linspace(0, 4, event.length), np.arange(5), knots)
    return values


def warping(chance: Chance, values: Values, event: Event) -> Values:
    """Time runs unevenly and is back in step at the end: the paper's warping."""
    speeds = np.exp(0.7 * chance.normal(size=5))
    clock = np.cumsum(np.interp(np.linspace(0, 4, event.length), np.arange(5), speeds))
    return _read_at(values, event, event.start + (clock - clock[0]) / max(clock[-1] - clock[0], 1e-9) * event.length)


def level(chance: Chance, values: Values, event: Event) -> Values:
    """Another level."""
    values[event.inside] += chance.choice([-1, 1]) * _size(chance)
    return values


def trend(chance: Chance, values: Values, event: Event) -> Values:
    """A ramp."""
    values[event.inside] += chance.choice([-1, 1]) * _size(chance) * np.linspace(0, 1, event.length)
    return values


def flip(chance: Chance, values: Values, event: Event) -> Values:
    """Turned over, or backwards in time."""
    part = values[event.inside]
    values[event.inside] = part[::-1].copy() if chance.random() < 0.5 else 2 * part.mean() - part
    return values


def flatten(chance: Chance, values: Values, event: Event) -> Values:
    """Nothing moves: at the last value, the mean, or a straight line; the noise may be left."""
    part = values[event.inside]
    line = np.linspace(part[0], part[-1], event.length)
    still = [np.full(event.length, part[0]), np.full(event.length, part.mean()), line][chance.integers(3)]
    values[event.inside] = still + chance.choice([0.0, 0.02]) * chance.normal(size=event.length)
    return values


def smooth(chance: Chance, values: Values, event: Event) -> Values:
    """Fine structure is lost."""
    width = max(3, int(event.period * chance.uniform(0.05, 0.3)))
    around = np.pad(values[event.inside], width // 2, mode="edge")
    values[event.inside] = np.convolve(around, np.full(width, 1 / width), mode="valid")[: event.length]
    return values


def cut(chance: Chance, values: Values, event: Event) -> Values:  # noqa: ARG001 - all kinds have one signature
    """Points are missing; what follows is early."""
    return np.concatenate([values[: event.start], values[event.end :], np.full(event.length, values[-1])])


def repeat(chance: Chance, values: Values, event: Event) -> Values:  # noqa: ARG001 - all kinds have one signature
    """Points come twice; what follows is late."""
    return np.concatenate([values[: event.end], values[event.start :]])[: len(values)]


def speed(chance: Chance, values: Values, event: Event) -> Values:
    """Faster or slower than ever, and then a step back into time."""
    factor = chance.choice([0.5, 0.65, 1.5, 2.0]) * chance.uniform(0.9, 1.1)
    return _read_at(values, event, event.start + factor * np.arange(event.length))


def swap(chance: Chance, values: Values, event: Event) -> Values:
    """A piece from elsewhere, at its own level or without a step at the beginning."""
    piece = _from_another_time(chance, values, event)
    step = values[event.start] - piece[0]
    values[event.inside] = piece + chance.choice([0.0, 1.0]) * step
    return values


def decoupled(chance: Chance, values: Values, event: Event) -> Values:
    """The channel runs as at another time while the others of its recording go on: a broken correlation.

    Judged by this channel alone it is `swap` at its own level, no more: what the others would tell is not seen, and
    where the piece happens to fit, the labels say that nothing is wrong.
    """
    values[event.inside] = _from_another_time(chance, values, event)
    return values


def missing_beat(chance: Chance, values: Values, event: Event) -> Values:  # noqa: ARG001 - all kinds have one signature
    """One period does not happen: a line from its beginning to its end."""
    values[event.inside] = np.linspace(values[event.start], values[event.end], event.length)
    return values


def extra_beat(chance: Chance, values: Values, event: Event) -> Values:  # noqa: ARG001 - all kinds have one signature
    """Two periods in the time of one."""
    return _read_at(values, event, event.start + np.arange(0, 2.0 * event.length, 2.0))


def beat_height(chance: Chance, values: Values, event: Event) -> Values:
    """One period, or part of it, higher or lower than all others."""
    part = values[event.inside]
    factor = chance.choice([chance.uniform(0.1, 0.75), chance.uniform(1.3, 2.5)])
    soft = 1 + (factor - 1) * np.sin(np.linspace(0, np.pi, event.length)) ** 0.5
    values[event.inside] = np.median(part) + (part - np.median(part)) * soft
    return values


def spikes(chance: Chance, values: Values, event: Event) -> Values:
    """One to three points far off."""
    places = event.start + chance.integers(0, event.length, size=chance.integers(1, 4))
    values[places] += chance.choice([-1, 1], size=len(places)) * 2 * _size(chance)
    return values


def bump(chance: Chance, values: Values, event: Event) -> Values:
    """Something small on top."""
    rise = np.sin(np.linspace(0, np.pi, event.length + 2))[1:-1] ** 2
    values[event.inside] += chance.choice([-1, 1]) * _size(chance) * rise
    return values


KINDS: dict[str, Kind] = {
    "beat_height": beat_height,
    "bump": bump,
    "cut": cut,
    "decoupled": decoupled,
    "extra_beat": extra_beat,
    "flatten": flatten,
    "flip": flip,
    "level": level,
    "missing_beat": missing_beat,
    "noise": noise,
    "repeat": repeat,
    "scaling": scaling,
    "smooth": smooth,
    "speed": speed,
    "spikes": spikes,
    "swap": swap,
    "trend": trend,
    "warping": warping,
}
"""The kinds, by name."""

MOVE_THE_REST = ("cut", "repeat")
OF_ONE_PERIOD = ("missing_beat", "extra_beat", "beat_height")
NEED_A_PIECE = ("decoupled", "warping", "flip", "flatten", "smooth", "speed", "scaling", "trend")
"""A point alone has no shape, and belongs to no other time."""


def _of_fitting_length(kind: str, event: Event) -> Event:
    """A beat is as long as a period; a change of shape needs a quarter of one."""
    if kind in OF_ONE_PERIOD:
        return event._replace(end=event.start + max(event.period, 2))
    if kind in NEED_A_PIECE:
        return event._replace(end=event.start + max(event.length, event.period // 4, 4))
    return event


def _from_another_time(chance: Chance, values: Values, event: Event) -> Values:
    """A copy of as many values as the event has, from anywhere."""
    begin = int(chance.integers(0, len(values) - event.length))
    return values[begin : begin + event.length].copy()


def _size(chance: Chance) -> float:
    """Small changes more often than large ones: 0.2 to 4 deviations."""
    return float(np.exp(chance.uniform(np.log(0.2), np.log(4))))


def _read_at(values: Values, event: Event, times: Values) -> Values:
    """`values` with those of `event` read at other times."""
    changed = values.copy()
    changed[event.inside] = np.interp(times, np.arange(len(values)), values)
    return changed
