"""The student's first body: a post-norm transformer encoder over the tokens of each channel (arXiv 2401.15123, §4)."""

from __future__ import annotations

from torch import Tensor, nn

from anomalyllm.config import StudentConfig
from anomalyllm.model.layers import EncoderLayer
from anomalyllm.model.student_bodies.base import Body


class TransformerBody(nn.ModuleList, Body):
    """Encoder layers, one after the other; a list itself, so that artefacts name their tensors as ever."""

    def __init__(self, config: StudentConfig, _tokens: int) -> None:
        super().__init__(EncoderLayer(config.width, config.heads, config.feed_forward) for _ in range(config.layers))

    def forward(self, tokens: Tensor) -> Tensor:  # (B, C, M, D) -> (B, C, M, D)
        """Each channel by itself, by the same weights."""
        rows = tokens.flatten(0, 1)
        for layer in self:
            rows = layer(rows)
        return rows.reshape(tokens.shape)
