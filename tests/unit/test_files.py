"""Files are written whole or not at all, and what stood there before survives."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pytest

from anomalyllm.errors import StorageError
from anomalyllm.files import storage_errors, write_atomically


@contextmanager
def umask(mask: int) -> Iterator[None]:
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


def full_disk(*_: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_content_is_bytes_or_what_a_function_writes(tmp_path: Path) -> None:
    write_atomically(tmp_path / "bytes", b"\x00\xff")
    write_atomically(tmp_path / "function", lambda file: [file.write(b"one"), file.write(b"two")])
    write_atomically(tmp_path / "empty", b"")
    assert (tmp_path / "bytes").read_bytes() == b"\x00\xff"
    assert (tmp_path / "function").read_bytes() == b"onetwo"
    assert (tmp_path / "empty").read_bytes() == b""
    assert names(tmp_path) == ["bytes", "empty", "function"]


def test_a_file_is_replaced_and_folders_are_made(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "file"
    write_atomically(path, b"a long first version")
    write_atomically(path, b"short")
    assert path.read_bytes() == b"short"
    assert names(path.parent) == ["file"]


@pytest.mark.parametrize("refuses", ["fsync", "write", "replace"])
def test_a_full_disk_leaves_the_old_file_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refuses: str
) -> None:
    path = tmp_path / "model"
    path.write_bytes(b"old")

    def content(file: IO[bytes]) -> None:
        file.write(b"half of the new")
        if refuses == "write":
            full_disk()

    if refuses == "fsync":
        monkeypatch.setattr(os, "fsync", full_disk)
    if refuses == "replace":
        monkeypatch.setattr(Path, "replace", full_disk)
    with pytest.raises(StorageError) as caught:
        write_atomically(path, content)
    said = f"expected to write {path}, got no space left on device; make room or choose another place"
    assert str(caught.value) == said
    assert isinstance(caught.value.__cause__, OSError)
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["model"]


@pytest.mark.parametrize("stop", [KeyboardInterrupt, ValueError])
def test_a_stop_on_the_way_leaves_the_old_file_and_no_other(tmp_path: Path, stop: type[BaseException]) -> None:
    """What is no matter of storage goes through as it is."""
    path = tmp_path / "model"
    path.write_bytes(b"old")

    def content(file: IO[bytes]) -> None:
        file.write(b"half")
        raise stop

    with pytest.raises(stop):
        write_atomically(path, content)
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["model"]


def test_until_the_last_step_the_old_file_can_be_read(tmp_path: Path) -> None:
    path = tmp_path / "model"
    path.write_bytes(b"old")
    seen = []

    def content(file: IO[bytes]) -> None:
        file.write(b"new")
        file.flush()
        seen.append((path.read_bytes(), len(names(tmp_path))))

    write_atomically(path, content)
    assert seen == [(b"old", 2)], "the new file does not lie beside the old one while it is written"
    assert path.read_bytes() == b"new"


@pytest.mark.parametrize(("mask", "mode"), [(0o022, 0o644), (0o077, 0o600), (0o002, 0o664)])
def test_others_may_read_what_the_umask_lets_them(tmp_path: Path, mask: int, mode: int) -> None:
    """Temporary files are private by default; a model that colleagues cannot read would be the result."""
    with umask(mask):
        write_atomically(tmp_path / "file", b"")
        assert os.umask(mask) == mask, "the process's umask was changed"
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == mode


@pytest.mark.parametrize("name", ["x" * 255, "ü" * 127, "日" * 85])
def test_a_name_as_long_as_the_system_allows(tmp_path: Path, name: str) -> None:
    write_atomically(tmp_path / name, b"content")
    assert names(tmp_path) == [name]


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(
        StorageError,
        match=r"^expected to write .*inside, got (file exists|not a directory); make room or choose",
    ):
        write_atomically(tmp_path / "file" / "inside", b"")
    (tmp_path / "folder").mkdir()
    with pytest.raises(StorageError, match="got is a directory"):
        write_atomically(tmp_path / "folder", b"")
    assert names(tmp_path) == ["file", "folder"]


def test_an_error_without_words_is_told_by_its_name() -> None:
    with pytest.raises(StorageError, match="got timeouterror;"), storage_errors(Path("x")):
        raise TimeoutError
