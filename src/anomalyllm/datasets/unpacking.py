"""Unpacking a zip that somebody else made: no file may leave the folder, and it may not grow without limit."""

from __future__ import annotations

import stat
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import IO

from anomalyllm.data.archives import DAMAGES
from anomalyllm.datasets.folders import AGAIN, named
from anomalyllm.errors import ReadError
from anomalyllm.files import write_atomically

MOST_GROWTH = 100  # times the archive's size; text of numbers shrinks to a tenth
FREE_GROWTH = 1 << 28  # bytes that any archive may hold: small ones of zeros shrink to a thousandth
MOST_FILES = 100_000
BLOCK = 1 << 20


def unpack(archive: Path, folder: Path, wanted: Sequence[str] = ("*",)) -> int:
    """Writes an archive's files below `folder`, each whole or not at all; those already there and the same are left.

    Args:
        archive: the zip.
        folder: where to.
        wanted: patterns of member names; `*` also stands for slashes.

    Returns:
        How many files were written.

    Raises:
        ReadError: damaged, a path that leaves the folder, a link, or more than the limits allow. Nothing is written
            if the list of contents shows it.
        StorageError: the disk refuses.
    """
    written = 0
    with _opened(archive) as opened:
        for member in _members(opened, archive, wanted):
            target = folder / member.filename
            if not _is_as_packed(target, member):
                _write(opened, member, target, archive)
                written += 1
    return written


def changed_members(archive: Path, folder: Path, wanted: Sequence[str] = ("*",)) -> list[str]:
    """The unpacked files that are absent or no longer what the archive holds.

    Raises:
        ReadError: as `unpack`.
    """
    with _opened(archive) as opened:
        members = _members(opened, archive, wanted)
        return [member.filename for member in members if not _is_as_packed(folder / member.filename, member)]


def _opened(archive: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(archive)
    except DAMAGES as error:
        raise ReadError("a zip archive", f"one that is damaged or something else: {named(archive)}", AGAIN) from error


def _members(opened: zipfile.ZipFile, archive: Path, wanted: Sequence[str]) -> list[zipfile.ZipInfo]:
    """The files that are wanted, after every check that the list of contents allows."""
    named_so = (member for member in opened.infolist() if any(fnmatchcase(member.filename, one) for one in wanted))
    chosen = [member for member in named_so if not member.is_dir()]
    total = sum(member.file_size for member in chosen)
    most = max(FREE_GROWTH, MOST_GROWTH * archive.stat().st_size)
    if total > most or len(chosen) > MOST_FILES:
        came = f"{len(chosen)} files of {total} bytes in {named(archive)}"
        remedy = "unpack it by hand if you trust it"
        raise ReadError(f"an archive of at most {MOST_FILES} files and {most} bytes", came, remedy)
    for member in chosen:
        _require_inside(member, archive)
    return chosen


def _require_inside(member: zipfile.ZipInfo, archive: Path) -> None:
    """A plain file, at a path that stays where it is unpacked, on any system."""
    name = member.filename
    path = PurePosixPath(name)
    is_link = stat.S_ISLNK(member.external_attr >> 16)
    if is_link or path.is_absolute() or ".." in path.parts or "\\" in name or ":" in name or not path.parts:
        came = f"{'the link ' if is_link else ''}{name!r} in {named(archive)}"
        raise ReadError("plain files that stay in their folder", came, "do not unpack this archive")


def _is_as_packed(target: Path, member: zipfile.ZipInfo) -> bool:
    return target.is_file() and target.stat().st_size == member.file_size and _crc(target) == member.CRC


def _write(opened: zipfile.ZipFile, member: zipfile.ZipInfo, target: Path, archive: Path) -> None:
    def copy(file: IO[bytes]) -> None:
        for block in _blocks(opened, member, archive):
            file.write(block)

    write_atomically(target, copy)


def _blocks(opened: zipfile.ZipFile, member: zipfile.ZipInfo, archive: Path) -> Iterator[bytes]:
    """A member's content; its faults are told here, so that they are not taken for the disk's that is written to."""
    try:
        with opened.open(member) as source:
            while block := source.read(BLOCK):
                yield block
    except DAMAGES as error:
        came = f"{member.filename!r} damaged in {named(archive)}"
        raise ReadError("an archive that is whole", came, AGAIN) from error


def _crc(path: Path) -> int:
    value = 0
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            value = zlib.crc32(block, value)
    return value
