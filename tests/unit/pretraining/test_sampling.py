"""What the pair is trained on: shapes, labels that can be seen, and windows that never meet themselves."""

from __future__ import annotations

import numpy as np
import pytest

from anomalyllm.pretraining import sampling
from anomalyllm.pretraining.gaps import Part
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
    assert few.usual.shape == (count, 4)
    assert few.labels.shape == (count, 8)
    assert few.windows.dtype == few.prototypes.dtype == np.float32
    assert np.isfinite(few.windows).all()
    assert np.isfinite(few.prototypes).all()
    assert (np.isfinite(few.usual) & (few.usual >= 0)).all()


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


def test_series_are_scaled_by_what_was_recorded_of_their_training_part() -> None:
    with_gaps = 0
    for seed in range(40):
        series = generated(np.random.default_rng(seed))
        seen = series.train.values[~series.train.missing]
        assert seen.mean() == pytest.approx(0, abs=1e-9)
        assert seen.std() == pytest.approx(1)
        assert len(series.test.values) == sampling.TEST_POINTS
        assert series.train.missing.any() == series.test.missing.any(), "gaps come in both parts or in none"
        with_gaps += int(series.train.missing.any())
    assert 0.1 < with_gaps / 40 < 0.45


def test_some_series_are_a_channel_of_a_recording(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each channel of it is drawn at times, and none is made for nothing."""
    asked, chosen = [], set()

    def recording(chance: np.random.Generator, rows: int, channels: int, period: float) -> np.ndarray:
        asked.append(channels)
        return np.repeat(np.arange(channels, dtype=float)[None], rows, axis=0)

    monkeypatch.setattr(sampling, "normal_recording", recording)
    monkeypatch.setattr(sampling, "normal_series", lambda chance, rows, period: np.full(rows, -1.0))
    for seed in range(200):
        chosen.add(float(sampling._channel(np.random.default_rng(seed), 3, 20.0)[0]))
    assert 0.15 < len(asked) / 200 < 0.35
    assert set(asked) == set(range(*sampling.CHANNELS))
    assert chosen >= {-1.0, 0.0, 1.0, 2.0, 3.0}


def test_a_filled_gap_is_normal_and_hides_what_happened_in_it() -> None:
    """An event that was not recorded changes no patch, so nothing may be taught of it; beside the gap it is seen."""
    chance = np.random.default_rng(0)
    time = np.sin(2 * np.pi * np.arange(5000) / 50)
    missing = np.zeros(5000, dtype=bool)
    missing[1000:1040] = True
    clean = Part(time, missing).filled
    starts = np.array([984])
    for event, seen in (((1000, 1040), False), ((1000, 1060), True)):
        happened = time.copy()
        happened[slice(*event)] += 2
        windows = [sampling._windows(values, starts, 128) for values in (Part(happened, missing).filled, clean)]
        labels = patch_labels(*windows, starts, 128, event)
        assert (labels == ANOMALOUS).any() == seen
        assert (labels[:, :3] == NORMAL).all()
    train = Part(time[:3000], missing[:3000])
    bank = sampling._bank(chance, train, 64)
    found = sampling._normal(chance, Generated(train, Part(time, missing), 50), 64, bank, of_training=False)
    flat = np.abs(np.diff(found.windows, axis=1)).min(axis=1) == 0
    assert flat.any(), "windows with a filled gap are shown"
    assert (found.labels == NORMAL).all()


def test_a_bank_is_cut_where_little_is_missing_and_a_window_judged_where_enough_is_there() -> None:
    chance = np.random.default_rng(0)
    missing = np.zeros(3000, dtype=bool)
    missing[1000:1300] = True
    part = Part(chance.normal(size=3000), missing)
    starts = sampling._bank(chance, part, 64).starts
    assert max(missing[start : start + 64].mean() for start in starts) <= sampling.FEW_MISSING
    judged = sampling._starts(chance, part, (900, 1300), 64, 200)
    assert 0.3 < max(missing[start : start + 64].mean() for start in judged) <= sampling.MOST_MISSING
    assert len(sampling._starts(chance, part, (1100, 1150), 64, 5)) == 5, "where nothing else is left, it is shown"
    lost = Part(part.values, np.arange(3000) % 2 == 0)
    assert len(sampling._bank(chance, lost, 64).starts) > 4


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
    train = Part.whole(np.cumsum(chance.normal(size=2000)))  # never the same twice
    series = Generated(train, Part.whole(np.cumsum(chance.normal(size=2000))), 40)
    bank = sampling._bank(chance, train, length)
    found = sampling._normal(chance, series, length, bank, of_training=True)
    nearest = np.abs(found.windows - found.prototypes[:, 0]).max(axis=1)
    assert nearest.min() > 1e-3


def test_rare_normal_windows_come_often_and_are_normal() -> None:
    """One odd beat in forty of the test part: half of the windows are the most distant ones, and labelled normal."""
    chance = np.random.default_rng(0)
    train = Part.whole(np.sin(2 * np.pi * np.arange(3000) / 50))
    test = np.sin(2 * np.pi * np.arange(5000) / 50)
    test[2000:2050] = 0
    found = sampling._normal(
        chance, Generated(train, Part.whole(test), 50), 32, sampling._bank(chance, train, 32), of_training=False
    )
    odd = np.abs(found.windows).max(axis=1) < 0.9
    assert odd.mean() > 2 * 82 / 5000 / 2
    assert (found.labels == NORMAL).all()
