"""`anomalyllm data`: which benchmark sets there are, what a folder holds of them, whether they are whole; fetching."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from anomalyllm.datasets import Dataset
    from anomalyllm.datasets.download import Watch
    from anomalyllm.datasets.sources import Source

app = typer.Typer(help="Benchmark sets: list, describe, check and fetch them.", add_completion=False)

Name = Annotated[str, typer.Argument(help="A set's name in any case; `anomalyllm data list` has them all.")]
Place = Annotated[Path, typer.Option("--data", help="Folder with the set, or with a subfolder called like it.")]
MaybePlace = Annotated[
    Path | None, typer.Option("--data", help="Folder with the set, or with a subfolder called like it.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress and no notes on standard error.")]


@app.callback(invoke_without_command=True)
def root(context: typer.Context) -> None:
    """Benchmark sets: list, describe, check and fetch them."""
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


@app.command("list")
def list_sets(data: MaybePlace = None, as_json: AsJson = False) -> None:
    """The sets, how to come by them, their licences; with --data also how many cases are there."""
    from anomalyllm.cli.output import print_json
    from anomalyllm.datasets.sources import SOURCES

    rows = [_list_row(source, data) for source in SOURCES.values()]
    if as_json:
        print_json({"sets": rows})
    else:
        _print_rows(rows)


@app.command("info")
def info(name: Name, data: MaybePlace = None, as_json: AsJson = False) -> None:
    """What a set is; with --data also what the folder holds of it."""
    from anomalyllm.cli.output import print_facts, print_json
    from anomalyllm.datasets.catalogue import open_dataset
    from anomalyllm.datasets.sources import SOURCES, source_of

    dataset = None if data is None else open_dataset(name, data)
    is_yours = dataset is not None and dataset.name not in SOURCES  # in the folder's index, and nowhere else
    facts = {"name": dataset.name, "title": "your own set"} if is_yours and dataset else _source_facts(source_of(name))
    if dataset is not None:
        facts |= _folder_facts(dataset)
    if as_json:
        print_json(facts)
        return
    flat = {key: _in_words(value) for key, value in facts.items() if value not in (None, [], {})}
    print_facts(f"{facts['name']}: {flat.pop('title')}", flat)


@app.command("verify")
def verify(name: Name, data: Place, as_json: AsJson = False, quiet: Quiet = False) -> None:
    """Read every case once and compare the checksums of what was downloaded; names each damaged file, exit code 2."""
    from anomalyllm.cli.output import print_json, print_lines
    from anomalyllm.datasets.catalogue import open_dataset
    from anomalyllm.datasets.verifying import damages

    dataset = open_dataset(name, data)
    with _reading(dataset, quiet) as watch:
        found = list(damages(dataset, watch))
    if as_json:
        listed = [{"name": damage.name, "reason": damage.reason} for damage in found]
        print_json({"name": dataset.name, "form": dataset.form, "cases": len(dataset.cases), "damaged": listed})
    else:
        print_lines(*(f"{damage.name}: {damage.reason}" for damage in found))
        print_lines(f"{dataset.name}: {len(dataset.cases):,} cases read, {len(found)} damaged")
    if found:
        raise typer.Exit(2)


@app.command("download")
def download(name: Name, data: Place, quiet: Quiet = False) -> None:
    """Fetch a set into its folder below --data; a download that broke off goes on where it was."""
    from anomalyllm.cli.output import require_writable, tell
    from anomalyllm.datasets.download import download as fetch_set
    from anomalyllm.datasets.download import require_fetchable
    from anomalyllm.datasets.sources import source_of

    source = source_of(name)
    require_fetchable(source)
    require_writable(data / source.place)
    if not quiet:
        tell(f"licence: {source.licence}; cite: {source.citation}")
    with _fetching(quiet) as watch:
        place = fetch_set(source, data, watch=watch)
    if not quiet:
        tell(f"{source.name} is in {place}")


# --- facts --------------------------------------------------------------------------------------------------


def _list_row(source: Source, data: Path | None) -> dict[str, Any]:
    from anomalyllm.datasets.sources import is_readable

    row: dict[str, Any] = {"name": source.name, "title": source.title, "get": _way(source), "licence": source.licence}
    if data is not None:
        row["cases"] = _cases_in(source.name, data) if is_readable(source) else 0
    return row


def _cases_in(name: str, data: Path) -> int:
    """Cases of a set in a folder; 0 where it has none of the set's forms."""
    from anomalyllm.datasets.catalogue import find_dataset

    found = find_dataset(name, data)
    return 0 if found is None else len(found.cases)


