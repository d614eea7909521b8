"""Whatever a scorer is given, as a series with the channels that were fitted: paths, arrays, frames, recordings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from anomalyllm.data.blocks import Blocks, can_be_read_in_blocks, open_blocks, rows_of
from anomalyllm.data.readers import read_recording
from anomalyllm.data.series import Recording, Series, as_series, numbered_channels
from anomalyllm.errors import ChannelError


def training_part(X: Any) -> Series:
    """The rows of `X` to fit on: all, or those before the split that a file itself names."""
    recording = as_recording(X)
    return recording.series if recording.train_end is None else recording.series.part(0, recording.train_end)


def scored_part(X: Any) -> Series:
    """The rows of `X` to score: all, or those after the split that a file itself names."""
    recording = as_recording(X)
    return recording.series if recording.train_end is None else recording.series.part(recording.train_end)


LARGE = 1 << 22  # bytes of a file: from there on it is gone through in blocks, so as not to hold all of it
MANY = 1 << 19  # rows that a small file may hold, if it is packed well


def large_blocks(X: Any) -> Blocks | None:
    """`X` in blocks, where it is blocks or a path to a file that is large and of a kind that can be read so."""
    if isinstance(X, Blocks):
        return X
    if isinstance(X, str | Path) and str(X) != "-" and is_large(X):
        return open_blocks(X)
    return None


def is_large(path: str | Path) -> bool:
    """Whether a file is worth reading in blocks, and can be."""
    if not can_be_read_in_blocks(path):
        return False
    return Path(path).stat().st_size >= LARGE or rows_of(path) >= MANY


def whole_of(blocks: Blocks) -> Series:
    """The blocks as one series, with the notes that reading it at once gives."""
    pieces = list(blocks)
    times = [piece.times for piece in pieces if piece.times is not None]
    return Series(
        np.concatenate([piece.values for piece in pieces]),
        pieces[0].channels,
        np.concatenate(times) if times else None,
        notes=blocks.notes,
        source=blocks.source,
    )


def as_recording(X: Any) -> Recording:
    """`X` as a recording: a path is read, anything else is a series without a split."""
    if isinstance(X, Recording):
        return X
    if isinstance(X, Blocks):
        return Recording(whole_of(X), None)
    return read_recording(X) if isinstance(X, str | Path) else Recording(as_series(X), None)


def same_channels(series: Series, channels: tuple[str, ...]) -> Series:
    """`series` with its channels in the order that was fitted.

    Names decide where the series has the fitted ones; unnamed arrays are taken by position.

    Raises:
        ChannelError: a channel is absent, or an array has another number of them.
    """
    if series.channels == channels:
        return series
    absent = [name for name in channels if name not in series.channels]
    numbered = _unnamed(series.channels)
    if not absent and not (numbered and len(series.channels) != len(channels)):
        return series.choose(channels)
    if len(series.channels) == len(channels) and (numbered or _unnamed(channels)):
        return series.renamed(channels)
    shown = ", ".join(repr(name) for name in absent[:3]) + (" …" if len(absent) > 3 else "")
    came = f"a series with {len(series.channels)} channels" + (f" and without {shown}" if absent else "")
    raise ChannelError(f"the {len(channels)} channels that were fitted", came, "score the same channels as in fit")


def _unnamed(channels: tuple[str, ...]) -> bool:
    """Whether these are the names given to an array's columns."""
    return channels == numbered_channels(len(channels))
