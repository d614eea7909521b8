"""Where is the one anomaly: the rule of the UCR archive and of the KDD Cup 2021, and the location that scores name."""

from __future__ import annotations

from collections.abc import Iterable

from numpy.typing import ArrayLike

from anomalyllm.errors import ConfigError
from anomalyllm.evaluation.metrics.inputs import checked_scores
from anomalyllm.evaluation.metrics.segments import runs

LEAST_MARGIN = 100  # points on each side that even a short anomaly is given


def location_hit(location: int | None, segments: Iterable[tuple[int, int]], *, widen: int = 0) -> bool:
    """Whether a location is right for any of the anomalies.

    With first point a, *last* point e and length L = e - a + 1 it is right if
    min(a - L, a - 100) < location < max(e + L, e + 100), both strictly.

    Args:
        location: a point, or None for no answer, which is never right.
        segments: (start, stop) of each anomaly, half-open, so that a = start and e = stop - 1.
        widen: points that are first added to each side of the anomalies. The rule itself adds none.

    Raises:
        ConfigError: a negative `widen`.
    """
    if widen < 0:
        raise ConfigError("widen to be at least 0 points", str(widen), "use 0 for the archive's own rule")
    if location is None:
        return False
    for start, stop in segments:
        first, last = start - widen, stop - 1 + widen
        margin = max(last - first + 1, LEAST_MARGIN)
        if first - margin < location < last + margin:
            return True
    return False


def most_anomalous(scores: ArrayLike) -> int | None:
    """The point with the highest score; of a plateau its middle, of several plateaus the first one's.

    None if all scores are equal: they name no location.

    Args:
        scores: (n,), larger = more anomalous.

    Raises:
        DataError: empty, more than one dimension, NaN or infinite scores.
    """
    checked = checked_scores(scores)
    at_top = checked == checked.max()
    if at_top.all():
        return None
    plateaus = runs(at_top)
    return int(plateaus.starts[0] + plateaus.lengths[0] // 2)
