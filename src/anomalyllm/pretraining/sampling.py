"""From generated series to what the pair is trained on: windows, their nearest normal windows, a label per patch.

A series, or one channel of a recording, has a clean training part, from which the bank is cut, and a test part; the
test part is shown clean and with one anomaly at a time. Missing values are filled as the product fills them, after the
anomaly has happened: a gap hides it. A patch is labelled by whether the anomaly changed it *visibly*: what cannot be
seen must not be taught. Normal windows that are far from all others come more often than their share: rare is not
wrong.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from anomalyllm.model.nearest import Overlap
from anomalyllm.model.nearest_rows import nearest_rows
from anomalyllm.model.pair import PATCH, PATCHES, PROTOTYPES, points, usual_distances
from anomalyllm.pretraining.anomalies import Event, anomaly, event_at
from anomalyllm.pretraining.gaps import Part, gaps
from anomalyllm.pretraining.normal import Values, normal_series
from anomalyllm.pretraining.recordings import normal_recording
from anomalyllm.seeding import generator
from anomalyllm.training.data import mostly_there
from anomalyllm.windows.views import POINTS, SHAPE_FLOOR, averaged, shape

Rows = NDArray[np.float32]
Labels = NDArray[np.int8]
Indices = NDArray[np.int64]
Chance = np.random.Generator

NORMAL, ANOMALOUS, UNJUDGED = 0, 1, -1
LENGTHS = (16, *range(POINTS, 513, POINTS))  # samples of a window
SHORTEST_PERIOD, LONGEST_PERIOD = 12, 400
LENGTHS_PER_SERIES = 3
EVENTS = 24  # per series and length
WINDOWS_PER_EVENT = 4
NORMAL_WINDOWS = EVENTS * WINDOWS_PER_EVENT  # per series and length: as many as with an anomaly
TEST_POINTS = 5000
MARGIN = 1200  # points at both ends of the test part without an event: a window, and what a cut takes away
VISIBLE = 0.2  # of a window's deviation: less than that on average is no change of a patch
FARTHEST = 1e3  # deviations: as in the scaling of real series
OF_RECORDINGS = 0.25  # of the series are a channel of a recording
CHANNELS = (2, 7)  # of a recording, half open
WITH_GAPS = 0.25  # of the series have missing values
FEW_MISSING = 0.1  # of a window that is taken for normal, as where banks are cut from real series
MOST_MISSING = 0.5  # of a window that is judged, as `scoring.max_missing` has it


class Samples(NamedTuple):
    """W windows as the pair reads them, half of them normal ones."""

    windows: Rows  # (W, 32)
    prototypes: Rows  # (W, K, 32) nearest first
    usual: Rows  # (W, K) how far each prototype is from its own nearest normal window
    labels: Labels  # (W, N): 1 anomalous, 0 normal, -1 changed by an event elsewhere (not judged)


class Generated(NamedTuple):
    """A series in deviations of its training part."""

    train: Part
    test: Part
    period: int


def samples(seed: int, purpose: str, chunk: int, series: int) -> Samples:
    """The windows of `series` generated series; (`seed`, `purpose`, `chunk`) decides all of them."""
    parts = [samples_of_series(generator(seed, f"{purpose} {chunk}", number)) for number in range(series)]
    return Samples(*(np.concatenate(field) for field in zip(*parts, strict=True)))


def samples_of_series(chance: Chance) -> Samples:
    """The windows of one generated series, at several lengths."""
    series = generated(chance)
    parts = [_of_length(chance, series, int(length)) for length in _lengths(chance)]
    return Samples(*(np.concatenate(field) for field in zip(*parts, strict=True)))


def generated(chance: Chance) -> Generated:
    """A normal series, parted and scaled by what was recorded of its training part."""
    period = float(np.exp(chance.uniform(np.log(SHORTEST_PERIOD), np.log(LONGEST_PERIOD))))
    train = int(chance.integers(2000, 6000))
    rows = train + TEST_POINTS
    values = _channel(chance, rows, period)
    missing = gaps(chance, rows, period) if chance.random() < WITH_GAPS else np.zeros(rows, dtype=np.bool_)
    seen = values[:train][~missing[:train]]
    scaled = np.clip((values - seen.mean()) / max(float(seen.std()), 1e-6), -FARTHEST, FARTHEST)
    return Generated(Part(scaled[:train], missing[:train]), Part(scaled[train:], missing[train:]), round(period))


def _channel(chance: Chance, rows: int, period: float) -> Values:
    """A series of one family, or a channel of a recording; (T,)."""
    if chance.random() >= OF_RECORDINGS:
        return normal_series(chance, rows, period)
    recording = normal_recording(chance, rows, int(chance.integers(*CHANNELS)), period)
    chosen: Values = recording[:, chance.integers(recording.shape[1])]
    return chosen


def patch_labels(changed: Rows, clean: Rows, starts: Indices, length: int, event: tuple[int, int]) -> Labels:
    """Labels (W, N) of windows (W, 32) of a changed series beside the same ones of the clean series.

    A patch is changed if the mean absolute difference is above `VISIBLE` deviations of the clean window; it is
    anomalous if the event, too, is there.
    """
    deviation = np.sqrt(clean.var(axis=1, keepdims=True) + SHAPE_FLOOR)
    difference = np.abs(changed - clean).reshape(len(clean), PATCHES, PATCH).mean(axis=2)
    visible = difference > VISIBLE * deviation
    begins = starts[:, None] + np.arange(PATCHES) * length / PATCHES
    there = (begins < event[1]) & (begins + length / PATCHES > event[0])
    labels: Labels = np.where(visible, np.where(there, ANOMALOUS, UNJUDGED), NORMAL).astype(np.int8)
    return labels


def _lengths(chance: Chance) -> Indices:
    """Short and long ones alike often: drawn by logarithm."""
    drawn = np.exp(chance.uniform(np.log(LENGTHS[0]), np.log(LENGTHS[-1] * 1.05), size=LENGTHS_PER_SERIES))
    nearest: Indices = np.array(LENGTHS)[np.abs(np.array(LENGTHS)[:, None] - drawn).argmin(axis=0)]
    return nearest


def _of_length(chance: Chance, series: Generated, length: int) -> Samples:
    bank = _bank(chance, series.train, length)
    parts = [
        _normal(chance, series, length, bank, of_training=False),
        _normal(chance, series, length, bank, of_training=True),
        _anomalous(chance, series, length, bank),
    ]
    return Samples(*(np.concatenate(field) for field in zip(*parts, strict=True)))


class _Bank(NamedTuple):
    starts: Indices
    windows: Rows  # (B, 32)
    shapes: Rows
    usual: Rows  # (B,)

    def beside(self, windows: Rows, near: Indices, labels: Labels) -> Samples:
        """Windows with the normal windows `near` (W, K) them."""
        return Samples(windows, self.windows[near], self.usual[near], labels)


def _bank(chance: Chance, train: Part, length: int) -> _Bank:
    """Windows of the training part at a stride and an offset that are drawn, as banks of real series differ in both.

    Those with gaps are left out where others are left.
    """
    most = int(chance.integers(256, 4096))
    stride = max(1, length // int(chance.choice([8, 16, 32])), -(-len(train.values) // most))
    starts = np.arange(chance.integers(0, stride), len(train.values) - length + 1, stride)
    there = mostly_there(train.missing[:, None], length, FEW_MISSING)[starts]
    starts = starts[there] if there.any() else starts
    windows = _windows(train.filled, starts, length)
    shapes = shape(windows)
    return _Bank(starts, windows, shapes, usual_distances(shapes, starts, length))


def _windows(values: Values, starts: Indices, length: int) -> Rows:
    return points(averaged(values, starts, length))


def _normal(chance: Chance, series: Generated, length: int, bank: _Bank, *, of_training: bool) -> Samples:
    """A quarter of the normal windows are of the training part itself, without what they overlap."""
    count = NORMAL_WINDOWS // 4 if of_training else NORMAL_WINDOWS - NORMAL_WINDOWS // 4
    part = series.train if of_training else series.test
    starts = _starts(chance, part, (0, len(part.values) - length + 1), length, 2 * count)
    overlap = Overlap(starts, bank.starts, length) if of_training else None
    windows = _windows(part.filled, starts, length)
    near = nearest_rows(shape(windows), bank.shapes, PROTOTYPES, overlap)
    distance = ((shape(windows) - bank.shapes[near[:, 0]]) ** 2).sum(axis=1)
    hardest = np.argsort(-distance)[: count // 2]
    others = chance.permutation(np.setdiff1d(np.arange(2 * count), hardest))[: count - count // 2]
    kept = np.concatenate([hardest, others])
    labels = np.zeros((count, PATCHES), dtype=np.int8)
    return bank.beside(windows[kept], near[kept], labels)


def _anomalous(chance: Chance, series: Generated, length: int, bank: _Bank) -> Samples:
    """Windows that overlap an event, each event by itself; those in which nothing is to be seen are normal ones."""
    windows, labels = [], []
    test, missing = series.test.filled, series.test.missing
    for _ in range(EVENTS):
        happened, start, end = anomaly(chance, series.test.values, _event(chance, series.period))
        changed = Part(happened, missing).filled
        starts = _starts(chance, series.test, (max(0, start - length + 1), end), length, WINDOWS_PER_EVENT)
        windows.append(_windows(changed, starts, length))
        clean = _windows(test, starts, length)
        labels.append(patch_labels(windows[-1], clean, starts, length, (start, end)))
    joined = np.concatenate(windows)
    near = nearest_rows(shape(joined), bank.shapes, PROTOTYPES)
    return bank.beside(joined, near, np.concatenate(labels))


def _starts(chance: Chance, part: Part, between: tuple[int, int], length: int, count: int) -> Indices:
    """`count` first points of windows, ascending; where enough was recorded to judge a window, if anywhere."""
    places = np.arange(*between)
    if part.missing.any():
        there = mostly_there(part.missing[:, None], length, MOST_MISSING)[places]
        places = places[there] if there.any() else places
    return np.sort(chance.choice(places, size=count))


def _event(chance: Chance, period: int) -> Event:
    start = int(chance.integers(MARGIN // 2, TEST_POINTS - 2 * MARGIN))
    return event_at(chance, start, period, MARGIN // 2)
