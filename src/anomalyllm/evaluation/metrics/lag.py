"""The lag at which a series resembles itself most: the window that TSB-AD gives to VUS.

It is `find_length_rank(series, rank=1)` there. The period by which this library chooses its own windows is found
otherwise, in `windows.period`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from anomalyllm.data.wording import kind_name
from anomalyllm.errors import DataError, TooShortError

USED = 20_000  # points from the beginning
LAGS = (3, 400)  # that are looked at
ACCEPTED = (6, 303)
OTHERWISE = 125


def dominant_lag(series: ArrayLike) -> int:
    """The lag in points of the highest peak of the autocorrelation, or 125 where none lies within 6 … 303.

    Only the first 20000 points are used, without correction for the shrinking overlap. Constant series and series
    with NaN or infinite values among those points give 125.

    Args:
        series: (n,), or with further dimensions of size 1.

    Raises:
        DataError: more than one channel, or no numbers.
        TooShortError: fewer than two points.
    """
    values = _checked(series)[:USED].astype(np.float64)
    largest = np.abs(values).max()
    if not np.isfinite(values).all() or largest == 0:
        return OTHERWISE
    centred = values / largest  # squares of huge values stay finite
    centred -= centred.mean()
    if not centred.any():
        return OTHERWISE
    correlation = _products(centred, LAGS[1] + 1)[LAGS[0] :]
    middle = correlation[1:-1]
    peaks = np.flatnonzero((middle > correlation[:-2]) & (middle > correlation[2:]))
    if not len(peaks):
        return OTHERWISE
    lag = int(peaks[np.argmax(middle[peaks])]) + 1 + LAGS[0]
    return lag if ACCEPTED[0] <= lag <= ACCEPTED[1] else OTHERWISE


def _products(centred: NDArray[np.float64], lags: int) -> NDArray[np.float64]:
    """Sums of products of (n,) with itself at lags 0 … min(lags, n) - 1."""
    length = 1 << (2 * len(centred) - 1).bit_length()  # with zeros behind, the end does not meet the beginning
    spectrum = np.fft.rfft(centred, length)
    products: NDArray[np.float64] = np.fft.irfft(spectrum * spectrum.conj(), length)
    return products[: min(lags, len(centred))]


def _checked(series: ArrayLike) -> NDArray[np.generic]:
    values = np.asarray(series)
    if values.dtype.kind not in "biuf":
        raise DataError("numbers in the series", f"{kind_name(values)} values", "convert them to numbers first")
    if values.size < 2:
        raise TooShortError("at least 2 points, to compare one with another", str(values.size), "give a longer series")
    values = values.squeeze()
    if values.ndim != 1:
        raise DataError("a series of one channel", f"shape {values.shape}", "choose the channel that sets the rhythm")
    return values