def _way(source: Source) -> str:
    return "on request" if source.forbidden else "download" if source.files else "by hand"


def _source_facts(source: Source) -> dict[str, Any]:
    return {
        "name": source.name,
        "title": source.title,
        "home": source.home,
        "licence": source.licence,
        "citation": source.citation,
        "addresses": [file.address for file in source.files],
        "note": source.forbidden or source.by_hand,
    }


def _folder_facts(dataset: Dataset) -> dict[str, Any]:
    """What is there; one case is in memory at a time."""
    rows = {"train": 0, "test": 0}
    channels: set[int] = set()
    anomalous = 0
    notes: Counter[str] = Counter()
    labelled_training = 0
    for case in dataset.cases:
        values = case.read()
        notes.update(values.notes)
        labelled_training += 0 if values.train_labels is None else int(values.train_labels.any())
        rows["train"] += len(values.train)
        rows["test"] += len(values.test)
        channels.add(values.test.shape[1])
        anomalous += int(values.labels.sum())
    return {
        "form": dataset.form,
        "folder": str(dataset.folder),
        "cases": len(dataset.cases),
        "families": dict(sorted(Counter(case.family for case in dataset.cases).items())),
        "rows": rows,
        "channels": sorted(channels),
        "anomalous": anomalous / rows["test"],
        "training_parts_with_anomalies": labelled_training,
        "notes": [f"{note} ({count} of {len(dataset.cases)} cases)" for note, count in notes.items()],
    }


def _in_words(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {count:,}" for name, count in value.items())
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return f"{value:.2%} of the test rows" if isinstance(value, float) else str(value)


# --- printing and progress ----------------------------------------------------------------------------------


def _print_rows(rows: list[dict[str, Any]]) -> None:
    from rich.table import Table
    from rich.text import Text

    from anomalyllm.cli.output import print_lines, printable

    names = [name for name in ("name", "cases", "get", "licence", "title") if name in rows[0]]
    table = Table(box=None, pad_edge=False)
    for name in names:
        table.add_column(name, justify="right" if name == "cases" else "left")
    for row in rows:
        table.add_row(*(Text(printable(str(row[name]))) for name in names))
    print_lines(table)


@contextlib.contextmanager
def _reading(dataset: Dataset, quiet: bool) -> Iterator[Any]:
    """A progress bar on standard error that is told each case; nothing where `quiet` or no terminal."""
    from anomalyllm.cli.output import talk

    console = talk()
    if quiet or not console.is_terminal:
        yield None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = TextColumn("reading"), BarColumn(bar_width=10), MofNCompleteColumn()
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("", total=len(dataset.cases))
        yield lambda _: bar.advance(task)


@contextlib.contextmanager
def _fetching(quiet: bool) -> Iterator[Watch | None]:
    """A bar for each file on standard error; nothing where `quiet` or no terminal."""
    from anomalyllm.cli.output import printable, talk

    console = talk()
    if quiet or not console.is_terminal:
        yield None
        return
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    columns = TextColumn("{task.description}"), BarColumn(bar_width=10), DownloadColumn(), TransferSpeedColumn()
    with Progress(*columns, console=console) as bar:
        tasks: dict[str, Any] = {}

        def watch(name: str, so_far: int, total: int | None) -> None:
            if name not in tasks:
                tasks[name] = bar.add_task(printable(name), total=None)
            bar.update(tasks[name], completed=so_far, total=total)

        yield watch
