"""Generated normal series: whole, drawn from their seed alone, and periodic where their family is."""

from __future__ import annotations

import numpy as np
import pytest

from anomalyllm.pretraining.normal import FAMILIES, beats, normal_series, per_beat

PERIODIC = ("gait", "harmonics", "heart_beats", "pulses", "square_wave")


def chance(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.mark.parametrize("family", sorted(FAMILIES))
@pytest.mark.parametrize("period", [12.0, 55.5, 400.0])
def test_every_family_gives_whole_series_that_move(family: str, period: float) -> None:
    """A NaN or a constant would reach the training of the pair unseen."""
    for seed in range(4):
        values = normal_series(chance(seed), 3000, period, family)
        assert values.shape == (3000,)
        assert np.isfinite(values).all()
        assert 0.1 < values.std() < 10


def test_a_series_is_its_seed() -> None:
    """A stopped pretraining must draw the same series again."""
    one, same, other = (normal_series(chance(seed), 500, 30) for seed in (1, 1, 2))
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)


def test_all_families_are_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = set()
    for name in FAMILIES:
        monkeypatch.setitem(
            FAMILIES, name, lambda chance, length, period, name=name: asked.add(name) or np.arange(300.0)
        )
    for seed in range(120):
        normal_series(chance(seed), 300, 20)
    assert asked == set(FAMILIES)


@pytest.mark.parametrize("family", PERIODIC)
def test_periodic_families_repeat_about_each_period(family: str) -> None:
    """Else nearest normal windows would not be near, and the pair would learn nothing of prototypes."""
    agreements = []
    for seed in range(10):
        values = FAMILIES[family](chance(seed), 4000, 50.0)
        values = values - values.mean()
        later = [np.corrcoef(values[:-lag], values[lag:])[0, 1] for lag in range(40, 61)]
        agreements.append(max(later))
    assert np.median(agreements) > 0.2  # of white noise: 0.06 at most


def test_beats_run_forward_at_their_rate() -> None:
    phase = beats(chance(), 5000, 50.0, 0.05)
    assert (np.diff(phase) > 0).all()
    assert phase[-1] == pytest.approx(100, rel=0.1)


def test_a_factor_holds_for_a_whole_beat() -> None:
    phase = beats(chance(), 1000, 50.0, 0.0)
    factors = per_beat(chance(), phase, 0.3)
    for beat in range(1, 19):
        assert len(set(factors[phase.astype(int) == beat])) == 1
    assert len(set(factors)) > 10
