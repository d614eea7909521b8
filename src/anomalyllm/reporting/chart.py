"""The large chart of the page: drawn once as it stands, with the numbers that its script needs to zoom."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from anomalyllm.reporting import svg
from anomalyllm.reporting.axes import Scale, milliseconds, number, number_ticks, time_ticks
from anomalyllm.reporting.thinning import gap_rows, line, thin
from anomalyllm.reporting.view import (
    Ruler,
    hidden_words,
    labelled_spans,
    ruler,
    scales,
    shown_channels,
    shown_events,
)

if TYPE_CHECKING:
    from anomalyllm.result import Detection

STATIC_BUCKETS = 700
MOST_POINTS = 150_000  # of all curves together in the script's data: about 1.6 MB
MOST_DETAILED = 30  # events with every row kept around them
MOST_KNOTS = 4_000
MOST_GAPS = 500
MOST_BANDS = 2_000
LEAST_APART = 0.022  # of the width: event numbers closer than this would lie on each other


def chart(detection: Detection) -> str:
    """The chart as HTML, readable without any script."""
    axis, channels = ruler(detection.series), shown_channels(detection)
    every = scales(detection, channels)
    panels = [
        _series(detection, channel, axis, scale, position, len(channels))
        for position, (channel, scale) in enumerate(zip(channels, every, strict=False))
    ]
    panels.append(_score(detection, axis, every[-1], len(channels)))
    if detection.series.labels is not None:
        panels.append(_labels(detection, axis))
    stack = [_bands(detection, axis), _numbers(detection, axis), *panels, _places(axis)]
    extras = '<div class="brush" hidden></div><div class="cursor" hidden></div>'
    return (
        '<figure class="chart" id="chart"><div class="bar"><span class="readout"></span>'
        '<button type="button" class="reset" hidden>Show all</button></div>'
        f'<div class="stack">{"".join(stack)}{extras}</div>{_caption(detection, len(channels))}</figure>'
    )


def chart_data(detection: Detection) -> str:
    """What the script draws from, as JSON that is safe inside a script element."""
    axis, channels = ruler(detection.series), shown_channels(detection)
    columns = [*(detection.series.values[:, channel] for channel in channels), detection.scores]
    scale = scales(detection, [])[-1]
    events = shown_events(detection, MOST_BANDS)
    spans = [axis.span(detection.events[index]) for index in events]
    marked = [(axis.places[start], axis.places[stop - 1]) for start, stop in _labelled(detection)]
    threshold = detection.threshold
    return safe_json(
        {
            "limits": axis.limits,
            "firstRow": detection.series.first_row,
            "origin": None if axis.origin is None else milliseconds(axis.origin),
            "knots": _knots(axis),
            "threshold": threshold if np.isfinite(threshold) else None,
            "floor": scale.low if scale.logarithmic else None,
            "curves": [_packed(detection, values, axis, len(columns)) for values in columns],
            "events": [[index + 1, *span] for index, span in zip(events, spans, strict=True)],
            "labels": marked,
        }
    )


def safe_json(data: object) -> str:
    """JSON without a sign that could end the script element around it."""
    text = json.dumps(data, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _series(detection: Detection, channel: int, axis: Ruler, scale: Scale, position: int, count: int) -> str:
    values = detection.series.values[:, channel]
    drawn = line(values, thin(values, STATIC_BUCKETS), axis.breaks)
    d = svg.path(axis.shares(drawn.rows), scale.share(drawn.values))
    empty = "" if np.isfinite(values).any() else '<span class="empty">no values</span>'
    plot, marks = _frame(scale, svg.stroke("line", d), 6 if count == 1 else 4)
    name, kind = detection.series.channels[channel], "tall" if count == 1 else "low"
    return svg.panel(name, plot + marks + empty, kind, f' data-curve="{position}"', "<output></output>")


def _score(detection: Detection, axis: Ruler, scale: Scale, position: int) -> str:
    drawn = line(detection.scores, thin(detection.scores, STATIC_BUCKETS), axis.breaks)
    across, up = axis.shares(drawn.rows), scale.share(drawn.values)
    content, aside = "", "<output></output>"
    if np.isfinite(detection.threshold):
        height = float(scale.share(np.array([detection.threshold]))[0])
        top = (1 - height) * svg.HEIGHT
        box = f'<rect x="0" y="-5" width="{svg.WIDTH:g}" height="{top + 5:.2f}"/>'
        content = (
            f'<clipPath id="above">{box}</clipPath>'
            f'<g clip-path="url(#above)">{svg.stroke("flagged", svg.area(across, up))}</g>'
            f"{svg.stroke('threshold', f'M0 {top:.2f}H{svg.WIDTH:g}')}"
        )
        aside += f'<span class="key threshold-key">threshold {number(detection.threshold)}</span>'
    plot, marks = _frame(scale, svg.stroke("line", svg.path(across, up)) + content)
    name = "score (logarithmic)" if scale.logarithmic else "score"
    return svg.panel(name, plot + marks, "score", f' data-curve="{position}"', aside)


def _frame(scale: Scale, content: str, count: int = 4) -> tuple[str, str]:
    ticks = scale.ticks(count)
    ups = scale.share(np.array([value for value, _ in ticks])).tolist()
    marks = [(up, words) for up, (_, words) in zip(ups, ticks, strict=True)]
    return svg.canvas(svg.grid(ups) + content), f'<div class="heights">{svg.heights(marks)}</div>'


def _labelled(detection: Detection) -> list[tuple[int, int]]:
    """The source's labelled stretches, the longest where there are very many."""
    spans = labelled_spans(detection.series)
    return sorted(sorted(spans, key=lambda span: span[0] - span[1])[:MOST_BANDS])


