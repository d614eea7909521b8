"""Which channels a discrepancy comes from, as a graph: the networks with their own gradient.

ONNX has no gradients, so the gradient is written out as the operations that it is made of, and these are exported.
Three parts of the networks are said in other words for that: attention and embedding as products, patches by
their places.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.fx.experimental.proxy_tensor import make_fx
from torch.nn.attention import SDPBackend, sdpa_kernel

from anomalyllm.model.distiller import Distiller
from anomalyllm.model.layers import PatchEmbedding
from anomalyllm.model.prototypes import gather
from anomalyllm.model.teacher import Teacher


class ProductEmbedding(nn.Module):
    """`layers.PatchEmbedding` as one product: each patch with its two neighbours, the first being the last one's."""

    weight: Tensor  # (3 · P, D)

    def __init__(self, embedding: PatchEmbedding) -> None:
        super().__init__()
        weight = embedding.conv.weight.detach()  # (D, P, 3)
        self.register_buffer("weight", weight.permute(2, 1, 0).reshape(-1, len(weight)).clone())

    def forward(self, patches: Tensor) -> Tensor:  # (B, N, P) -> (B, N, D)
        """Tokens of each patch and its two neighbours."""
        before = torch.cat([patches[:, -1:], patches[:, :-1]], dim=1)
        after = torch.cat([patches[:, 1:], patches[:, :1]], dim=1)
        return torch.cat([before, patches, after], dim=2) @ self.weight


class PlacedPatches(nn.Module):
    """`teacher.Teacher.patches`, by the places of their points in a padded window."""

    def __init__(self, teacher: Teacher) -> None:
        super().__init__()
        self.patch, self.stride = teacher.patch, teacher.patch_stride

    def forward(self, windows: Tensor) -> Tensor:
        """(B, C, L) -> (B, N, P·C), time first."""
        batch, channels, length = windows.shape
        places = torch.arange(0, length + self.stride - self.patch + 1, self.stride)[:, None] + torch.arange(self.patch)
        cut = windows[..., places.clamp(max=length - 1).flatten()]  # what pads a window is its last value
        return cut.reshape(batch, channels, -1, self.patch).permute(0, 2, 3, 1).flatten(2)


class Attributed(nn.Module):
    """Scores, choice, and each channel's share, as `model.inference.channel_shares` has it."""

    def __init__(self, distiller: Distiller, scoring: nn.Module) -> None:
        super().__init__()
        vars(distiller.teacher)["patches"] = PlacedPatches(distiller.teacher)  # the method of this one object
        distiller.student.embedding = ProductEmbedding(distiller.student.embedding)  # type: ignore[assignment]
        distiller.teacher.patch_embedding = ProductEmbedding(distiller.teacher.patch_embedding)  # type: ignore[assignment]
        self.distiller, self.scoring = distiller, scoring

    def forward(self, windows: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Of windows (W, C, L)."""
        with torch.enable_grad():
            asked = windows.detach().requires_grad_()
            pair = self.distiller(asked)
            (gradient,) = torch.autograd.grad(pair.discrepancy.sum(), asked)
        difference = windows - gather(self.distiller.student.prototypes, pair.choice)
        weight = (gradient * difference).abs().sum(dim=-1) + 1e-12
        return self.scoring(pair), pair.choice, weight / weight.sum(dim=1, keepdim=True)


def with_shares(distiller: Distiller, scoring: nn.Module, example: Tensor) -> nn.Module:
    """Networks and their gradient as a module without gradients: (W, C, L) -> scores, choice, shares.

    Args:
        distiller: a copy that may be changed.
        scoring: from what the networks say to scores.
        example: (W, C, L) that it is traced with.
    """
    with sdpa_kernel(SDPBackend.MATH):
        written: nn.Module = make_fx(
            Attributed(distiller, scoring).eval(), tracing_mode="symbolic", _allow_non_fake_inputs=True
        )(example)
    return written
