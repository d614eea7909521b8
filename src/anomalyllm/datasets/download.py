"""Fetching a set: every file of its source, checked, recorded, and unpacked where it is a zip."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from anomalyllm.datasets.checksums import Record, is_as_recorded, record, recorded, sha256_of
from anomalyllm.datasets.fetching import Patience, fetch
from anomalyllm.datasets.sources import RemoteFile, Source
from anomalyllm.datasets.unpacking import unpack
from anomalyllm.errors import ConfigError, ReadError

Watch = Callable[[str, int, int | None], None]  # the file's name, bytes so far, and in all where the server says
WRONG = "the part was removed; try again, or look whether its publisher has changed the file"


def download(source: Source, folder: Path, *, watch: Watch | None = None, patience: Patience | None = None) -> Path:
    """Fetches a set into its folder below `folder`. What is there and as it was recorded is not fetched again.

    Args:
        source: an entry of `sources.SOURCES`.
        folder: the folder of all sets.
        watch: told of each block that has come.
        patience: attempts and pauses.

    Returns:
        The set's folder.

    Raises:
        ConfigError: the set may not be fetched, or has no address that a program can use.
        ReadError: a server refuses or breaks off (what has come is kept), or sends other bytes (they are removed).
        StorageError: the disk refuses.
    """
    require_fetchable(source)
    place = folder / source.place
    for file in source.files:
        known = recorded(place).get(file.name)
        if known is None or not is_as_recorded(place / file.name, known):
            _fetch(file, place, watch, patience)
        if _is_zip(file):
            unpack(place / file.name, place, file.wanted)
    return place


def require_fetchable(source: Source) -> None:
    """Refuses a set that may not be fetched, or cannot be.

    Raises:
        ConfigError: says whom to ask, or what to do by hand.
    """
    if source.forbidden is not None:
        came = f"{source.name}, whose licence forbids it"
        raise ConfigError("a set that may be fetched by anybody", came, source.forbidden)
    if not source.files:
        remedy = f"see {source.home}: {source.by_hand}"
        raise ConfigError("a set with an address to fetch it from", source.name, remedy)


def _fetch(file: RemoteFile, place: Path, watch: Watch | None, patience: Patience | None) -> None:
    target = place / file.name
    progress = None if watch is None else partial(watch, file.name)
    fetch(file.address, target, check=partial(require_content, file), progress=progress, patience=patience)
    record(place, file.name, Record(target.stat().st_size, sha256_of(target), file.address))


def require_content(file: RemoteFile, path: Path) -> None:
    """The bytes at `path` are those of `file`, as far as that is known.

    Raises:
        ReadError: another size or SHA-256, or no zip where one is expected (such as a page that asks to log in).
    """
    size = path.stat().st_size
    if file.bytes is not None and size != file.bytes:
        raise ReadError(f"{file.bytes} bytes in {file.name}", str(size), WRONG)
    if file.sha256 is not None and sha256_of(path) != file.sha256.lower():
        raise ReadError(f"SHA-256 {file.sha256} of {file.name}", sha256_of(path), WRONG)
    if _is_zip(file) and not zipfile.is_zipfile(path):
        raise ReadError(f"a zip archive at {file.address}", f"{size} bytes of something else", WRONG)


def _is_zip(file: RemoteFile) -> bool:
    return file.name.lower().endswith(".zip")
