"""A bench from plan to summary: what is finished is not repeated, what comes in is on the disk before it is told."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from anomalyllm import __version__
from anomalyllm.errors import ConfigError
from anomalyllm.evaluation.bench.environment import remember_environment
from anomalyllm.evaluation.bench.journal import Journal, Key
from anomalyllm.evaluation.bench.page import save_page
from anomalyllm.evaluation.bench.pool import results
from anomalyllm.evaluation.bench.rows import Row, probe_of
from anomalyllm.evaluation.bench.summary import summarise
from anomalyllm.evaluation.bench.tasks import Task, TaskKey
from anomalyllm.files import write_atomically


class News(NamedTuple):
    """What is told while a bench runs."""

    row: Row  # the latest
    done: int  # tasks
    total: int
    seconds_left: float  # at the pace of this run; NaN before its first row


Watcher = Callable[[News], None]


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
        _require_same_settings(tasks, journal.rows, folder)
        done = {task.key: before[task.key] for task in tasks if _is_done(task, before)}
        remember_environment(folder, jobs)
        began, before_now = time.monotonic(), len(done)
        _tell(watcher, done, len(tasks), math.nan)
        try:
            for result in results([task for task in tasks if task.key not in done], jobs):
                journal.append(result.row)
                done[result.task.key] = result.row
                pace = (time.monotonic() - began) / (len(done) - before_now)
                _tell(watcher, done, len(tasks), pace * (len(tasks) - len(done)))
        finally:
            write_reports(folder, journal.latest)
    return list(done.values())


def write_reports(folder: Path, rows: Sequence[Row]) -> None:
    """`summary.json` and `report.html` from all rows of a folder."""
    summary = json.dumps(summarise(rows), indent=2) + "\n"
    write_atomically(folder / "summary.json", summary.encode())
    save_page(folder, rows)


def _tell(watcher: Watcher | None, done: dict[TaskKey, Row], total: int, seconds_left: float) -> None:
    if watcher is not None and done:
        watcher(News(done[next(reversed(done))], len(done), total, seconds_left))


def _is_done(task: Task, before: Mapping[Key, Row]) -> bool:
    """Whether a row answers all that is asked: one that was made without the probe, or with another, does not."""
    return task.key in before and task.probe in ("", probe_of(before[task.key]))


def _require_same_settings(tasks: Sequence[Task], rows: Sequence[Row], folder: Path) -> None:
    """One name must not stand for two things in one table."""
    wanted = {task.method.label: task.method.config_hash for task in tasks}
    for row in rows:
        expected = wanted.get(row["method"], row["config_hash"]), __version__
        if (row["config_hash"], row["version"]) != expected:
            came = f"{row['method']} of other settings or of version {row['version']}"
            raise ConfigError(f"results of these settings in {folder}", came, "choose another --out")
