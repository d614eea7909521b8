"""Labelled series to try things on, made and not measured: a heartbeat, and six readings of a server.

The same seed gives the same numbers; NumPy's global random state is neither read nor changed. All anomalies
lie behind the first 40 % of the rows, which are therefore fit to learn from. To add a kind of anomaly, write
a function that changes a stretch of the values and returns the `Anomaly`, and call it in the sample's own
function.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from anomalyllm.data.origin import Floats, Origin
from anomalyllm.data.series import Series, build_series
from anomalyllm.errors import ConfigError

BEAT_ROWS = 100  # usual length of a heartbeat
# of the waves of a beat: where in the beat (0 to 1), how wide, how high
WAVES = (
    (0.18, 0.028, 0.14),
    (0.36, 0.010, -0.13),
    (0.40, 0.013, 1.0),
    (0.445, 0.013, -0.24),
    (0.68, 0.048, 0.29),
)
WIDE_WAVES = (
    (0.36, 0.045, 0.75),
    (0.55, 0.060, -0.45),
)  # a beat that begins in the wrong place: broad, no first wave
MACHINE_CHANNELS = ("cpu", "memory", "network_in", "network_out", "disk_queue", "temperature")
DAY = 288  # rows of 5 minutes
FEWEST_ROWS = 2000


@dataclass(frozen=True)
class Anomaly:
    """A stretch of rows, half-open, that was made anomalous: what was done, and to which channels."""

    start: int
    end: int
    kind: str
    channels: tuple[str, ...]


@dataclass(frozen=True)
class Sample:
    """A made series and the truth about it."""

    series: Series
    anomalies: tuple[Anomaly, ...]


@dataclass
class _Beat:
    start: float
    length: float
    height: float
    waves: tuple[tuple[float, float, float], ...] = WAVES


def multibeat(seed: int = 0, rows: int = 6000) -> Series:
    """One channel like an electrocardiogram, (rows, 1), with times and labels; drift is normal."""
    return multibeat_sample(seed, rows).series


def machines(seed: int = 0, rows: int = 4000) -> Series:
    """Six readings of a server, every 5 minutes, (rows, 6), with times and labels; causes are shared."""
    return machines_sample(seed, rows).series


# --- heartbeat ----------------------------------------------------------------------------------------------


def multibeat_sample(seed: int = 0, rows: int = 6000) -> Sample:
    """`multibeat` with its anomalies: a missing, an extra and a wide beat, a flat stretch, a burst of noise.

    Raises:
        ConfigError: fewer than 2000 rows.
    """
    _require_rows(rows)
    chance = np.random.default_rng(seed)
    beats = _beats(chance, rows)
    changed = [
        _without_beat(beats, 0.48 * rows),
        _early_beat(beats, 0.60 * rows),
        _wide_beat(beats, 0.71 * rows),
    ]
    signal = sum((_beat_signal(beat, rows) for beat in beats), np.zeros(rows))
    time = np.arange(rows)
    signal += 0.07 * np.sin(2 * np.pi * (time / (8.3 * BEAT_ROWS) + chance.uniform())) + _slow_walk(chance, rows, 0.05)
    start = int(0.82 * rows)
    signal[start : start + 140] = signal[start]
    changed.append(Anomaly(start, start + 140, "flat stretch", ("beat",)))
    noise = 0.018 * chance.standard_normal(rows)
    start = int(0.92 * rows)
    noise[start : start + 70] += 0.16 * chance.standard_normal(70)
    changed.append(Anomaly(start, start + 70, "noise burst", ("beat",)))
    values = (signal + noise).reshape(-1, 1)
    return _sample(values, ("beat",), changed, np.timedelta64(10, "ms"), "multibeat")


def _beats(chance: np.random.Generator, rows: int) -> list[_Beat]:
    """Beats that follow one another over all rows; their lengths wander a little, as breathing makes them."""
    beats = []
    start = -chance.uniform() * BEAT_ROWS
    while start < rows:
        breath = 0.035 * np.sin(2 * np.pi * start / (5.3 * BEAT_ROWS))
        length = BEAT_ROWS * (1 + breath + 0.02 * chance.standard_normal())
        beats.append(_Beat(start, length, 1 + 0.05 * chance.standard_normal()))
        start += length
    return beats


def _beat_signal(beat: _Beat, rows: int) -> Floats:
    phase = (np.arange(rows) - beat.start) / beat.length
    signal = np.zeros(rows)
    for place, width, height in beat.waves:
        signal += beat.height * height * np.exp(-0.5 * ((phase - place) / width) ** 2)
    return signal


def _nearest_beat(beats: Sequence[_Beat], row: float) -> _Beat:
    return min(beats, key=lambda beat: abs(beat.start - row))


def _stretch(beat: _Beat, kind: str, first: float = 0.1, last: float = 0.85) -> Anomaly:
    return Anomaly(int(beat.start + first * beat.length), int(beat.start + last * beat.length), kind, ("beat",))


def _without_beat(beats: Sequence[_Beat], row: float) -> Anomaly:
    beat = _nearest_beat(beats, row)
    beat.height = 0.0
    return _stretch(beat, "missing beat")


def _early_beat(beats: list[_Beat], row: float) -> Anomaly:
    """One beat more, in the rest after another one."""
    beat = _nearest_beat(beats, row)
    extra = _Beat(beat.start + 0.52 * beat.length, 0.8 * beat.length, 0.85)
    beats.append(extra)
    return _stretch(extra, "extra beat", 0.12, 0.8)


def _wide_beat(beats: Sequence[_Beat], row: float) -> Anomaly:
    beat = _nearest_beat(beats, row)
    beat.waves = WIDE_WAVES
    return _stretch(beat, "widened beat")


# --- machines -----------------------------------------------------------------------------------------------


def machines_sample(seed: int = 0, rows: int = 4000) -> Sample:
    """`machines` with its anomalies: a spike, a level shift, a broken correlation, a stuck sensor.

    Raises:
        ConfigError: fewer than 2000 rows.
    """
    _require_rows(rows)
    chance = np.random.default_rng(seed)
    readings = _readings(chance, rows)
    changed = [
        _spike(readings, int(0.47 * rows)),
        _level_shift(readings, int(0.60 * rows)),
        _broken_correlation(readings, int(0.76 * rows)),
        _stuck(readings, int(0.90 * rows)),
    ]
    values = np.stack([readings[name] for name in MACHINE_CHANNELS], axis=1)
    return _sample(values, MACHINE_CHANNELS, changed, np.timedelta64(5, "m"), "machines")


def _readings(chance: np.random.Generator, rows: int) -> dict[str, Floats]:
    """Six readings that one demand drives, each with its own lag, memory and noise."""
    demand = _demand(chance, rows)
    backup = ((np.arange(rows) % DAY) // 8 == 3).astype(np.float64)  # every night at two, for forty minutes
    network_in = np.maximum(0.4, 4 + 46 * demand + _noise(chance, rows, 1.3))
    cpu = np.clip(9 + 62 * _lagged(demand, 1) + 7 * backup + _noise(chance, rows, 1.6), 0.5, 100)
    waiting = np.maximum(0, 0.6 + 3.4 * (_lagged(cpu, 1) / 70) ** 3 + 2.2 * backup)
    room = 1.2 * np.sin(2 * np.pi * (np.arange(rows) / DAY - 0.42))
    return {
        "cpu": cpu,
        "memory": 41 + 24 * _inert(demand, 40) + _slow_walk(chance, rows, 1.0) + _noise(chance, rows, 0.25),
        "network_in": network_in,
        "network_out": np.maximum(0.4, 3 + 2.1 * _lagged(network_in, 1) + _noise(chance, rows, 2.4)),
        "disk_queue": waiting * chance.gamma(14, 1 / 14, rows),
        "temperature": 33 + 0.24 * _inert(cpu, 10) + room + _noise(chance, rows, 0.18),
    }


def _demand(chance: np.random.Generator, rows: int) -> Floats:
    """Share of full load: working days with a noon dip, quieter week ends, and jobs at random times."""
    hour = (np.arange(rows) % DAY) * 24 / DAY
    day = (np.arange(rows) // DAY + 4) % 7  # a Friday first: the rows to learn from hold a whole week end
    shape = np.exp(-0.5 * ((hour - 10.5) / 2.3) ** 2) + 0.9 * np.exp(-0.5 * ((hour - 15.7) / 2.9) ** 2)
    heights = 1 + 0.06 * chance.standard_normal(rows // DAY + 1)[np.arange(rows) // DAY]
    demand = 0.12 + 0.55 * shape * heights * np.where(day < 5, 1.0, 0.62)
    for start in np.flatnonzero(chance.random(rows) < 0.012):
        length = int(chance.integers(3, 12))
        demand[start : start + length] += chance.uniform(0.04, 0.14)
    return demand + 0.035 * _inert(chance.standard_normal(rows), 4) * 2


def _spike(readings: dict[str, Floats], start: int) -> Anomaly:
    shape = np.array([0.5, 1.0, 1.0, 0.95, 0.9, 0.6, 0.25])
    end = start + len(shape)
    readings["cpu"][start:end] += (97 - readings["cpu"][start:end]) * shape
    readings["disk_queue"][start:end] += 9 * shape
    return Anomaly(start, end, "spike", ("cpu", "disk_queue"))


def _level_shift(readings: dict[str, Floats], start: int) -> Anomaly:
    readings["memory"][start : start + 150] += 13 * np.minimum(1, np.arange(1, 151) / 12)
    return Anomaly(start, start + 150, "level shift", ("memory",))


def _broken_correlation(readings: dict[str, Floats], start: int) -> Anomaly:
    """What goes out no longer follows what comes in: each value is likely, at that hour it is not."""
    end = start + 110
    outgoing = readings["network_out"]
    outgoing[start:end] = outgoing[start - DAY // 2 : end - DAY // 2].copy()
    return Anomaly(start, end, "broken correlation", ("network_out",))


def _stuck(readings: dict[str, Floats], start: int) -> Anomaly:
    readings["temperature"][start : start + 130] = readings["temperature"][start]
    return Anomaly(start, start + 130, "stuck sensor", ("temperature",))


# --- both ---------------------------------------------------------------------------------------------------


def _sample(
    values: Floats, channels: tuple[str, ...], anomalies: Sequence[Anomaly], step: np.timedelta64, source: str
) -> Sample:
    times = np.datetime64("2024-01-05T00:00:00", "ns") + np.arange(len(values)) * step.astype("timedelta64[ns]")
    labels = np.zeros(len(values), np.int8)
    for anomaly in anomalies:
        labels[anomaly.start : anomaly.end] = 1
    series = build_series(values, channels, times=times, labels=labels, origin=Origin(source))
    return Sample(series, tuple(sorted(anomalies, key=lambda anomaly: anomaly.start)))


def _require_rows(rows: int) -> None:
    if rows < FEWEST_ROWS:
        raise ConfigError(f"at least {FEWEST_ROWS} rows", str(rows), "ask for more rows, so that all anomalies fit")


def _noise(chance: np.random.Generator, rows: int, size: float) -> Floats:
    return size * chance.standard_normal(rows)


def _slow_walk(chance: np.random.Generator, rows: int, size: float) -> Floats:
    """A wandering level: noise with a memory of 400 rows, about `size` high."""
    walk = _inert(chance.standard_normal(rows), 400)
    return size * walk / max(float(np.std(walk)), 1e-12)


def _lagged(values: Floats, rows: int) -> Floats:
    return np.concatenate([np.full(rows, values[0]), values[:-rows]])


def _inert(values: Floats, memory: int) -> Floats:
    """Follows `values` as a body follows heat: an exponential mean over about `memory` rows."""
    smooth = np.empty_like(values)
    level = values[0]
    for row, value in enumerate(values):
        level += (value - level) / memory
        smooth[row] = level
    return smooth
