"""`anomalyllm experiment`: the options of the command; the work is in `experimenting`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def experiment(
    name: Annotated[str, typer.Argument(help="An experiment, a TOML file with a grid, or list.")],
    data: Annotated[Path | None, typer.Option(help="Folder that holds the data sets.")] = None,
    out: Annotated[
        Path, typer.Option(help="Folder for the rows of all experiments; each goes on where it was.")
    ] = Path("out/experiments"),
    smoke: Annotated[bool, typer.Option("--smoke", help="Seconds, on a made-up series: does it run at all?")] = False,
    seeds: Annotated[int | None, typer.Option(help="Seeds 0, 1, ...; as many as the grid says by default.")] = None,
    seed: Annotated[int | None, typer.Option(help="This seed alone.")] = None,
    jobs: Annotated[int | None, typer.Option(help="Worker processes; as many as cores by default.")] = None,
    limit: Annotated[int | None, typer.Option(help="At most so many series of each set.")] = None,
    teacher_folder: Annotated[
        list[Path] | None,
        typer.Option(help="Folder with GPT-2, or with its attention half, for variants that need it; repeat for both."),
    ] = None,
    page: Annotated[
        Path | None, typer.Option(help="Write NAME.md, NAME.png and index.md here, of all stored rows.")
    ] = None,
    report_only: Annotated[
        bool, typer.Option("--report-only", help="Run nothing: read the rows that are there.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress and no notes on standard error.")] = False,
) -> None:
    """Ask one question by changing one thing at a time: a table of variants beside a reference, a chart and a page."""
    from anomalyllm.cli.experimenting import ExperimentOptions, run_experiment

    code = run_experiment(
        ExperimentOptions(
            name=name,
            data=data,
            out=out,
            smoke=smoke,
            seeds=seeds,
            seed=seed,
            jobs=jobs,
            limit=limit,
            teachers=tuple(teacher_folder or ()),
            page=page,
            report_only=report_only,
            as_json=as_json,
            quiet=quiet,
        )
    )
    raise typer.Exit(code)
