"""Results for people: one picture (`save_plot`) and one page (`save_report`).

It draws what a detection already holds and computes no score of its own; words on a terminal are the command
line's work. `view` decides what is shown, `thinning` makes long series small, `axes` finds round ticks, and
`figures` (PNG) and `page` (HTML, from `chart`, `sections`, `svg`, and the style and scripts beside them) draw
the same choices. A new section of the page is a function in `sections` and a line in `page`. Matplotlib is
imported when a picture is drawn, not before.
"""

from __future__ import annotations

from anomalyllm.reporting.figures import save_plot
from anomalyllm.reporting.page import ReportContext, save_report

__all__ = ["ReportContext", "save_plot", "save_report"]
