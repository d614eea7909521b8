"""The command line inside the test's own process (importing torch costs seconds in every new one), and its series."""

from __future__ import annotations

import contextlib
import io
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple
from unittest import mock

import numpy as np
import pandas as pd

from anomalyllm.cli import main
from conftest import sine

ROWS = 600
ANOMALY = slice(450, 465)
TRAINED = ("--preset", "trained", "--max-steps", "2", "--set", "training.batch=16", "--set", "student.prototypes=16")
KINDS = {"default": (), "trained": TRAINED}  # a detector that retrieves, and one whose networks are trained, quickly


def wave(rows: int = ROWS) -> np.ndarray:
    """A sine of period 40 with a jump in its second half, (rows,)."""
    values = sine(rows)[:, 0]
    values[ANOMALY] += 4.0
    return values


def times(rows: int = ROWS, step: str = "5min") -> pd.DatetimeIndex:
    return pd.date_range("2024-03-01", periods=rows, freq=step)


class Ran(NamedTuple):
    """What a command left behind."""

    code: int
    out: str
    err: str
    written: set[str]  # files below the working folder that were not there before, or are not as they were


def run(*words: object, stdin: bytes = b"", encoding: str = "utf-8") -> Ran:
    """Runs `anomalyllm WORDS` as the installed program would, in the current folder."""
    streams = {"stdin": _stream(stdin), "stdout": _stream(encoding=encoding), "stderr": _stream(encoding=encoding)}
    before = _files()
    with contextlib.ExitStack() as stack:
        stack.enter_context(mock.patch.object(sys, "argv", ["anomalyllm", *map(str, words)]))
        for name, stream in streams.items():
            stack.enter_context(mock.patch.object(sys, name, stream))
        try:
            main()
        except SystemExit as stop:
            code = stop.code
    assert isinstance(code, int)
    written = {name for name, state in _files().items() if before.get(name) != state}
    return Ran(code, _text(streams["stdout"]), _text(streams["stderr"]), written)


def done(*words: object, stdin: bytes = b"", encoding: str = "utf-8") -> Ran:
    """The same, for a command that must succeed."""
    ran = run(*words, stdin=stdin, encoding=encoding)
    assert ran.code == 0, ran.err
    return ran


def refused(*words: object, said: str, code: int = 2, stdin: bytes = b"") -> None:
    """The same, for a command that must fail: one line that matches `said`, nothing on stdout, no file written."""
    ran = run(*words, stdin=stdin)
    assert ran.code == code, ran
    assert_one_line(ran.out, ran.err, said)
    assert not ran.written


def assert_one_line(out: str, err: str, said: str) -> None:
    """An error as every error is: a line on stderr, and nothing on stdout."""
    assert out == ""
    assert re.fullmatch(r"anomalyllm: [^\n]+\n", err), err
    assert re.search(said, err), err


def program(*words: object, **options: object) -> subprocess.CompletedProcess[str]:
    """`anomalyllm WORDS` in a process of its own."""
    command = [sys.executable, "-m", "anomalyllm", *map(str, words)]
    return subprocess.run(
        command, env=environment(), text=True, timeout=120, check=False, **{"capture_output": True, **options}
    )


def environment() -> dict[str, str]:
    """One thread, as in the tests' own process: the same bytes, and no quarrel over two cores; stdout buffered."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    return {**kept, "OMP_NUM_THREADS": "1"}


def contents(folder: Path) -> dict[str, bytes]:
    """Every file of a folder by name."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def _stream(content: bytes = b"", encoding: str = "utf-8") -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(content), encoding, write_through=True)


def _text(stream: io.TextIOWrapper) -> str:
    stream.seek(0)
    return stream.read()


def _files() -> dict[str, tuple[int, int]]:
    paths = [path for path in Path().rglob("*") if path.is_file()]
    return {str(path): (path.stat().st_size, path.stat().st_mtime_ns) for path in paths}
