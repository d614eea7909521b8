"""The losses, one pure function per equation. c teacher, s student, d = ‖c − s‖₂; rows (R, O).

Source: arXiv 2401.15123, §4.3; the cosine form is that of another version of the authors' code.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import cosine_similarity, normalize

from anomalyllm.config import LossConfig

NEARNESS_FLOOR = 1e-6
"""Inside the logarithm: bounds the loss of a synthetic anomaly that teacher and student agree on at 13.8."""


class LossTerms(NamedTuple):
    """The two terms by themselves, and their weighted sum."""

    distillation: Tensor
    contrastive: Tensor
    total: Tensor


def discrepancy(teacher: Tensor, student: Tensor) -> Tensor:
    """d = ‖c − s‖₂ over the last axis; its gradient at d = 0 is 0."""
    distance: Tensor = torch.linalg.vector_norm(teacher - student, dim=-1)
    return distance


def pull(distance: Tensor) -> Tensor:
    """Loss of a normal row in the log form: d itself."""
    return distance


def push(distance: Tensor) -> Tensor:
    """Loss of a synthetic row in the log form: −log(1 − e^(−d) + 1e-6)."""
    return -torch.log(-torch.expm1(-distance) + NEARNESS_FLOOR)


def distillation_rows(teacher: Tensor, student: Tensor, synthetic: Tensor, form: str) -> Tensor:
    """The term of each row; `synthetic` (R,) marks altered rows. Forms: "log" and "cosine"."""
    if form == "cosine":
        alike = cosine_similarity(teacher, student, dim=-1)
        return torch.where(synthetic, alike, 1 - alike)
    distance = discrepancy(teacher, student)
    return torch.where(synthetic, push(distance), pull(distance))


def contrastive(normal: Tensor, first: Tensor, second: Tensor) -> Tensor:
    """Mean of 2 − cos(c, c₁) − cos(c, c₂): the teacher stays the same under a perturbation."""
    anchor, one, two = (normalize(part, dim=-1, eps=1e-12) for part in (normal, first, second))
    alike = cosine_similarity(anchor, one, dim=-1, eps=1e-6) + cosine_similarity(anchor, two, dim=-1, eps=1e-6)
    return (2 - alike).mean()


def loss_terms(teacher: Tensor, student: Tensor, config: LossConfig) -> LossTerms:
    """Both terms for rows [normal; first view; second view], (3R, O) each, R rows to a part.

    The first is a mean in which a synthetic row weighs `config.push` beside 1 of a normal one. Where no term asks of
    views (`config.asks_of_views`) all rows are normal, and the second term is 0.
    """
    normal, *changed = teacher.chunk(3 if config.asks_of_views else 1)
    synthetic = torch.arange(len(teacher), device=teacher.device) >= len(normal)
    target = teacher.detach() if config.detach_teacher else teacher
    weight = torch.where(synthetic, config.push, 1.0).to(student.dtype)
    distilled = (weight * distillation_rows(target, student, synthetic, config.form)).sum() / weight.sum()
    contrasted = contrastive(normal, *changed) if changed else distilled.new_zeros(())
    return LossTerms(distilled, contrasted, config.distillation * distilled + config.contrastive * contrasted)
