"""What the page's script draws a case from: heights of one byte each, ticks in words, and where marks stand.

Scales are chosen here, so that the script only draws. A height is 1 at the bottom of a panel and 255 at its top; 0 is
no value. When there are many cases, stretches are joined until all heights fit in `ROOM`.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from anomalyllm.evaluation.bench.page_attempts import Attempt, Case, Envelope
from anomalyllm.reporting.axes import LOGARITHMIC_FROM, Scale, linear_scale, number, number_ticks, score_scale

Heights = NDArray[np.uint8]

ROOM = 2_000_000  # bytes of heights in a page; as text they are a third more
MOST_CHANNELS = 4
NEAR = 0.05  # of the width: marks closer than this share one word
NAMED = 3  # methods in the word of a mark


def drawings(cases: Sequence[Case]) -> dict[str, object]:
    """For each case that has any curve, by `key_of`, what to draw."""
    step = joined_by(sum(_size(case) for case in cases))
    return {key_of(case): _drawing(case, step) for case in cases if _size(case)}


def key_of(case: Case) -> str:
    """What the page calls a case: the address `#case=` is followed by this, or by the name alone."""
    return f"{case.dataset}/{case.name}"


def joined_by(size: int) -> int:
    """How many stretches (a power of two) are joined into one, so that `size` bytes of heights fit in `ROOM`."""
    step = 1
    while size > ROOM * step:
        step *= 2
    return step


def coarser(curve: Envelope, step: int) -> Envelope:
    """The same curve with each `step` stretches joined into one."""
    room = -len(curve.low) % step
    low, high = (np.append(part, np.full(room, np.nan)).reshape(-1, step) for part in (curve.low, curve.high))
    return Envelope(curve.rows, curve.size * step, np.fmin.reduce(low, axis=1), np.fmax.reduce(high, axis=1))


def heights(curve: Envelope, scale: Scale) -> Heights:
    """(2 S,) the lowest, then the highest of each stretch, as bytes."""
    ups = scale.share(np.concatenate([curve.low, curve.high]))
    return np.where(np.isnan(ups), 0, 1 + np.round(254 * np.clip(np.nan_to_num(ups), 0, 1))).astype(np.uint8)


def liveliest(channels: Sequence[Envelope]) -> list[int]:
    """The channels that vary most, at most `MOST_CHANNELS`, in the order in which they come."""
    spread = [_variance(channel) for channel in channels]
    return sorted(sorted(range(len(channels)), key=lambda index: -spread[index])[:MOST_CHANNELS])


def _variance(channel: Envelope) -> float:
    middle = (channel.low + channel.high) / 2
    known = middle[np.isfinite(middle)]
    return float(known.var()) if len(known) else 0.0


def _size(case: Case) -> int:
    """Bytes of all heights of a case."""
    return sum(2 * len(curve.low) for curve in _curves(case))


def _curves(case: Case) -> list[Envelope]:
    recorded = case.recorded.channels if case.recorded else ()
    channels = [recorded[index] for index in liveliest(recorded)]
    return [*channels, *(attempt.scores for attempt in case.attempts if attempt.scores is not None)]


def _drawing(case: Case, step: int) -> dict[str, object]:
    rows = _curves(case)[0].rows
    panels: list[dict[str, object]] = []
    if case.recorded is not None:
        channels = case.recorded.channels
        panels += [_channel(channels[index], _title(index, len(channels)), step) for index in liveliest(channels)]
    panels += [_scores(attempt, attempt.scores, step) for attempt in case.attempts if attempt.scores is not None]
    ticks = number_ticks(0.0, float(rows), 5, whole=True)
    return {
        "bands": [[_rounded(start / rows), _rounded(stop / rows)] for start, stop in case.spans],
        "marks": marks(case, rows),
        "ticks": [[_rounded(place / rows), words] for place, words in ticks],
        "panels": panels,
    }


def marks(case: Case, rows: int) -> list[list[object]]:
    """[share of the width, words] where methods looked, by their numbers; near ones share their words."""
    placed = sorted((attempt.location, attempt.place) for attempt in case.attempts if attempt.location is not None)
    groups: list[list[tuple[int, int]]] = []
    for location, place in placed:
        if groups and location - groups[-1][0][0] < NEAR * rows:
            groups[-1].append((location, place))
        else:
            groups.append([(location, place)])
    return [[_rounded((group[0][0] + group[-1][0] + 1) / 2 / rows), _numbers(group)] for group in groups]


def _numbers(group: Sequence[tuple[int, int]]) -> str:
    places = sorted(place for _, place in group)
    more = len(places) - NAMED
    return ",".join(str(place) for place in places[:NAMED]) + (f"+{more}" if more > 0 else "")


def _title(index: int, count: int) -> str:
    return "series" if count == 1 else f"channel {index} (of {count})"


def _channel(curve: Envelope, title: str, step: int) -> dict[str, object]:
    return {"name": title, "kind": "series", **_panel(curve, linear_scale(curve.low, curve.high), step)}


def _scores(attempt: Attempt, curve: Envelope, step: int) -> dict[str, object]:
    """A panel of scores; a threshold that is far above all of them is told and not drawn, or they would lie flat."""
    top = float(np.fmax.reduce(curve.high))
    threshold = attempt.threshold
    drawn = bool(np.isfinite(threshold)) and threshold <= LOGARITHMIC_FROM * abs(top)
    both = np.concatenate([curve.low, curve.high])
    scale = score_scale(both, threshold if drawn else np.nan)
    note = "no threshold" if np.isnan(threshold) else f"threshold {number(threshold, 3)}"
    return {
        "name": f"{attempt.place} {attempt.method}{' (log)' if scale.logarithmic else ''}",
        "kind": "score",
        "note": note if drawn or np.isnan(threshold) else f"{note}, far above",
        "threshold": _rounded(float(scale.share(np.array([threshold]))[0])) if drawn else None,
        "hit": attempt.hit,
        "mark": None if attempt.location is None else _rounded((attempt.location + 0.5) / curve.rows),
        **_panel(curve, scale, step),
    }


def _panel(curve: Envelope, scale: Scale, step: int) -> dict[str, object]:
    joined = coarser(curve, step)
    ticks = scale.ticks(3)
    ups = scale.share(np.array([value for value, _ in ticks])).tolist()
    return {
        "ticks": [[_rounded(up), words] for up, (_, words) in zip(ups, ticks, strict=True)],
        "width": _rounded(joined.size / joined.rows),  # of a stretch
        "heights": base64.b64encode(heights(joined, scale).tobytes()).decode("ascii"),
    }


def _rounded(share: float) -> float:
    return round(share, 6)
