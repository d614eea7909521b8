"""Synthetic anomalies: what each kind does to a window, and that chance comes from the generator alone."""

from __future__ import annotations

import numpy as np
import pytest

from anomalyllm.config import AUGMENTATIONS, AugmentConfig
from anomalyllm.windows.augment import (
    KINDS,
    amplitude,
    flatten,
    jitter,
    level,
    scaling,
    segments,
    splice,
    view,
    views,
    warping,
)

B, C, L = 40, 2, 64
GLOBAL = AugmentConfig(local=False, mix=False)
LOCAL = AugmentConfig(local=True, mix=False)
WHOLE = np.ones((B, 1, L), np.bool_)


def chance(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def windows() -> np.ndarray:
    return chance(9).standard_normal((B, C, L)).astype(np.float32)


def ramp() -> np.ndarray:
    """Each value is its own time, so that a warped window shows where it was read."""
    return np.tile(np.arange(L, dtype=np.float32), (B, C, 1))


@pytest.mark.parametrize("config", [GLOBAL, LOCAL], ids=["whole", "local"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_view_is_another_array_of_the_same_kind(kind: str, config: AugmentConfig) -> None:
    original = windows()
    altered = view(original, (kind,), config, chance())
    assert altered.shape == original.shape
    assert altered.dtype == np.float32
    assert not np.shares_memory(altered, original)
    assert np.array_equal(original, windows())
    assert (altered != original).any(axis=(1, 2)).all(), "a window was left as it was: that is no anomaly"


def test_the_two_views_are_what_the_settings_name_in_their_order() -> None:
    config = AugmentConfig(first=("scaling",), second=("warping", "jitter"), mix=False, local=False)
    first, second = views(windows(), config, chance(3))
    by_hand = chance(3)
    assert np.array_equal(first, scaling(windows(), WHOLE, config, by_hand))
    warped = warping(windows(), WHOLE, config, by_hand)
    assert np.array_equal(second, jitter(warped, WHOLE, config, by_hand).astype(np.float32))


def test_the_same_generator_gives_the_same_views_and_another_gives_others() -> None:
    one, same, other = (views(windows(), LOCAL, chance(seed)) for seed in (1, 1, 2))
    assert np.array_equal(one[0], same[0])
    assert np.array_equal(one[1], same[1])
    assert not np.array_equal(one[0], other[0])
    assert not np.array_equal(one[1], other[1])


@pytest.mark.parametrize("strength", [0.05, 0.4])
def test_jitter_has_the_deviation_of_its_setting(strength: float) -> None:
    added = jitter(windows(), WHOLE, AugmentConfig(jitter=strength), chance()) - windows()
    assert added.std() == pytest.approx(strength, rel=0.05)
    assert abs(added.mean()) < 0.05 * strength


@pytest.mark.parametrize("strength", [0.1, 0.8])
def test_scaling_multiplies_all_channels_of_a_time_step_by_one_factor_around_1(strength: float) -> None:
    factors = scaling(np.ones((B, C, L), np.float32), WHOLE, AugmentConfig(scaling=strength), chance())
    assert np.array_equal(factors[:, 0], factors[:, 1])
    assert factors.std() == pytest.approx(strength, rel=0.05)
    assert factors.mean() == pytest.approx(1.0, abs=4 * strength / np.sqrt(B * L))


def test_warping_keeps_the_ends_and_the_order_of_time() -> None:
    """Ends that moved would be a jump, and time that ran back another anomaly than the one that is meant."""
    read_at = warping(ramp(), WHOLE, AugmentConfig(warping=1.5), chance())
    assert np.array_equal(read_at[:, 0, 0], np.zeros(B, np.float32))
    assert np.array_equal(read_at[:, 0, -1], np.full(B, L - 1, np.float32))
    assert (np.diff(read_at, axis=-1) >= 0).all()
    assert np.array_equal(read_at[:, 0], read_at[:, 1])


def test_warping_reads_between_samples() -> None:
    original = windows()
    config = AugmentConfig(warping=0.5)
    read_at, altered = warping(ramp(), WHOLE, config, chance(4)), warping(original, WHOLE, config, chance(4))
    for row in range(B):
        expected = np.interp(read_at[row, 0], np.arange(L), original[row, 1])
        np.testing.assert_allclose(altered[row, 1], expected, atol=1e-4)


def test_warping_grows_with_its_setting() -> None:
    displaced = [
        np.abs(warping(ramp(), WHOLE, AugmentConfig(warping=strength), chance()) - ramp()).mean()
        for strength in (0.01, 0.1, 0.5, 1.0)
    ]
    assert displaced == sorted(displaced)
    assert displaced[0] < 0.2 < 2 < displaced[-1]


@pytest.mark.parametrize("knots", [2, 3, 9])
def test_any_number_of_knots_will_do(knots: int) -> None:
    read_at = warping(ramp(), WHOLE, AugmentConfig(knots=knots), chance())
    assert (np.diff(read_at, axis=-1) >= 0).all()
    assert np.abs(read_at - ramp()).max() > 0.5


@pytest.mark.parametrize("shortest", [0.125, 0.5, 1.0])
def test_local_changes_stay_inside_one_stretch_of_at_least_the_shortest(shortest: float) -> None:
    config = AugmentConfig(shortest=shortest, local=True)
    changed = (view(windows(), ("jitter",), config, chance()) != windows()).any(axis=1)
    for row in changed:
        places = np.flatnonzero(row)
        stretch = places[-1] - places[0] + 1
        assert stretch >= shortest * L
        assert stretch == len(places)


def test_segments_are_runs_of_all_sizes_at_all_places() -> None:
    part = segments(4000, 16, 0.25, chance())
    assert part.shape == (4000, 16)
    sizes = part.sum(axis=1)
    assert set(sizes) == set(range(4, 17))
    borders = np.diff(part.astype(int), axis=1, prepend=0, append=0)
    assert ((borders == 1).sum(axis=1) == 1).all()
    starts_of_fours = {int(np.argmax(row)) for row in part[sizes == 4]}
    assert starts_of_fours == set(range(13))
    assert part.mean(axis=0).min() > 0.2, "the ends of a window are hardly ever changed"


def test_segments_have_at_least_one_point() -> None:
    assert segments(500, 8, 0.01, chance()).sum(axis=1).min() == 1


def half() -> np.ndarray:
    part = np.zeros((B, 1, L), np.bool_)
    part[..., L // 4 : 3 * L // 4] = True
    return part


def inside(values: np.ndarray) -> np.ndarray:
    return values[..., L // 4 : 3 * L // 4]


def test_every_kind_can_be_named_in_the_settings() -> None:
    assert set(KINDS) == set(AUGMENTATIONS)


def test_level_moves_a_part_by_one_amount_per_channel() -> None:
    moved = level(windows(), half(), AugmentConfig(level=0.7), chance()) - windows()
    assert np.ptp(moved, axis=-1).max() < 1e-5
    assert moved[..., 0].std() == pytest.approx(0.7, rel=0.25)
    assert not np.allclose(moved[:, 0], moved[:, 1])


def test_amplitude_keeps_the_mean_of_the_part_and_the_shape() -> None:
    altered, original = inside(amplitude(windows(), half(), AugmentConfig(), chance())), inside(windows())
    np.testing.assert_allclose(altered.mean(axis=-1), original.mean(axis=-1), atol=1e-5)
    factors = altered.std(axis=-1) / original.std(axis=-1)
    assert np.log(factors).std() == pytest.approx(0.5, rel=0.3)
    centred = altered - altered.mean(axis=-1, keepdims=True)
    np.testing.assert_allclose(
        centred, (original - original.mean(axis=-1, keepdims=True)) * factors[..., None], atol=1e-4
    )


def test_flatten_leaves_little_of_the_part() -> None:
    altered, original = inside(flatten(windows(), half(), AugmentConfig(), chance())), inside(windows())
    np.testing.assert_allclose(altered.mean(axis=-1), original.mean(axis=-1), atol=1e-5)
    assert (altered.std(axis=-1) <= 0.2001 * original.std(axis=-1)).all()


def test_splice_continues_where_the_part_begins_with_the_shape_of_another_window() -> None:
    original = windows()
    altered = splice(original, half(), AugmentConfig(), chance())
    first = L // 4
    np.testing.assert_allclose(altered[..., first], original[..., first], atol=1e-6)
    steps = np.diff(np.sort(altered[0, 0] - altered[0, 0].mean()))
    assert any(
        np.allclose(np.sort(altered[0, 0] - altered[0, 0].mean()), np.sort(row - row.mean()), atol=1e-4)
        for row in original[:, 0]
    ), steps


def test_splice_of_a_lone_window_is_not_that_window() -> None:
    lone = windows()[:1]
    assert not np.allclose(splice(lone, WHOLE[:1], AugmentConfig(), chance()), lone)


def test_a_mix_gives_each_window_one_of_the_kinds() -> None:
    config = AugmentConfig(mix=True, local=False)
    original = np.tile(windows(), (10, 1, 1))
    altered = view(original, ("level", "flatten"), config, chance())
    moved = np.ptp(altered - original, axis=-1).max(axis=1) < 1e-5
    flat = (altered.std(axis=-1) < 0.3 * original.std(axis=-1)).all(axis=1)
    assert (moved ^ flat).all()
    assert 0.35 < moved.mean() < 0.65
