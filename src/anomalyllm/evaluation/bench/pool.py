"""Worker processes that may die: each works alone, and a dead one costs its own task and nothing else."""

from __future__ import annotations

import contextlib
import os
import queue
import threading
from collections.abc import Iterator, Sequence
from multiprocessing import get_context

from anomalyllm.errors import StorageError
from anomalyllm.evaluation.bench.rows import Result, failed_row
from anomalyllm.evaluation.bench.tasks import Task
from anomalyllm.evaluation.bench.work import leave_reproducer, serve

DIED = "its process died, most likely for want of memory"
THREAD_SETTINGS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")

Tasks = queue.SimpleQueue[Task]
Answers = queue.SimpleQueue[Result | StorageError]


def results(tasks: Sequence[Task], jobs: int) -> Iterator[Result]:
    """The results of all tasks as they come, from `jobs` worker processes that share the cores.

    Raises:
        StorageError: a worker could not write.
    """
    waiting: Tasks = queue.SimpleQueue()
    for task in tasks:
        waiting.put(task)
    answers: Answers = queue.SimpleQueue()
    with _threads_for_each(jobs):
        slots = [Slot(waiting, answers) for _ in range(min(jobs, len(tasks)))]
        for slot in slots:
            slot.start()
        try:
            for _ in tasks:
                answer = answers.get()
                if isinstance(answer, StorageError):
                    raise answer
                yield answer
        finally:
            for slot in slots:
                slot.end()


class Slot(threading.Thread):
    """Keeps one worker process busy until no task is waiting; a new one takes the place of one that died."""

    def __init__(self, waiting: Tasks, answers: Answers) -> None:
        super().__init__(daemon=True)
        self._waiting = waiting
        self._answers = answers
        self._worker = Worker()
        self._ended = threading.Event()

    def run(self) -> None:
        """Until no task is waiting, or `end`."""
        while not self._ended.is_set():
            try:
                task = self._waiting.get_nowait()
            except queue.Empty:
                return
            answer = self._answer(task)
            if answer is not None:
                self._answers.put(answer)

    def _answer(self, task: Task) -> Result | StorageError | None:
        """What came of a task, whatever happens: who waits for an answer must have one. None after `end`."""
        try:
            return self._worker.ask(task)
        except (EOFError, OSError):
            if self._ended.is_set():
                return None
            self._worker.kill()
            self._worker = Worker()
            return _of_the_dead(task)
        except Exception as error:  # a task that cannot be sent, an answer that cannot be read
            return Result(task, failed_row(task, f"{type(error).__name__}: {error}"))

    def end(self) -> None:
        """Stops the worker at once, whatever it is doing, and waits for it."""
        self._ended.set()
        self._worker.kill()
        self.join()
        self._worker.kill()  # one that took another's place in the meantime


class Worker:
    """A process that carries out one task after another."""

    def __init__(self) -> None:
        context = get_context("spawn")  # a fork would copy the threads of torch in an unknown state
        self._ours, theirs = context.Pipe()
        self._process = context.Process(target=serve, args=(theirs,), daemon=True)
        self._process.start()
        theirs.close()  # so that its death is seen as the end of the pipe

    def ask(self, task: Task) -> Result | StorageError:
        """What came of a task.

        Raises:
            EOFError, OSError: the process is dead.
        """
        self._ours.send(task)
        answer: Result | StorageError = self._ours.recv()
        return answer

    def kill(self) -> None:
        """Ends the process."""
        self._process.kill()
        self._process.join()


def _of_the_dead(task: Task) -> Result | StorageError:
    try:
        leave_reproducer(task, DIED)
    except StorageError as error:
        return error
    return Result(task, failed_row(task, DIED))


def cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _fewer(share: int, wanted: str | None) -> int:
    """The user's own setting, where it asks for fewer threads than there are for each worker."""
    return min(share, int(wanted)) if wanted is not None and wanted.isdigit() and int(wanted) > 0 else share


@contextlib.contextmanager
def _threads_for_each(jobs: int) -> Iterator[None]:
    """Inside, new processes find in their environment how many threads are theirs; more would fight for the cores."""
    share = max(1, cores() // jobs)
    before = {name: os.environ.get(name) for name in THREAD_SETTINGS}
    os.environ.update({name: str(_fewer(share, wanted)) for name, wanted in before.items()})
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
