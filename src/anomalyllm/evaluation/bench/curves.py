"""The curves behind a row, made short: what the report shows when it explains a case."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anomalyllm.datasets.case import CaseData
from anomalyllm.evaluation.bench.naming import file_name
from anomalyllm.evaluation.bench.tasks import Task
from anomalyllm.files import write_atomically

Floats = NDArray[np.float64]

STRETCHES = 600  # of a series: more than a page has room for


def save_curves(task: Task, case: CaseData, scores: Floats) -> None:
    """Leaves the scores of a task, and once for each case its series and labels, beside the table.

    Only of the first seed and the honest protocol: one curve of each method explains a case.

    Raises:
        StorageError: the disk refuses.
    """
    if task.seed != 0 or task.protocol != "honest":
        return
    place = curve_folder(task.folder, task.case.dataset, task.case.name)
    low, high = envelope(scores)
    _save(place / f"{file_name(task.method.label)}.npz", rows=np.array(len(scores)), low=low, high=high)
    if not (place / "series.npz").exists():
        bounds = [envelope(channel) for channel in case.test.T]
        _save(
            place / "series.npz",
            rows=np.array(len(case.test)),
            low=np.stack([low for low, _ in bounds]),
            high=np.stack([high for _, high in bounds]),
            labels=np.packbits(case.labels != 0),
        )


def curve_folder(folder: Path, dataset: str, case: str) -> Path:
    """Where the curves of a case lie."""
    return folder / "curves" / file_name(dataset) / file_name(case)


def envelope(values: Floats) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Lowest and highest value of each of at most `STRETCHES` equal stretches of (T,); NaN where all is missing."""
    size = max(1, -(-len(values) // STRETCHES))
    stretches = -(-len(values) // size)
    padded = np.full(stretches * size, np.nan)
    padded[: len(values)] = values
    table = padded.reshape(stretches, size)
    known = np.isfinite(table)
    empty = ~known.any(axis=1)
    low, high = np.where(known, table, np.inf).min(axis=1), np.where(known, table, -np.inf).max(axis=1)
    low[empty] = high[empty] = np.nan
    return low.astype(np.float32), high.astype(np.float32)


def _save(path: Path, **arrays: Any) -> None:
    write_atomically(path, lambda file: np.savez_compressed(file, **arrays))
