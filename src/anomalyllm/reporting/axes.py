"""Axes: round ticks, short numbers and short times, the same for the picture and the page."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SECOND = 1_000.0
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
# Milliseconds between ticks, up to two weeks; wider steps are whole months.
TIME_STEPS = (
    *(1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0),
    *(SECOND * n for n in (1, 2, 5, 10, 15, 30)),
    *(MINUTE * n for n in (1, 2, 5, 10, 15, 30)),
    *(HOUR * n for n in (1, 2, 3, 6, 12)),
    *(DAY * n for n in (1, 2, 3, 7, 14)),
)
MONTHS_TO_1970 = 12 * 1970  # steps of years are counted from year 0: 2000, not 1990, follows 1980
MONTH_STEPS = (1, 2, 3, 6, 12, 24, 60, 120, 240, 600, 1200)

LOGARITHMIC_FROM = 20.0  # a peak this many times the threshold would press everything else flat on a linear axis
LOGARITHMIC_FLOOR = 0.01  # of the threshold: what is lower is drawn there


@dataclass(frozen=True)
class Scale:
    """One vertical axis: the values at its bottom and top, linear or logarithmic (then both are positive)."""

    low: float
    high: float
    logarithmic: bool = False

    def share(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Heights, 0 at the bottom and 1 at the top, same shape; NaN stays NaN."""
        if self.logarithmic:
            low, high = math.log10(self.low), math.log10(self.high)
            shares = (np.log10(np.maximum(values, self.low)) - low) / (high - low)
        else:
            shares = (np.clip(values, -1e300, 1e300) - self.low) / (self.high - self.low)
        return np.asarray(shares, dtype=np.float64)

    def ticks(self, count: int) -> list[tuple[float, str]]:
        """Values to mark, and their words."""
        if not self.logarithmic:
            return number_ticks(self.low, self.high, count)
        first, last = math.ceil(math.log10(self.low) - 1e-9), math.floor(math.log10(self.high))
        every = max(1, math.ceil((last - first + 1) / count))
        return [(10.0**power, number(10.0**power)) for power in range(first, last + 1, every)]


def linear_scale(*values: NDArray[np.float64]) -> Scale:
    """An axis that holds every finite value, with a little air; a flat series gets air of its own size."""
    joined = np.concatenate([np.ravel(part) for part in values]) if values else np.empty(0)
    joined = np.clip(joined[np.isfinite(joined)], -1e300, 1e300)
    if joined.size == 0:
        return Scale(0.0, 1.0)
    low, high = float(joined.min()), float(joined.max())
    # A range below the resolution of the numbers is flat: widening it keeps the ticks apart.
    air = 0.06 * (high - low) if high - low > 1e-9 * max(abs(low), abs(high)) else (0.5 * abs(high) or 0.5)
    return Scale(low - air, high + air)


def score_scale(scores: NDArray[np.float64], threshold: float) -> Scale:
    """The axis of the score: holds the threshold, and is logarithmic where the peak is far above it."""
    finite = scores[np.isfinite(scores)]
    peak = float(finite.max()) if finite.size else 0.0
    if math.isfinite(threshold) and threshold > 0 and peak > LOGARITHMIC_FROM * threshold:
        return Scale(LOGARITHMIC_FLOOR * threshold, min(peak, 1e300) * 1.5, logarithmic=True)
    floor = min(0.0, float(finite.min())) if finite.size else 0.0
    return linear_scale(finite, np.array([threshold, floor]))


def number(value: float, digits: int = 4) -> str:
    """A number in at most `digits` digits: 1,234 or 0.0123 or 1.2e-7; a dash where there is none."""
    if not math.isfinite(value):
        return "–"
    if value == 0:
        return "0"
    if 1e-4 <= abs(value) < 1e7:
        decimals = max(0, digits - 1 - math.floor(math.log10(abs(value))))
        text = f"{value:,.{decimals}f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
    mantissa = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
    return f"{mantissa}e{int(exponent)}"


