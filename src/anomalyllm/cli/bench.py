"""`anomalyllm bench`: methods on data sets (`run`, which need not be said), and what each part costs (`speed`)."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

RUN = "run"
HELP = ("-h", "--help")

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress and no notes on standard error.")]
Set = Annotated[list[str] | None, typer.Option("--set", help="Any other setting: --set training.batch=32.")]


class RunUnlessSaid(TyperGroup):
    """A group whose first command may be left out: `bench ucr` is `bench run ucr`; its help shows that command's too.

    What is annotated as Any is typer's own kind of context, which has another name in older versions.
    """

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """With `run` put before words that begin with no command."""
        said = bool(args) and (args[0] in self.commands or args[0] in HELP)
        return super().parse_args(ctx, args if said else [RUN, *args])

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """The commands, then all that the first one takes."""
        super().format_help(ctx, formatter)
        command = self.commands[RUN]
        command.format_help(type(ctx)(command, info_name=f"[{RUN}]", parent=ctx), formatter)


app = typer.Typer(cls=RunUnlessSaid, add_completion=False)


@app.callback()
def root() -> None:
    """Measure methods on data sets (run, the word may be left out), or what each part of a preset costs (speed)."""


@app.command(RUN)
def run(
    datasets: Annotated[
        list[str], typer.Argument(help="Sets (ucr, smd, ...; anomalyllm data list) or families (ecg, ucr:gait).")
    ],
    data: Annotated[Path, typer.Option(help="Folder that holds them.")],
    method: Annotated[
        list[str] | None,
        typer.Option(help="A preset or a baseline; repeat. All but trained and paper if none is named."),
    ] = None,
    protocol: Annotated[list[str] | None, typer.Option(help="honest (if not given) or paper; repeat for both.")] = None,
    seeds: Annotated[int, typer.Option(help="Seeds 0, 1, ... of each method that draws anything.")] = 3,
    seed: Annotated[int | None, typer.Option(help="This seed alone.")] = None,
    jobs: Annotated[int | None, typer.Option(help="Worker processes; as many as cores by default.")] = None,
    limit: Annotated[int | None, typer.Option(help="At most so many cases of each set, by a fixed shuffle.")] = None,
    case: Annotated[list[str] | None, typer.Option(help="This case alone; repeat for several.")] = None,
    teacher: Annotated[str, typer.Option(help="Teacher of trained and paper: compact, gpt2, or a folder.")] = "compact",
    settings: Set = None,
    probe: Annotated[str, typer.Option(help="Also ask each fitted preset for: gap, realism or cost.")] = "",
    out: Annotated[Path, typer.Option(help="Folder for the results; a bench that was stopped goes on there.")] = Path(
        "out/bench"
    ),
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Measure methods on labelled data sets without leakage: cases.csv, summary.json and report.html."""
    from anomalyllm.cli.benching import BenchOptions, run_bench_command

    code = run_bench_command(
        BenchOptions(
            datasets=datasets,
            data=data,
            methods=method or [],
            protocols=protocol or ["honest"],
            seeds=seeds,
            seed=seed,
            jobs=jobs,
            limit=limit,
            cases=case or [],
            teacher=teacher,
            settings=settings or [],
            probe=probe,
            out=out,
            as_json=as_json,
            quiet=quiet,
        )
    )
    raise typer.Exit(code)


@app.command("speed")
def speed(
    preset: Annotated[str, typer.Option(help="default, pretrained, trained or paper.")] = "default",
    device: Annotated[str, typer.Option(help="Where networks compute: cpu or cuda.")] = "cpu",
    settings: Set = None,
    seconds: Annotated[float, typer.Option(help="For how long to take times; three rounds at least.")] = 10.0,
    as_json: AsJson = False,
) -> None:
    """Time each part of a preset beside what this machine can do: milliseconds, FLOPs, bytes, share of the limit."""
    from anomalyllm.cli.speeding import run_speed

    run_speed(preset, device, settings or [], seconds, as_json=as_json)
