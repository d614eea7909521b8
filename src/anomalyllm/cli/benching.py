"""`anomalyllm bench`: methods on data sets, in parallel, with the time left; and what came of it."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from anomalyllm.cli.options import read_assignment
from anomalyllm.cli.output import print_json, print_lines, printable, talk, tell
from anomalyllm.errors import ConfigError

if TYPE_CHECKING:
    from anomalyllm.datasets.case import Case
    from anomalyllm.evaluation.bench.running import News, Watcher
    from anomalyllm.evaluation.bench.tasks import Task
    from anomalyllm.evaluation.methods import Method

LINE_EVERY = 60.0  # seconds, where there is no terminal to draw a bar on


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
    probe: str
    out: Path
    as_json: bool
    quiet: bool


def run_bench_command(options: BenchOptions) -> int:
    """Runs the bench, prints a line for each method and data set, and says how many tasks failed (exit code 1)."""
    from anomalyllm.evaluation.bench.pool import cores
    from anomalyllm.evaluation.bench.running import run_bench
    from anomalyllm.evaluation.bench.summary import summarise

    tasks = planned(options)
    if not options.quiet:
        tell(f"{len(tasks):,} runs, results in {options.out}")
    with bench_progress(options.quiet) as watcher:
        rows = run_bench(tasks, options.out, jobs=options.jobs or cores(), watcher=watcher)
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
        ConfigError: a name that is unknown, a number out of range, a library that is absent, or nothing to run.
        ReadError: no such data.
    """
    from anomalyllm.evaluation.bench.tasks import plan
    from anomalyllm.evaluation.protocol import probe_called, protocol

    for name, value, least in (
        ("--seeds", options.seeds, 1),
        ("--seed", options.seed, 0),
        ("--jobs", options.jobs, 1),
        ("--limit", options.limit, 1),
    ):
        if value is not None and value < least:
            raise ConfigError(f"{name} to be at least {least}", str(value), "give a larger number")
    protocols = list(dict.fromkeys(options.protocols))
    for name in protocols:
        protocol(name)
    if options.probe:
        probe_called(options.probe)
    cases = chosen_cases(options)
    seeds = options.seeds if options.seed is None else options.seed + 1
    tasks = plan(cases, wanted_methods(options), seeds, protocols, options.out, options.data)
    tasks = [replace(task, probe=options.probe) for task in tasks if options.seed in (None, task.seed)]
    if not tasks:
        raise ConfigError(
            "something to run", f"no method that draws anything for --seed {options.seed}", "leave it out"
        )
    return tasks


def chosen_cases(options: BenchOptions) -> list[Case]:
    """The cases of all sets that were named: those of `--case`, or the first `--limit` of a fixed shuffle."""
    from anomalyllm.evaluation.bench.tasks import spread
    from anomalyllm.settings import unknown_name

    found: dict[tuple[str, str], Case] = {}
    for name in options.datasets:
        cases = cases_of(name, options.data)
        for case in cases if options.cases else spread(cases, options.limit):
            found[case.dataset, case.name] = case
    known = {name for _, name in found}
    for name in options.cases:
        if name not in known:
            raise unknown_name(f"case of {', '.join(options.datasets)}", name, known)
    return [case for case in found.values() if not options.cases or case.name in options.cases]


def cases_of(name: str, data: Path) -> list[Case]:
    """The cases of a set, of a family of it ("ucr:ecg"), or of one of the archive's families by its name alone ("ecg").

    Raises:
        ConfigError: no such family.
    """
    from anomalyllm.datasets.catalogue import open_dataset
    from anomalyllm.datasets.ucr import FAMILIES
    from anomalyllm.settings import unknown_name

    dataset, _, family = name.partition(":")
    if not family and dataset.lower() in {known.lower() for known in FAMILIES}:
        dataset, family = "UCR", dataset
    found = open_dataset(dataset, data)
    if not family:
        return list(found.cases)
    cases = [case for case in found.cases if case.family.lower() == family.lower()]
    if not cases:
        raise unknown_name(f"family of {found.name}", family, {case.family for case in found.cases})
    return cases