def round_step(span: float, count: int) -> float:
    """The smallest of 1, 2, 2.5 or 5 times a power of ten that cuts `span` into at most `count` steps."""
    raw = span / count
    power = 10.0 ** math.floor(math.log10(raw))
    return next((nice * power for nice in (1.0, 2.0, 2.5, 5.0) if nice * power >= raw * (1 - 1e-9)), 10.0 * power)


def number_ticks(low: float, high: float, count: int, whole: bool = False) -> list[tuple[float, str]]:
    """Round values from `low` to `high`, at most `count` + 1 of them; whole numbers only if asked."""
    step = round_step(high - low, count)
    if whole:
        step = max(1.0, math.ceil(step))
    values = [n * step for n in range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1)]
    biggest = max(abs(low), abs(high))
    if not 1e-3 <= biggest < 1e7:
        return _distinct(values)
    decimals = next(n for n in range(20) if abs(round(step, n) - step) < 1e-6 * step)
    return [(value, f"{value + 0.0:,.{decimals}f}") for value in values]  # + 0.0: no "-0"


def _distinct(values: list[float]) -> list[tuple[float, str]]:
    """Ticks in words; where short words would be the same, all but the first say how far above it."""
    words = [number(value) for value in values]
    if len(set(words)) < len(words):
        words = [f"≈{words[0]}", *(f"+{number(value - values[0])}" for value in values[1:])]
    return list(zip(values, words, strict=True))


def time_ticks(origin: np.datetime64, low: float, high: float, count: int) -> list[tuple[float, str]]:
    """Round times from `low` to `high`, in milliseconds after `origin`, at most `count` + 1 of them."""
    raw = (high - low) / count
    step = next((step for step in TIME_STEPS if step >= raw), None)
    if step is None:
        return _month_ticks(origin, low, high, count)
    start = milliseconds(origin)
    first = math.ceil((start + low) / step)
    positions = [n * step - start for n in range(first, math.floor((start + high) / step) + 1)]
    return [(position, time_words(start + position, step)) for position in positions]


def _month_ticks(origin: np.datetime64, low: float, high: float, count: int) -> list[tuple[float, str]]:
    raw = (high - low) / count / (30.4 * DAY)
    step = next((step for step in MONTH_STEPS if step >= raw), MONTH_STEPS[-1])
    start = milliseconds(origin)
    month = math.floor((start + low) / DAY / 30.4369) + MONTHS_TO_1970  # about; the loop below is exact
    month = (month // step - 1) * step
    ticks: list[tuple[float, str]] = []
    while True:
        date = np.datetime64(month - MONTHS_TO_1970, "M")
        # Not in nanoseconds: their calendar ends in 2262, and the month after that would begin in 1677.
        position = float(date.astype("datetime64[ms]").astype(np.int64)) - start
        if position > high:
            return ticks
        if position >= low:
            ticks.append((position, str(date.astype("datetime64[Y]")) if step >= 12 else str(date)))
        month += step


def milliseconds(time: np.datetime64) -> float:
    """Milliseconds since 1970."""
    return float(time.astype("datetime64[ns]").astype(np.int64)) / 1e6


def time_words(since_1970: float, step: float) -> str:
    """A time (milliseconds since 1970) as exactly as ticks `step` milliseconds apart need it."""
    text = str(np.datetime64(round(since_1970), "ms"))  # 2024-03-05T14:30:00.000
    date, clock = text.split("T")
    if step >= DAY:
        return date
    if step >= MINUTE:
        return f"{date[-5:]} {clock[:5]}"
    return clock[:8] if step >= SECOND else clock


def exact_time(time: np.datetime64) -> str:
    """A time as a reader writes it, without digits that say nothing: 2024-03-05 14:30:00."""
    text = str(time.astype("datetime64[ns]")).replace("T", " ")
    return text.rstrip("0").removesuffix(".") if "." in text else text


def duration(span: float) -> str:
    """Milliseconds in the largest unit that leaves a number of at least one: 2.5 h."""
    for size, unit in ((DAY, "d"), (HOUR, "h"), (MINUTE, "min"), (SECOND, "s")):
        if span >= size:
            return f"{number(span / size, 3)} {unit}"
    return f"{number(span, 3)} ms"
