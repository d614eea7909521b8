"""Tables, JSON, progress: on a terminal and in a pipe."""

from __future__ import annotations

import io
import json
import math
import sys

import numpy as np
import pytest
from rich.text import Text

from anomalyllm import Series
from anomalyllm.cli.options import OutputOptions
from anomalyllm.cli.output import (
    MOST_EVENTS_SHOWN,
    deliver,
    json_text,
    print_facts,
    print_json,
    print_lines,
    printable,
    progress_line,
    tell,
    training_progress,
)
from anomalyllm.reporting import ReportContext
from anomalyllm.result import Detection
from anomalyllm.scoring.events import Event
from anomalyllm.training.record import Progress

NOTHING = OutputOptions(False, None, None, None, None, False)
CONTEXT = ReportContext(
    source="x.csv",
    trained_on="the first 10 rows",
    preset="default",
    teacher="compact (untrained)",
    window=8,
    period=None,
    seed=0,
    settings={},
    history=[],
    best_step=0,
    versions={},
    notes=("Noted in training.",),
)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def on_a_terminal(patch: pytest.MonkeyPatch) -> tuple[Terminal, Terminal]:
    """stdout and stderr as terminals of 80 columns, from now to the end of the test."""
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        patch.delenv(name, raising=False)
    patch.setenv("TERM", "xterm")
    patch.setenv("COLUMNS", "80")
    out, err = Terminal(), Terminal()
    patch.setattr(sys, "stdout", out)
    patch.setattr(sys, "stderr", err)
    return out, err


def detection(events: tuple[Event, ...] = (), step: np.timedelta64 | None = None) -> Detection:
    """Four of 400 rows are flagged; the first row is called 100."""
    times = None if step is None else np.datetime64("2024-03-01", "ns") + np.arange(400) * step
    values = np.zeros((400, 6))
    labels = np.zeros(400, np.int8)
    labels[:4] = 1
    series = Series(values, tuple("abcdef"), times, None, (), "x.csv", 100)
    notes = ("Something was handled.",)
    return Detection(values[:, 0], labels, 1.0, events, values, notes, series)


def event(start: int, *channels: str) -> Event:
    return Event(start, start + 3, start + 1, 2.345, channels or ("a",))


# --- sentences and tables


def test_no_event(capsys: pytest.CaptureFixture[str]) -> None:
    deliver(detection(), CONTEXT, NOTHING)
    out, err = capsys.readouterr()
    assert out == "0 events in 400 rows (1.00% of points flagged)\n"
    assert err == "note: Something was handled.\n"


def test_events_in_rows(capsys: pytest.CaptureFixture[str]) -> None:
    """Rows are called as in the source; of many channels the strongest are named and the others counted."""
    deliver(detection((event(7, "b", "a"), event(90, *"fedcba"))), CONTEXT, NOTHING)
    assert capsys.readouterr().out.splitlines() == [
        "2 events in 400 rows (1.00% of points flagged)",
        "#  start  end  peak  rows  severity  channels",
        "1    107  110   108     3      2.35  b, a",
        "2    190  193   191     3      2.35  f, e, d, c +2",
    ]


def test_many_events(capsys: pytest.CaptureFixture[str]) -> None:
    events = tuple(event(5 * index) for index in range(MOST_EVENTS_SHOWN + 7))
    deliver(detection(events), CONTEXT, NOTHING)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == MOST_EVENTS_SHOWN + 3
    assert lines[-1] == "… and 7 more: --json or --out has them all"
    deliver(detection(events), CONTEXT, OutputOptions(True, None, None, None, None, False))
    assert len(json.loads(capsys.readouterr().out)["events"]) == len(events)


@pytest.mark.parametrize(
    ("unit", "count", "start", "last", "peak"),
    [
        ("s", 300, "2024-03-01 00:35", "2024-03-01 00:45", "2024-03-01 00:40"),
        ("s", 1, "2024-03-01 00:00:07", "2024-03-01 00:00:09", "2024-03-01 00:00:08"),
        ("ms", 10, "2024-03-01 00:00:00.070", "2024-03-01 00:00:00.090", "2024-03-01 00:00:00.080"),
        ("us", 1, "2024-03-01 00:00:00.000007", "2024-03-01 00:00:00.000009", "2024-03-01 00:00:00.000008"),
        ("ns", 1, "2024-03-01 00:00:00.000000007", "2024-03-01 00:00:00.000000009", "2024-03-01 00:00:00.000000008"),
    ],
)
def test_times_are_as_fine_as_they_must_be(
    unit: str, count: int, start: str, last: str, peak: str, capsys: pytest.CaptureFixture[str]
) -> None:
    deliver(detection((event(7),), np.timedelta64(count, unit)), CONTEXT, NOTHING)
    _, names, row = capsys.readouterr().out.splitlines()
    assert names.split() == ["#", "start", "last", "peak", "rows", "severity", "channels"]
    assert row == f"1  {start}  {last}  {peak}     3      2.35  a"


