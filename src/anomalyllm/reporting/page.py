"""A detection as one self-contained HTML page that opens from disk, reads on a phone and prints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from anomalyllm.files import write_atomically
from anomalyllm.reporting.axes import exact_time, number
from anomalyllm.reporting.chart import chart, chart_data
from anomalyllm.reporting.sections import (
    events_table,
    pairs,
    section,
    sentences,
    settings_table,
    training,
    windows,
)
from anomalyllm.reporting.view import headline

if TYPE_CHECKING:
    from anomalyllm.result import Detection

# The browser itself refuses every address: nothing a file or channel name could smuggle in is ever fetched.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'"


@dataclass(frozen=True)
class ReportContext:
    """What the page says about where a detection came from.

    Attributes:
        source: the file or array that was scored.
        trained_on: the rows the detector was fitted on, in words.
        preset: name of the preset.
        teacher: name of the teacher, with "untrained" where its weights are random; "none" without one.
        window: rows in a window.
        period: rows in a period, None where none was found.
        seed: the seed that was given.
        settings: every setting by name; values may be mappings themselves.
        history: one row for each logged step with the keys step, distillation, contrastive, total and
            validation; a value may be NaN or absent.
        best_step: the step whose weights were kept.
        versions: names of programs and their versions.
        notes: sentences about what was handled while reading and fitting.
    """

    source: str
    trained_on: str
    preset: str
    teacher: str
    window: int
    period: int | None
    seed: int
    settings: Mapping[str, object]
    history: Sequence[Mapping[str, float]]
    best_step: int | None
    versions: Mapping[str, str]
    notes: Sequence[str] = ()


def save_report(detection: Detection, path: str | Path, *, context: ReportContext) -> Path:
    """Write a detection as one HTML page at `path`, and return the path.

    Raises:
        StorageError: the file cannot be written; what was there before is unchanged.
    """
    write_atomically(Path(path), report(detection, context).encode("utf-8", errors="replace"))
    return Path(path)


def report(detection: Detection, context: ReportContext) -> str:
    """The page itself."""
    title = headline(detection)
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(context.source)}: {escape(title)}</title>"
        f"<style>{_asset('page.css')}</style></head>\n<body><main>"
        f'<header><p class="source">{escape(context.source)}</p><h1>{escape(title)}</h1></header>'
        f"{pairs(_facts(detection, context), 'facts')}\n"
        f"{section('Series and score', chart(detection), 'series')}\n{_parts(detection, context)}</main>\n"
        f'<script type="application/json" id="data">{chart_data(detection)}</script>\n'
        f"<script>{_asset('axes.js')}</script><script>{_asset('page.js')}</script></body></html>\n"
    )


def _parts(detection: Detection, context: ReportContext) -> str:
    """The sections below the chart; those with nothing to say are left out."""
    notes = list(dict.fromkeys([*context.notes, *detection.series.notes, *detection.notes]))
    handled = sentences(notes) if notes else "<p>Nothing: the series was used as it came.</p>"
    parts = [
        ("Events", events_table(detection), "events"),
        ("What it should have looked like", windows(detection), "windows"),
        ("Training", training(context.history, context.best_step), "training"),
        ("What was handled", handled, "handled"),
        ("Settings", settings_table(context.settings) if context.settings else "", "settings"),
        ("Versions", pairs(context.versions.items(), "versions") if context.versions else "", "versions"),
    ]
    return "\n".join(section(title, content, anchor) for title, content, anchor in parts if content)


def _facts(detection: Detection, context: ReportContext) -> list[tuple[str, str]]:
    series = detection.series
    when = []
    if series.times is not None:
        when = [("Time", f"{exact_time(series.times[0])} to {exact_time(series.times[-1])}")]
    return [
        ("Rows", f"{len(series):,}"),
        *when,
        ("Channels", f"{len(series.channels):,}"),
        ("Trained on", context.trained_on),
        ("Window", f"{context.window:,} rows"),
        ("Period", "none found" if context.period is None else f"{context.period:,} rows"),
        ("Preset", context.preset),
        *([] if context.teacher == "none" else [("Teacher", context.teacher)]),
        ("Threshold", number(detection.threshold)),
        ("Seed", str(context.seed)),
    ]


def _asset(name: str) -> str:
    return files("anomalyllm.reporting").joinpath(name).read_text(encoding="utf-8")
