"""What a fit must know of a training part that is too long to be held: passes over its blocks.

The first counts and measures (`surveyed`), a short one reads the `beginning`, for the period, and the last keeps a few
rows (`gathered`): the windows of the banks, averaged, and the stretches whose own scores are taken. All go by chunks of
one size, so a file and an array of the same values give the same bytes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from anomalyllm.banking import FEW_MISSING, bank_grid, bank_sizes, no_whole_window
from anomalyllm.config import DetectorConfig
from anomalyllm.data.blocks import READ_NUMBERS, Blocks
from anomalyllm.fitted import TrainingFacts
from anomalyllm.judges import Prepared
from anomalyllm.model.bank import Bank
from anomalyllm.scoring.novelty import Novelty
from anomalyllm.stretches import Stretch
from anomalyllm.training.record import TrainingRecord
from anomalyllm.windows.period import LONGEST_SERIES
from anomalyllm.windows.scaling import RunningMoments, Scaler, carry_forward, last_seen
from anomalyllm.windows.views import averaged, energies, points_of, segments_of

Floats = NDArray[np.float64]
Rows = NDArray[np.float32]
Booleans = NDArray[np.bool_]
Indices = NDArray[np.int64]


@dataclass(frozen=True)
class Survey:
    """What the first pass found.

    Args:
        facts: where the training part comes from, and its rows.
        channels: C names.
        scaler: within rounding that of `Scaler.fit`.
        low, high: (C,) extreme values, scaled; 0 of a channel without any.
        absent: (C,) channels without any value.
        notes: what was handled, as reading the whole would tell it.
    """

    facts: TrainingFacts
    channels: tuple[str, ...]
    scaler: Scaler
    low: Rows
    high: Rows
    absent: Booleans
    notes: tuple[str, ...]


def surveyed(blocks: Blocks) -> Survey:
    """The first pass.

    Raises:
        ReadError, WholeError: as the blocks raise them.
    """
    moments: RunningMoments | None = None
    digest = hashlib.sha256()
    for values in chunks(blocks):
        if moments is None:
            moments = RunningMoments(values.shape[1])
            digest.update("\0".join(blocks.tally.channels).encode())
        moments.take(values)
        digest.update(values.tobytes())
    assert moments is not None  # blocks refuse to be empty
    tally, scaler = blocks.tally, moments.scaler()
    spacing = None if tally.median_step is None else tally.median_step / 1e9
    facts = TrainingFacts(blocks.source, tally.rows, digest.hexdigest(), spacing, TrainingRecord(), tally.value_notes())
    low, high = (np.nan_to_num(scaler.apply(ends[None])[0]).astype(np.float32) for ends in (tally.low, tally.high))
    return Survey(facts, tally.channels, scaler, low, high, np.isnan(tally.low), blocks.notes)


def chunks(blocks: Blocks) -> Iterator[Floats]:
    """The values in chunks (n, C) of one size, but the last, however the source is cut."""
    kept: list[Floats] = []
    waiting = 0
    for block in blocks:
        size = max(1, READ_NUMBERS // block.values.shape[1])
        kept.append(block.values)
        waiting += len(block)
        while waiting >= size:
            joined = np.concatenate(kept)
            yield np.ascontiguousarray(joined[:size])
            kept, waiting = [joined[size:]], waiting - size
    if waiting:
        yield np.ascontiguousarray(np.concatenate(kept))


@dataclass(frozen=True)
class Gathered:
    """What the last pass kept.

    Args:
        novelty: of all rows.
        banks: by length.
        parts: the rows of each stretch.
    """

    novelty: Novelty
    banks: dict[int, Bank]
    parts: list[Prepared]


def gathered(blocks: Blocks, survey: Survey, config: DetectorConfig, stretches: list[Stretch]) -> Gathered:
    """The last pass; `config` has its lengths filled in.

    Raises:
        DataError: no window is whole enough.
    """
    lengths, most = bank_sizes(len(survey.channels), config)
    grids = {length: bank_grid(survey.facts.rows, length, most, config) for length in lengths}
    cuts = [_Cut(length, grids[length], len(survey.channels)) for length in lengths]
    holders = [Holder(stretch) for stretch in stretches]
    between = np.zeros(len(survey.channels), np.bool_)
    for first, filled, missing, fresh in prepared_chunks(blocks, survey.scaler, max(lengths)):
        for cut in cuts:
            cut.take(first, filled, missing[:, ~survey.absent])
        new, gaps, row = filled[fresh:], missing[fresh:], first + fresh
        for holder in holders:
            holder.take(row, new, gaps)
        between |= ((~gaps | survey.absent) & (new != survey.low) & (new != survey.high)).any(axis=0)
    low, high = (ends.astype(np.float64) for ends in (survey.low, survey.high))
    return Gathered(
        novelty=Novelty(~between, low, high, config.retrieval.novelty),
        banks={cut.length: cut.bank(config) for cut in cuts},
        parts=[holder.prepared() for holder in holders],
    )


def beginning(blocks: Blocks, scaler: Scaler) -> Rows:
    """The first rows (n, C) scaled and filled, as many as decide on the period; what follows is not read."""
    kept: list[Rows] = []
    for first, filled, _, fresh in prepared_chunks(blocks, scaler, 1):
        kept.append(filled[fresh:])
        if first + len(filled) >= LONGEST_SERIES:
            break
    return np.concatenate(kept)[:LONGEST_SERIES]


def prepared_chunks(blocks: Blocks, scaler: Scaler, reach: int) -> Iterator[tuple[int, Rows, Booleans, int]]:
    """Chunks scaled and filled, each with the `reach` - 1 rows before it: (first row, values, missing, rows before)."""
    before = np.zeros(len(scaler.mean))
    tail, gaps = np.zeros((0, len(before)), np.float32), np.zeros((0, len(before)), np.bool_)
    rows = 0
    for values in chunks(blocks):
        scaled = scaler.apply(values)
        filled = carry_forward(scaled, before).astype(np.float32)
        before = last_seen(scaled, before)
        filled, missing = np.concatenate([tail, filled]), np.concatenate([gaps, ~np.isfinite(values)])
        yield rows - len(tail), filled, missing, len(tail)
        rows += len(values)
        tail, gaps = filled[max(0, len(filled) - reach + 1) :], missing[max(0, len(missing) - reach + 1) :]


class _Cut:
    """The windows of one length that a bank may take, put into arrays of their final size: such banks are large."""

    def __init__(self, length: int, starts: Indices, channels: int) -> None:
        self.length = length
        self.starts = starts
        self.done = 0
        self.windows = np.empty((channels, len(starts), points_of(length)), np.float32)
        self.energy = np.empty((channels, len(starts), segments_of(length)), np.float32)
        self.lacking = np.empty(len(starts), np.int64)
        self.width = 1  # channels that have values

    def take(self, first: int, filled: Rows, missing: Booleans) -> None:
        """Rows from `first` on, among them all of each window that ends in them and did not before."""
        until = int(np.searchsorted(self.starts, first + len(filled) - self.length, side="right"))
        if until == self.done:
            return
        part, starts = slice(self.done, until), self.starts[self.done : until] - first
        self.windows[:, part] = averaged(filled.T, starts, self.length)
        self.energy[:, part] = energies(filled.T, starts, self.length)
        total = np.concatenate([[0], np.cumsum(missing.sum(axis=1))])
        self.lacking[part] = total[starts + self.length] - total[starts]
        self.done, self.width = until, max(1, missing.shape[1])

    def bank(self, config: DetectorConfig) -> Bank:
        """Of the windows without gaps, or where there are none of those that may be judged."""
        for share in (FEW_MISSING, config.scoring.max_missing):
            there = self.lacking <= share * self.length * self.width
            if there.all():
                return Bank.of(self.windows, self.energy, self.starts, self.length)
            if there.any():
                return Bank.of(self.windows[:, there], self.energy[:, there], self.starts[there], self.length)
        raise no_whole_window(self.length, config)


@dataclass
class Holder:
    """The rows of a stretch."""

    stretch: Stretch
    values: list[Rows] = field(default_factory=list)
    missing: list[Booleans] = field(default_factory=list)

    def take(self, first: int, filled: Rows, missing: Booleans) -> None:
        """Rows from `first` on, of which some may belong to the stretch."""
        rows = slice(max(0, self.stretch.first - first), max(0, self.stretch.end - first))
        if len(filled[rows]):
            self.values.append(filled[rows].copy())
            self.missing.append(missing[rows].copy())

    def prepared(self) -> Prepared:
        """All of them."""
        missing = np.concatenate(self.missing)
        return Prepared(np.concatenate(self.values), missing if missing.any() else None)