def _labels(detection: Detection, axis: Ruler) -> str:
    rows = np.array(_labelled(detection), dtype=np.int64).reshape(-1, 2)
    spans = list(zip(axis.shares(rows[:, 0]).tolist(), axis.shares(rows[:, 1] - 1).tolist(), strict=True))
    return svg.panel("labels in the source", svg.canvas(svg.bands(spans, "labelled")), "strip")


def _event_shares(detection: Detection, axis: Ruler) -> list[tuple[int, float, float]]:
    low, high = axis.limits
    spans = [(index, *axis.span(detection.events[index])) for index in shown_events(detection, MOST_BANDS)]
    return [(index, (start - low) / (high - low), (stop - low) / (high - low)) for index, start, stop in spans]


def _bands(detection: Detection, axis: Ruler) -> str:
    spans = [(start, stop) for _, start, stop in _event_shares(detection, axis)]
    return svg.canvas(svg.bands(spans, "event"), "bands")


def _numbers(detection: Detection, axis: Ruler) -> str:
    parts, taken = [], -1.0
    for index, start, stop in _event_shares(detection, axis):
        place = (start + stop) / 2
        if place - taken >= LEAST_APART:
            taken = place
            parts.append(f'<span style="left:{place * 100:.2f}%">{index + 1}</span>')
    return f'<div class="numbers">{"".join(parts)}</div>'


def _places(axis: Ruler) -> str:
    low, high = axis.limits
    ticks = number_ticks(low, high, 8, whole=True) if axis.origin is None else time_ticks(axis.origin, low, high, 8)
    marks = [((place - low) / (high - low), words) for place, words in ticks]
    return svg.places(marks) + f'<div class="unit">{"row" if axis.origin is None else "time"}</div>'


def _caption(detection: Detection, shown: int) -> str:
    hidden = len(detection.series.channels) - shown
    words = ["Shaded: events, by number. Red: the score at or above the threshold."]
    if hidden:
        words.insert(0, f"{hidden_words(shown, hidden)}.")
    if len(detection.series) * (shown + 1) > MOST_POINTS:
        words.append("Between events the page keeps the lowest and highest value of each stretch, not every row.")
    return f"<figcaption>{' '.join(words)}</figcaption>"


def _packed(detection: Detection, values: NDArray[np.float64], axis: Ruler, curves: int) -> dict[str, object]:
    """A curve for the script, in base 64: rows as 32-bit integers, values as 32-bit floats around an offset.

    The offset keeps the digits of a counter near a billion, the factor those of huge and tiny values.
    """
    drawn = line(values, _kept(detection, values, MOST_POINTS // curves), axis.breaks)
    clipped = np.clip(drawn.values, -1e300, 1e300)
    offset = float(np.nanmedian(clipped)) if np.isfinite(clipped).any() else 0.0
    furthest = float(np.nanmax(np.abs(clipped - offset), initial=0.0))
    factor = furthest if furthest and not 1e-30 < furthest < 1e37 else 1.0
    return {
        "rows": _base64(drawn.rows.astype("<u4")),
        "values": _base64(((clipped - offset) / factor).astype("<f4")),
        "offset": offset,
        "factor": factor,
    }


def _kept(detection: Detection, values: NDArray[np.float64], most: int) -> NDArray[np.int64]:
    """Rows the script gets: all if at most `most`, else extremes, gaps, and every row around events."""
    count = len(values)
    if count <= most:
        return np.arange(count, dtype=np.int64)
    pieces = [thin(values, most // 3), gap_rows(values, MOST_GAPS)]
    events = [detection.events[index] for index in shown_events(detection, MOST_DETAILED)]
    room = most // 3 // max(1, len(events))
    for event in events:
        around = max(0, room - (event.end - event.start)) // 2
        start = max(0, event.start - around)
        pieces.append(np.arange(start, min(count, start + room), dtype=np.int64))
    return np.unique(np.concatenate(pieces))


def _knots(axis: Ruler) -> list[list[float]]:
    """[row, place] pairs between which places rise evenly: two where the series is regular."""
    steps = np.diff(axis.places)
    bends = np.flatnonzero(np.abs(np.diff(steps)) > 1e-6 * np.abs(steps[1:])) + 1
    if len(bends) > MOST_KNOTS:
        bends = np.linspace(0, len(axis.places) - 1, MOST_KNOTS).astype(np.int64)
    rows = np.unique(np.concatenate([[0], bends, [len(axis.places) - 1]])).astype(np.int64)
    return [[row, place] for row, place in zip(rows.tolist(), axis.places[rows].tolist(), strict=True)]


def _base64(array: NDArray[np.generic]) -> str:
    return base64.b64encode(array.tobytes()).decode("ascii")
