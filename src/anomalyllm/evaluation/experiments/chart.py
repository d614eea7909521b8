"""The picture of an experiment: differences from the reference with their intervals; lines for an ordered factor."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from anomalyllm.data.wording import short
from anomalyllm.evaluation.experiments.findings import QUARTILES, Finding
from anomalyllm.evaluation.experiments.grid import Grid, Variant
from anomalyllm.evaluation.experiments.wording import titled
from anomalyllm.files import write_atomically
from anomalyllm.reporting.figures import ALARM, FAINT, INK, SERIES

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH, LINE_HEIGHT, LINES_HEIGHT, AROUND = 10.0, 0.28, 2.8, 1.1  # inches
DOTS = 110  # an inch
LONGEST = 44  # letters of a label
COLOURS = (SERIES, ALARM, "#0b8a6c", "#7a5200", "#6b4fa0")
STROKES = ("-", ":", "-.")  # of the first lines, one of each colour, of the next ones, and so on


def save_chart(grid: Grid, found: Sequence[Finding], path: Path) -> None:
    """Draws the experiment as a PNG.

    Raises:
        StorageError: the file cannot be written.
    """
    buffer = io.BytesIO()
    drawn(grid, found).savefig(buffer, format="png", dpi=DOTS, facecolor="white", metadata={"Software": None})
    write_atomically(path, buffer.getvalue())


def drawn(grid: Grid, found: Sequence[Finding]) -> Figure:
    """A panel for each measure: all variants; and below, where the grid has an axis, those that lie on it."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    heights = [AROUND + LINE_HEIGHT * len(found), *([LINES_HEIGHT] if grid.axis else [])]
    heights += [AROUND + LINE_HEIGHT * len(found) * max(1, len(grid.quartiles) / 2)] if grid.quartiles else []
    figure = Figure(figsize=(WIDTH, sum(heights)), layout="constrained")
    FigureCanvasAgg(figure)
    panels = figure.subplots(len(heights), len(grid.measures), squeeze=False, height_ratios=heights)
    for column, measure in enumerate(grid.measures):
        _differences(panels[0][column], grid, found, measure, named=column == 0)
        if grid.axis:
            _lines(panels[1][column], grid, found, measure)
    if grid.quartiles:
        for panel in panels[-1]:
            panel.remove()
        _quartiles(figure.add_subplot(panels[-1][0].get_gridspec()[-1, :]), grid, found)
    return figure


def _differences(panel: Axes, grid: Grid, found: Sequence[Finding], measure: str, *, named: bool) -> None:
    """Each variant's mean difference with its interval; with no reference among the rows, its mean."""
    relative = any(one.differences for one in found)
    for place, one in enumerate(found):
        interval = one.differences[measure].difference if measure in one.differences else one.means[measure]
        if relative and measure not in one.differences:
            if one.label == grid.reference:
                panel.plot([0], [place], marker="|", markersize=12, color=INK)
        elif interval.count:
            panel.plot([interval.low, interval.high], [place, place], color=SERIES, linewidth=2)
            panel.plot([interval.mean], [place], marker="o", markersize=5, color=SERIES)
    if relative:
        panel.axvline(0, color=INK, linewidth=0.8)
    labels = [short(one.label, LONGEST) for one in found] if named else [""] * len(found)
    panel.set_yticks(range(len(found)), labels)
    panel.set_ylim(len(found) - 0.5, -0.5)
    references = {one.reference for one in found if one.differences}
    whose = short(references.pop(), 24) if len(references) == 1 else "its reference"
    _clean(panel, f"{titled(measure)}: less that of {whose}" if relative else titled(measure))


def _lines(panel: Axes, grid: Grid, found: Sequence[Finding], measure: str) -> None:
    """Means over the axis, a line for each name; the reference as a dashed level."""
    findings = {one.label: one for one in found}
    placed = [one for one in grid.variants if one.x is not None and one.label in findings]
    for number, line in enumerate(dict.fromkeys(one.line for one in placed)):
        colour, stroke = _look(number)
        on_it = sorted((one for one in placed if one.line == line), key=_place)
        means = [findings[one.label].means[measure] for one in on_it]
        x = [_place(one) for one in on_it]
        middle = [mean.mean for mean in means]
        panel.plot(x, middle, marker="o", markersize=4, color=colour, linestyle=stroke, label=line or None)
        panel.fill_between(x, [mean.low for mean in means], [mean.high for mean in means], color=colour, alpha=0.12)
    if grid.reference in findings:
        panel.axhline(findings[grid.reference].means[measure].mean, color=INK, linewidth=0.8, linestyle="--")
    values = [_place(one) for one in placed]
    if values and min(values) > 0 and max(values) / min(values) > 10:
        panel.set_xscale("log", base=2)
    panel.set_xticks(sorted(set(values)), [f"{value:g}" for value in sorted(set(values))])
    panel.minorticks_off()
    if any(one.line for one in placed):
        panel.legend(frameon=False, fontsize=8)
    _clean(panel, f"{titled(measure)}; dashed: {short(grid.reference, 24)}")
    panel.set_xlabel(grid.axis, fontsize=8, color=INK)


def _quartiles(panel: Axes, grid: Grid, found: Sequence[Finding]) -> None:
    """For each variant and each kind of window the middle half of what the probe saw, and its median."""
    for group, name in enumerate(grid.quartiles):
        colour, stroke = _look(group)
        for place, one in enumerate(found):
            low, middle, high = (one.means[f"{name}_q{part}"].mean for part in QUARTILES)
            height = place + (group - (len(grid.quartiles) - 1) / 2) * 0.8 / len(grid.quartiles)
            label = titled(name) if place == 0 else None
            panel.plot([low, high], [height, height], color=colour, linestyle=stroke, linewidth=2.5, label=label)
            panel.plot([middle], [height], marker="o", markersize=5, color=colour)
    panel.set_yticks(range(len(found)), [short(one.label, LONGEST) for one in found])
    panel.set_ylim(len(found) - 0.5, -0.5)
    panel.legend(frameon=False, fontsize=8)
    _clean(panel, "quartiles, means over series")


def _look(number: int) -> tuple[str, str]:
    """Colour and stroke of the first, second, ... of several: those of the first fifteen differ."""
    return COLOURS[number % len(COLOURS)], STROKES[number // len(COLOURS) % len(STROKES)]


def _place(variant: Variant) -> float:
    return np.nan if variant.x is None else variant.x


def _clean(panel: Axes, title: str) -> None:
    panel.set_title(title, fontsize=9, color=INK, loc="left")
    panel.tick_params(length=0, labelsize=8, labelcolor=INK)
    panel.grid(True, color=FAINT, linewidth=0.5, alpha=0.7)
    panel.set_axisbelow(True)
    for spine in panel.spines.values():
        spine.set(color=FAINT, linewidth=0.7)
