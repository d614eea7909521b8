"""Detections to draw, built by hand: what the detector gives, without a detector."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from anomalyllm.data.series import Series
from anomalyllm.reporting import ReportContext
from anomalyllm.result import Detection, Explanation
from anomalyllm.scoring.events import Event

HOSTILE = "</script><script>alert('x')</script><b>\"$x_1$\" & <!--"


def series(rows: int = 600, channels: int = 1, *, times: bool = False, labelled: bool = False) -> Series:
    """Sines of rising period, one for each channel, hourly where times are asked for."""
    values = np.sin(np.arange(rows)[:, None] / (5.0 + np.arange(channels)))
    hours = np.datetime64("2024-03-05T08:00", "ns") + np.arange(rows) * np.timedelta64(3_600_000_000_000, "ns")
    labels = (np.arange(rows) // 50 == 3).astype(np.int8) if labelled else None
    names = tuple(f"sensor {index}" for index in range(channels))
    return Series(values, names, hours if times else None, labels, ("Two missing values were filled.",), "plant.csv")


def detection(
    scored: Series | None = None,
    spans: tuple[tuple[int, int], ...] = ((100, 120), (400, 401)),
    *,
    threshold: float = 2.0,
    explain: bool = True,
    **changes: Any,
) -> Detection:
    """A detection with events at `spans`, each stronger than the one before, the last channel behind them."""
    scored = series() if scored is None else scored
    rows, channels = scored.values.shape
    scores = 0.5 + 0.3 * np.sin(np.arange(rows) / 9.0)
    events = []
    for index, (start, end) in enumerate(spans):
        scores[start:end] = threshold * (1.5 + 0.01 * index)
        named = (scored.channels[-1], scored.channels[0]) if channels > 1 else scored.channels
        events.append(Event(start, end, start + (end - start) // 2, 1.5 + 0.01 * index, named))
    windows = tuple(_explanation(scored, event) for event in events) if explain else ()
    result = Detection(
        scores=scores,
        labels=(scores >= threshold).astype(np.int8),
        threshold=threshold,
        events=tuple(events),
        channel_scores=np.repeat(scores[:, None], channels, axis=1) * np.arange(1, channels + 1),
        notes=("One channel is constant.",),
        series=scored,
        explanations=windows,
    )
    return replace(result, **changes)


def _explanation(scored: Series, event: Event, length: int = 64) -> Explanation:
    start = max(0, min(event.peak - length // 2, len(scored) - length))
    observed = scored.values[start : start + length]
    return Explanation(start, observed, observed * 0.5)


def context(**changes: Any) -> ReportContext:
    """What is said about a run, with a training of a hundred steps."""
    nan = float("nan")
    history = [
        {
            "step": step,
            "distillation": 1 / step,
            "contrastive": 0.5,
            "total": 1 / step + 0.05,
            "validation": nan,
        }
        | ({"validation": 2 / step} if step % 10 == 0 else {})
        for step in range(1, 101)
    ]
    usual = ReportContext(
        source="plant.csv",
        trained_on="rows 0 to 299",
        preset="default",
        teacher="gpt2 (untrained)",
        window=64,
        period=31,
        seed=7,
        settings={
            "preset": "default",
            "model": {"width": 32, "views": ["jitter", "warp"], "gate": True, "mask": None},
        },
        history=history,
        best_step=40,
        versions={"anomalyllm": "0.1.0", "numpy": "2.0"},
    )
    return replace(usual, **changes)
