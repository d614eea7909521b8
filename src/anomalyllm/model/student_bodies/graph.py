"""Graph attention over channels: each channel is a node that looks at all others, then at its own time.

Source: Veličković et al., Graph Attention Networks, arXiv 1710.10903, with every channel a neighbour of every other
(there is no graph given, and none is learned as in GDN, arXiv 2106.06947, so that weights fit any number of channels).
A neighbour's weight is a scaled product and not GAT's sum, by which all nodes would rank their neighbours alike
(Brody et al., arXiv 2105.14491). One channel looks at itself.
"""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor, nn

from anomalyllm.config import StudentConfig
from anomalyllm.model.layers import Attention, EncoderLayer
from anomalyllm.model.student_bodies.base import Body


class GraphBody(Body):
    """`layers` layers; it treats channels alike, whatever their order and number."""

    across_channels: ClassVar[bool] = True

    def __init__(self, config: StudentConfig, _tokens: int) -> None:
        super().__init__()
        layers = (GraphLayer(config.width, config.heads, config.feed_forward) for _ in range(config.layers))
        self.layers = nn.Sequential(*layers)

    def forward(self, tokens: Tensor) -> Tensor:  # (B, C, M, D) -> (B, C, M, D)
        """One layer after the other."""
        mixed: Tensor = self.layers(tokens)
        return mixed


class GraphLayer(nn.Module):
    """Attention among channels at each token, then a transformer layer over the tokens of each channel."""

    def __init__(self, width: int, heads: int, inner: int) -> None:
        super().__init__()
        self.channels = Attention(width, heads)
        self.norm = nn.LayerNorm(width)
        self.time = EncoderLayer(width, heads, inner)

    def forward(self, tokens: Tensor) -> Tensor:  # (B, C, M, D) -> (B, C, M, D)
        """time(norm(x + channels(x)))."""
        batch, channels, places, width = tokens.shape
        nodes = tokens.transpose(1, 2).reshape(batch * places, channels, width)
        among = self.channels(nodes).reshape(batch, places, channels, width).transpose(1, 2)
        mixed: Tensor = self.time(self.norm(tokens + among).flatten(0, 1))
        return mixed.reshape(tokens.shape)
