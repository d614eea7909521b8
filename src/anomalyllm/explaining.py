"""What an event should have looked like: the window in which it is strangest, beside the nearest normal one."""

from __future__ import annotations

import numpy as np

from anomalyllm.data.series import Series
from anomalyllm.fitted import Fitted
from anomalyllm.judges import Prepared
from anomalyllm.result import Explanation
from anomalyllm.scoring.events import Event
from anomalyllm.windows.slicing import Grid


def explained(fitted: Fitted, event: Event, series: Series, prepared: Prepared) -> Explanation:
    """The strangest window around an event's peak, as it was seen and as it should have been, in the series' units."""
    judge = fitted.judges[-1]
    if len(series) < judge.window and fitted.retrieval:  # networks do not read a part of a window, distances do
        judge = fitted.retrieval[-1]
    starts = Grid(len(series), judge.window, judge.stride).starts
    covering = starts[(starts <= event.peak) & (event.peak < starts + judge.window)]
    if len(covering) == 0:  # the series is shorter than a window
        covering = np.zeros(1, dtype=np.int64)
    rows = min(judge.window, len(series))
    total = judge.window_scores(prepared, covering).max(axis=1) if rows == judge.window else np.zeros(1)
    start = int(covering[np.argmax(total)])
    normal = judge.normal(prepared, start)[:rows]
    observed = series.values[start : start + rows].copy()
    return Explanation(start, observed, fitted.scaler.invert(normal.astype(np.float64)))
