"""`anomalyllm experiment NAME`: runs a grid, prints what came of it, and writes its page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from anomalyllm.cli.benching import bench_progress
from anomalyllm.cli.output import print_json, print_lines, printable, tell
from anomalyllm.errors import ConfigError, ReadError

if TYPE_CHECKING:
    from anomalyllm.evaluation.bench.rows import Row
    from anomalyllm.evaluation.experiments.findings import Finding
    from anomalyllm.evaluation.experiments.grid import Grid

LIST = "list"
SMOKE = "smoke"  # folder below --out: quick rows must not be taken for others


@dataclass(frozen=True)
class ExperimentOptions:
    """What the user asked for."""

    name: str
    data: Path | None
    out: Path
    smoke: bool
    seeds: int | None
    seed: int | None
    jobs: int | None
    limit: int | None
    teachers: tuple[Path, ...]
    page: Path | None
    report_only: bool
    as_json: bool
    quiet: bool

    @property
    def results(self) -> Path:
        """The folder that holds a folder for each experiment."""
        return self.out / SMOKE if self.smoke else self.out


def run_experiment(options: ExperimentOptions) -> int:
    """Runs what is not finished yet, prints a line for each variant, and says how many runs failed (exit code 1).

    Raises:
        ConfigError: an unknown experiment or setting, a number out of range, no data, an absent library.
        ReadError, TeacherError: data, rows or a teacher that cannot be read.
    """
    from anomalyllm.evaluation.experiments.findings import findings
    from anomalyllm.evaluation.experiments.indexing import as_json, save_index, save_pages, stored_rows
    from anomalyllm.evaluation.experiments.shipped import grid_called, shipped_grids

    if options.name == LIST:
        return _list(as_json=options.as_json)
    _check(options)
    grid = grid_called(options.name)
    rows = _stored(grid, options) if options.report_only else _run(grid, options)
    found = findings(grid, rows)
    if options.page is not None:
        save_pages(grid, stored_rows(options.results / grid.name), options.page)  # those of earlier calls, too
        save_index({name: grid_called(name) for name in shipped_grids()}, options.results, options.page)
    if options.as_json:
        print_json({"experiment": grid.name, "reference": grid.reference, "variants": as_json(found)})
    else:
        print_lines(grid.question, result_table(grid, found))
    failed = sum(row["status"] == "failed" for row in rows)
    if failed:
        where = options.results / grid.name / "failures"
        tell(f"{failed} of {len(rows)} runs failed; {where} says how to see each again")
    return 1 if failed else 0


def result_table(grid: Grid, found: Sequence[Finding]) -> Any:
    """A line for each variant."""
    from rich.table import Table
    from rich.text import Text

    from anomalyllm.evaluation.experiments.wording import chance, figure, titled
    from anomalyllm.evaluation.experiments.writing import difference_of

    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("variant")
    table.add_column("series", justify="right")
    for place, measure in enumerate(grid.measures):
        for name in (titled(measure), "less the reference", *([] if place else ["p"])):
            table.add_column(name, justify="right")
    for measure in grid.also:
        table.add_column(titled(measure), justify="right")
    for one in found:
        cells = [printable(one.label), str(one.series)]
        for place, measure in enumerate(grid.measures):
            cells += [figure(one.means[measure].mean), printable(difference_of(grid, one, measure))]
            cells += [] if place else [chance(one.adjusted[measure]) if measure in one.adjusted else ""]
        cells += [figure(one.means[measure].mean) for measure in grid.also]
        table.add_row(*map(Text, cells))
    return table


def _run(grid: Grid, options: ExperimentOptions) -> list[Row]:
    from anomalyllm.evaluation.bench.pool import cores
    from anomalyllm.evaluation.experiments.running import Request, planned, run

    request = Request(
        folder=options.results / grid.name,
        data=options.data,
        smoke=options.smoke,
        seeds=options.seeds,
        seed=options.seed,
        limit=options.limit,
        teachers=options.teachers,
    )
    plan = planned(grid, request)
    if not options.quiet:
        for sentence in plan.skipped:
            tell(f"skipped {sentence}")
        tell(f"{len(plan.tasks):,} runs, results in {request.folder}")
    with bench_progress(options.quiet) as watcher:
        return run(plan, request, options.jobs or cores(), watcher)


def _stored(grid: Grid, options: ExperimentOptions) -> list[Row]:
    from anomalyllm.evaluation.experiments.indexing import stored_rows

    folder = options.results / grid.name
    rows = stored_rows(folder)
    if not rows:
        raise ReadError(f"rows of the experiment {grid.name}", f"none in {folder}", "leave --report-only out")
    return rows


def _check(options: ExperimentOptions) -> None:
    if options.smoke and options.page is not None:
        raise ConfigError("--page without --smoke", "both", "leave one out: made-up series have no place on a page")
    counts = (("--seeds", options.seeds, 1), ("--seed", options.seed, 0))
    for name, value, least in (*counts, ("--jobs", options.jobs, 1), ("--limit", options.limit, 1)):
        if value is not None and value < least:
            raise ConfigError(f"{name} to be at least {least}", str(value), "give a larger number")
    for folder in options.teachers:
        if not folder.exists():
            raise ConfigError("a folder with a language model", f"no folder {folder}", "check --teacher-folder")


def _list(*, as_json: bool) -> int:
    from anomalyllm.evaluation.experiments.shipped import grid_called, shipped_grids

    grids = [grid_called(name) for name in shipped_grids()]
    if as_json:
        known = [{"name": grid.name, "question": grid.question, "minutes": grid.minutes} for grid in grids]
        print_json({"experiments": known})
        return 0
    width = max((len(grid.name) for grid in grids), default=0)
    print_lines(*(f"{grid.name:<{width}}  {grid.question} (about {grid.minutes:g} min)" for grid in grids))
    return 0
