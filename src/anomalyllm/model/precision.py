"""The numbers in which a sleeping teacher multiplies: float32, or bfloat16 where the machine has it and it pays.

bfloat16 keeps three digits. Its sums are taken in float32, and what decides (residual stream, LayerNorms, head,
student, losses, scores) is float32 as ever. A matrix that sleeps loses its other digits once, when the networks are
built, so an artefact holds what the scores were computed with: a detector scores in the numbers it was fitted in.
"""

from __future__ import annotations

import torch
from torch import nn

from anomalyllm.config import Precision
from anomalyllm.model.dropout import QuickDropout

NARROWEST = 512  # width of a language model; below it a step is short, and the digits are worth more than a third of it


def precision_of(asked: Precision, width: int, device: str) -> Precision:
    """What the setting `teacher.precision` comes to: "float32" or "bfloat16".

    Args:
        asked: "auto" chooses bfloat16 for wide language models where the device multiplies it itself.
        width: of the language model.
        device: as torch names it.
    """
    if asked != "auto":
        return asked
    return "bfloat16" if width >= NARROWEST and has_bfloat16(device) else "float32"


def has_bfloat16(device: str = "cpu") -> bool:
    """Whether `device` multiplies bfloat16 matrices itself."""
    if torch.device(device).type == "cuda":
        return bool(torch.cuda.is_available() and torch.cuda.is_bf16_supported(including_emulation=False))
    supported = getattr(torch.ops.mkldnn, "_is_mkldnn_bf16_supported", None)
    return bool(supported()) if supported is not None else False


def halve(language_model: nn.Module) -> None:
    """All that sleeps in it becomes bfloat16, in place; what is trained stays as it is, and dropout draws quickly.

    Beside products of half the time, torch's own dropout would take a twentieth of a training step.
    """
    for parameter in language_model.parameters():
        if not parameter.requires_grad:
            parameter.data = parameter.data.to(torch.bfloat16)
    draw_quickly(language_model)


def draw_quickly(language_model: nn.Module) -> None:
    """Its dropouts become quick ones, in place: they drop the same numbers whatever the numbers' type is."""
    for module in list(language_model.modules()):
        for name, part in module.named_children():
            if isinstance(part, nn.Dropout):
                setattr(module, name, QuickDropout(part.p))


def in_bfloat16(device: torch.device, *, wanted: bool) -> torch.autocast:
    """Inside, products of matrices are taken in bfloat16 if `wanted`; LayerNorms and sums stay as they are."""
    return torch.autocast(device.type, torch.bfloat16, enabled=wanted)
