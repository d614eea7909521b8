"""One task in a worker process: read the case, run the protocol, leave the curves, send back a row.

Whatever goes wrong becomes a row and a reproducer, so that one bad case does not stop the rest.
"""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import signal
import threading
import traceback
from functools import cache
from multiprocessing import parent_process
from multiprocessing.connection import Connection

from anomalyllm.errors import StorageError
from anomalyllm.evaluation.bench.curves import save_curves
from anomalyllm.evaluation.bench.naming import reproducer_name
from anomalyllm.evaluation.bench.rows import Result, done_row, failed_row
from anomalyllm.evaluation.bench.tasks import Task
from anomalyllm.evaluation.methods import Method
from anomalyllm.evaluation.protocol import protocol
from anomalyllm.files import write_atomically


def serve(tasks: Connection) -> None:
    """The life of a worker process: tasks come, results go, until the other side is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the parent, which then ends its workers
    threading.Thread(target=_end_with_the_parent, daemon=True).start()
    with contextlib.suppress(EOFError, OSError):
        while True:
            tasks.send(answer(tasks.recv()))


def _end_with_the_parent() -> None:
    """A killed parent leaves no worker behind."""
    parent = parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


def answer(task: Task) -> Result | StorageError:
    """The result of a task, or the error that must stop the whole bench, since nothing can be written any more."""
    try:
        return carry_out(task)
    except StorageError as error:
        return error


def carry_out(task: Task) -> Result:
    """The row of a task.

    Raises:
        StorageError: the disk refuses: going on would lose everything that follows.
    """
    try:
        _warm_up(task.method.name)
        case = task.case.read()
        outcome = protocol(task.protocol)(task.method, case, task.seed, task.probe)
        row = done_row(task, case, outcome)
        save_curves(task, case, outcome.scores)
    except StorageError:
        raise
    except Exception as error:
        leave_reproducer(task, traceback.format_exc())
        row = failed_row(task, f"{type(error).__name__}: {error}")
    return Result(task, row)


def leave_reproducer(task: Task, what: str) -> None:
    """A file that says how to see this failure again, and what it looked like."""
    content = f"{reproducer(task)}\n\n{what}\n".encode("utf-8", "backslashreplace")
    write_atomically(task.folder / "failures" / reproducer_name(task.key), content)


def reproducer(task: Task) -> str:
    """The command that runs this task and nothing else; its row has the method's name where it had a label."""
    dataset, case, _, seed, protocol_name = task.key
    words = [
        "anomalyllm",
        "bench",
        dataset.lower(),
        "--data",
        str(task.data.resolve()),
        "--case",
        case,
        "--method",
        task.method.name,
    ]
    words += ["--seed", seed, "--protocol", protocol_name, "--out", "out/reproduced"]
    words += ["--teacher", task.method.teacher] if task.method.trained else []
    words += ["--probe", task.probe] if task.probe else []
    for name, value in task.method.settings.items():
        words += ["--set", f"{name}={json.dumps(value)}"]
    return shlex.join(words)


@cache
def _warm_up(name: str) -> None:
    Method(name).warm_up()
