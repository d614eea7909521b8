"""What the pair is trained on: shapes, labels that can be seen, and windows that never meet themselves."""

from __future__ import annotations

import numpy as np
import pytest

from anomalyllm.pretraining import sampling
from anomalyllm.pretraining.sampling import (
    ANOMALOUS,
    EVENTS,
    LENGTHS,
    LENGTHS_PER_SERIES,
    NORMAL,
    NORMAL_WINDOWS,
    UNJUDGED,
    Generated,
    Samples,
    generated,
    patch_labels,
    samples,
)

STARTS = np.array([100])


@pytest.fixture(scope="module")
def few() -> Samples:
    return samples(0, "test", 0, 4)


def test_windows_prototypes_and_labels_belong_together(few: Samples) -> None:
    count = 4 * LENGTHS_PER_SERIES * (NORMAL_WINDOWS + EVENTS * sampling.WINDOWS_PER_EVENT)
    assert few.windows.shape == (count, 32)
    assert few.prototypes.shape == (count, 4, 32)
    assert few.labels.shape == (count, 8)
    assert few.windows.dtype == few.prototypes.dtype == np.float32
    assert np.isfinite(few.windows).all()
    assert np.isfinite(few.prototypes).all()


def test_both_labels_are_there_and_most_is_normal(few: Samples) -> None:
    """A patch in ten or so: with none, nothing is pushed."""
    assert set(np.unique(few.labels)) <= {ANOMALOUS, NORMAL, UNJUDGED}
    assert 0.02 < (few.labels == ANOMALOUS).mean() < 0.4
    assert (few.labels == UNJUDGED).mean() < 0.1


def test_samples_are_their_seed_purpose_and_chunk() -> None:
    """A resumed run draws a chunk again; the held-out series are others than those of training."""
    first, same = samples(1, "pretraining", 0, 1), samples(1, "pretraining", 0, 1)
    others = samples(2, "pretraining", 0, 1), samples(1, "held out", 0, 1), samples(1, "pretraining", 1, 1)
    assert np.array_equal(first.windows, same.windows)
    assert np.array_equal(first.prototypes, same.prototypes)
    assert not any(np.array_equal(first.windows, other.windows) for other in others)


def test_a_patch_is_labelled_where_the_event_is_seen() -> None:
    """Window 100 … 164 of 8 patches, 8 samples each; the event covers samples 116 … 132: patches 2 and 3."""
    clean = np.sin(np.linspace(0, 6, 32, dtype=np.float32))[None]
    changed = clean.copy()
    changed[:, 8:16] += 1
    labels = patch_labels(changed, clean, STARTS, 64, (116, 132))
    assert labels.tolist() == [[0, 0, 1, 1, 0, 0, 0, 0]]


def test_what_cannot_be_seen_is_not_labelled() -> None:
    """Taught as anomalous it would push apart what nothing tells apart."""
    clean = np.sin(np.linspace(0, 6, 32, dtype=np.float32))[None]
    slight = clean + np.float32(0.01)
    assert patch_labels(slight, clean, STARTS, 64, (100, 164)).sum() == 0
    assert patch_labels(clean, clean, STARTS, 64, (100, 164)).sum() == 0


def test_what_moved_outside_of_the_event_is_not_judged() -> None:
    """After a cut all is early: neither anomalous in itself, nor where the prototypes have it."""
    clean = np.sin(np.linspace(0, 6, 32, dtype=np.float32))[None]
    changed = clean.copy()
    changed[:, 16:] += 1
    labels = patch_labels(changed, clean, STARTS, 64, (132, 140))
    assert labels.tolist() == [[0, 0, 0, 0, 1, -1, -1, -1]]


def test_series_are_scaled_by_their_training_part() -> None:
    series = generated(np.random.default_rng(0))
    assert series.train.mean() == pytest.approx(0, abs=1e-9)
    assert series.train.std() == pytest.approx(1)
    assert len(series.test) == sampling.TEST_POINTS


def test_lengths_are_those_that_a_window_is_averaged_from() -> None:
    assert LENGTHS[0] == 16
    assert LENGTHS[-1] == 512
    assert all(length % 32 == 0 for length in LENGTHS[1:])
    drawn = {int(length) for seed in range(60) for length in sampling._lengths(np.random.default_rng(seed))}
    assert drawn <= set(LENGTHS)
    assert {16, 512} <= drawn


@pytest.mark.parametrize("length", [16, 64])
def test_a_training_window_does_not_meet_itself(length: int) -> None:
    """Else every window of the training part would be its own prototype."""
    chance = np.random.default_rng(0)
    train = np.cumsum(chance.normal(size=2000))  # never the same twice
    series = Generated(train, np.cumsum(chance.normal(size=2000)), 40)
    bank = sampling._bank(chance, train, length)
    found = sampling._normal(chance, series, length, bank, of_training=True)
    nearest = np.abs(found.windows - found.prototypes[:, 0]).max(axis=1)
    assert nearest.min() > 1e-3


def test_rare_normal_windows_come_often_and_are_normal() -> None:
    """One odd beat in forty of the test part: half of the windows are the most distant ones, and labelled normal."""
    chance = np.random.default_rng(0)
    train = np.sin(2 * np.pi * np.arange(3000) / 50)
    test = np.sin(2 * np.pi * np.arange(5000) / 50)
    test[2000:2050] = 0
    found = sampling._normal(
        chance, Generated(train, test, 50), 32, sampling._bank(chance, train, 32), of_training=False
    )
    odd = np.abs(found.windows).max(axis=1) < 0.9
    assert odd.mean() > 2 * 82 / 5000 / 2
    assert (found.labels == NORMAL).all()
