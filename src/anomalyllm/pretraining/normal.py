"""Normal behaviour, generated: beats, seasons, machines, walks; with the jitter, drift and noise that real ones have.

To add a family, write a function (generator, length, period) -> values (length,) and put it into `FAMILIES`. Scale and
level do not matter: a series is scaled afterwards. What is odd but normal (an ectopic beat) belongs here: it comes in
the training part and in the test part alike.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d
from scipy.signal import lfilter

Values = NDArray[np.float64]
Chance = np.random.Generator
Family = Callable[[Chance, int, float], Values]

WARM_UP = 8  # periods thrown away before a filtered series is settled


def normal_series(chance: Chance, length: int, period: float, family: str | None = None) -> Values:
    """One series of `length` points with a period of about `period` (where its family has one).

    Args:
        chance: decides everything.
        length: points.
        period: points.
        family: a name in `FAMILIES`; drawn if None.
    """
    name = family or str(chance.choice(sorted(FAMILIES)))
    values = FAMILIES[name](chance, length, period)
    scaled: Values = (values - values.mean()) / max(float(values.std()), 1e-9)
    return scaled + _drift(chance, length, period) + _noise(chance, length)


def beats(chance: Chance, length: int, period: float, irregularity: float) -> Values:
    """Time counted in beats (length,): its whole part is the number of the beat, its fraction the place within it."""
    count = int(length / period) * 2 + 8
    wander = lfilter([1.0], [1.0, -0.8], chance.normal(size=count)) * 0.6
    lengths = period * np.exp(irregularity * wander)
    ends = np.concatenate([[0.0], np.cumsum(lengths)])
    begin = chance.uniform(0, lengths[0])
    counted: Values = np.interp(np.arange(length) + begin, ends, np.arange(len(ends), dtype=float))
    return counted


def per_beat(chance: Chance, phase: Values, spread: float) -> Values:
    """A factor around 1 for each beat, as long as `phase`."""
    factors = np.exp(spread * chance.normal(size=int(phase[-1]) + 2))
    chosen: Values = factors[phase.astype(int)]
    return chosen


def harmonics(chance: Chance, length: int, period: float) -> Values:
    """A sum of sines: machines, tides."""
    phase = beats(chance, length, period, chance.choice([0.0, 0.01, 0.04]))
    return _wave(chance, phase) * per_beat_smooth(chance, phase, chance.uniform(0, 0.15))


def per_beat_smooth(chance: Chance, phase: Values, spread: float) -> Values:
    """As `per_beat`, but passing from one factor to the next without a step."""
    factors = np.exp(spread * chance.normal(size=int(phase[-1]) + 3))
    return np.interp(phase, np.arange(len(factors), dtype=float), factors)


def pulses(chance: Chance, length: int, period: float) -> Values:
    """One or two bumps a period, of either sign."""
    phase = beats(chance, length, period, chance.uniform(0, 0.06))
    values = np.zeros(length)
    for _ in range(chance.integers(1, 3)):
        width, height = chance.uniform(0.02, 0.15), chance.choice([-1, 1]) * chance.uniform(0.4, 1)
        values += height * _bump(phase % 1, chance.uniform(0.2, 0.8), width)
    return values * per_beat(chance, phase, chance.uniform(0, 0.1))


def heart_beats(chance: Chance, length: int, period: float) -> Values:
    """Five waves a beat, beats of varying length, now and then an ectopic one (early, broad) that is nothing new."""
    phase = beats(chance, length, period, chance.uniform(0.01, 0.08))
    centres = np.array([0.2, 0.37, 0.4, 0.43, 0.65]) + 0.01 * chance.normal(size=5)
    widths = np.array([0.03, 0.01, 0.012, 0.012, 0.06]) * np.exp(0.25 * chance.normal(size=5))
    heights = np.array([0.15, -0.15, 1.0, -0.25, 0.35]) * np.exp(0.4 * chance.normal(size=5)) * chance.choice([-1, 1])
    usual, ectopic = np.zeros(length), np.zeros(length)
    for centre, width, height in zip(centres, widths, heights, strict=True):
        usual += height * _bump(phase % 1, centre, width)
    ectopic += heights[2] * (1.2 * _bump(phase % 1, 0.33, 0.06) - 0.6 * _bump(phase % 1, 0.6, 0.09))
    odd = chance.random(int(phase[-1]) + 2) < chance.choice([0.0, 0.0, 0.01, 0.04])
    return np.where(odd[phase.astype(int)], ectopic, usual) * per_beat(chance, phase, chance.uniform(0, 0.06))


def gait(chance: Chance, length: int, period: float) -> Values:
    """Plateaus with soft edges and a dip on top, as of a foot on the ground; two steps of a stride differ a little."""
    phase = beats(chance, length, period, chance.uniform(0.01, 0.05))
    share, edge = chance.uniform(0.35, 0.7), chance.uniform(0.01, 0.05)
    place = phase % 1
    stance = 1 / (1 + np.exp(-(place - 0.15) / edge)) - 1 / (1 + np.exp(-(place - 0.15 - share) / edge))
    dip = chance.uniform(0, 0.4) * _bump(place, 0.15 + share / 2, share / 6)
    second = np.where(phase.astype(int) % 2, chance.uniform(0.8, 1.0), 1.0)
    return (stance - dip) * second * per_beat(chance, phase, chance.uniform(0, 0.05))


def respiration(chance: Chance, length: int, period: float) -> Values:
    """Slow, uneven breaths: quick in, slow out, deep and shallow."""
    phase = beats(chance, length, period, chance.uniform(0.04, 0.15))
    place = phase % 1
    skew = chance.uniform(0.5, 2)
    return np.sin(np.pi * place**skew) ** 2 * per_beat_smooth(chance, phase, chance.uniform(0.05, 0.3))


def demand(chance: Chance, length: int, period: float) -> Values:
    """Days within weeks: work days alike, two rest days lower."""
    phase = np.arange(length) / period + chance.uniform(0, 7)
    day = _bump(phase % 1, 0.4, 0.1) + chance.uniform(0.3, 1) * _bump(phase % 1, 0.75, 0.08)
    rest = phase.astype(int) % 7 >= 5
    return np.where(rest, chance.uniform(0.1, 0.6), 1.0) * day * per_beat(chance, phase, chance.uniform(0.01, 0.1))


def autoregression(chance: Chance, length: int, period: float) -> Values:
    """Noise through a resonance near the period."""
    radius = chance.uniform(0.7, 0.995)
    resonance = [1.0, -2 * radius * np.cos(2 * np.pi / period), radius**2]
    settled = int(WARM_UP * period)
    filtered: Values = lfilter([1.0], resonance, chance.normal(size=length + settled))[settled:]
    return filtered


def random_walk(chance: Chance, length: int, period: float) -> Values:
    """A walk that is drawn back to its mean over some periods, in small or rare steps."""
    steps = chance.normal(size=length) * (chance.random(length) < chance.choice([1.0, 1.0, 0.05]))
    walk: Values = lfilter([1.0], [1.0, -np.exp(-1 / (period * chance.uniform(0.5, 4)))], steps)
    return walk


def counter(chance: Chance, length: int, period: float) -> Values:
    """Fills at a steady or a slowing rate and is reset."""
    place = beats(chance, length, period, chance.choice([0.0, 0.03, 0.15])) % 1
    filled: Values = place ** chance.uniform(0.4, 1.6) * chance.choice([-1, 1])
    return filled


def switch(chance: Chance, length: int, period: float) -> Values:
    """On and off for times that are drawn, with two or three levels."""
    changes = np.cumsum(chance.random(length) < 2 / period)
    levels = chance.choice(np.sort(chance.uniform(-1, 1, size=chance.integers(2, 4))), size=int(changes[-1]) + 1)
    switched: Values = levels[changes]
    return switched


def square_wave(chance: Chance, length: int, period: float) -> Values:
    """On for a fixed share of each period, perhaps with a soft edge."""
    phase = beats(chance, length, period, chance.choice([0.0, 0.01, 0.05]))
    values = (phase % 1 < chance.uniform(0.1, 0.9)).astype(float)
    soft = chance.choice([0.0, period / 50, period / 20])
    return gaussian_filter1d(values, soft) if soft > 0.3 else values


def bursts(chance: Chance, length: int, period: float) -> Values:
    """Quiet, then an oscillation that swells and dies, at about each period or at any time."""
    phase = beats(chance, length, period, chance.choice([0.02, 0.3]))
    envelope = _bump(phase % 1, 0.5, chance.uniform(0.05, 0.2)) * per_beat(chance, phase, chance.uniform(0, 0.2))
    return envelope * np.sin(2 * np.pi * (phase % 1) * chance.integers(4, 12))


def counts(chance: Chance, length: int, period: float) -> Values:
    """Whole numbers around a season: visits, calls."""
    season = np.exp(chance.uniform(0.3, 1) * _wave(chance, np.arange(length) / period))
    return np.asarray(chance.poisson(season * chance.choice([2.0, 20.0, 200.0])), dtype=np.float64)


def regimes(chance: Chance, length: int, period: float) -> Values:
    """Two or three behaviours that take turns, each known from before."""
    forms = [_wave(chance, beats(chance, length, period * chance.uniform(0.5, 1.5), 0.01)) for _ in range(3)]
    levels = chance.uniform(-1, 1, size=3)
    turns = np.cumsum(chance.random(length) < 1 / (period * chance.uniform(3, 8))) % chance.integers(2, 4)
    taken: Values = np.stack([form + level for form, level in zip(forms, levels, strict=True)])[
        turns, np.arange(length)
    ]
    return taken


FAMILIES: dict[str, Family] = {
    "autoregression": autoregression,
    "bursts": bursts,
    "counter": counter,
    "counts": counts,
    "demand": demand,
    "gait": gait,
    "harmonics": harmonics,
    "heart_beats": heart_beats,
    "pulses": pulses,
    "random_walk": random_walk,
    "regimes": regimes,
    "respiration": respiration,
    "square_wave": square_wave,
    "switch": switch,
}
"""The families, by name."""


def _wave(chance: Chance, phase: Values) -> Values:
    """One fixed shape per beat, of up to six harmonics."""
    count = int(chance.integers(1, 7))
    sizes = chance.normal(size=count) / np.arange(1, count + 1) ** chance.uniform(0.3, 1.5)
    shifts = chance.uniform(0, 2 * np.pi, size=count)
    wave = np.zeros(len(phase))
    for order, (size, shift) in enumerate(zip(sizes, shifts, strict=True), 1):
        wave += size * np.sin(2 * np.pi * order * phase + shift)
    return wave / max(float(np.abs(sizes).sum()), 1e-9)


def _bump(place: Values, centre: float, width: float) -> Values:
    bump: Values = np.exp(-0.5 * ((place - centre) / width) ** 2)
    return bump


def _drift(chance: Chance, length: int, period: float) -> Values:
    """A level that wanders over many periods; none in half of the series."""
    size = chance.choice([0.0, 0.0, 0.1, 0.3]) * chance.uniform(0.3, 1)
    wander: Values = gaussian_filter1d(chance.normal(size=length), min(3 * period, length / 6))
    drift: Values = size * wander / max(float(wander.std()), 1e-9)
    return drift


def _noise(chance: Chance, length: int) -> Values:
    """White to red, from a thousandth of the series' deviation to a third of it."""
    noise = lfilter([1.0], [1.0, -chance.choice([0.0, 0.5, 0.9])], chance.normal(size=length))
    size = 10 ** chance.uniform(-3, -0.5)
    coloured: Values = size * noise / noise.std()
    return coloured
