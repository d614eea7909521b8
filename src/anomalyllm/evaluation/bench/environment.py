"""`environment.json`: on what machine, with which versions and how many workers the rows of a bench were made."""

from __future__ import annotations

import contextlib
import json
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from anomalyllm import __version__
from anomalyllm.artifact import library_versions
from anomalyllm.evaluation.bench.pool import cores
from anomalyllm.files import write_atomically

NAME = "environment.json"
OF_BASELINES = ("scikit-learn", "stumpy", "numba")
PROCESSORS = Path("/proc/cpuinfo")


def remember_environment(folder: Path, jobs: int) -> None:
    """Adds the environment to those that `folder` was worked in before, unless it is the same as the last.

    Raises:
        StorageError: the disk refuses.
    """
    before = known_environments(folder)
    now = environment(jobs)
    if not before or before[-1] != now:
        write_atomically(folder / NAME, (json.dumps([*before, now], indent=2) + "\n").encode())


def known_environments(folder: Path) -> list[dict[str, Any]]:
    """The environments in the order of their first use; none where nothing can be read."""
    with contextlib.suppress(OSError, ValueError):
        found = json.loads((folder / NAME).read_text(encoding="utf-8"))
        return found if isinstance(found, list) else []
    return []


def environment(jobs: int) -> dict[str, Any]:
    """Machine, versions and workers of this run."""
    return {
        "version": __version__,
        "libraries": {**library_versions(), **_installed(OF_BASELINES)},
        "processor": _processor(),
        "cores": cores(),
        "jobs": jobs,
        "system": f"{platform.system()} {platform.machine()}",
    }


def _installed(names: tuple[str, ...]) -> dict[str, str]:
    found = {}
    for name in names:
        with contextlib.suppress(PackageNotFoundError):
            found[name] = version(name)
    return found


def _processor() -> str:
    """The processor's own name, where the system tells it."""
    with contextlib.suppress(OSError):
        for line in PROCESSORS.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or "unknown"
