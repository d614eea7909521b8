"""Small parts that both networks share, and the numerical guards, by name."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

VARIANCE_FLOOR = 1e-5
"""Added to a window's variance before its root, as in the paper's code."""


class PatchEmbedding(nn.Module):
    """Patches to tokens: a circular convolution over patches, three wide, without bias.

    Circular: the first patch's left neighbour is the last patch.
    """

    def __init__(self, patch: int, width: int) -> None:
        super().__init__()
        self.conv = nn.Conv1d(patch, width, 3, padding=1, padding_mode="circular", bias=False)

    def forward(self, patches: Tensor) -> Tensor:  # (B, N, P) -> (B, N, D)
        """Tokens of each patch and its two neighbours."""
        if patches.shape[1] == 1:  # a lone patch is its own neighbour; the convolution cannot pad it so
            return patches @ self.conv.weight.sum(dim=2).T
        embedded: Tensor = self.conv(patches.transpose(1, 2))
        return embedded.transpose(1, 2)


class SinePositions(nn.Module):
    """Sinusoidal positions, even features sine, odd ones cosine (Vaswani et al. 2017); always float32."""

    table: Tensor

    def __init__(self, length: int, width: int) -> None:
        super().__init__()
        place = torch.arange(length, dtype=torch.float32)[:, None]
        speed = torch.exp(torch.arange(0, width, 2, dtype=torch.float32) * -(math.log(10000.0) / width))
        table = torch.stack([torch.sin(place * speed), torch.cos(place * speed)], dim=-1).reshape(length, width)
        self.register_buffer("table", table, persistent=False)

    def forward(self, tokens: Tensor) -> Tensor:  # (B, N, D) -> (B, N, D)
        """Tokens with their positions added."""
        return tokens + self.table[: tokens.shape[1]]


class Attention(nn.Module):
    """Multi-head self-attention without a mask; heads are contiguous slices of the width."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(width, width)
        self.key = nn.Linear(width, width)
        self.value = nn.Linear(width, width)
        self.output = nn.Linear(width, width)

    def forward(self, tokens: Tensor) -> Tensor:  # (B, N, D) -> (B, N, D)
        """softmax(Q Kᵀ / √(D / heads)) V, per head."""
        query, key, value = (self._split(part(tokens)) for part in (self.query, self.key, self.value))
        mixed = nn.functional.scaled_dot_product_attention(query, key, value)
        joined: Tensor = self.output(mixed.transpose(1, 2).flatten(2))
        return joined

    def _split(self, projected: Tensor) -> Tensor:  # (B, N, D) -> (B, heads, N, D / heads)
        return projected.reshape(*projected.shape[:2], self.heads, -1).transpose(1, 2)


class FeedForward(nn.Module):
    """Two linear maps with a ReLU between."""

    def __init__(self, width: int, inner: int) -> None:
        super().__init__()
        self.expand = nn.Linear(width, inner)
        self.contract = nn.Linear(inner, width)

    def forward(self, tokens: Tensor) -> Tensor:  # (B, N, D) -> (B, N, D)
        """contract(relu(expand(x)))."""
        contracted: Tensor = self.contract(torch.relu(self.expand(tokens)))
        return contracted


class EncoderLayer(nn.Module):
    """A post-norm transformer layer: each half is added to its input, then normalised."""

    def __init__(self, width: int, heads: int, inner: int) -> None:
        super().__init__()
        self.attention = Attention(width, heads)
        self.feed_forward = FeedForward(width, inner)
        self.norm1 = nn.LayerNorm(width)
        self.norm2 = nn.LayerNorm(width)

    def forward(self, tokens: Tensor) -> Tensor:  # (B, N, D) -> (B, N, D)
        """norm2(h + feed_forward(h)) with h = norm1(x + attention(x))."""
        tokens = self.norm1(tokens + self.attention(tokens))
        normed: Tensor = self.norm2(tokens + self.feed_forward(tokens))
        return normed


def window_statistics(windows: Tensor, deviation_floor: float) -> tuple[Tensor, Tensor]:
    """Mean and deviation of each window and channel; (B, C, L) -> two of (B, C, 1).

    `deviation_floor` keeps a nearly flat window from being blown up until its noise looks like a shape.
    """
    mean = windows.mean(dim=-1, keepdim=True)
    variance = windows.var(dim=-1, keepdim=True, unbiased=False)
    return mean, torch.sqrt(variance + VARIANCE_FLOOR + deviation_floor**2)
