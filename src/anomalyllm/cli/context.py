"""What the report page says about the detector."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from anomalyllm.artifact import library_versions
from anomalyllm.detector import AnomalyLLM
from anomalyllm.reporting import ReportContext


def report_context(detector: AnomalyLLM, trained_on: str, source: str) -> ReportContext:
    """The facts of a fitted detector, for the page."""
    return ReportContext(
        source="standard input" if source == "-" else Path(source).name,
        trained_on=trained_on,
        preset=detector.config_.preset,
        teacher=detector.teacher_,
        window=detector.window_,
        period=detector.period_,
        seed=detector.seed,
        settings=detector.config_.to_mapping(),
        history=[asdict(row) for row in detector.record_.history],
        best_step=detector.record_.best_step,
        versions=library_versions(),
        notes=detector.notes_,
    )
