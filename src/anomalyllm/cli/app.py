"""The commands and their options; each hands over to its module."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from anomalyllm import __version__
from anomalyllm.cli import bench as bench_commands
from anomalyllm.cli import data as data_commands
from anomalyllm.cli import experiment as experiment_command
from anomalyllm.cli.options import DataOptions, DetectorOptions, OutputOptions

app = typer.Typer(
    name="anomalyllm",
    help="Find anomalies in time series.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(bench_commands.app, name="bench")
app.add_typer(data_commands.app, name="data")
app.command("experiment")(experiment_command.experiment)

File = Annotated[str, typer.Argument(help="CSV, Parquet, NPY, NPZ or UCR .txt file; - reads CSV from standard input.")]
TrainEnd = Annotated[
    str | None, typer.Option(help="Rows before it are for training: a row number, a time, or a share such as 0.4.")
]
Columns = Annotated[str | None, typer.Option(help="Channels to use, separated by commas; all by default.")]
TimeColumn = Annotated[str | None, typer.Option(help="Column that holds the time; found by itself by default.")]
LabelColumn = Annotated[str | None, typer.Option(help="Column that holds 0/1 labels; shown, never learned from.")]
Preset = Annotated[str | None, typer.Option(help="default (if not given), pretrained, trained or paper.")]
ConfigFile = Annotated[Path | None, typer.Option(help="TOML or JSON file with settings, in place of a preset.")]
Teacher = Annotated[str | None, typer.Option(help="compact, none, a name such as gpt2, or a folder with weights.")]
Blocks = Annotated[int | None, typer.Option(help="Transformer blocks of the teacher.")]
Window = Annotated[int | None, typer.Option(help="Longest window in rows; several lengths by default.")]
Stride = Annotated[int | None, typer.Option(help="Rows between scored windows; divides the window.")]
Prototypes = Annotated[int | None, typer.Option(help="Prototypes per channel.")]
MaxSteps = Annotated[int | None, typer.Option(help="Most training steps.")]
Finetune = Annotated[bool, typer.Option("--finetune", help="Also train networks; keep them where they help.")]
AlarmsPer = Annotated[str | None, typer.Option(help='Alarms accepted on normal data: a share of points, or "2/day".')]
Set = Annotated[list[str] | None, typer.Option("--set", help="Any other setting: --set training.batch=32.")]
Seed = Annotated[int, typer.Option(help="Decides everything that is drawn.")]
Device = Annotated[str, typer.Option(help="cpu, cuda or auto.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
Out = Annotated[Path | None, typer.Option(help="Write the events to this file (.json or .csv).")]
Scores = Annotated[Path | None, typer.Option(help="Write a row per point to this CSV file: time or row, score, flag.")]
Plot = Annotated[Path | None, typer.Option(help="Write a chart to this PNG file.")]
Report = Annotated[Path | None, typer.Option(help="Write a self-contained HTML page to this file.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress and no notes on standard error.")]
Model = Annotated[Path, typer.Option(help="Folder of the fitted detector.")]


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"anomalyllm {__version__}")
        raise typer.Exit


Version = Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")]


@app.callback()
def root(
    version: Version = False,
) -> None:
    """Find anomalies in time series: a language model teaches, and a student disagrees where something is wrong."""


@app.command()
def detect(
    file: File,
    train_end: TrainEnd = None,
    train: Annotated[str | None, typer.Option(help="Fit on this file instead of the first part.")] = None,
    columns: Columns = None,
    time_column: TimeColumn = None,
    label_column: LabelColumn = None,
    preset: Preset = None,
    config: ConfigFile = None,
    teacher: Teacher = None,
    blocks: Blocks = None,
    window: Window = None,
    stride: Stride = None,
    prototypes: Prototypes = None,
    max_steps: MaxSteps = None,
    finetune: Finetune = False,
    alarms_per: AlarmsPer = None,
    settings: Set = None,
    seed: Seed = 0,
    device: Device = "cpu",
    as_json: AsJson = False,
    out: Out = None,
    scores: Scores = None,
    plot: Plot = None,
    report: Report = None,
    quiet: Quiet = False,
) -> None:
    """Fit on the first part of a file, score the rest and print the events."""
    from anomalyllm.cli.detecting import run_detect

    run_detect(
        DataOptions(file, train_end, columns, time_column, label_column),
        train,
        DetectorOptions(
            preset=preset,
            config=config,
            teacher=teacher,
            blocks=blocks,
            window=window,
            stride=stride,
            prototypes=prototypes,
            max_steps=max_steps,
            finetune=finetune,
            alarms_per=alarms_per,
            settings=settings or [],
            seed=seed,
            device=device,
        ),
        OutputOptions(as_json, out, scores, plot, report, quiet),
    )


@app.command()
def locate(
    file: File,
    count: Annotated[int, typer.Option("--count", "-k", help="How many places.")] = 3,
    train_end: TrainEnd = None,
    columns: Columns = None,
    time_column: TimeColumn = None,
    label_column: LabelColumn = None,
    preset: Preset = None,
    config: ConfigFile = None,
    window: Window = None,
    settings: Set = None,
    seed: Seed = 0,
    device: Device = "cpu",
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Fit on the first part of a file and name the strangest places in the rest, whatever any threshold says."""
    from anomalyllm.cli.locating import run_locate

    run_locate(
        DataOptions(file, train_end, columns, time_column, label_column),
        count,
        DetectorOptions(preset=preset, config=config, window=window, settings=settings or [], seed=seed, device=device),
        as_json=as_json,
        quiet=quiet,
    )


