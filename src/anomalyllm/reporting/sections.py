"""The parts of the page below the chart: events, windows beside their prototypes, training, settings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from anomalyllm.reporting import svg
from anomalyllm.reporting.axes import linear_scale, number, number_ticks
from anomalyllm.reporting.thinning import thin
from anomalyllm.reporting.view import channel_shares, length_words, row_words, shown_events

if TYPE_CHECKING:
    from anomalyllm.result import Detection, Explanation
    from anomalyllm.scoring.events import Event

MOST_ROWS = 2_000
MOST_WINDOWS = 30
WINDOW_CHANNELS = 3
WINDOW_BUCKETS = 150
NAMED_CHANNELS = 5
MINOR = ' class="minor"'  # a column that a phone leaves out
TERMS = {
    "distillation": "Distillation (training)",
    "contrastive": "Contrastive (training)",
    "total": "Total (training)",
    "validation": "Validation",
}


def section(title: str, content: str, anchor: str) -> str:
    """A part of the page under a heading; `content` is HTML already."""
    return f'<section id="{anchor}"><h2>{escape(title)}</h2>{content}</section>'


def pairs(rows: Iterable[tuple[str, str]], kind: str) -> str:
    """Names and values as a description list."""
    items = "".join(f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in rows)
    return f'<dl class="{kind}">{items}</dl>'


def sentences(words: Iterable[str]) -> str:
    """A list of sentences."""
    return f"<ul>{''.join(f'<li>{escape(sentence)}</li>' for sentence in words)}</ul>"


def events_table(detection: Detection) -> str:
    """Every event with its place, length, peak, severity and channels."""
    if not detection.events:
        return "<p>No stretch of the series reached the threshold.</p>"
    several = len(detection.series.channels) > 1
    heads = ["Event", "Start", "End", "Duration", "Peak", "Severity", *(["Channels"] if several else [])]
    shown = shown_events(detection, MOST_ROWS)
    body = "".join(_event_row(detection, index, several) for index in shown)
    head = "".join(f'<th scope="col"{MINOR if name in ("End", "Peak") else ""}>{name}</th>' for name in heads)
    words = "Severity is the peak score in units of the threshold."
    if several:
        words += " A percentage is the channel's share of all channels' scores over the event."
    words += _left_out(len(detection.events) - len(shown), "less severe event", "not listed")
    table = f'<div class="table"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'
    return f'{table}<p class="hint">{words}</p>'


def _event_row(detection: Detection, index: int, several: bool) -> str:
    event, series = detection.events[index], detection.series
    cells = [
        f'<th scope="row"><a href="#chart">{index + 1}</a></th>',
        _place_cell(detection, event.start),
        _place_cell(detection, event.end - 1, MINOR),
        f'<td class="whole">{escape(length_words(series, event))}</td>',
        _place_cell(detection, event.peak, MINOR),
        f'<td class="whole">{number(event.severity, 3)}</td>',
    ]
    if several:
        cells.append(f'<td class="channels">{_channel_words(detection, event)}</td>')
    return f'<tr data-event="{index + 1}">{"".join(cells)}</tr>'


def _place_cell(detection: Detection, row: int, kind: str = "") -> str:
    words, called = row_words(detection.series, row), detection.series.first_row + row
    if detection.series.times is None:
        return f"<td{kind}>{called:,}</td>"
    day, clock = words.split(" ", 1)  # a narrow column breaks between them and nowhere else
    when = f'<span class="time"><span>{day}</span> <span>{clock}</span></span>'
    return f"<td{kind}>{when} <small>row {called:,}</small></td>"


def _channel_words(detection: Detection, event: Event) -> str:
    named = channel_shares(detection, event)
    parts = [
        f'<span class="channel">{escape(name)}{"" if share is None else f" <small>{100 * share:.0f} %</small>"}</span>'
        for name, share in named[:NAMED_CHANNELS]
    ]
    more = len(named) - NAMED_CHANNELS
    return ", ".join(parts) + (f" and {more} more" if more > 0 else "")


def windows(detection: Detection) -> str:
    """For each of the most severe events, its window with the nearest normal prototype drawn over it."""
    explained = [index for index in shown_events(detection, MOST_WINDOWS) if index < len(detection.explanations)]
    if not explained:
        return ""
    cards = "".join(_window(detection, index) for index in explained)
    words = (
        '<p class="hint"><span class="key observed-key">observed</span> '
        '<span class="key normal-key">nearest normal prototype</span> '
        "The window at the event's peak; the event itself is shaded."
        f"{_left_out(len(detection.events) - len(explained), 'less severe event', 'not drawn')}</p>"
    )
    return f'{words}<div class="cards">{cards}</div>'


def _window(detection: Detection, index: int) -> str:
    event, explanation = detection.events[index], detection.explanations[index]
    names = detection.series.channels
    named = [names.index(name) for name in event.channels] or [0]
    panels = "".join(_window_panel(detection, event, explanation, channel) for channel in named[:WINDOW_CHANNELS])
    last = len(detection.series) - 1
    start = min(max(explanation.start, 0), last)
    stop = min(max(explanation.start + len(explanation.observed) - 1, 0), last)
    ends = svg.places(
        [(0.0, row_words(detection.series, start)), (1.0, row_words(detection.series, stop))], inside=True
    )
    severity = f"severity {number(event.severity, 3)}"
    when = row_words(detection.series, event.start)
    title = f"<h3>Event {index + 1} <small>{escape(when)}, {severity}</small></h3>"
    stack = f'<div class="stack">{panels}{ends}</div>'
    return f'<article class="card" id="event-{index + 1}">{title}{stack}</article>'


def _window_panel(detection: Detection, event: Event, explanation: Explanation, channel: int) -> str:
    observed, normal = explanation.observed[:, channel], explanation.normal[:, channel]
    scale = linear_scale(observed, normal)
    length = max(1, len(observed) - 1)
    start = min(max((event.start - explanation.start) / length, 0.0), 1.0)
    stop = min(max((event.end - 1 - explanation.start) / length, 0.0), 1.0)
    content = svg.bands([(start, stop)], "event")
    for kind, values in (("normal", normal), ("observed", observed)):
        rows = thin(values, WINDOW_BUCKETS)
        content += svg.stroke(kind, svg.path(rows / length, scale.share(values[rows])))
    ticks = scale.ticks(4)
    ups = scale.share(np.array([value for value, _ in ticks])).tolist()
    marks = svg.heights([(up, words) for up, (_, words) in zip(ups, ticks, strict=True)])
    return svg.panel(detection.series.channels[channel], svg.canvas(svg.grid(ups) + content) + marks, "small")


def training(history: Sequence[Mapping[str, float]], best_step: int | None) -> str:
    """Each term of the loss by itself over the steps of training, with the step that was kept marked."""
    panels = "".join(_term(history, term, title, best_step) for term, title in TERMS.items())
    if not panels:
        return ""
    kept = "" if best_step is None else f"Marked: step {best_step:,}, the one that was kept."
    return f'<p class="hint">Loss at each step. {kept}</p><div class="cards terms">{panels}</div>'


def _term(history: Sequence[Mapping[str, float]], term: str, title: str, best_step: int | None) -> str:
    table = np.array([(row.get("step", np.nan), row.get(term, np.nan)) for row in history], dtype=np.float64)
    table = table.reshape(-1, 2)
    table = table[np.isfinite(table).all(axis=1)]
    if not len(table):
        return ""
    steps, values = table[:, 0], table[:, 1]
    low, high = _step_limits(history, steps)
    scale = linear_scale(values)
    rows = thin(values, 300)
    content = svg.stroke("line", svg.path((steps[rows] - low) / (high - low), scale.share(values[rows])))
    if best_step is not None and low <= best_step <= high:
        content += svg.stroke("best", f"M{(best_step - low) / (high - low) * svg.WIDTH:.1f} 0V{svg.HEIGHT:g}")
    ticks = scale.ticks(4)
    ups = scale.share(np.array([value for value, _ in ticks])).tolist()
    marks = svg.heights([(up, words) for up, (_, words) in zip(ups, ticks, strict=True)])
    across = [((place - low) / (high - low), words) for place, words in number_ticks(low, high, 4, whole=True)]
    plot = svg.panel(title, svg.canvas(svg.grid(ups) + content) + marks, "middle")
    below = f'{svg.places(across)}<div class="unit">step</div>'
    return f'<div class="card"><div class="stack">{plot}{below}</div></div>'


def _step_limits(history: Sequence[Mapping[str, float]], steps: NDArray[np.float64]) -> tuple[float, float]:
    """The first and last step of the whole history, so that the terms' panels share one axis."""
    every = np.array([row.get("step", np.nan) for row in history], dtype=np.float64)
    low, high = float(np.nanmin(every)), float(np.nanmax(every))
    return (low, high) if high > low else (float(steps[0]) - 1, float(steps[0]) + 1)


def settings_table(settings: Mapping[str, object]) -> str:
    """All settings, closed until asked for."""
    rows = "".join(
        f"<tr><th scope='row'>{escape(name)}</th><td>{escape(value)}</td></tr>" for name, value in flat(settings)
    )
    table = f'<div class="table"><table>{rows}</table></div>'
    return f"<details><summary>Show all settings</summary>{table}</details>"


def flat(settings: Mapping[str, object], prefix: str = "") -> list[tuple[str, str]]:
    """Nested settings as dotted names and their values in words."""
    rows: list[tuple[str, str]] = []
    for key, value in settings.items():
        if isinstance(value, Mapping):
            rows += flat(value, f"{prefix}{key}.")
        else:
            rows.append((f"{prefix}{key}", _setting_words(value)))
    return rows


def _setting_words(value: object) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(_setting_words(part) for part in value) or "none"
    return str(value)


def _left_out(count: int, noun: str, verb: str) -> str:
    if count <= 0:
        return ""
    return f" {count:,} {noun}{'' if count == 1 else 's'} {'is' if count == 1 else 'are'} {verb}."
