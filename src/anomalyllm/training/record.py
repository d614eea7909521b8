"""What training tells while it runs and leaves when it is done."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Progress:
    """One step, as it is told to whoever watches."""

    step: int  # steps done
    steps: int  # steps in all, if nothing stops training early
    distillation: float
    contrastive: float
    validation: float  # the last one; NaN before the first
    seconds_left: float


Watcher = Callable[[Progress], None]


@dataclass(frozen=True)
class Measurement:
    """The loss terms around one validation: means over the steps since the last one, and on the held-out tail."""

    step: int
    distillation: float
    contrastive: float
    total: float
    validation_distillation: float
    validation_contrastive: float
    validation: float


@dataclass(frozen=True)
class TrainingRecord:
    """The whole run."""

    history: tuple[Measurement, ...] = ()
    best_step: int = 0
    steps: int = 0

    @property
    def best(self) -> float:
        """The lowest validation loss, or NaN where none was taken."""
        return min((row.validation for row in self.history), default=math.nan)
