"""A bench from plan to summary: what is finished is not repeated, what comes in is on the disk before it is told."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from anomalyllm import __version__
from anomalyllm.artifact import library_versions
from anomalyllm.errors import ConfigError
from anomalyllm.evaluation.bench.journal import Journal
from anomalyllm.evaluation.bench.page import save_page
from anomalyllm.evaluation.bench.pool import results
from anomalyllm.evaluation.bench.rows import Row
from anomalyllm.evaluation.bench.summary import summarise
from anomalyllm.evaluation.bench.tasks import Task, TaskKey
from anomalyllm.files import write_atomically

Watcher = Callable[[Row, int, int], None]
"""Is told each row, how many tasks are done, and how many there are in all."""


def run_bench(tasks: Sequence[Task], folder: Path, *, jobs: int = 1, watcher: Watcher | None = None) -> list[Row]:
    """Carries out what is not finished yet and writes `cases.csv`, `summary.json` and `report.html` in `folder`.

    Ctrl-C and even a kill leave `cases.csv` whole; the same call goes on from there.

    Args:
        tasks: from `tasks.plan`.
        folder: where results are kept.
        jobs: worker processes.
        watcher: is told each row, and first the last of those that were there before.

    Returns:
        The rows of these tasks.

    Raises:
        ConfigError: `folder` holds results of other settings or of another version, or another bench writes there.
        StorageError: the disk refuses.
    """
    with Journal(folder) as journal:
        before = journal.finished
        done = {task.key: before[task.key] for task in tasks if task.key in before}
        _require_same_settings(tasks, done, folder)
        _tell(watcher, done, len(tasks))
        try:
            for result in results([task for task in tasks if task.key not in done], jobs):
                journal.append(result.row)
                done[result.task.key] = result.row
                _tell(watcher, done, len(tasks))
        finally:
            write_reports(folder, journal.latest)
    return list(done.values())


def write_reports(folder: Path, rows: Sequence[Row]) -> None:
    """`summary.json`, `environment.json` and `report.html` from all rows of a folder."""
    summary = json.dumps(summarise(rows), indent=2) + "\n"
    write_atomically(folder / "summary.json", summary.encode())
    write_atomically(folder / "environment.json", (json.dumps(environment(), indent=2) + "\n").encode())
    save_page(folder, rows)


def environment() -> dict[str, object]:
    """What machine and which versions the latest rows come from."""
    return {
        "version": __version__,
        "libraries": library_versions(),
        "cores": os.cpu_count(),
        "machine": platform.machine(),
        "system": platform.system(),
    }


def _tell(watcher: Watcher | None, done: dict[TaskKey, Row], total: int) -> None:
    if watcher is not None and done:
        watcher(done[next(reversed(done))], len(done), total)


def _require_same_settings(tasks: Sequence[Task], finished: Mapping[TaskKey, Row], folder: Path) -> None:
    """Rows of other settings must not be taken for these."""
    for task in tasks:
        row = finished.get(task.key)
        if row is not None and (row["config_hash"], row["version"]) != (task.method.config_hash, __version__):
            came = f"{task.method.name} of other settings or of version {row['version']}"
            raise ConfigError(f"results of these settings in {folder}", came, "choose another --out")
