"""A detection as one PNG: the channels that matter, the score and its threshold, events across all."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from anomalyllm.files import write_atomically
from anomalyllm.reporting.axes import Scale, number, number_ticks, time_ticks
from anomalyllm.reporting.thinning import Line, line, thin
from anomalyllm.reporting.view import (
    Ruler,
    headline,
    hidden_words,
    labelled_spans,
    ruler,
    scales,
    shown_channels,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from anomalyllm.result import Detection

WIDTH = 12.0  # inches
DOTS = 130  # an inch
BUCKETS = 1_600  # two points a bucket: more than the panel has dots
LEAST_APART = 0.016  # of the width: event numbers closer than this would lie on each other

INK, FAINT, SERIES, SCORE = "#33383f", "#d5d9de", "#2b5f8f", "#33383f"
ALARM, EVENT, LABEL, NUMBER = "#c8401f", "#f2b441", "#0b8a6c", "#7a5200"


def save_plot(detection: Detection, path: str | Path, *, title: str | None = None) -> Path:
    """Draw a detection as a PNG at `path`, whatever its suffix, and return the path.

    Series of many channels show the six that matter most to the events. Without a `title` the picture says
    how many events there are.

    Raises:
        StorageError: the file cannot be written; what was there before is unchanged.
    """
    figure = draw(detection, title)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=DOTS, facecolor="white")
    write_atomically(Path(path), buffer.getvalue())
    return Path(path)


def draw(detection: Detection, title: str | None) -> Figure:
    """The figure itself, on a canvas of its own: no window and no shared state."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    channels = shown_channels(detection)
    labelled = detection.series.labels is not None
    heights = _heights(len(channels), labelled)
    figure = Figure(figsize=(WIDTH, sum(heights) + 1.25), layout=None)
    FigureCanvasAgg(figure)
    height = float(figure.get_figheight())
    figure.subplots_adjust(left=0.075, right=0.985, top=1 - 0.76 / height, bottom=0.5 / height, hspace=0.24)
    panels = figure.subplots(len(heights), 1, sharex=True, squeeze=False, height_ratios=heights)[:, 0]
    axis = ruler(detection.series)
    for panel in panels:
        _clean(panel)
    for channel, scale, panel in zip(channels, scales(detection, channels), panels, strict=False):
        _series(panel, detection, channel, axis, scale)
    _score(panels[len(channels)], detection, axis, scales(detection, [])[-1])
    if labelled:
        _labels(panels[-1], detection, axis)
    _events(panels, detection, axis)
    _places(panels[-1], axis)
    _words(figure, detection, title, len(channels), height)
    return figure


def _heights(channels: int, labelled: bool) -> list[float]:
    """Inches of each panel: the channels, the score, and the strip of the source's labels."""
    return [*([2.6] if channels == 1 else [1.05] * channels), 1.7, *([0.16] if labelled else [])]


def _clean(panel: Axes) -> None:
    panel.margins(x=0)
    panel.tick_params(length=0, labelsize=8, labelcolor=INK, labelbottom=False)
    panel.grid(True, color=FAINT, linewidth=0.5, alpha=0.7)
    panel.set_axisbelow(True)
    for spine in panel.spines.values():
        spine.set(color=FAINT, linewidth=0.7)


def _series(panel: Axes, detection: Detection, channel: int, axis: Ruler, scale: Scale) -> None:
    values = detection.series.values[:, channel]
    _curve(panel, _thinned(values, axis), axis, SERIES)
    _heights_axis(panel, scale)
    _above(panel, 0.0, drawable(detection.series.channels[channel], 90), INK, "left")
    if not np.isfinite(values).any():
        panel.text(0.5, 0.5, "no values", transform=panel.transAxes, ha="center", va="center", color=INK, fontsize=8)


def _score(panel: Axes, detection: Detection, axis: Ruler, scale: Scale) -> None:
    drawn = _thinned(detection.scores, axis)
    _curve(panel, drawn, axis, SCORE)
    _heights_axis(panel, scale)
    _above(panel, 0.0, "score (logarithmic)" if scale.logarithmic else "score", INK, "left")
    if not np.isfinite(detection.threshold):
        return
    panel.axhline(detection.threshold, color=ALARM, linewidth=1.0, linestyle=(0, (5, 3)))
    panel.fill_between(
        axis.places[drawn.rows],
        detection.threshold,
        drawn.values,
        where=(drawn.values >= detection.threshold).tolist(),
        interpolate=True,
        color=ALARM,
        alpha=0.75,
        linewidth=0.6,
    )
    flagged = np.where(drawn.values >= detection.threshold, drawn.values, np.nan)
    _curve(panel, Line(drawn.rows, flagged), axis, ALARM)
    _above(panel, 1.0, f"- - threshold {number(detection.threshold)}", ALARM, "right")


