"""The command line: a thin door. It parses, calls the library and prints; it computes nothing.

stdout is data, stderr is talk. Exit codes: 0 done, 1 our fault or the machine's, 2 the user can mend it, 130 Ctrl-C.
To add a command, write a module with a function and register it in `app.py`. torch is imported by the commands that
need it, when they run, so that `--help` is quick.

Its threads wait for each other asleep unless the environment says otherwise (OMP_WAIT_POLICY): awake, as is the
default of their library, they take six times as long where another process wants the same cores; where none does,
asleep takes a quarter longer (docs/lab-notes.md).
"""

from __future__ import annotations

import io
import os
import sys
from typing import NoReturn

from anomalyllm.errors import AnomalyLLMError, ScoringInterrupted, TrainingInterrupted, UserError

PROGRAM = "anomalyllm"
MOST_SAID = 300  # letters of a foreign error's message: they can be pages long


def main() -> NoReturn:
    """Runs the command line and exits with its code. One line for every error; ANOMALYLLM_DEBUG=1 shows tracebacks."""
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # read when torch is loaded, see below
    from anomalyllm.cli.app import app

    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a file name may hold what the terminal cannot show
    try:
        code = app(sys.argv[1:] or ["--help"], prog_name=PROGRAM, standalone_mode=False)
        sys.stdout.flush()  # here, where a full disk or a closed pipe can still be told
    except KeyboardInterrupt:
        code = 130
    except Exception as error:
        if os.environ.get("ANOMALYLLM_DEBUG") == "1":
            raise
        _stop(*_told(error))
    if code == 130:  # typer makes this of Ctrl-C
        _stop("stopped", 130)
    sys.exit(code if isinstance(code, int) else 0)


def _told(error: Exception) -> tuple[str, int]:
    """The line to print for an error (empty for a reader of our stdout who has had enough), and the exit code."""
    name, said = type(error).__name__, str(error)[:MOST_SAID]
    if isinstance(error, AnomalyLLMError):
        stopped = isinstance(error, TrainingInterrupted | ScoringInterrupted)
        return str(error), 130 if stopped else 2 if isinstance(error, UserError) else 1
    if callable(usage := getattr(error, "format_message", None)):  # typer's, and click's in older versions of typer
        return _usage(usage(), getattr(getattr(error, "ctx", None), "command_path", PROGRAM)), 2
    if name == "Abort":  # older versions of typer make this of Ctrl-C
        return "stopped", 130
    if isinstance(error, BrokenPipeError):
        return "", 1
    if isinstance(error, MemoryError) or "alloc" in said or "out of memory" in said:
        return "expected enough memory, got too little; use fewer channels, rows or prototypes", 1
    if isinstance(error, OSError):
        where = f" at {error.filename}" if error.filename else ""
        return f"expected to read and write, got {(error.strerror or name).lower()}{where}; check the disk", 1
    return f"internal error, {name}: {said} (ANOMALYLLM_DEBUG=1 shows where; please report it)", 1


def _usage(message: str, command: str) -> str:
    """What is wrong with the words typed, and which command explains them."""
    message = message.strip().removesuffix(".")
    return f"{message[:1].lower()}{message[1:]}; {command} --help shows what there is"


def _stop(message: str, code: int) -> NoReturn:
    try:
        sys.stdout.flush()
    except OSError:  # nobody takes what is left in it; without this Python complains at its own end
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    if message:
        sys.stderr.write(f"{PROGRAM}: {' '.join(message.splitlines())}\n")
    sys.exit(code)
