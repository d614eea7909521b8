"""Synthetic anomalies: altered views of windows, seeded, drawn afresh for every batch.

Source: arXiv 2401.15123 names jitter, scaling and warping; the others are ours. Strengths are in `AugmentConfig`.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from anomalyllm.config import AugmentConfig

Windows = NDArray[np.float32]  # (B, C, L)
Part = NDArray[np.bool_]  # (B, 1, L) what will be taken of the altered copy
Kind = Callable[[Windows, Part, AugmentConfig, np.random.Generator], Windows]


def views(windows: Windows, config: AugmentConfig, generator: np.random.Generator) -> tuple[Windows, Windows]:
    """Two altered copies of (B, C, L); the input is not changed."""
    return view(windows, config.first, config, generator), view(windows, config.second, config, generator)


def view(windows: Windows, kinds: tuple[str, ...], config: AugmentConfig, generator: np.random.Generator) -> Windows:
    """One altered copy: all `kinds` in order, or one drawn for each window, on the whole window or a part of it."""
    rows, _, length = windows.shape
    part = segments(rows, length, config.shortest, generator) if config.local else np.ones((rows, length), np.bool_)
    part = part[:, None, :]
    if not config.mix:
        altered = windows
        for kind in kinds:
            altered = KINDS[kind](altered, part, config, generator)
        return np.where(part, altered, windows).astype(np.float32)
    drawn = generator.integers(len(kinds), size=len(windows))
    mixed = windows.astype(np.float32)
    for index, kind in enumerate(kinds):  # all kinds are drawn for all windows: what one gets does not hang on others
        altered = KINDS[kind](windows, part, config, generator)
        mixed = np.where(part & (drawn == index)[:, None, None], altered, mixed)
    return mixed.astype(np.float32)


def segments(rows: int, length: int, shortest: float, generator: np.random.Generator) -> NDArray[np.bool_]:
    """One run of True in each of `rows` rows of `length`, from `shortest` (a share) to all of it, anywhere."""
    least = max(1, round(shortest * length))
    sizes = generator.integers(least, length + 1, size=rows)
    starts = np.floor(generator.random(rows) * (length - sizes + 1)).astype(np.int64)
    time = np.arange(length)
    return (time >= starts[:, None]) & (time < (starts + sizes)[:, None])


def jitter(windows: Windows, part: Part, config: AugmentConfig, generator: np.random.Generator) -> Windows:
    """Gaussian noise on every value."""
    return windows + generator.normal(0.0, config.jitter, windows.shape).astype(np.float32)


def scaling(windows: Windows, part: Part, config: AugmentConfig, generator: np.random.Generator) -> Windows:
    """Each time step times a factor around 1, the same for all channels."""
    factors = generator.normal(1.0, config.scaling, (len(windows), 1, windows.shape[-1]))
    return windows * factors.astype(np.float32)


def warping(windows: Windows, part: Part, config: AugmentConfig, generator: np.random.Generator) -> Windows:
    """Time runs faster and slower: speed is log-normal at `knots` places, linear between them; ends stay."""
    rows, _, length = windows.shape
    speed = np.exp(generator.normal(0.0, config.warping, (rows, config.knots)))
    place = np.linspace(0, config.knots - 1, length)
    left = np.minimum(place.astype(np.int64), config.knots - 2)
    share = place - left
    local = speed[:, left] * (1 - share) + speed[:, left + 1] * share  # (B, L)
    time = np.cumsum(local, axis=1)
    time = (time - time[:, :1]) / (time[:, -1:] - time[:, :1]) * (length - 1)
    return _sampled_at(windows, time)


def _sampled_at(windows: Windows, time: NDArray[np.float64]) -> Windows:
    """(B, C, L) at the fractional indices `time` (B, L), linear between samples."""
    left = np.clip(time.astype(np.int64), 0, windows.shape[-1] - 2)
    share = (time - left).astype(np.float32)[:, None, :]
    low = np.take_along_axis(windows, left[:, None, :], axis=-1)
    high = np.take_along_axis(windows, left[:, None, :] + 1, axis=-1)
    return low * (1 - share) + high * share


def splice(windows: Windows, part: Part, config: AugmentConfig, generator: np.random.Generator) -> Windows:
    """Another window of the batch, shifted to meet this one where the part begins: normal, but not here."""
    length = windows.shape[-1]
    other = np.roll(windows[generator.permutation(len(windows))], int(generator.integers(1, length)), axis=-1)
    first = part.argmax(axis=-1)[..., None]
    jump = np.take_along_axis(windows, first, -1) - np.take_along_axis(other, first, -1)
    return other + jump


def amplitude(windows: Windows, part: Part, config: AugmentConfig, generator: np.random.Generator) -> Windows:
    """The part's swing about its own mean, larger or smaller; a factor per channel."""
    factors = np.exp(generator.normal(0.0, config.amplitude, (*windows.shape[:2], 1))).astype(np.float32)
    mean = _part_mean(windows, part)
    return mean + (windows - mean) * factors


def level(windows: Windows, part: Part, config: AugmentConfig, generator: np.random.Generator) -> Windows:
    """The part moved up or down; a shift per channel."""
    return windows + generator.normal(0.0, config.level, (*windows.shape[:2], 1)).astype(np.float32)


def flatten(windows: Windows, part: Part, config: AugmentConfig, generator: np.random.Generator) -> Windows:
    """The part held at its own mean, but for a little of what it was."""
    mean = _part_mean(windows, part)
    return mean + (windows - mean) * (0.2 * generator.random((len(windows), 1, 1))).astype(np.float32)


def _part_mean(windows: Windows, part: Part) -> Windows:
    inside: Windows = np.where(part, windows, 0.0)
    mean: Windows = inside.sum(axis=-1, keepdims=True) / part.sum(axis=-1, keepdims=True)
    return mean


KINDS: dict[str, Kind] = {
    "jitter": jitter,
    "scaling": scaling,
    "warping": warping,
    "splice": splice,
    "amplitude": amplitude,
    "level": level,
    "flatten": flatten,
}
