"""What a run has measured so far: the means since the last validation, the best one, and how long ago it was."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from anomalyllm.config import LossConfig
from anomalyllm.errors import ConfigError
from anomalyllm.training.record import Measurement, TrainingRecord


@dataclass
class Ledger:
    """The validations of one series' training, in order."""

    weights: LossConfig
    history: list[Measurement] = field(default_factory=list)
    best_step: int = 0
    waited: int = 0  # validations since the best one

    @property
    def last_validation(self) -> float:
        """The last validation loss; NaN before the first."""
        return self.history[-1].validation if self.history else math.nan

    def enter(self, step: int, since: Sequence[Sequence[float]], validation: tuple[float, float, float]) -> bool:
        """Notes a validation; whether it is the best so far.

        Args:
            step: steps done.
            since: both terms of each step since the last validation.
            validation: both terms and their sum on the held-out tail.

        Raises:
            ConfigError: training has diverged.
        """
        distilled, contrasted, total = validation
        count = max(1, len(since))
        mean_distilled = sum(pair[0] for pair in since) / count
        mean_contrasted = sum(pair[1] for pair in since) / count
        mean_total = self.weights.distillation * mean_distilled + self.weights.contrastive * mean_contrasted
        if not math.isfinite(mean_total + total):  # from here on every weight is NaN
            remedy = "lower training.learning_rate, or check the training part for extreme values"
            raise ConfigError("losses that stay finite", f"{mean_total + total} by step {step}", remedy)
        best_so_far = min((row.validation for row in self.history), default=math.inf)
        self.history.append(
            Measurement(step, mean_distilled, mean_contrasted, mean_total, distilled, contrasted, total)
        )
        if total < best_so_far:
            self.best_step, self.waited = step, 0
            return True
        self.waited += 1
        return False

    def record(self, steps: int) -> TrainingRecord:
        """The whole run, after `steps` steps."""
        return TrainingRecord(tuple(self.history), self.best_step, steps)