@app.command()
def fit(
    file: File,
    model: Model,
    train_end: TrainEnd = None,
    columns: Columns = None,
    time_column: TimeColumn = None,
    label_column: LabelColumn = None,
    preset: Preset = None,
    config: ConfigFile = None,
    teacher: Teacher = None,
    blocks: Blocks = None,
    window: Window = None,
    stride: Stride = None,
    prototypes: Prototypes = None,
    max_steps: MaxSteps = None,
    finetune: Finetune = False,
    alarms_per: AlarmsPer = None,
    settings: Set = None,
    seed: Seed = 0,
    device: Device = "cpu",
    resume: Annotated[bool, typer.Option("--resume", help="Go on with a training that was stopped.")] = False,
    quiet: Quiet = False,
) -> None:
    """Fit on a file and save the detector to a folder."""
    from anomalyllm.cli.models import run_fit

    run_fit(
        DataOptions(file, train_end, columns, time_column, label_column),
        model,
        DetectorOptions(
            preset=preset,
            config=config,
            teacher=teacher,
            blocks=blocks,
            window=window,
            stride=stride,
            prototypes=prototypes,
            max_steps=max_steps,
            finetune=finetune,
            alarms_per=alarms_per,
            settings=settings or [],
            seed=seed,
            device=device,
        ),
        resume=resume,
        quiet=quiet,
    )


@app.command()
def score(
    file: File,
    model: Model,
    columns: Columns = None,
    time_column: TimeColumn = None,
    label_column: LabelColumn = None,
    device: Device = "cpu",
    runtime: Annotated[str, typer.Option(help="native, or onnx: for exported detectors, without PyTorch.")] = "native",
    as_json: AsJson = False,
    out: Out = None,
    scores: Scores = None,
    plot: Plot = None,
    report: Report = None,
    chunk: Annotated[int | None, typer.Option(help="Rows scored at a time; 0 for all. Large files: in chunks.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with a --scores file that was stopped.")] = False,
    quiet: Quiet = False,
) -> None:
    """Score a file with a saved detector and print the events."""
    from anomalyllm.cli.long_scoring import ChunkOptions
    from anomalyllm.cli.models import run_score

    run_score(
        DataOptions(file, None, columns, time_column, label_column),
        model,
        device,
        OutputOptions(as_json, out, scores, plot, report, quiet),
        ChunkOptions(chunk, resume),
        runtime,
    )


@app.command()
def export(
    model: Annotated[Path, typer.Argument(help="Folder of the fitted detector.")],
    out: Annotated[Path, typer.Option(help="Folder for the exported detector.")],
    form: Annotated[str, typer.Option("--format", help="onnx.")] = "onnx",
    int8: Annotated[bool, typer.Option("--int8", help="The networks' matrices in eight bits.")] = False,
    check: Annotated[str | None, typer.Option(help="Compare scores on this file, not on its own windows.")] = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Write a saved detector as graphs and tensors that score without PyTorch."""
    from anomalyllm.cli.exporting import run_export

    run_export(model, form, out, int8=int8, check=check, as_json=as_json, quiet=quiet)


@app.command()
def inspect(
    model: Annotated[Path, typer.Argument(help="Folder of the fitted detector.")],
    as_json: AsJson = False,
) -> None:
    """Say what a saved detector is: data, settings, training, threshold."""
    from anomalyllm.cli.models import run_inspect

    run_inspect(model, as_json=as_json)


@app.command()
def diagnose(
    model: Annotated[Path, typer.Argument(help="Folder of the fitted detector.")],
    file: Annotated[
        str | None, typer.Argument(help="Normal rows, such as the file it was fitted on; else what it holds of them.")
    ] = None,
    train_end: Annotated[str | None, typer.Option(help="Only the rows before it are normal.")] = None,
    columns: Columns = None,
    time_column: TimeColumn = None,
    label_column: Annotated[str | None, typer.Option(help="Column of 0/1 labels; marked rows are left out.")] = None,
    as_json: AsJson = False,
) -> None:
    """Say whether a saved detector shows one of three signatures of failure: no gap, prototypes off the data, cost."""
    from anomalyllm.cli.diagnosing import run_diagnose

    data = None if file is None else DataOptions(file, train_end, columns, time_column, label_column)
    run_diagnose(model, data, train_end, as_json=as_json)


@app.command()
def doctor(
    teacher: Annotated[list[str] | None, typer.Option(help="Teachers to look for; repeat for several.")] = None,
    as_json: AsJson = False,
) -> None:
    """Say what this machine has: versions, cores, bf16, GPU, and where teachers' weights would come from."""
    from anomalyllm.cli.doctor import run_doctor

    run_doctor(teacher or ["compact", "gpt2"], as_json=as_json)


@app.command()
def pretrain(
    out: Annotated[Path, typer.Option(help="File for the weights (.safetensors).")],
    config: Annotated[Path | None, typer.Option(help="TOML file with settings of the pretraining.")] = None,
    seed: Seed = 0,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with a pretraining that was stopped.")] = False,
    quiet: Quiet = False,
) -> None:
    """Train the pair that judges any series, on generated series only, and save its weights."""
    from anomalyllm.cli.pretraining import run_pretrain

    run_pretrain(config, out, seed, resume=resume, quiet=quiet)
