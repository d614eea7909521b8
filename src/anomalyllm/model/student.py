"""The student: a small network that sees a window beside the nearest normal prototype.

What mixes its tokens, a transformer or another body, is in `student_bodies`.

Source: arXiv 2401.15123, §4; details by the fixtures' description of the authors' network.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from anomalyllm.config import StudentConfig
from anomalyllm.model.layers import VARIANCE_FLOOR, PatchEmbedding, SinePositions, window_statistics
from anomalyllm.model.prototypes import choose, cosine_similarity, gather
from anomalyllm.model.student_bodies import build_body

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


def asinh(values: Tensor) -> Tensor:
    """As `torch.asinh`, of operations that runtimes have in float64; good to 1e-15."""
    return torch.sign(values) * torch.log(values.abs() + torch.sqrt(values.square() + 1))


def in_steps(preference: Tensor) -> Tensor:
    """In steps of 1e-12, so that what differs by rounding alone is equal."""
    return torch.round(preference * 1e12) / 1e12


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

    One that is not led (`config.led`) sees the window alone; how far its nearest prototype is, is told all the same.

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
        if config.led and config.prototype_source != "windows":
            self.prototypes = nn.Parameter(empty)
        else:
            self.register_buffer("prototypes", empty)
        self.embedding = PatchEmbedding(config.patch, config.width)
        self.positions = SinePositions(tokens, config.width)
        self.level = nn.Linear(4 if config.led else 2, config.width) if config.level_token else None
        self.dropout = nn.Dropout(config.dropout)
        seen = tokens * (2 if config.led else 1) + (1 if config.level_token else 0)
        self.encoder = build_body(config, seen, joint=joint)
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
        similarity, preference = self._compare(windows.detach().double(), bank.detach().double())
        choice = choose(preference, forbidden)
        prototype, prototype_level = self._prototype(gather(bank, choice), level)
        mismatch = torch.sqrt((scaled - prototype).square().mean(dim=-1) + VARIANCE_FLOOR)
        tokens = self._seen(scaled, level, prototype, prototype_level)
        own = self.encoder_norm(self.encoder(tokens))[:, :, -(windows.shape[-1] // self.patch) :]  # the input's half
        vector = self.head(self._flat(own))
        by_group = vector.reshape(windows.shape[0], -1, vector.shape[-1])
        return StudentOutput(by_group, choice, similarity.to(windows.dtype), mismatch)

    def _seen(self, scaled: Tensor, level: Level, prototype: Tensor, prototype_level: Level) -> Tensor:
        """What the body reads: [level; the prototype's tokens; the window's], those there are; (B, C, M, D)."""
        led = self.config.led
        parts = [self._tokens(prototype), self._tokens(scaled)] if led else [self._tokens(scaled)]
        if self.level is not None:
            levels = torch.cat([*level.told(), *(prototype_level.told() if led else ())], dim=-1)  # (B, C, 4 or 2)
            parts = [self.level(levels)[:, :, None], *parts]
        return torch.cat(parts, dim=2)

    def _scaled(self, windows: Tensor) -> tuple[Tensor, Level]:  # (…, L) -> (…, L), two of (…, 1)
        level = Level(*window_statistics(windows, self.config.deviation_floor))
        return (windows - level.mean) / level.deviation, level

    def _compare(self, windows: Tensor, bank: Tensor) -> tuple[Tensor, Tensor]:
        """Similarity of windows to the bank, and the preference by which is chosen; (B, C, K) each.

        They are one where the input's level will be laid on the prototype. Else, of prototypes alike in shape the one
        nearest in level is preferred. Both come in float64, from the windows' own digits, and of prototypes that are
        alike to 1e-12 the first is taken: rounding, which differs with batch and runtime, must not decide.
        """
        scaled, level = self._scaled(windows)
        if self.config.rescale_prototype:
            similarity = cosine_similarity(scaled, bank)
            return similarity, in_steps(similarity)
        shapes, bank_level = self._scaled(bank)
        similarity = cosine_similarity(scaled, shapes)
        apart = (asinh(level.mean) - asinh(bank_level.mean).squeeze(-1)).abs()  # (B, C, 1), (C, K)
        return similarity, in_steps(similarity - LEVEL_PREFERENCE * apart)

    def _prototype(self, chosen: Tensor, level: Level) -> tuple[Tensor, Level]:
        """The chosen prototypes (B, C, L), scaled, and their own level (the input's, where that rescales them)."""
        if self.config.rescale_prototype:
            return (chosen - level.mean) / level.deviation, level
        return self._scaled(chosen)

    def _tokens(self, windows: Tensor) -> Tensor:  # (B, C, L) -> (B, C, N, D)
        patches = windows.reshape(-1, windows.shape[-1] // self.patch, self.patch)
        tokens: Tensor = self.dropout(self.positions(self.embedding(patches)))
        return tokens.reshape(*windows.shape[:2], *tokens.shape[1:])

    def _flat(self, tokens: Tensor) -> Tensor:  # (B, C, N, D) -> (B·G, …), channel then token then feature
        return tokens.flatten(1) if self.joint else tokens.flatten(0, 1).flatten(1)
