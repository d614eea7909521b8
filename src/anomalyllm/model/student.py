"""The student: a small transformer that sees a window beside the nearest normal prototype.

Source: arXiv 2401.15123, §4; details by the fixtures' description of the authors' network.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from anomalyllm.config import StudentConfig
from anomalyllm.model.layers import VARIANCE_FLOOR, EncoderLayer, PatchEmbedding, SinePositions, window_statistics
from anomalyllm.model.prototypes import choose, cosine_similarity, gather

LEVEL_PREFERENCE = 1e-3
"""Cosine that a prototype may lack for each unit of (asinh) level that it lies nearer."""


class StudentOutput(NamedTuple):
    """What the student says of a batch."""

    vector: Tensor  # (B, G, O)
    choice: Tensor  # (B, C) index of the chosen prototype
    similarity: Tensor  # (B, C, K)
    mismatch: Tensor  # (B, C) root mean square between the window and its prototype, both as the student sees them


class Level(NamedTuple):
    """What instance normalisation takes away."""

    mean: Tensor  # (…, 1)
    deviation: Tensor  # (…, 1)

    def told(self) -> tuple[Tensor, Tensor]:
        """In a range a network can read: both grow like logarithms."""
        return torch.asinh(self.mean), torch.log(self.deviation)


class StudentHead(nn.Module):
    """Linear, normalisation, ReLU, linear: from all tokens of a group to one vector."""

    def __init__(self, inputs: int, outputs: int, norm: str) -> None:
        super().__init__()
        inner = max(1, inputs // 2)
        self.linear1 = nn.Linear(inputs, inner)
        self.norm = nn.BatchNorm1d(inner) if norm == "batch" else nn.LayerNorm(inner)
        self.linear2 = nn.Linear(inner, outputs)

    def forward(self, flat: Tensor) -> Tensor:  # (R, inputs) -> (R, O)
        """linear2(relu(norm(linear1(x))))."""
        vector: Tensor = self.linear2(torch.relu(self.norm(self.linear1(flat))))
        return vector


class Student(nn.Module):
    """Maps windows (B, C, L) to vectors (B, G, O), led by one prototype per window and channel.

    Args:
        config: `patch` must be set and divide the window.
        channels: C.
        window: L.
        output: O.
        joint: one vector for all channels (G = 1), else one per channel (G = C) by the same weights.
    """

    prototypes: Tensor  # (C, K, L), scaled like the series; a parameter where it is trained, else a buffer

    def __init__(self, config: StudentConfig, *, channels: int, window: int, output: int, joint: bool) -> None:
        super().__init__()
        assert config.patch is not None
        self.config = config
        self.joint = joint
        self.patch = config.patch
        tokens = window // config.patch
        empty = torch.zeros(channels, config.prototypes, window)
        if config.prototype_source == "windows":
            self.register_buffer("prototypes", empty)
        else:
            self.prototypes = nn.Parameter(empty)
        self.embedding = PatchEmbedding(config.patch, config.width)
        self.positions = SinePositions(tokens, config.width)
        self.level = nn.Linear(4, config.width) if config.level_token else None
        self.dropout = nn.Dropout(config.dropout)
        layers = [EncoderLayer(config.width, config.heads, config.feed_forward) for _ in range(config.layers)]
        self.encoder = nn.ModuleList(layers)
        self.encoder_norm = nn.LayerNorm(config.width)
        self.head = StudentHead((channels if joint else 1) * tokens * config.width, output, config.head_norm)

    def forward(
        self, windows: Tensor, forbidden: Tensor | None = None, channels: Tensor | None = None
    ) -> StudentOutput:
        """Vectors of windows (B, C, L).

        Args:
            windows: scaled like the series.
            forbidden: (B, K) marks prototypes that may not be chosen.
            channels: (C,) which of the bank's channels these are; None: all, in order.
        """
        bank = self.prototypes if channels is None else self.prototypes[channels]
        scaled, level = self._scaled(windows)
        similarity, preference = self._compare(scaled, level, bank)
        choice = choose(preference, forbidden)
        prototype, prototype_level = self._prototype(gather(bank, choice), level)
        mismatch = torch.sqrt((scaled - prototype).square().mean(dim=-1) + VARIANCE_FLOOR)
        tokens = torch.cat([self._tokens(prototype), self._tokens(scaled)], dim=1)  # (B·C, 2N, D)
        if self.level is not None:
            levels = torch.cat([*level.told(), *prototype_level.told()], dim=-1)  # (B, C, 4)
            tokens = torch.cat([self.level(levels).flatten(0, 1)[:, None], tokens], dim=1)
        for layer in self.encoder:
            tokens = layer(tokens)
        own = self.encoder_norm(tokens)[:, -(windows.shape[-1] // self.patch) :]  # the input's half
        vector = self.head(self._flat(own, windows.shape[0]))
        return StudentOutput(vector.reshape(windows.shape[0], -1, vector.shape[-1]), choice, similarity, mismatch)

    def _scaled(self, windows: Tensor) -> tuple[Tensor, Level]:  # (…, L) -> (…, L), two of (…, 1)
        level = Level(*window_statistics(windows, self.config.deviation_floor))
        return (windows - level.mean) / level.deviation, level

    def _compare(self, scaled: Tensor, level: Level, bank: Tensor) -> tuple[Tensor, Tensor]:
        """Similarity to the bank, and the preference by which is chosen; (B, C, K) each.

        They are one where the input's level will be laid on the prototype. Else, of prototypes alike in shape the one
        nearest in level is preferred: rounding, which differs with the batch, must not decide between them.
        """
        if self.config.rescale_prototype:
            similarity = cosine_similarity(scaled, bank)
            return similarity, similarity
        shapes, bank_level = self._scaled(bank)
        similarity = cosine_similarity(scaled, shapes)
        apart = (torch.asinh(level.mean) - torch.asinh(bank_level.mean).squeeze(-1)).abs()  # (B, C, 1), (C, K)
        return similarity, similarity - LEVEL_PREFERENCE * apart

    def _prototype(self, chosen: Tensor, level: Level) -> tuple[Tensor, Level]:
        """The chosen prototypes (B, C, L), scaled, and their own level (the input's, where that rescales them)."""
        if self.config.rescale_prototype:
            return (chosen - level.mean) / level.deviation, level
        return self._scaled(chosen)

    def _tokens(self, windows: Tensor) -> Tensor:  # (B, C, L) -> (B·C, N, D)
        patches = windows.reshape(-1, windows.shape[-1] // self.patch, self.patch)
        tokens: Tensor = self.dropout(self.positions(self.embedding(patches)))
        return tokens

    def _flat(self, tokens: Tensor, batch: int) -> Tensor:  # (B·C, N, D) -> (B·G, …), channel then token then feature
        return tokens.reshape(batch if self.joint else tokens.shape[0], -1)
