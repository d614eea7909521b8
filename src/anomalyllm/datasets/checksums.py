"""`checksums.json`: what each downloaded file was when it came, so that a later change is noticed.

{"files": {"NAME": {"bytes": …, "sha256": "…", "address": "…"}}}, beside the files.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from anomalyllm.datasets.folders import json_of, named
from anomalyllm.errors import ReadError
from anomalyllm.files import write_atomically

FILE = "checksums.json"
BLOCK = 1 << 20


@dataclass(frozen=True)
class Record:
    """A file as it came.

    Attributes:
        bytes: its size.
        sha256: of its content, 64 hexadecimal digits.
        address: where it came from.
    """

    bytes: int
    sha256: str
    address: str


def sha256_of(path: Path) -> str:
    """SHA-256 of a file's content, read in blocks."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            digest.update(block)
    return digest.hexdigest()


def recorded(folder: Path) -> dict[str, Record]:
    """What is recorded in a folder, by file name; nothing where nothing was downloaded.

    Raises:
        ReadError: the record is damaged, or names files elsewhere.
    """
    path = folder / FILE
    if not path.is_file():
        return {}
    try:
        records = {str(name): Record(**values) for name, values in json_of(path)["files"].items()}
    except (LookupError, TypeError, AttributeError) as error:
        raise ReadError(
            "bytes, sha256 and address of each file", f"something else in {named(path)}", _REMEDY
        ) from error
    for name in records:
        if Path(name).name != name:
            raise ReadError("names of files in this folder", f"{name!r} in {named(path)}", _REMEDY)
    return records


def record(folder: Path, name: str, entry: Record) -> None:
    """Adds a file to the record, or replaces it there."""
    entries = {**recorded(folder), name: entry}
    text = json.dumps({"files": {key: asdict(entries[key]) for key in sorted(entries)}}, indent=2)
    write_atomically(folder / FILE, f"{text}\n".encode())


def is_as_recorded(path: Path, entry: Record) -> bool:
    """Whether a file is there with the same bytes."""
    return path.is_file() and path.stat().st_size == entry.bytes and sha256_of(path) == entry.sha256


def wrong_files(folder: Path) -> Iterator[str]:
    """The names of recorded files that are absent or not what they were."""
    for name, entry in recorded(folder).items():
        if not is_as_recorded(folder / name, entry):
            yield name


_REMEDY = "delete it and fetch the set again"
