"""A file that is written piece by piece and is whole or not there: a part, and a journal that says what is in it.

`FILE.part` holds the bytes written so far, `FILE.part.journal` a line of JSON for each piece: how many bytes the part
has with it, and what the writer must know to go on. A piece is on the disk before its line, so after a kill at any
moment the last whole line tells how much of the part to keep. At the end the part takes its name by one rename.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import IO, Any

from anomalyllm.errors import ConfigError
from anomalyllm.files import storage_errors

ANEW = "start without --resume"


class PartFile:
    """The part and the journal of `path`.

    Args:
        path: the file to be.
        identity: what must be the same for the work to go on, as plain JSON.
    """

    def __init__(self, path: Path, identity: dict[str, Any]) -> None:
        self.path = path
        self.part = path.with_name(f"{path.name}.part")
        self.journal = path.with_name(f"{path.name}.part.journal")
        self._identity = identity
        self._bytes = 0

    def start(self) -> None:
        """Begins anew; what an earlier run left is gone."""
        with storage_errors(self.part):
            self.part.parent.mkdir(parents=True, exist_ok=True)
            self.part.unlink(missing_ok=True)
            self.journal.write_bytes(_line(self._identity))
            self.part.touch()

    def resume(self) -> list[dict[str, Any]]:
        """Takes up what an earlier run left: cut to its last whole piece; the notes of all pieces, oldest first.

        Raises:
            ConfigError: nothing was left, or it is of another work.
        """
        if not self.journal.is_file():
            raise ConfigError(f"a part of {self.path} to go on with", f"no file {self.journal}", ANEW)
        lines = self._whole_lines()
        if not lines or lines[0] != self._identity:
            came = "that of another detector, another input or other options"
            raise ConfigError(f"{self.part} to be a part of this work", came, f"resume with the same, or {ANEW}")
        if not self.part.is_file() and self.path.is_file() and lines[-1].get("bytes") == self.path.stat().st_size:
            with storage_errors(self.path):
                self.path.replace(self.part)  # it was whole, and the run ended before it said so
        size = self.part.stat().st_size if self.part.is_file() else 0
        entries = [line for line in lines[1:] if line["bytes"] <= size]
        self._bytes = entries[-1]["bytes"] if entries else 0
        with storage_errors(self.part):
            with self.part.open("ab") as file:
                file.truncate(self._bytes)
            self.journal.write_bytes(b"".join(map(_line, [self._identity, *entries])))
        return [entry["note"] for entry in entries]

    def append(self, content: bytes, note: dict[str, Any]) -> None:
        """One more piece; on the disk when this returns.

        Raises:
            StorageError: the disk refuses; what was there before still counts.
        """
        with storage_errors(self.part):
            with self.part.open("ab") as file:
                file.write(content)
                _to_disk(file)
            self._bytes += len(content)
            with self.journal.open("ab") as file:
                file.write(_line({"bytes": self._bytes, "note": note}))
                _to_disk(file)

    def name(self) -> None:
        """The part is whole and takes its name."""
        with storage_errors(self.path):
            self.part.replace(self.path)

    def forget(self) -> None:
        """Nothing is left of the work but the file, if it has its name."""
        self.part.unlink(missing_ok=True)
        self.journal.unlink(missing_ok=True)

    def _whole_lines(self) -> list[dict[str, Any]]:
        lines: list[dict[str, Any]] = []
        for line in self.journal.read_bytes().splitlines(keepends=True):
            try:
                values = json.loads(line)
            except ValueError:
                break
            if not isinstance(values, dict) or not line.endswith(b"\n"):
                break
            lines.append(values)
        return lines


def _line(values: dict[str, Any]) -> bytes:
    return (json.dumps(values) + "\n").encode()


def _to_disk(file: IO[bytes]) -> None:
    file.flush()
    os.fsync(file.fileno())
