"""The most memory that a piece of work held, as the operating system counts it."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Self

STATUS = Path("/proc/self/status")
RESET = Path("/proc/self/clear_refs")
RESET_PEAK = "5"  # see proc(5): resets the peak of the resident set


class PeakMemory:
    """Inside, the peak of this process's resident memory is watched; `mebibytes` says it afterwards.

    Linux only, and only where a process may reset its own peak; elsewhere it is NaN. The interpreter and its libraries
    are counted: they must fit in memory too.
    """

    mebibytes: float = math.nan

    def __enter__(self) -> Self:
        try:
            RESET.write_text(RESET_PEAK)
            self._watched = True
        except OSError:
            self._watched = False
        return self

    def __exit__(self, *_: object) -> None:
        if self._watched:
            self.mebibytes = _peak_kibibytes(STATUS.read_text()) / 1024


def _peak_kibibytes(status: str) -> float:
    lines = [line.split() for line in status.splitlines() if line.startswith("VmHWM:")]
    return float(lines[0][1]) if lines else math.nan
