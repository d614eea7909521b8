"""From a grid to tasks of the bench, and through its runner: parallel, resumable, a row for each series and variant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path

from anomalyllm.datasets.case import Case
from anomalyllm.errors import ConfigError
from anomalyllm.evaluation.bench.rows import Row
from anomalyllm.evaluation.bench.running import Watcher, run_bench
from anomalyllm.evaluation.bench.summary import HONEST
from anomalyllm.evaluation.bench.tasks import Task
from anomalyllm.evaluation.experiments.grid import Counts, DataChoice, Grid, Variant
from anomalyllm.evaluation.experiments.sample import write_samples
from anomalyllm.evaluation.experiments.selecting import chosen_cases
from anomalyllm.evaluation.methods import Method
from anomalyllm.extras import require_networks

SAMPLES = "samples"  # folder of the made-up series of --smoke
NEEDED = {"attention-half": "the attention half of a GPT-2", "language-model": "a language model"}
SMOKE_SETS = 2  # as many as it takes to leave one out


@dataclass(frozen=True)
class Request:
    """How much of a grid is run, and where.

    Attributes:
        folder: of this experiment's rows.
        data: folder of the data sets; None with `smoke`, which makes its own.
        smoke: the quick form, on one made-up series.
        seeds: so many, from 0 on; the grid's if None.
        seed: this one alone.
        limit: fewer series of each set than the grid says.
        teachers: folders or files that variants with `needs` take their language model from.
    """

    folder: Path
    data: Path | None = None
    smoke: bool = False
    seeds: int | None = None
    seed: int | None = None
    limit: int | None = None
    teachers: tuple[Path, ...] = ()


@dataclass(frozen=True)
class Plan:
    """What a request comes to.

    Attributes:
        tasks: of the bench.
        skipped: a sentence for each variant that cannot be run.
    """

    tasks: tuple[Task, ...]
    skipped: tuple[str, ...]


def planned(grid: Grid, request: Request) -> Plan:
    """The tasks of a grid, all variants of a series together, one seed after the other.

    Raises:
        ConfigError: no data, an unknown method or setting, an absent library.
        ReadError, TeacherError: data or a teacher that cannot be read.
    """
    choice = replace(grid.data, sets=grid.data.sets[:SMOKE_SETS], limits=Counts()) if request.smoke else grid.data
    data = _data_folder(choice, request)
    cases = chosen_cases(choice, data, 1 if request.smoke else request.limit)
    methods, skipped = _methods(grid, request)
    wanted = [request.seed] if request.seed is not None else range(request.seeds or grid.seeds)
    ranked = _ranked(cases)
    tasks = [
        Task(case, methods[variant.label], seed, HONEST, request.folder, data, grid.probe)
        for seed in wanted
        for place, case in ranked
        for variant in grid.variants
        if variant.label in methods
        and (variant.limit is None or place < variant.limit)
        and (seed == 0 or request.seed is not None or methods[variant.label].drawn)
    ]
    return Plan(tuple(tasks), tuple(skipped))


def run(plan: Plan, request: Request, jobs: int, watcher: Watcher | None = None) -> list[Row]:
    """Carries out what is not finished yet; see `run_bench` for what is written and what can go wrong."""
    return run_bench(plan.tasks, request.folder, jobs=jobs, watcher=watcher)


def _methods(grid: Grid, request: Request) -> tuple[dict[str, Method], list[str]]:
    """The method of each variant that can be run, and a sentence for each that cannot."""
    methods: dict[str, Method] = {}
    skipped = []
    for variant in grid.variants:
        if request.smoke and variant.label in grid.smoke.leave_out:
            skipped.append(f"{variant.label}: slow to begin")
            continue
        teacher = _teacher(variant, request.teachers)
        if teacher is None:
            skipped.append(f"{variant.label}: needs --teacher-folder with {NEEDED[variant.needs]}")
        else:
            methods[variant.label] = grid.method_of(variant, teacher=teacher, smoke=request.smoke)
    for method in methods.values():
        _require(method)
    return methods, skipped


def _data_folder(choice: DataChoice, request: Request) -> Path:
    if request.smoke:
        folder = request.folder / SAMPLES
        write_samples(folder, choice.sets, 1)
        return folder
    if request.data is None:
        raise ConfigError(
            "--data with the folder of the data sets", "none", "name it, or try --smoke, which needs none"
        )
    return request.data


def _teacher(variant: Variant, folders: Sequence[Path]) -> str | None:
    """Where the teacher of a variant comes from: "" for its own, None where no folder has what it needs."""
    if not variant.needs:
        return ""
    from anomalyllm.model.attention_half import attention_file  # needs torch, as every variant with a teacher does

    for folder in folders:
        kind = "attention-half" if attention_file(str(folder)) is not None else "language-model"
        if kind == variant.needs:
            return str(folder)
    return None


def _require(method: Method) -> None:
    """Refuses before a long run. Weights that are built here are not built twice for it."""
    if method.trained and method.teacher.startswith("compact"):
        require_networks(f"the preset {method.name}")
        _ = method.config_hash  # checks every setting
    else:
        method.require()


def _ranked(cases: Sequence[Case]) -> list[tuple[int, Case]]:
    """Each case with its place within its set, from 0."""
    return [
        (place, case) for _, group in groupby(cases, key=lambda case: case.dataset) for place, case in enumerate(group)
    ]
