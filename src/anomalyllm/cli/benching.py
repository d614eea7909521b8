"""`anomalyllm bench`: methods on data sets, in parallel, with the time left; and what came of it."""

from __future__ import annotations

import contextlib
import math
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from anomalyllm.cli.options import read_assignment
from anomalyllm.cli.output import print_json, print_lines, talk, tell
from anomalyllm.errors import ConfigError

if TYPE_CHECKING:
    from anomalyllm.datasets.case import Case
    from anomalyllm.evaluation.bench.rows import Row
    from anomalyllm.evaluation.bench.running import Watcher
    from anomalyllm.evaluation.bench.tasks import Task
    from anomalyllm.evaluation.methods import Method


@dataclass(frozen=True)
class BenchOptions:
    """What the user asked for."""

    datasets: Sequence[str]
    data: Path
    methods: Sequence[str]
    protocols: Sequence[str]
    seeds: int
    seed: int | None
    jobs: int | None
    limit: int | None
    cases: Sequence[str]
    teacher: str
    settings: Sequence[str]
    out: Path
    as_json: bool
    quiet: bool


def run_bench_command(options: BenchOptions) -> int:
    """Runs the bench, prints a line for each method and data set, and says how many tasks failed (exit code 1)."""
    from anomalyllm.evaluation.bench.running import run_bench
    from anomalyllm.evaluation.bench.summary import summarise

    tasks = planned(options)
    if not options.quiet:
        tell(f"{len(tasks):,} runs, results in {options.out}")
    with bench_progress(options.quiet) as watcher:
        rows = run_bench(tasks, options.out, jobs=options.jobs or os.cpu_count() or 1, watcher=watcher)
    summary = summarise(rows)
    if options.as_json:
        print_json(summary)
    else:
        print_lines(result_table(summary))
    failed = [row for row in rows if row["status"] == "failed"]
    if failed:
        tell(f"{len(failed)} of {len(rows)} runs failed; {options.out / 'failures'} says how to see each again")
    return 1 if failed else 0


def planned(options: BenchOptions) -> list[Task]:
    """The tasks of a bench.

    Raises:
        ConfigError: a method, protocol or setting that is unknown, a number out of range, or a library that is absent.
        ReadError: no such data.
    """
    from anomalyllm.evaluation.bench.tasks import plan
    from anomalyllm.evaluation.protocol import protocol

    for name, value in (("--seeds", options.seeds), ("--jobs", options.jobs), ("--limit", options.limit)):
        if value is not None and value < 1:
            raise ConfigError(f"{name} to be at least 1", str(value), "give a larger number")
    for name in options.protocols:
        protocol(name)
    cases = [case for name in options.datasets for case in chosen_cases(name, options)]
    tasks = plan(cases, wanted_methods(options), options.seeds, options.protocols, options.out, options.data)
    if options.seed is None:
        return tasks
    return [
        task
        for task in plan(cases, wanted_methods(options), options.seed + 1, options.protocols, options.out, options.data)
        if task.seed == options.seed
    ]


def chosen_cases(dataset: str, options: BenchOptions) -> list[Case]:
    """The cases of a data set that were named, or the first `limit` of a fixed shuffle of all."""
    from anomalyllm.datasets.catalogue import open_dataset
    from anomalyllm.evaluation.bench.tasks import spread
    from anomalyllm.settings import unknown_name

    found = open_dataset(dataset, options.data)
    if not options.cases:
        return spread(found.cases, options.limit)
    by_name = {case.name: case for case in found.cases}
    for name in options.cases:
        if name not in by_name:
            raise unknown_name(f"case of {found.name}", name, by_name)
    return [by_name[name] for name in options.cases]


def wanted_methods(options: BenchOptions) -> list[Method]:
    """The methods that were named, or `default` and all baselines."""
    from anomalyllm.evaluation.methods import Method, method_names

    names = options.methods or [name for name in method_names() if name != "paper"]
    settings: dict[str, Any] = dict(read_assignment(text) for text in options.settings)
    methods = [Method(name, settings, options.teacher) for name in dict.fromkeys(names)]
    for method in methods:
        method.require()
    return methods


@contextlib.contextmanager
def bench_progress(quiet: bool) -> Iterator[Watcher | None]:
    """A bar with the time left on a terminal, a line for each failure elsewhere; nothing where `quiet`."""
    console = talk()
    if quiet:
        yield None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (BarColumn(bar_width=20), MofNCompleteColumn(), TimeRemainingColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        shown = bar.add_task("", total=None)

        def watch(row: Row, done: int, total: int) -> None:
            name = f"{row['method']} on {row['case']}"
            bar.update(shown, completed=done, total=total, description=name[:60])
            if row["status"] == "failed":
                tell(f"failed: {name}, seed {row['seed']}: {row['error']}")

        yield watch


def result_table(summary: dict[str, dict[str, dict[str, Any]]]) -> Any:
    """A line for each data set and method, best first."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("data set", "method", "series", "failed", "accuracy", "VUS-PR", "95 % of", "interval", "seconds"):
        table.add_column(name, justify="left" if name in ("data set", "method", "95 % of") else "right")
    lines = [(dataset, method, values) for method, sets in summary.items() for dataset, values in sets.items()]
    for dataset, method, values in sorted(lines, key=lambda line: (line[0], -_headline(line[2]), line[1])):
        teacher = f" ({values['teacher']})" if values["teacher"] else ""
        low_high = "" if values["ci95"] is None else f"{values['ci95'][0]:.3f} – {values['ci95'][1]:.3f}"
        numbers = (_short(values["accuracy"]), _short(values["vus_pr"]), values["headline"].replace("vus_pr", "VUS-PR"))
        costs = (low_high, _short(values["seconds_median"], 2))
        table.add_row(dataset, method + teacher, str(values["n"]), str(values["failed"]), *numbers, *costs)
    return table


def _headline(values: dict[str, Any]) -> float:
    value = values[values["headline"]]
    return -math.inf if value is None else float(value)


def _short(value: float | None, digits: int = 3) -> str:
    return "" if value is None else f"{value:.{digits}f}"