def _labels(panel: Axes, detection: Detection, axis: Ruler) -> None:
    spans = [(axis.places[start], axis.places[stop - 1]) for start, stop in labelled_spans(detection.series)]
    _shade(panel, spans, axis, LABEL, 1.0)
    panel.set(ylim=(0, 1), yticks=[])
    panel.grid(False)
    panel.set_ylabel("labels", rotation=0, ha="right", va="center", fontsize=8, color=LABEL)


def _events(panels: NDArray[np.object_], detection: Detection, axis: Ruler) -> None:
    spans = [axis.span(event) for event in detection.events]
    for panel in panels:
        _shade(panel, spans, axis, EVENT, 0.45)
    low, high = axis.limits
    taken = -1.0
    for index, (start, stop) in enumerate(spans):
        place = ((start + stop) / 2 - low) / (high - low)
        if place - taken < LEAST_APART:
            continue
        taken = place
        _above(panels[0], place, f"{index + 1}", NUMBER, "center", up=1)


def _shade(panel: Axes, spans: list[tuple[float, float]], axis: Ruler, colour: str, alpha: float) -> None:
    """Bands from top to bottom, none so thin that it cannot be seen."""
    least = (axis.limits[1] - axis.limits[0]) / 500
    bands = [(start - max(0.0, least - stop + start) / 2, max(stop - start, least)) for start, stop in spans]
    panel.broken_barh(
        bands,
        (0, 1),
        transform=panel.get_xaxis_transform(),
        color=colour,
        alpha=alpha,
        linewidth=0,
        zorder=0.5,
    )


def _curve(panel: Axes, drawn: Line, axis: Ruler, colour: str) -> None:
    places = axis.places[drawn.rows]
    panel.plot(places, drawn.values, color=colour, linewidth=0.8, solid_joinstyle="round")
    lifted = np.isnan(np.concatenate([[np.nan], drawn.values, [np.nan]]))
    alone = lifted[:-2] & lifted[2:] & ~lifted[1:-1]
    panel.plot(places[alone], drawn.values[alone], color=colour, linestyle="none", marker=".", markersize=2.5)


def _thinned(values: NDArray[np.float64], axis: Ruler) -> Line:
    return line(values, thin(values, BUCKETS), axis.breaks)


def _heights_axis(panel: Axes, scale: Scale) -> None:
    if scale.logarithmic:
        panel.set_yscale("log", nonpositive="clip")
        panel.minorticks_off()
    panel.set_ylim(scale.low, scale.high)
    ticks = scale.ticks(6 if panel.bbox.height > 150 else 4)
    panel.set_yticks([value for value, _ in ticks], labels=[words for _, words in ticks])


def _above(
    panel: Axes, place: float, words: str, colour: str, side: Literal["left", "center", "right"], up: int = 0
) -> None:
    """Small words on top of a panel, at `place` (0 to 1) along it, `up` lines higher than the first."""
    panel.annotate(
        words,
        (place, 1.0),
        xycoords="axes fraction",
        xytext=(0, 3 + 12 * up),
        textcoords="offset points",
        ha=side,
        fontsize=8.5,
        color=colour,
        annotation_clip=False,
        parse_math=False,  # a dollar sign in a name is a dollar sign
    )


def _places(panel: Axes, axis: Ruler) -> None:
    low, high = axis.limits
    ticks = number_ticks(low, high, 9, whole=True) if axis.origin is None else time_ticks(axis.origin, low, high, 9)
    panel.set_xlim(low, high)
    panel.set_xticks([place for place, _ in ticks], labels=[words for _, words in ticks])
    panel.tick_params(labelbottom=True)
    panel.set_xlabel("row" if axis.origin is None else "time", fontsize=8, color=INK)


def _words(figure: Figure, detection: Detection, title: str | None, shown: int, height: float) -> None:
    name = drawable(title if title is not None else headline(detection), 110)
    figure.text(0.075, 1 - 0.2 / height, name, fontsize=12, color=INK, va="center", parse_math=False)
    hidden = len(detection.series.channels) - shown
    if hidden:
        words = hidden_words(shown, hidden)
        figure.text(0.985, 0.16 / height, words, fontsize=8, color=INK, ha="right", va="center")


def drawable(words: str, most: int = 60) -> str:
    """Words that the picture's font can draw, on one line: other signs become "?", and long names are cut."""
    from matplotlib.font_manager import FontProperties, findfont
    from matplotlib.ft2font import FT2Font

    font = FT2Font(findfont(FontProperties()))
    flat = " ".join(words.split())
    flat = flat if len(flat) <= most else f"{flat[: most - 1]}…"
    return "".join(sign if font.get_char_index(ord(sign)) else "?" for sign in flat)
