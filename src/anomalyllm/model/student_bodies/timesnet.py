"""TimesNet: tokens folded by their own periods into two dimensions, and convolved there.

Source: Wu et al., TimesNet, arXiv 2210.02186. Two things are ours. The periods of a row are found in that row alone,
where the authors take those of the whole batch: a score must not depend on its neighbours. And a period's weight is
its softmax less that of the first period left out: where two amplitudes are nearly equal, rounding decides which is
taken, and must not decide anything else.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn.functional import gelu, pad

from anomalyllm.config import StudentConfig
from anomalyllm.model.student_bodies.base import Body

PERIODS = 2  # of a row, those of the largest amplitude
KERNELS = (1, 3)  # sizes of an inception's convolutions; folds of few tokens need none of the authors' up to 11
AMPLITUDE_FLOOR = 1e-12  # under the root: its slope at 0 is none


class TimesNetBody(Body):
    """`layers` blocks, each followed by a LayerNorm; `feed_forward` is their inner width."""

    def __init__(self, config: StudentConfig, tokens: int) -> None:
        super().__init__()
        blocks = (TimesBlock(config.width, config.feed_forward, tokens) for _ in range(config.layers))
        self.blocks = nn.ModuleList(blocks)
        self.norm = nn.LayerNorm(config.width)

    def forward(self, tokens: Tensor) -> Tensor:  # (B, C, M, D) -> (B, C, M, D)
        """norm(block(x)), again and again; each channel by itself."""
        rows = tokens.flatten(0, 1)
        for block in self.blocks:
            rows = self.norm(block(rows))
        return rows.reshape(tokens.shape)


class TimesBlock(nn.Module):
    """One fold for each of a row's periods, weighted by their amplitudes, added to what came in.

    A fold is a grid, line by line, as wide as the period; its last line is filled up with zeros.
    """

    cosine: Tensor  # (M, F)
    sine: Tensor  # (M, F)
    around: Tensor  # (F, S, T) for the period of each frequency, the places around each place of its fold

    def __init__(self, width: int, inner: int, tokens: int) -> None:
        super().__init__()
        self.tokens = tokens
        frequencies = torch.arange(1, max(1, tokens // 2) + 1)
        self.lengths = [tokens // frequency for frequency in frequencies.tolist()]
        self.kept = min(PERIODS, len(self.lengths))
        self.longest = max(grid(tokens, period) for period in self.lengths)
        angle = 2 * math.pi / tokens * torch.arange(tokens)[:, None] * frequencies
        self.register_buffer("cosine", torch.cos(angle), persistent=False)
        self.register_buffer("sine", torch.sin(angle), persistent=False)
        around = torch.stack([neighbours(tokens, period, self.longest) for period in self.lengths])
        self.register_buffer("around", around, persistent=False)
        self.expand = Inception(width, inner)
        self.contract = Inception(inner, width)

    def forward(self, rows: Tensor) -> Tensor:  # (R, M, D) -> (R, M, D)
        """x + Σ weight · contract(gelu(expand(fold(x))))."""
        frequencies, weights = self.strongest(rows)
        around = self.around[frequencies].flatten(0, 1)  # (R·k, S, T)
        ended = pad(rows, (0, 0, 0, self.longest - self.tokens))
        folded = ended[:, None].expand(-1, self.kept, -1, -1).flatten(0, 1)
        seen = self.contract(gelu(self.expand(folded, around)), around)[:, : self.tokens]
        by_period = seen.reshape(-1, self.kept, self.tokens, seen.shape[-1])
        mixed: Tensor = rows + (weights[..., None, None] * by_period).sum(dim=1)
        return mixed

    def strongest(self, rows: Tensor) -> tuple[Tensor, Tensor]:  # (R, M, D) -> (R, k), (R, k)
        """Places among the frequencies of the largest amplitudes, means over features, and what each weighs."""
        real, imaginary = (torch.einsum("rmd,mf->rfd", rows, wave) for wave in (self.cosine, self.sine))
        amplitude = torch.sqrt(real.square() + imaginary.square() + AMPLITUDE_FLOOR).mean(dim=-1)
        largest, places = amplitude.topk(min(self.kept + 1, len(self.lengths)), dim=1)
        shares = torch.softmax(largest, dim=1)
        left_out = shares[:, self.kept :] if len(self.lengths) > self.kept else 0
        return places[:, : self.kept], shares[:, : self.kept] - left_out


class Inception(nn.Module):
    """The mean of convolutions of several sizes over folds, which is one convolution of the largest size."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.convolutions = nn.ModuleList(nn.Conv2d(inputs, outputs, size, padding=size // 2) for size in KERNELS)

    def forward(self, folds: Tensor, around: Tensor) -> Tensor:  # (R, T, inputs), (R, S, T) -> (R, T, outputs)
        """Every place by the S places around it, each with its own matrix."""
        kernel, offset = self.merged()
        ended = pad(folds, (0, 0, 0, 1))  # place T: what lies beyond a fold
        mixed = offset.expand(*folds.shape[:2], -1)
        for side, matrix in enumerate(kernel.flatten(2).permute(2, 1, 0)):
            there = ended.gather(1, around[:, side, :, None].expand(-1, -1, folds.shape[-1]))
            mixed = mixed + there @ matrix
        return mixed

    def merged(self) -> tuple[Tensor, Tensor]:
        """Kernel (outputs, inputs, size, size) and offset (outputs,) of the one convolution."""
        kernels, offsets = [], []
        for of in self.convolutions:
            assert isinstance(of, nn.Conv2d)
            assert of.bias is not None
            kernels.append(pad(of.weight, [(max(KERNELS) - of.kernel_size[0]) // 2] * 4))
            offsets.append(of.bias)
        return torch.stack(kernels).mean(dim=0), torch.stack(offsets).mean(dim=0)


def grid(tokens: int, period: int) -> int:
    """Places of a fold of `tokens` tokens: whole lines of `period`."""
    return -(-tokens // period) * period


def neighbours(tokens: int, period: int, longest: int) -> Tensor:
    """What stands around each of `longest` places of a fold, line by line of the kernel, (S, T); `longest`: nothing."""
    place, reach = torch.arange(longest), max(KERNELS) // 2
    line, column = place // period, place % period
    beside = []
    for down in range(-reach, reach + 1):
        for right in range(-reach, reach + 1):
            inside = (line + down >= 0) & (line + down < grid(tokens, period) // period)
            inside &= (column + right >= 0) & (column + right < period)
            beside.append(torch.where(inside, place + down * period + right, longest))
    return torch.stack(beside)
