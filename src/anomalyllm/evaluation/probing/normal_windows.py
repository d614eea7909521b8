"""Normal windows to ask about, the same windows with synthetic anomalies, and labelled windows of a test part."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from anomalyllm.config import AugmentConfig
from anomalyllm.evaluation.probing.evidence import Distances, distances, window_of
from anomalyllm.fitted import Fitted
from anomalyllm.judges import Prepared
from anomalyllm.seeding import generator
from anomalyllm.training.data import mostly_there, split_starts, thinned
from anomalyllm.windows.augment import KINDS, view
from anomalyllm.windows.slicing import slide

Floats = NDArray[np.float64]
Rows = NDArray[np.float32]
Indices = NDArray[np.int64]
Labels = NDArray[np.int8]

WANTED = 128  # normal windows: an area under the curve of so many against as many is within .04 of its own mean
MOST_ROUNDS = 16  # of windows side by side: where a part is short, more begin between those
FEWEST_WINDOWS = 12  # normal ones: an area under the curve of fewer says nothing
FEW_MISSING = 0.1  # of a window that is looked at
STRENGTHS = AugmentConfig()  # of the synthetic anomalies by which detectors are compared: the same for all
LEAST_SHARE = 8  # a window shows an anomaly that fills an eighth of it (as synthetic ones do), or all of a shorter one


@dataclass(frozen=True)
class Normal:
    """Windows in which nothing is wrong, in rounds: those of one round share no point.

    Args:
        prepared: the series.
        rounds: first rows, ascending in each round.
        window: L in samples.
        own: the series is the training part.
    """

    prepared: Prepared
    rounds: tuple[Indices, ...]
    window: int
    own: bool

    @property
    def starts(self) -> Indices:
        """(W,) of all rounds, one after another."""
        return np.concatenate([np.zeros(0, np.int64), *self.rounds])

    @property
    def windows(self) -> Rows:
        """(W, C, L), a copy."""
        return np.array(slide(self.prepared.values, self.window)[self.starts], dtype=np.float32)

    def asked(self, fitted: Fitted) -> Distances:
        """What the judges say of them."""
        return _joined([distances(fitted, self.prepared, starts, own=self.own) for starts in self.rounds])

    def altered(self, kind: str, augment: AugmentConfig, seed: int) -> Rows:
        """The windows with one synthetic anomaly of a kind in each, in the strength of `augment`; (W, C, L)."""
        single = dataclasses.replace(augment, mix=False)
        return view(self.windows, (kind,), single, generator(seed, f"probing {kind}"))

    def asked_altered(self, fitted: Fitted, altered: Rows) -> Distances:
        """What the judges say where `altered` (W, C, L) stands in place of the windows."""
        changed = self.with_windows(altered)
        return _joined([distances(fitted, prepared, starts, own=self.own) for prepared, starts in changed])

    def with_windows(self, windows: Rows) -> Iterator[tuple[Prepared, Indices]]:
        """Round by round: the series with other windows in place of its own, and where they begin; (W, C, L)."""
        begin = 0
        for starts in self.rounds:
            values = self.prepared.values.copy()
            rows = starts[:, None] + np.arange(self.window)
            values[rows] = windows[begin : begin + len(starts)].transpose(0, 2, 1)
            begin += len(starts)
            yield dataclasses.replace(self.prepared, values=values), starts


class Synthetic(NamedTuple):
    """Normal windows with anomalies of one kind."""

    windows: Rows  # (W, C, L)
    said: Distances


def synthetic(fitted: Fitted, normal: Normal, seed: int, augment: AugmentConfig = STRENGTHS) -> dict[str, Synthetic]:
    """Every kind of `windows.augment`, in strengths that do not depend on what the detector was trained with.

    Else one that was taught with faint anomalies would also be asked about faint ones.
    """
    kinds: dict[str, Synthetic] = {}
    for kind in KINDS:
        altered = normal.altered(kind, augment, seed)
        kinds[kind] = Synthetic(altered, normal.asked_altered(fitted, altered))
    return kinds


def held_out(fitted: Fitted, training: Prepared) -> Normal:
    """Windows of the training part that no network was trained on; of all of it where those are too few."""
    return normal_among(training, unseen_starts(fitted, len(training.values)), window_of(fitted), own=True)


def unseen_starts(fitted: Fitted, rows: int) -> Indices:
    """First rows of windows in the tail that trained networks did not see, of `rows` training rows.

    Of all windows where nothing was trained, or where the tail has fewer than `FEWEST_WINDOWS`.
    """
    window = window_of(fitted)
    every = np.arange(rows - window + 1, dtype=np.int64)
    if not fitted.has_networks:
        return every
    _, tail = split_starts(rows, window, fitted.config.training.held_out, 1)
    return tail if len(tail) >= FEWEST_WINDOWS else every


def normal_among(prepared: Prepared, starts: Indices, window: int, *, own: bool) -> Normal:
    """Those of `starts` (ascending) where little is missing, about `WANTED` of them, in rounds."""
    return Normal(prepared, _rounds(whole(prepared, starts, window), window), window, own)


def whole(prepared: Prepared, starts: Indices, window: int, most: float = FEW_MISSING) -> Indices:
    """Those of `starts` whose windows lack at most `most` (a share) of their values."""
    if prepared.missing is None or not len(starts):
        return starts
    return starts[mostly_there(prepared.missing, window, most)[starts]]


class Labelled(NamedTuple):
    """First rows of windows of a test part."""

    normal: Indices  # share no point with a labelled anomaly
    real: Indices  # show one


def labelled(prepared: Prepared, labels: Labels, window: int) -> Labelled:
    """Windows of a test part by its labels (T,); those with a mere corner of an anomaly are neither."""
    starts = np.arange(len(labels) - window + 1, dtype=np.int64)
    if not len(starts):
        return Labelled(starts, starts)
    counted = np.concatenate([[0], np.cumsum(labels != 0)])
    inside = counted[starts + window] - counted[starts]
    shown = shows_anomaly(labels, starts, window)
    normal = whole(prepared, starts[inside == 0], window)
    return Labelled(thinned(normal, 2 * WANTED), thinned(whole(prepared, starts[shown], window), 2 * WANTED))


def shows_anomaly(labels: Labels, starts: Indices, window: int) -> NDArray[np.bool_]:
    """Whether a window holds an eighth of its length of one anomaly, or all of a shorter one; (W,)."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], (labels != 0).astype(np.int8), [0]])))
    shown = np.zeros(len(starts), dtype=np.bool_)
    for begin, end in edges.reshape(-1, 2):
        shared = np.minimum(starts + window, end) - np.maximum(starts, begin)
        shown |= shared >= min(end - begin, max(1, window // LEAST_SHARE))
    return shown


def _rounds(starts: Indices, window: int) -> tuple[Indices, ...]:
    """Windows side by side, then others that begin a sixteenth of a window or more from all those, and so on."""
    rounds: list[Indices] = []
    left, count = starts, 0
    while len(left) and count < WANTED and len(rounds) < MOST_ROUNDS:
        chosen = side_by_side(left, window)
        rounds.append(thinned(chosen, WANTED))
        count += len(rounds[-1])
        following = np.searchsorted(chosen, left)
        around = np.concatenate([chosen[:1] - window, chosen, chosen[-1:] + window])
        near = np.minimum(left - around[following], around[following + 1] - left)
        left = left[near >= max(1, window // MOST_ROUNDS)]
    return tuple(rounds)


def side_by_side(starts: Indices, window: int) -> Indices:
    """As many of `starts` (ascending) as share no point, from the first on."""
    chosen: list[int] = []
    place = 0
    while place < len(starts):
        chosen.append(int(starts[place]))
        place = int(np.searchsorted(starts, chosen[-1] + window))
    return np.array(chosen, dtype=np.int64)


def _joined(said: list[Distances]) -> Distances:
    if not said:
        return Distances(np.zeros(0), np.zeros(0))
    return Distances(*(np.concatenate(column) for column in zip(*said, strict=True)))
