"""The settings of a pretraining; `configs/pretrain-default.toml` lists them all."""

from __future__ import annotations

from dataclasses import dataclass

from anomalyllm.model.pair import BLOCKS, NO_LANGUAGE_MODEL
from anomalyllm.settings import Settings


@dataclass(frozen=True)
class PretrainingSettings(Settings):
    """How many generated series, how many steps of each stage. The defaults take about 12 minutes on one core."""

    teacher: str = "compact"  # or "none", or a language model's folder, file or name; untrained: 0 language_steps
    blocks: int = BLOCKS  # of the language model, from its first on
    language_steps: int = 700  # of the first stage: the next patch
    distillation_steps: int = 2500  # of the second stage: agree on what is normal, differ on what is not
    batch: int = 256  # windows in a step
    learning_rate: float = 1e-3  # the highest; it rises over the first steps of a stage and falls to nothing
    weight_decay: float = 0.01
    series: int = 100  # generated at once, and thrown away after `steps_per_chunk` steps
    steps_per_chunk: int = 250  # about once through the windows of one set of series
    held_out_series: int = 60  # never trained on; area under the curve per patch
    validate_every: int = 250  # steps; a checkpoint is left then too

    def _rules(self) -> list[tuple[str, bool, str]]:
        least = {"language_steps": 0, "distillation_steps": 0}
        counts = (
            "blocks",
            "language_steps",
            "distillation_steps",
            "batch",
            "series",
            "steps_per_chunk",
            "held_out_series",
            "validate_every",
        )
        rules = [
            (name, getattr(self, name) >= least.get(name, 1), f"to be at least {least.get(name, 1)}") for name in counts
        ]
        return [
            *rules,
            (
                "language_steps",
                self.teacher != NO_LANGUAGE_MODEL or self.language_steps == 0,
                "to be 0 where teacher is 'none': there are no blocks to train",
            ),
            ("distillation_steps", self.language_steps + self.distillation_steps > 0, "to leave some steps"),
            ("learning_rate", self.learning_rate > 0, "to be above 0"),
            ("weight_decay", self.weight_decay >= 0, "to be at least 0"),
        ]