def wanted_methods(options: BenchOptions) -> list[Method]:
    """The methods that were named, or all that train no networks: `default` and the baselines.

    `--set` is for every preset among them; one that has no use for it refuses, else its rows would seem to have it.

    Raises:
        ConfigError: an unknown one, what it needs is absent, or settings or a teacher that no method has a use for.
    """
    from anomalyllm.evaluation.methods import OFFLINE_TEACHER, Method, method_names
    from anomalyllm.presets import PRESETS

    settings: dict[str, Any] = dict(read_assignment(text) for text in options.settings)
    names = list(dict.fromkeys(options.methods or [name for name in method_names() if not Method(name).trained]))
    methods = [Method(name, settings, options.teacher) for name in names]
    if settings and not PRESETS.keys() & set(names):
        raise ConfigError("--set with a preset", f"only {', '.join(names)}", f"name one of {', '.join(PRESETS)}")
    if options.teacher != OFFLINE_TEACHER and not any(method.trained for method in methods):
        came = f"--teacher {options.teacher} with methods that train none"
        raise ConfigError("networks that are trained", came, "add --method trained or paper")
    for method in methods:
        method.require()
    return methods


@contextlib.contextmanager
def bench_progress(quiet: bool) -> Iterator[Watcher | None]:
    """A bar with the time left on a terminal, a line a minute elsewhere; nothing where `quiet`."""
    console = talk()
    if quiet:
        yield None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (BarColumn(bar_width=20), MofNCompleteColumn(), TextColumn("{task.description}", markup=False))
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        shown = bar.add_task("", total=None)
        told = time.monotonic()

        def watch(news: News) -> None:
            nonlocal told
            row = news.row
            name = printable(f"{row['method']} on {row['case']}")
            left = "" if math.isnan(news.seconds_left) else f"{in_words(news.seconds_left)} left, "
            bar.update(shown, completed=news.done, total=news.total, description=f"{left}{name}"[:70])
            if row["status"] == "failed":
                tell(f"failed: {name}, seed {row['seed']}: {row['error']}")
            if not console.is_terminal and time.monotonic() - told >= LINE_EVERY:
                told = time.monotonic()
                tell(f"{news.done:,} of {news.total:,} runs, {left}last {name}")

        yield watch


def in_words(seconds: float) -> str:
    """A duration to two places: "40 s", "5 min 10 s", "2 h 5 min"."""
    whole = round(seconds)
    hours, minutes = whole // 3600, whole % 3600 // 60
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {whole % 60} s" if minutes else f"{whole} s"


def result_table(summary: dict[str, dict[str, dict[str, Any]]]) -> Any:
    """A line for each data set and method, best first."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("data set", "method", "series", "failed", "accuracy", "VUS-PR", "95 % of", "interval", "seconds"):
        table.add_column(name, justify="left" if name in ("data set", "method", "95 % of") else "right")
    lines = [(dataset, method, values) for method, sets in summary.items() for dataset, values in sets.items()]
    for dataset, method, values in sorted(lines, key=lambda line: (line[0], -_headline(line[2]), line[1])):
        teacher = f" ({values['teacher']})" if values["teacher"] else ""
        low_high = "" if values["ci95"] is None else f"{values['ci95'][0]:.3f} – {values['ci95'][1]:.3f}"
        series = str(values["counts"][values["headline"]])
        numbers = (_short(values["accuracy"]), _short(values["vus_pr"]), values["headline"].replace("vus_pr", "VUS-PR"))
        costs = (low_high, _short(values["seconds_median"], 2))
        cells = (dataset, method + teacher, series, str(values["failed_runs"]), *numbers, *costs)
        table.add_row(*(Text(printable(cell)) for cell in cells))
    return table


def _headline(values: dict[str, Any]) -> float:
    value = values[values["headline"]]
    return -math.inf if value is None else float(value)


def _short(value: float | None, digits: int = 3) -> str:
    return "" if value is None else f"{value:.{digits}f}"
