"""Why a method missed: one sentence of numbers, from the curves that were kept.

A curve keeps the lowest and highest score of each stretch, so what is said of heights is "about", and a share lies
between two ends, which are far apart where scores jump up and down.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from anomalyllm.evaluation.bench.page_attempts import Attempt, Case, Envelope, Span
from anomalyllm.evaluation.metrics.location import LEAST_MARGIN
from anomalyllm.reporting.axes import number


def misses(case: Case) -> list[str]:
    """A sentence for each method that is wrong here, in the order of the table."""
    return [miss(case, attempt) for attempt in case.attempts if attempt.hit is False]


def miss(case: Case, attempt: Attempt) -> str:
    """Where a method looked, how high its score is there and at the anomaly, and whether others were right."""
    if attempt.location is None:
        return f"{attempt.method} found no row the strangest, so it named no location; {_others(case, attempt)}."
    looked = f"{attempt.method} looked at row {attempt.location:,}"
    if case.spans:
        looked += f", {_away(attempt.location, case.spans)}"
    if not case.spans or attempt.scores is None:
        return f"{looked}; its curve was not kept, so nothing is said of heights; {_others(case, attempt)}."
    return f"{looked}, {_heights(attempt, attempt.location, attempt.scores, case.spans)}; {_others(case, attempt)}."


def tolerated(spans: Sequence[Span]) -> list[Span]:
    """The rows at which a location is right, (start, stop) of each anomaly."""
    return [
        (start - max(stop - start, LEAST_MARGIN) + 1, stop - 1 + max(stop - start, LEAST_MARGIN))
        for start, stop in spans
    ]


def highest_within(scores: Envelope, spans: Sequence[Span]) -> float:
    """About the highest score in the spans: in the stretches inside them, or that meet them where none is inside."""
    starts = np.arange(len(scores.high)) * scores.size
    stops = np.minimum(starts + scores.size, scores.rows)
    inside, meeting = np.zeros(len(starts), bool), np.zeros(len(starts), bool)
    for start, stop in spans:
        inside |= (starts >= start) & (stops <= stop)
        meeting |= (starts < stop) & (stops > start)
    return float(np.fmax.reduce(scores.high[inside if inside.any() else meeting]))


def share_above(scores: Envelope, level: float) -> tuple[float, float]:
    """The least and the most that the share (0 to 1) of rows that score higher than `level` can be.

    In a stretch that reaches above it at least one row does, and all of them where its lowest does.
    """
    starts = np.arange(len(scores.high)) * scores.size
    rows = np.minimum(scores.size, scores.rows - starts)
    reaching, whole = scores.high > level, scores.low > level
    return float(np.where(whole, rows, reaching).sum() / scores.rows), float((reaching * rows).sum() / scores.rows)


def _away(location: int, spans: Sequence[Span]) -> str:
    """How far a location is from the nearest anomaly."""
    start, stop = min(spans, key=lambda span: max(span[0] - location, location - span[1] + 1))
    the = "the anomaly" if len(spans) == 1 else "the nearest anomaly"
    rows = start - location if location < start else location - stop + 1
    return f"{rows:,} rows {'before' if location < start else 'after'} {the}"


def _heights(attempt: Attempt, location: int, scores: Envelope, spans: Sequence[Span]) -> str:
    level = highest_within(scores, tolerated(spans))
    where = "the anomaly" if len(spans) == 1 else "any of the anomalies"
    there, top = float(scores.high[location // scores.size]), float(np.fmax.reduce(scores.high))
    lower = f" (its highest anywhere is {number(top, 3)})" if there < top else ""  # it does not go by scores alone
    words = (
        f"where its score is about {number(there, 3)}{lower}; within the tolerance of {where} its highest score is "
        f"about {number(level, 3)}, and {_share(*share_above(scores, level))} of the series scores higher than that"
    )
    if np.isfinite(attempt.threshold):
        reached = "reaches" if level >= attempt.threshold else "stays below"
        words += f" (it {reached} its own threshold of {number(attempt.threshold, 3)})"
    return words


def _share(least: float, most: float) -> str:
    """A share in words: one number where the two ends are near each other."""
    if most < 1e-4:
        return "less than 0.01 %"
    if most <= 2 * least:
        return f"about {number(50 * (least + most), 2)} %"
    return f"between {number(100 * least, 2)} % and {number(100 * most, 2)} %"


def _others(case: Case, attempt: Attempt) -> str:
    """How many of the other methods that were judged here are right."""
    judged = [other for other in case.attempts if other is not attempt and other.hit is not None]
    if not judged:
        return "no other method was judged here"
    right = sum(other.hit is True for other in judged)
    if len(judged) == 1:
        return f"the one other method was {'right' if right else 'wrong too'}"
    return f"{right or 'none'} of {len(judged)} other methods {'was' if right in (0, 1) else 'were'} right"
