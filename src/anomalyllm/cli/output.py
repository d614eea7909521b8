"""Printing and writing what was found. stdout is data, stderr is talk."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import math
import os
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from anomalyllm.cli.options import OutputOptions
from anomalyllm.errors import ConfigError, StorageError
from anomalyllm.files import write_atomically

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from anomalyllm.reporting import ReportContext
    from anomalyllm.result import Detection
    from anomalyllm.training.record import Progress, Watcher

MOST_EVENTS_SHOWN = 50
MOST_CHANNELS_SHOWN = 4  # of an event
WIDEST = 100_000  # letters in a line
SUFFIXES = {"out": (".json", ".csv"), "scores": (".csv",), "plot": (".png",), "report": (".html",)}


# --- talk ---------------------------------------------------------------------------------------------------


def talk() -> Console:
    """The console on standard error."""
    from rich.console import Console

    return Console(stderr=True, highlight=False)


def tell(sentence: str) -> None:
    """One line on standard error."""
    talk().print(printable(sentence), style="dim", markup=False, soft_wrap=True)


REDRAWN = 0.1  # seconds between two looks at a training


@contextlib.contextmanager
def training_progress(quiet: bool) -> Iterator[Watcher | None]:
    """A progress bar on standard error with both loss terms and the time left; nothing where `quiet` or no terminal."""
    console = talk()
    if quiet or not console.is_terminal:
        yield None
        return
    from rich.progress import BarColumn, TextColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("training"), BarColumn(bar_width=10), TextColumn("{task.description}"))
    with Bar(*columns, console=console, transient=True) as bar:
        task = bar.add_task("preparing", total=None)

        shown = -math.inf

        def watch(progress: Progress) -> None:
            nonlocal shown
            if progress.step < progress.steps and time.monotonic() - shown < REDRAWN:
                return  # looking at a loss waits for the device
            shown = time.monotonic()
            bar.update(task, completed=progress.step, total=progress.steps, description=progress_line(progress))

        yield watch


def progress_line(progress: Progress) -> str:
    """Step, both loss terms, the last validation if there was one, and the time left; fits into 80 columns."""
    losses = f"losses {progress.distillation:.3f} + {progress.contrastive:.3f}"
    validated = "" if math.isnan(progress.validation) else f", held out {progress.validation:.3f}"
    return f"{progress.step}/{progress.steps} {losses}{validated}, {progress.seconds_left:.0f} s left"


# --- standard output ----------------------------------------------------------------------------------------


def print_json(values: Mapping[str, Any]) -> None:
    """One JSON document on standard output."""
    sys.stdout.write(json_text(values, sys.stdout.encoding))


def json_text(values: Mapping[str, Any], encoding: str | None = "utf-8") -> str:
    """A JSON document; letters that `encoding` cannot write are escaped as JSON does.

    Raises:
        ValueError: a number that is not finite, which JSON does not have.
    """
    text = json.dumps(values, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    try:
        text.encode(encoding or "utf-8")
    except UnicodeEncodeError:
        return json.dumps(values, indent=2, allow_nan=False) + "\n"
    return text


def print_lines(*parts: Table | str) -> None:
    """Tables and sentences on standard output. Nothing is cut; a terminal that is too narrow wraps by itself."""
    from rich.console import Console

    text = io.StringIO()
    console = Console(file=text, width=WIDEST, color_system=None, force_terminal=False, highlight=False)
    for part in parts:
        console.print(printable(part) if isinstance(part, str) else part, markup=False)
    sys.stdout.write("".join(f"{line.rstrip()}\n" for line in text.getvalue().split("\n")[:-1]))


def printable(text: str) -> str:
    """`text` without control characters: a name must not steer the terminal."""
    return "".join(letter if letter.isprintable() else "�" for letter in text)


def print_facts(title: str, facts: Mapping[str, Any]) -> None:
    """Names and values, a line each, on standard output."""
    from rich.table import Table
    from rich.text import Text

    table = Table(show_header=False, box=None, pad_edge=False)
    for name, value in facts.items():
        table.add_row(Text(printable(name)), Text(printable(str(value))))
    print_lines(title, table)


# --- events -------------------------------------------------------------------------------------------------


def deliver(detection: Detection, context: ReportContext, options: OutputOptions) -> None:
    """Prints the events and writes every file that was asked for."""
    summary = summary_of(detection.to_mapping(), context)
    _write_files(detection, context, options, summary)
    announce(summary, options, timed=detection.series.times is not None)


def summary_of(found: Mapping[str, Any], context: ReportContext) -> dict[str, Any]:
    """What was found, and by what kind of detector."""
    return {
        **found,
        "trained_on": context.trained_on,
        "training_notes": list(context.notes),
        "preset": context.preset,
        "teacher": context.teacher,
        "window": context.window,
        "period": context.period,
        "seed": context.seed,
    }


def announce(summary: Mapping[str, Any], options: OutputOptions, *, timed: bool) -> None:
    """Prints a summary as a table or as JSON, and says on standard error what was handled and written."""
    if options.as_json:
        print_json(summary)
        return
    _print_events(summary, timed=timed)
    if not options.quiet:
        for note in summary["notes"]:
            tell(f"note: {note}")
        for path in options.files().values():
            tell(f"wrote {path}")


def _write_files(
    detection: Detection, context: ReportContext, options: OutputOptions, summary: Mapping[str, Any]
) -> None:
    if options.scores is not None:
        rows = detection.series.first_row + np.arange(len(detection.scores))
        times = detection.series.times
        table = scores_csv(rows if times is None else times, detection.scores, detection.labels, header=True)
        write_atomically(options.scores, table)
    write_events(options, summary)
    if options.plot is not None:
        from anomalyllm.reporting import save_plot

        save_plot(detection, options.plot)
    if options.report is not None:
        from anomalyllm.reporting import save_report

        save_report(detection, options.report, context=context)


def write_events(options: OutputOptions, summary: Mapping[str, Any]) -> None:
    """The file of events, if one was asked for."""
    if options.out is not None:
        is_table = options.out.suffix.lower() == ".csv"
        write_atomically(options.out, (_events_csv(summary) if is_table else json_text(summary)).encode())


def scores_csv(places: NDArray[Any], scores: NDArray[Any], labels: NDArray[Any], *, header: bool) -> bytes:
    """A row per point: time or row, score, flag. Written by Arrow, which takes a million rows in its stride."""
    import pyarrow as pa
    from pyarrow import csv as arrow_csv

    table = pa.table({"row" if places.dtype.kind == "i" else "time": places, "score": scores, "flag": labels})
    sink = pa.BufferOutputStream()
    if header:
        sink.write((",".join(table.column_names) + "\n").encode())  # Arrow would quote the names
    arrow_csv.write_csv(table, sink, arrow_csv.WriteOptions(include_header=False))
    return bytes(sink.getvalue())


def _events_csv(summary: Mapping[str, Any]) -> str:
    text = io.StringIO()
    names = ["start", "end", "peak", "severity", "channels"]
    if summary["events"] and "start_time" in summary["events"][0]:
        names += ["start_time", "last_time", "peak_time"]
    writer = csv.DictWriter(text, names, lineterminator="\n")
    writer.writeheader()
    for event in summary["events"]:
        writer.writerow({**event, "channels": " ".join(event["channels"])})
    return text.getvalue()


def _print_events(summary: Mapping[str, Any], *, timed: bool) -> None:
    from rich.table import Table
    from rich.text import Text

    rows, events = summary["rows"], summary["events"]
    share = summary["flagged"] / max(rows, 1)
    said = f"{_counted(len(events), 'event')} in {_counted(rows, 'row')} ({share:.2%} of points flagged)"
    if not events:
        print_lines(said)
        return
    shown = events[:MOST_EVENTS_SHOWN]
    table = Table(box=None, pad_edge=False)
    for name in ("#", "start", "last" if timed else "end", "peak", "rows", "severity"):
        justify = "left" if timed and name in ("start", "last", "peak") else "right"
        table.add_column(name, justify=justify)  # type: ignore[arg-type]  # str is wider than Literal
    table.add_column("channels")
    for number, (event, places) in enumerate(zip(shown, where(shown, timed), strict=True), 1):
        count = event["end"] - event["start"]
        cells = [str(number), *places, str(count), f"{event['severity']:.2f}", _channels(event["channels"])]
        table.add_row(*(Text(printable(cell)) for cell in cells))
    more = [f"… and {len(events) - len(shown)} more: --json or --out has them all"] if len(events) > len(shown) else []
    print_lines(said, table, *more)


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def _channels(names: Sequence[str]) -> str:
    rest = len(names) - MOST_CHANNELS_SHOWN
    return ", ".join(names[:MOST_CHANNELS_SHOWN]) + (f" +{rest}" if rest > 0 else "")


def where(events: Sequence[Mapping[str, Any]], timed: bool) -> list[list[str]]:
    """Start, end and peak of each event: rows, or times no finer than tells them apart."""
    if not timed:
        return [[str(event[key]) for key in ("start", "end", "peak")] for event in events]
    texts = [[event[key] for key in ("start_time", "last_time", "peak_time")] for event in events]
    times = np.array(texts, dtype="datetime64[ns]")
    kinds = [f"datetime64[{unit}]" for unit in ("m", "s", "ms", "us", "ns")]
    kind = next(kind for kind in kinds if (times.astype(kind) == times).all())
    return [[text.replace("T", " ") for text in row] for row in times.astype(kind).astype(str).tolist()]


# --- checks before the work ---------------------------------------------------------------------------------


def check_outputs(options: OutputOptions, *inputs: str | None) -> None:
    """Refuses, before the work begins, an output that has the wrong kind of name or cannot be written.

    Args:
        options: where to write.
        inputs: the files that are read; none of them may be written over.

    Raises:
        ConfigError: names the option and the path.
        StorageError: no permission to write there.
    """
    taken = {Path(file).resolve() for file in inputs if file is not None and file != "-"}
    for option, path in options.files().items():
        suffixes = SUFFIXES[option]
        if path.suffix.lower() not in suffixes:
            remedy = f"end its name in {' or '.join(suffixes)}"
            raise ConfigError(f"--{option} to name a {' or '.join(suffixes)} file", str(path), remedy)
        if path.is_dir():
            raise ConfigError(f"--{option} to name a file", f"the folder {path}", "add a file name")
        if path.resolve() in taken:
            raise ConfigError("each file to be read or written once", f"{path} twice", "choose another name")
        taken.add(path.resolve())
        require_writable(path)


def require_writable(path: Path) -> None:
    """The nearest folder above `path` that exists is one that may be written to.

    Raises:
        ConfigError: it is a file.
        StorageError: no permission.
    """
    above = next((folder for folder in path.absolute().parents if os.access(folder, os.F_OK)), Path(path.anchor))
    if not above.is_dir():
        raise ConfigError(f"a folder for {path}", f"the file {above}", "choose another place")
    if not os.access(above, os.W_OK):
        raise StorageError(f"to write {path}", f"a folder without write permission: {above}", "choose another place")
