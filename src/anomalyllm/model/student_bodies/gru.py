"""A gated recurrent network over the tokens of each channel.

Source: Cho et al., arXiv 1406.1078. It reads in both directions, half of the width each: forwards the window comes
after its prototype, and backwards a patch is told what follows it, as in every other body.
"""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor, nn

from anomalyllm.config import StudentConfig
from anomalyllm.model.student_bodies.base import Body


class GRUBody(Body):
    """`layers` layers, each of two directions."""

    stackable: ClassVar[bool] = False

    def __init__(self, config: StudentConfig, _tokens: int) -> None:
        super().__init__()
        self.cells = nn.GRU(config.width, config.width // 2, config.layers, batch_first=True, bidirectional=True)

    def forward(self, tokens: Tensor) -> Tensor:  # (B, C, M, D) -> (B, C, M, D)
        """What is known at each token, from before it and from behind it; each channel by itself."""
        known: Tensor = self.cells(tokens.flatten(0, 1))[0]
        return known.reshape(tokens.shape)
