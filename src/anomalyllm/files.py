"""Writing files so that a kill or a full disk leaves either the old file or the new one, never half of one."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

from anomalyllm.errors import StorageError


def write_atomically(path: Path, content: bytes | Callable[[IO[bytes]], object]) -> None:
    """Writes `content` (bytes, or a function that writes to an open file) to `path`, whole or not at all.

    Raises:
        StorageError: the folder or the disk refuses; what stood at `path` is unchanged.
    """
    with storage_errors(path), _temporary_beside(path) as (handle, temporary):
        with os.fdopen(handle, "wb") as file:
            if callable(content):
                content(file)
            else:
                file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)


@contextlib.contextmanager
def storage_errors(path: Path) -> Iterator[None]:
    """Turns an OSError of writing into a StorageError that names `path`."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise StorageError(f"to write {path}", reason.lower(), "make room or choose another place") from error


@contextlib.contextmanager
def _temporary_beside(path: Path) -> Iterator[tuple[int, Path]]:
    """An open temporary file in `path`'s folder (so that the last step is a rename), gone afterwards if still there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name[:40]}.", suffix=".part", dir=path.parent)
    temporary = Path(name)
    try:
        temporary.chmod(0o666 & ~_umask())
        yield handle, temporary
    finally:
        temporary.unlink(missing_ok=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
