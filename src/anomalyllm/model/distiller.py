"""Teacher and student together: a window in, two vectors and their discrepancy out."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor, nn

from anomalyllm.config import DetectorConfig
from anomalyllm.model.chance import torch_chance
from anomalyllm.model.losses import discrepancy
from anomalyllm.model.student import Student
from anomalyllm.model.teacher import Teacher


class Pair(NamedTuple):
    """What the two networks say of a batch."""

    teacher: Tensor  # (B, G, O)
    student: Tensor  # (B, G, O)
    choice: Tensor  # (B, C) index of the chosen prototype
    mismatch: Tensor  # (B, C) distance to the chosen prototype, as the student sees both

    @property
    def discrepancy(self) -> Tensor:
        """‖teacher − student‖₂, the raw score of a window; (B, G)."""
        return discrepancy(self.teacher, self.student)


class Distiller(nn.Module):
    """Both networks; the only module that the rest of the library talks to."""

    def __init__(self, teacher: Teacher, student: Student) -> None:
        super().__init__()
        self.teacher = teacher
        self.student = student

    def forward(self, windows: Tensor, forbidden: Tensor | None = None, channels: Tensor | None = None) -> Pair:
        """Vectors of windows (B, C, L).

        Args:
            windows: scaled like the series.
            forbidden: (B, K) marks prototypes that may not be chosen.
            channels: (C,) which channels these are, where each is judged alone; None: all, in order.
        """
        taught = self.teacher(windows)
        learned = self.student(windows, forbidden, channels)
        return Pair(taught, learned.vector, learned.choice, learned.mismatch)


def build(config: DetectorConfig, language_model: nn.Module, *, channels: int, window: int, seed: int) -> Distiller:
    """A distiller whose own weights are drawn from `seed`; the language model's are left as they are.

    `config` must have its patch sizes set (see `windows.choice.resolved`). Global random state is restored afterwards.
    """
    joint = config.channel_mode == "joint"
    with torch_chance(seed):
        teacher = Teacher(config.teacher, language_model, channels=channels, joint=joint)
        student = Student(config.student, channels=channels, window=window, output=config.teacher.output, joint=joint)
    return Distiller(teacher, student)
