"""`cases.csv` as a journal: a row is appended and synced when its task ends, so a kill loses only what is under way."""

from __future__ import annotations

import csv
import fcntl
import io
import os
from pathlib import Path
from typing import Self

from anomalyllm.errors import ConfigError, ReadError
from anomalyllm.evaluation.bench.rows import COLUMNS, KEY, Row
from anomalyllm.files import storage_errors

NAME = "cases.csv"
Key = tuple[str, ...]


class Journal:
    """The rows of a bench on disk; one process writes at a time.

    Args:
        folder: where `cases.csv` lies or will lie.

    Raises:
        ConfigError: another bench is writing there.
        ReadError: the file is not a bench's.
        StorageError: the disk refuses.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / NAME
        with storage_errors(self._path):
            folder.mkdir(parents=True, exist_ok=True)
            self._file = self._path.open("a+b")
        try:
            self._lock()
            self.rows = self._whole_rows()
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    @property
    def latest(self) -> list[Row]:
        """All rows; of a task that was tried again the last."""
        return list({key_of(row): row for row in self.rows}.values())

    @property
    def finished(self) -> dict[Key, Row]:
        """The rows of tasks that were carried out, by key; failed ones may be tried again."""
        return {key_of(row): row for row in self.rows if row["status"] == "done"}

    def append(self, row: Row) -> None:
        """Adds a row, and comes back when it is on the disk."""
        with storage_errors(self._path):
            self._file.write(_line(row[column] for column in COLUMNS))
            self._file.flush()
            os.fsync(self._file.fileno())
        self.rows.append(row)

    def _lock(self) -> None:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ConfigError(
                f"{self._path.parent} for this bench alone", "one that is still running there", "choose another --out"
            ) from error

    def _whole_rows(self) -> list[Row]:
        """All rows; a last line that a kill cut short is taken out of the file, if the file is a bench's."""
        self._file.seek(0)
        content, head = self._file.read(), _line(COLUMNS)
        whole = content.rfind(b"\n") + 1
        if whole == 0 and not head.startswith(content):
            raise _foreign(self._path)
        rows = parse(content[:whole], self._path) if whole else []
        with storage_errors(self._path):
            self._file.truncate(whole)
            if whole == 0:
                self._file.write(head)
                self._file.flush()
        return rows


def parse(content: bytes, path: Path) -> list[Row]:
    """The rows in the bytes of a file; a failed task that was tried again counts by its last row."""
    try:
        lines = list(csv.reader(io.StringIO(content.decode("utf-8", "surrogateescape"), newline="")))
    except csv.Error as error:
        raise _foreign(path) from error
    if not lines or tuple(lines[0]) != COLUMNS or any(len(line) != len(COLUMNS) for line in lines):
        raise _foreign(path)
    rows = [dict(zip(COLUMNS, line, strict=True)) for line in lines[1:]]
    return list({key_of(row): row for row in rows}.values())


def key_of(row: Row) -> Key:
    """What tells a row from every other."""
    return tuple(row[name] for name in KEY)


def _foreign(path: Path) -> ReadError:
    return ReadError("a table written by this version's bench", f"another one: {path}", "choose another --out")


def _line(cells: object) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerow(cells)  # type: ignore[arg-type]
    return text.getvalue().encode("utf-8", "surrogateescape")  # file names may hold bytes that are no letters
