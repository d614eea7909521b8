"""What training tells while it runs and leaves when it is done."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import SupportsFloat


@dataclass(frozen=True)
class Progress:
    """One step, as it is told to whoever watches.

    The step's own terms lie where the networks are. Looking at one waits until the device has come so far: who watches
    a card looks a few times a second, not at every step.
    """

    step: int  # steps done
    steps: int  # steps in all, if nothing stops training early
    distillation_term: SupportsFloat
    contrastive_term: SupportsFloat
    validation: float  # the last one; NaN before the first
    seconds_left: float

    @property
    def distillation(self) -> float:
        """The distillation loss of this step."""
        return float(self.distillation_term)

    @property
    def contrastive(self) -> float:
        """The contrastive loss of this step."""
        return float(self.contrastive_term)


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
