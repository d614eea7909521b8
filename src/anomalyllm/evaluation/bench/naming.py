"""Names of files for names of cases, which may hold anything."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence

LONGEST = 160  # letters: file systems allow 255 bytes, and an ending comes after it


def file_name(name: str) -> str:
    """`name` where it is safe as the name of a file; else its safe letters and a hash, so that no two share a file."""
    safe = re.sub(r"[^A-Za-z0-9._-]", "_", name).lstrip(".")[:LONGEST]
    if safe == name and safe:
        return name
    return f"{safe}-{hashlib.sha256(name.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"


def reproducer_name(key: Sequence[str]) -> str:
    """The name of the file that says how to see a failed task again."""
    return f"{file_name('-'.join(key))}.txt"
