"""Looking into folders and reading whole files, with errors that say which set's file is at fault."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from anomalyllm.data.wording import short
from anomalyllm.errors import ReadError

DEEPEST = 4  # levels that a published archive puts between the folder it was unpacked into and its files
AGAIN = "fetch the set again"


def folders_below(folder: Path, depth: int = DEEPEST) -> Iterator[Path]:
    """`folder` and the folders in it, the nearer before the deeper, by name; hidden ones and macOS's are left out."""
    level = [folder] if folder.is_dir() else []
    for _ in range(depth + 1):
        yield from level
        level = [
            entry
            for above in level
            for entry in sorted(above.iterdir())
            if entry.is_dir() and not entry.name.startswith((".", "__MACOSX"))
        ]


def content_of(path: Path) -> bytes:
    """All bytes of a file.

    Raises:
        ReadError: absent, not to be read, or empty.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        raise ReadError("a file that can be read", f"{named(path)} ({reason})", AGAIN) from error
    if not content:
        raise ReadError("a file with at least one value", f"an empty file: {named(path)}", AGAIN)
    return content


def json_of(path: Path) -> Any:
    """The JSON document in a file.

    Raises:
        ReadError: absent, empty or not JSON.
    """
    content = content_of(path)
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as error:
        raise ReadError("a JSON document", f"something else in {named(path)}", AGAIN) from error


def named(path: Path) -> str:
    """A path, short enough for a sentence."""
    return short(str(path), 200)
