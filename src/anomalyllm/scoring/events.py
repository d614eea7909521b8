"""Flags and events: what a person is told."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

STRONG_CHANNEL = 0.5  # of the strongest channel's score: below it a channel is not named


@dataclass(frozen=True)
class Event:
    """A stretch that is called anomalous.

    Args:
        start: first row.
        end: the row after the last (half-open).
        peak: the row of the highest score.
        severity: score at the peak divided by the threshold, at least 1.
        channels: names of the channels behind it, strongest first.
    """

    start: int
    end: int
    peak: int
    severity: float
    channels: tuple[str, ...]


def flags(scores: Floats, threshold: float) -> NDArray[np.int8]:
    """1 where `score >= threshold`, else 0; (T,)."""
    return (scores >= threshold).astype(np.int8)


def find_events(
    scores: Floats, channel_scores: Floats, threshold: float, channels: tuple[str, ...], gap: int
) -> tuple[Event, ...]:
    """Runs of flags as events; runs with fewer than `gap` unflagged points between them are one.

    Args:
        scores: (T,).
        channel_scores: (T, C).
        threshold: above 0.
        channels: C names.
        gap: points.
    """
    flagged = np.flatnonzero(scores >= threshold)
    if len(flagged) == 0:
        return ()
    breaks = np.flatnonzero(np.diff(flagged) > max(1, gap))
    firsts = flagged[np.concatenate([[0], breaks + 1])]
    lasts = flagged[np.concatenate([breaks, [len(flagged) - 1]])]
    return tuple(
        _event(int(first), int(last) + 1, scores, channel_scores, threshold, channels)
        for first, last in zip(firsts, lasts, strict=True)
    )


def _event(
    start: int, end: int, scores: Floats, channel_scores: Floats, threshold: float, channels: tuple[str, ...]
) -> Event:
    inside = scores[start:end]
    plateau = np.flatnonzero(inside == inside.max())
    peak = start + int(plateau[len(plateau) // 2])  # the middle of a plateau: scores are equal within a stride
    highest = channel_scores[start:end].max(axis=0)
    return Event(start, end, peak, float(scores[peak] / threshold), strongest(highest, channels))


def strongest(scores: Floats, channels: tuple[str, ...]) -> tuple[str, ...]:
    """The channels with at least `STRONG_CHANNEL` of the highest score (C,), strongest first."""
    order = np.argsort(-scores, kind="stable")
    return tuple(channels[index] for index in order if scores[index] >= STRONG_CHANNEL * scores[order[0]])
