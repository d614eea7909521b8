"""`anomalyllm diagnose`: which signatures of failure a saved detector shows, and what to change."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

from anomalyllm.cli.detecting import split
from anomalyllm.cli.options import DataOptions
from anomalyllm.cli.output import print_json, print_lines
from anomalyllm.data.readers import read_recording
from anomalyllm.data.series import Series
from anomalyllm.errors import ConfigError

if TYPE_CHECKING:
    from anomalyllm.evaluation.probing.diagnosing import Diagnosis
    from anomalyllm.evaluation.probing.signatures import Reading, Signature


def run_diagnose(model: Path, data: DataOptions | None, train_end: str | None, *, as_json: bool) -> None:
    """Prints the three signatures.

    Args:
        model: folder of the detector.
        data: normal rows; None: what the detector holds of its training part.
        train_end: only the rows before it are normal.

    Raises:
        ConfigError: `train_end` without a file.
        AnomalyLLMError: a file or a folder that cannot be read, or that cannot answer.
    """
    if data is None and train_end is not None:
        raise ConfigError("a file with --train-end", "none", "name the file behind the detector's folder")
    series = None if data is None else normal_rows(data, train_end)

    from anomalyllm.detector import AnomalyLLM
    from anomalyllm.evaluation.probing.diagnosing import diagnose

    found = diagnose(AnomalyLLM.load(model), series)
    if as_json:
        print_json({"model": str(model), **found.as_json()})
        return
    _print(found)


def normal_rows(data: DataOptions, train_end: str | None) -> Series:
    """The rows of a file that are taken for normal: those before its split, or all."""
    recording = read_recording(data.file, **data.reading())
    if train_end is None and recording.train_end is None:
        return recording.series
    return split(recording, train_end)[0]


def _print(found: Diagnosis) -> None:
    from rich.table import Table

    lines = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("signature", "figure", "", "limit", "verdict"):
        lines.add_column(name, justify="right" if name == "figure" else "left")
    for signature in found.signatures:
        lines.add_row(signature.name, "", "", "", signature.verdict)
        for reading in signature.readings:
            lines.add_row(*_cells(reading))
    title = f"{found.preset}, {found.windows} normal windows of {found.window} rows: {found.source}"
    print_lines(title, lines, *(line for signature in found.signatures for line in _remarks(signature)))


def _cells(reading: Reading) -> tuple[str, ...]:
    figure = "unknown" if math.isnan(reading.figure) else f"{reading.figure:.3g}"
    limit = "" if reading.limit is None else str(reading.limit)
    return f"  {reading.name}", figure, reading.unit, limit, reading.verdict or ""


def _remarks(signature: Signature) -> list[str]:
    """What does not apply, why a limit that is not kept lies where it does, and what to change."""
    missed = [reading.limit for reading in signature.readings if reading.verdict in ("weak", "failed")]
    return [
        *(f"{signature.name}: {sentence}" for sentence in signature.left_out),
        *(f"{signature.name}, why this limit: {limit.reason}" for limit in missed if limit is not None),
        *(f"{signature.name}, what to change: {change}" for change in signature.advice),
    ]