def test_quiet(capsys: pytest.CaptureFixture[str]) -> None:
    deliver(detection(), CONTEXT, OutputOptions(False, None, None, None, None, True))
    assert capsys.readouterr().err == ""


def test_json(capsys: pytest.CaptureFixture[str]) -> None:
    deliver(detection((event(7),)), CONTEXT, OutputOptions(True, None, None, None, None, False))
    out, err = capsys.readouterr()
    summary = json.loads(out)
    assert err == ""
    assert summary["training_notes"] == ["Noted in training."]
    assert summary["notes"] == ["Something was handled."]
    assert (summary["preset"], summary["window"], summary["period"], summary["seed"]) == ("default", 8, None, 0)


def test_json_has_no_nan(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        print_json({"score": math.nan})
    assert capsys.readouterr().out == ""


def test_json_keeps_letters_where_it_can() -> None:
    assert "größe" in json_text({"name": "größe"})
    assert json_text({"name": "größe"}, "ascii").isascii()
    assert json.loads(json_text({"name": "größe\udcff"}))["name"] == "größe\udcff"


def test_control_characters_are_shown_not_obeyed() -> None:
    assert printable("a\x1b[31mb\nc\t") == "a�[31mb�c�"
    assert printable("größe [x] 温度 — °C") == "größe [x] 温度 — °C"


def test_facts(capsys: pytest.CaptureFixture[str]) -> None:
    print_facts("Of [bold]x[/bold]", {"a": 1, "long name": "value " * 60 + "end", "[red]": "[dim]"})
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "Of [bold]x[/bold]"
    assert lines[1] == "a          1"
    assert lines[2].endswith("value end")
    assert lines[3] == "[red]      [dim]"


# --- on a terminal


def test_a_table_is_the_same_on_a_terminal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is cut to its width, and there are no blanks at the ends of lines that it would have to wrap."""
    found = detection((event(7, *(f"a channel with a long name {index}" for index in range(4))), event(90, "a")))
    deliver(found, CONTEXT, NOTHING)
    piped = capsys.readouterr().out
    out, _ = on_a_terminal(monkeypatch)
    deliver(found, CONTEXT, NOTHING)
    assert out.getvalue() == piped
    assert all(line == line.rstrip() for line in piped.splitlines())
    assert "a channel with a long name 3" in piped


def test_a_long_note_is_left_to_the_terminal_to_wrap(monkeypatch: pytest.MonkeyPatch) -> None:
    _, err = on_a_terminal(monkeypatch)
    tell("word " * 40 + "[end]")
    assert err.getvalue().count("\n") == 1
    assert "word [end]" in err.getvalue()


def test_progress_is_shown_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    out, err = on_a_terminal(monkeypatch)
    with training_progress(quiet=False) as watch:
        assert watch is not None
        watch(Progress(1, 2, 0.5, 0.25, math.nan, 3.0))
        watch(Progress(2, 2, 0.4, 0.2, 0.3, 0.0))
    said = Text.from_ansi(err.getvalue()).plain
    assert "2/2 losses 0.400 + 0.200, held out 0.300, 0 s left" in said
    assert "nan" not in said
    assert out.getvalue() == ""


def test_progress_fits_and_says_nothing_of_what_is_not_known() -> None:
    assert progress_line(Progress(1, 120, 0.5, 0.25, math.nan, 12.4)) == "1/120 losses 0.500 + 0.250, 12 s left"
    longest = progress_line(Progress(120, 120, 10.123, 10.123, 10.123, 100))
    assert len("training " + 10 * "━" + " " + longest) <= 80


def test_no_progress_where_nobody_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    on_a_terminal(monkeypatch)
    with training_progress(quiet=True) as watch:
        assert watch is None
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    with training_progress(quiet=False) as watch:
        assert watch is None


def test_colours_are_not_forced_into_a_pipe(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    print_lines("One [bold]line[/bold].")
    assert capsys.readouterr().out == "One [bold]line[/bold].\n"
