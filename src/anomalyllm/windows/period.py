"""The period of a series, from the autocorrelation of its training part."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

LONGEST_SERIES = 100_000  # samples looked at: the autocorrelation of more changes little and costs memory
LONGEST_PERIOD = 5_000  # samples
WEAKEST = 0.15  # autocorrelation below which a repetition is not called a period
NOISE = 4.0  # times 1 / sqrt(overlap), the deviation of noise's autocorrelation: short series need higher peaks
ALMOST_BEST = 0.9  # of the best peak: the first lag that reaches it is the period, the best may be a multiple


def find_period(scaled: Floats, shortest: int = 4) -> int | None:
    """The period in samples of (T, C) without missing values, or None where nothing repeats.

    Channels are averaged by their autocorrelation. A period must fit three times into the series. The series is first
    freed of its trend (a straight line), which otherwise hides every repetition.
    """
    values = scaled[:LONGEST_SERIES]
    longest = min(len(values) // 3, LONGEST_PERIOD)
    if longest <= shortest + 1:
        return None
    moving = values[:, values.std(axis=0) > 1e-6]
    if moving.shape[1] == 0:
        return None
    correlation = np.mean([autocorrelation(channel, longest + 1) for channel in moving.T], axis=0)
    return _first_strong_peak(correlation, shortest, len(values))


def autocorrelation(values: Floats, lags: int) -> Floats:
    """Autocorrelation of (T,) at lags 0 … lags, of the series without its linear trend; (lags + 1,).

    Divided by the overlap, so that long lags are not weakened by having fewer pairs.
    """
    from scipy.fft import next_fast_len

    time = np.arange(len(values))
    slope, level = np.polyfit(time, values, 1)
    centred = values - (slope * time + level)
    size = next_fast_len(2 * len(values))
    power = np.abs(np.fft.rfft(centred, size)) ** 2
    products = np.fft.irfft(power, size)[: lags + 1] / (len(values) - np.arange(lags + 1))
    correlation: Floats = products / max(products[0], 1e-12)
    return correlation


def _first_strong_peak(correlation: Floats, shortest: int, rows: int) -> int | None:
    """The first lag whose peak is almost as high as the highest; peaks that noise of `rows` rows has do not count."""
    from scipy.signal import find_peaks  # takes a second to load, and who only scores needs none of it

    peaks, _ = find_peaks(correlation, prominence=0.05)
    by_chance = np.maximum(WEAKEST, NOISE / np.sqrt(rows - peaks))
    peaks = peaks[(peaks >= shortest) & (correlation[peaks] >= by_chance)]
    if len(peaks) == 0:
        return None
    strong = peaks[correlation[peaks] >= ALMOST_BEST * correlation[peaks].max()]
    return int(strong[0])
