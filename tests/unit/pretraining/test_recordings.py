"""Generated recordings: whole, drawn from their seed alone, and their channels belong together."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from anomalyllm.pretraining import recordings
from anomalyllm.pretraining.recordings import derived, normal_recording


def chance(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def alike(one: np.ndarray, other: np.ndarray, latest: int) -> float:
    """The largest correlation of two channels at any lag, either way."""
    lags = range(latest + 1)
    later = [np.corrcoef(one[lag:], other[: len(other) - lag])[0, 1] for lag in lags]
    earlier = [np.corrcoef(other[lag:], one[: len(one) - lag])[0, 1] for lag in lags]
    return float(np.abs([*later, *earlier]).max())


@pytest.mark.parametrize("channels", [1, 2, 3, 6])
@pytest.mark.parametrize("period", [12.0, 400.0])
def test_every_channel_is_whole_and_moves(channels: int, period: float) -> None:
    for seed in range(6):
        values = normal_recording(chance(seed), 3000, channels, period)
        assert values.shape == (3000, channels)
        assert np.isfinite(values).all()
        assert (values.std(axis=0) > 0.01).all()


def test_a_recording_is_its_seed() -> None:
    one, same, other = (normal_recording(chance(seed), 500, 3, 30) for seed in (1, 1, 2))
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)


def test_channels_of_a_recording_share_causes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two channels of one recording agree at some lag; those of two recordings do not. White noise as causes, so that
    no period makes strangers look alike."""
    monkeypatch.setattr(recordings, "normal_series", lambda chance, length, period: chance.normal(size=length))
    monkeypatch.setattr(recordings, "DERIVED", 0.0)
    together = [normal_recording(chance(seed), 2000, 2, 20) for seed in range(12)]
    within = [alike(values[:, 0], values[:, 1], 20) for values in together]
    across = [alike(one[:, 0], other[:, 1], 20) for one, other in pairwise(together)]
    assert np.median(within) > 0.4  # each channel weighs the causes in its own way
    assert max(across) < 0.2  # 82 lags of 2,000 points by chance: 0.1


def test_one_of_three_channels_may_stand_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recordings, "normal_series", lambda chance, length, period: chance.normal(size=length))
    monkeypatch.setattr(recordings, "DERIVED", 0.0)
    monkeypatch.setattr(recordings, "_count", lambda chance: 1)  # so that all others have the one cause
    for share, alone in ((0.0, 0), (1.0, 1)):
        monkeypatch.setattr(recordings, "INDEPENDENT", share)
        values = normal_recording(chance(4), 2000, 3, 20)
        channels = range(3)
        nearest = [
            max(alike(values[:, one], values[:, other], 20) for other in channels if other != one) for one in channels
        ]
        assert sum(value < 0.2 for value in nearest) == alone


def test_what_is_derived_follows_its_load() -> None:
    """A switch is on where the load is high, never where it is lowest; a counter rises only there."""
    load = np.sin(2 * np.pi * np.arange(2000) / 100)
    kinds = set()
    for seed in range(20):
        values = derived(chance(seed), load, 100)
        low = load < np.quantile(load, 0.25)  # levels begin at the 0.3 quantile
        assert ((values >= 0) & (values <= 1)).all()
        if set(np.unique(values)) == {0.0, 1.0}:
            kinds.add("switch")
            assert not values[low].any()
            assert values[load > 0.95].all()
        else:
            kinds.add("counter")
            assert (np.diff(values)[low[1:]] <= 1e-9).all(), "it counts while the load is high"
            assert (np.diff(values) < -0.5).sum() >= 3, "it is reset"
    assert kinds == {"switch", "counter"}
