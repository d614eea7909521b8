"""The bank: prototypes of a series' own normal windows, and how one is chosen for a window."""

from __future__ import annotations

import warnings

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.cluster.vq import kmeans2
from torch import Tensor

Floats = NDArray[np.floating]

NEVER = -2.0
"""Similarity of a prototype that may not be chosen: below every cosine."""


def cosine_similarity(windows: Tensor, prototypes: Tensor) -> Tensor:
    """Cosine of every window with every prototype of its channel; (B, C, L), (C, K, L) -> (B, C, K).

    A window or prototype of length zero has similarity 0 to everything, so the first prototype is chosen.
    """
    products = torch.einsum("bcl,ckl->bck", windows, prototypes)
    lengths = windows.norm(dim=-1)[..., None] * prototypes.norm(dim=-1)[None]  # (B, C, K)
    return torch.where(lengths > 0, products / torch.where(lengths > 0, lengths, 1.0), 0.0)


def choose(similarity: Tensor, forbidden: Tensor | None = None) -> Tensor:
    """The most similar prototype of each window and channel; (B, C, K) -> (B, C).

    `forbidden` (B, K) marks prototypes that a window may not meet: in training, the ones cut from the same points.
    """
    if forbidden is not None:
        similarity = similarity.masked_fill(forbidden[:, None, :], NEVER)
    return similarity.argmax(dim=-1)


def gather(prototypes: Tensor, choice: Tensor) -> Tensor:
    """The chosen prototypes; (C, K, L), (B, C) -> (B, C, L). Gradient reaches the chosen ones only."""
    channel = torch.arange(len(prototypes), device=prototypes.device)
    return prototypes[channel, choice]


def random_prototypes(channels: int, count: int, window: int, generator: np.random.Generator) -> Floats:
    """Standard normal prototypes, (C, K, L)."""
    return generator.standard_normal((channels, count, window)).astype(np.float32)


def kmeans_prototypes(windows: Floats, count: int, generator: np.random.Generator) -> Floats:
    """k-means centres of training windows (W, C, L) for each channel by itself; (C, K, L).

    Fewer windows than centres: the windows come round again, each copy a little displaced.
    """
    centres = [_centres(windows[:, channel], count, generator) for channel in range(windows.shape[1])]
    return np.stack(centres).astype(np.float32)


def _centres(windows: Floats, count: int, generator: np.random.Generator) -> Floats:
    points = np.ascontiguousarray(windows, dtype=np.float64)
    if len(points) <= count:
        points = np.resize(points, (count, points.shape[1]))
        return points + generator.normal(0, 1e-3, points.shape)
    points = points + generator.normal(0, 1e-6, points.shape)  # equal windows would leave clusters empty
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # an empty cluster keeps its first centre: a real window
        centres, _ = kmeans2(points, count, iter=20, minit="++", rng=generator)
    return centres


def window_positions(windows: int, count: int, generator: np.random.Generator) -> NDArray[np.int64]:
    """Which training windows become prototypes: one at random from each of `count` equal stretches; (K,).

    Evenly spread, so that every time of the training part is represented; at random within a stretch, so that no
    multiple of the period falls on one phase.
    """
    count = min(count, windows)
    edges = np.linspace(0, windows, count + 1).astype(np.int64)
    return edges[:-1] + np.floor(generator.random(count) * np.maximum(np.diff(edges), 1)).astype(np.int64)
