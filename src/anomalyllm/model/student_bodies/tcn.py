"""A temporal convolutional network: residual blocks of dilated convolutions over the tokens of each channel.

Source: Bai, Kolter, Koltun, An Empirical Evaluation of Generic Convolutional and Recurrent Networks for Sequence
Modeling, arXiv 1803.01271. Theirs is causal, since it forecasts. Ours looks both ways: a window is judged when it is
whole, and its first patch may be told by its last. Dropout is on the embeddings, as for every body.
"""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import weight_norm

from anomalyllm.config import StudentConfig
from anomalyllm.model.student_bodies.base import Body

KERNEL = 3  # tokens: a convolution reaches `dilation` tokens to each side


class TCNBody(Body):
    """Blocks of dilation 1, 2, 4, …: `layers` of them, and more where one token would not reach all others."""

    gradient_in_onnx: ClassVar[bool] = False

    def __init__(self, config: StudentConfig, tokens: int) -> None:
        super().__init__()
        count = config.layers
        while reach(count) < tokens - 1:
            count += 1
        self.blocks = nn.Sequential(*(ResidualBlock(config.width, 2**place) for place in range(count)))

    def forward(self, tokens: Tensor) -> Tensor:  # (B, C, M, D) -> (B, C, M, D)
        """Each channel by itself, by the same weights."""
        mixed: Tensor = self.blocks(tokens.flatten(0, 1).transpose(1, 2)).transpose(1, 2)
        return mixed.reshape(tokens.shape)


class ResidualBlock(nn.Module):
    """Two dilated convolutions with normalised weights, added to what came in."""

    def __init__(self, width: int, dilation: int) -> None:
        super().__init__()
        self.first = dilated(width, dilation)
        self.second = dilated(width, dilation)

    def forward(self, tokens: Tensor) -> Tensor:  # (R, D, M) -> (R, D, M)
        """relu(x + relu(second(relu(first(x)))))."""
        return torch.relu(tokens + torch.relu(self.second(torch.relu(self.first(tokens)))))


def dilated(width: int, dilation: int) -> nn.Module:
    """A convolution that keeps the number of tokens; beyond their ends are zeros."""
    convolution: nn.Module = weight_norm(
        nn.Conv1d(width, width, KERNEL, padding=dilation * (KERNEL // 2), dilation=dilation)
    )
    return convolution


def reach(blocks: int) -> int:
    """How many tokens away, to each side, the last of `blocks` blocks still sees."""
    return sum(2 * (KERNEL // 2) * 2**place for place in range(blocks))
