"""Scores of a series of any length in bounded memory: slabs of rows, each with what its windows need on both sides.

A window's score depends on nothing but its rows, and a point's on the windows that cover it, in the order of time. So a
slab that begins where windows of every length begin, a window's length before the rows that are asked for, and ends as
much behind them, gives these rows the very bits that the whole series gives them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anomalyllm.data.blocks import Blocks, open_blocks, series_blocks
from anomalyllm.data.inputs import same_channels
from anomalyllm.data.origin import Times
from anomalyllm.data.series import as_series
from anomalyllm.detector import AnomalyLLM
from anomalyllm.errors import ConfigError
from anomalyllm.fitted import Fitted
from anomalyllm.judges import Prepared
from anomalyllm.windows.scaling import last_seen

Floats = NDArray[np.float64]

NUMBERS = 1 << 18  # in all channels of a chunk, unless rows are given
REACHES = 8  # longest windows in a chunk at least: what is scored twice at its borders stays a small part


@dataclass(frozen=True)
class Chunk:
    """The scores of consecutive rows.

    Args:
        first_row: in the series.
        scores: (n,).
        channel_scores: (n, C), or (n, 0) where they were not asked for.
        times: (n,), or None.
    """

    first_row: int
    scores: Floats
    channel_scores: Floats
    times: Times | None


def score_chunks(
    detector: AnomalyLLM, source: Any, rows: int | None = None, *, skip: int = 0, channels: bool = False
) -> Iterator[Chunk]:
    """Scores of consecutive chunks; all together they are what `decision_function` gives of the whole.

    Of detectors that compare with normal windows they are so bit for bit. Networks multiply matrices whose last digits
    depend on how many windows are in a call: there it is within 1e-5.

    Args:
        detector: fitted.
        source: a CSV, Parquet or NPY file, `Blocks`, or whatever `decision_function` takes but other files.
        rows: in a chunk; None takes as many as make 2 MB of values, or more where windows are long.
        skip: rows at the beginning whose scores are not wanted.
        channels: also scores of each channel.

    Raises:
        ConfigError: fewer than one row, or `skip` below 0.
        NotFittedError, ChannelError, ReadError: as the detector and the file raise them.
        WholeError: a file that only makes sense as a whole.
    """
    fitted = detector._fitted
    count = max(REACHES * fitted.reach, NUMBERS // len(fitted.channels)) if rows is None else rows
    if count < 1 or skip < 0:
        raise ConfigError("at least one row in a chunk, and none or more to skip", f"{count}, {skip}", "change them")
    slabs = _Slabs(fitted, skip)
    for block in as_blocks(source):
        slabs.take(same_channels(block, fitted.channels).values, block.times)
        while slabs.known >= slabs.next + count + fitted.reach - 1:
            yield slabs.scored(count, channels=channels)
    while slabs.next < slabs.known:
        yield slabs.scored(min(count, slabs.known - slabs.next), channels=channels)


def as_blocks(source: Any) -> Blocks:
    """A file or a series as blocks."""
    if isinstance(source, Blocks):
        return source
    return open_blocks(source) if isinstance(source, str | Path) else series_blocks(as_series(source))


class _Slabs:
    """The rows that scores still need, scaled and filled.

    Attributes:
        next: the first row that is not scored.
        known: rows that were taken.
    """

    def __init__(self, fitted: Fitted, skip: int) -> None:
        self._fitted = fitted
        self._seen = np.zeros(len(fitted.channels))  # scaled value last seen in each channel
        self._unit = math.lcm(*(judge.stride for judge in fitted.judges))
        self._pieces: list[tuple[Prepared, Times | None]] = []
        self._first = 0  # row at which the pieces begin
        self.next, self.known = skip, 0

    def take(self, values: Floats, times: Times | None) -> None:
        """The next rows."""
        self._pieces.append((self._fitted.prepare(values, self._seen), times))
        self._seen = last_seen(self._fitted.scaler.apply(values), self._seen)
        self.known += len(values)
        if self.known <= self._start():  # skipped
            self._drop()

    def scored(self, count: int, *, channels: bool) -> Chunk:
        """The scores of the next rows, of which all that they hang on are known, or the series ends before."""
        self._drop()
        stop = min(self.known, self.next + count + self._fitted.reach - 1)
        prepared, times = self._joined(self._start() - self._first, stop - self._first)
        wanted = slice(self.next - self._start(), self.next - self._start() + count)
        total, by_channel = self._fitted.scores(prepared, channels=channels)
        chunk = Chunk(
            first_row=self.next,
            scores=total[wanted],
            channel_scores=by_channel[wanted],
            times=None if times is None else times[wanted],
        )
        self.next += count
        return chunk

    def _start(self) -> int:
        """Where the slab of the next rows begins: where windows begin, far enough for all that cover a wanted row."""
        return max(0, self.next - self._fitted.reach) // self._unit * self._unit

    def _drop(self) -> None:
        """Forgets the pieces before the slab."""
        while self._pieces and self._first + len(self._pieces[0][0].values) <= self._start():
            self._first += len(self._pieces.pop(0)[0].values)

    def _joined(self, begin: int, stop: int) -> tuple[Prepared, Times | None]:
        """Rows of the pieces as one."""
        values = np.concatenate([piece.values for piece, _ in self._pieces])[begin:stop]
        gaps = [
            np.zeros(piece.values.shape, np.bool_) if piece.missing is None else piece.missing
            for piece, _ in self._pieces
        ]
        missing = np.concatenate(gaps)[begin:stop]
        times = [times for _, times in self._pieces if times is not None]
        joined = Prepared(np.ascontiguousarray(values), missing if missing.any() else None)
        return joined, np.concatenate(times)[begin:stop] if times else None
