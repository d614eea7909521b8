"""Which lengths a training part allows where windows are compared with a bank."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anomalyllm.config import DetectorConfig
from anomalyllm.errors import ConfigError, TooShortError
from anomalyllm.windows.choice import FEWEST_LENGTHS, SHORTEST_LENGTH, fitting_lengths, halves, resolved_lengths


def sine(rows: int, period: int = 40) -> np.ndarray:
    return np.sin(2 * np.pi * np.arange(rows) / period)[:, None].astype(np.float32)


def changed(**settings: Any) -> DetectorConfig:
    return DetectorConfig().with_settings({name.replace("__", "."): value for name, value in settings.items()})


@pytest.mark.parametrize(
    ("rows", "lengths"),
    [(4000, (16, 32, 64, 128)), (512, (16, 32, 64, 128)), (511, (16, 32, 64)), (64, (16,)), (63, (8,)), (32, (8,))],
)
def test_a_training_part_holds_four_windows_of_each_length(rows: int, lengths: tuple[int, ...]) -> None:
    """With fewer, a window has hardly another to be compared with; with none of them, there is a short one."""
    assert fitting_lengths((16, 32, 64, 128), rows) == lengths
    config, _ = resolved_lengths(DetectorConfig(), sine(rows))
    assert config.retrieval.lengths == lengths
    assert config.window.length == lengths[-1]


@given(lengths=st.sets(st.integers(8, 600), min_size=1, max_size=6), rows=st.integers(32, 3000))
@settings(derandomize=True, deadline=None, max_examples=200)
def test_fitting_lengths_fit_and_none_that_fits_is_left_out(lengths: set[int], rows: int) -> None:
    ascending = tuple(sorted(lengths))
    found = fitting_lengths(ascending, rows)
    assert found
    assert all(FEWEST_LENGTHS * length <= rows for length in found)
    assert found == (SHORTEST_LENGTH,) or not any(
        FEWEST_LENGTHS * length <= rows for length in set(ascending) - set(found)
    )


@pytest.mark.parametrize(
    ("window", "lengths"),
    [(128, (16, 32, 64, 128)), (100, (25, 50, 100)), (48, (24, 48)), (37, (37,)), (16, (16,)), (31, (31,)), (8, (8,))],
)
def test_halves_are_whole_and_not_too_short(window: int, lengths: tuple[int, ...]) -> None:
    assert halves(window) == lengths


def test_a_window_that_is_set_is_the_longest_length_of_scores_and_places() -> None:
    config, _ = resolved_lengths(changed(window__length=96), sine(2000))
    assert config.retrieval.lengths == config.retrieval.place_lengths == (24, 48, 96)
    assert (config.window.length, config.window.stride) == (96, 12)


def test_places_have_lengths_of_their_own() -> None:
    config, _ = resolved_lengths(DetectorConfig(), sine(2000))
    assert config.retrieval.place_lengths == (32, 64, 128, 256)
    config, _ = resolved_lengths(changed(retrieval__place_lengths=[400]), sine(500))
    assert config.retrieval.place_lengths == (8,)


def test_the_period_is_found_and_decides_nothing() -> None:
    for period in (25, 40):
        config, found = resolved_lengths(DetectorConfig(), sine(2000, period))
        assert found == period
        assert config.window.length == 128
    noise = np.random.default_rng(0).standard_normal((2000, 1)).astype(np.float32)
    assert resolved_lengths(DetectorConfig(), noise)[1] is None


def test_the_stride_is_a_part_of_the_longest_length_unless_it_is_set() -> None:
    assert resolved_lengths(DetectorConfig(), sine(2000))[0].window.stride == 16
    assert resolved_lengths(changed(retrieval__strides=4), sine(2000))[0].window.stride == 32
    assert resolved_lengths(changed(window__stride=2), sine(2000))[0].window.stride == 2


def test_what_is_resolved_stays_as_it_is() -> None:
    """A saved detector's configuration is fitted again with the same lengths."""
    config, _ = resolved_lengths(changed(window__length=64), sine(2000))
    assert resolved_lengths(config, sine(2000))[0] == config


@pytest.mark.parametrize(
    ("rows", "arguments", "said"),
    [
        (31, {}, "expected at least 32 rows to train on, got 31; give a longer series or a later --train-end"),
        (
            100,
            {"window__length": 64},
            "expected at least two windows (128 rows) to train on, got 100; "
            "give more rows or set a window of at most 50",
        ),
    ],
)
def test_a_training_part_that_is_too_short_is_refused(rows: int, arguments: dict[str, Any], said: str) -> None:
    with pytest.raises(TooShortError) as caught:
        resolved_lengths(changed(**arguments), sine(rows))
    assert str(caught.value) == said


def test_two_windows_that_are_set_will_do() -> None:
    assert resolved_lengths(changed(window__length=64), sine(128))[0].window.length == 64


def test_a_stride_that_does_not_divide_every_length_is_refused() -> None:
    """24 divides 48 and 96, but not all halves of 144."""
    assert resolved_lengths(changed(window__length=96, window__stride=24), sine(2000))[0].window.stride == 24
    with pytest.raises(ConfigError) as caught:
        resolved_lengths(changed(window__length=144, window__stride=24), sine(2000))
    assert str(caught.value) in {
        f"expected window.stride to divide the window of {length}, got 24; set another value" for length in (18, 36)
    }


@pytest.mark.parametrize(("window", "near"), [(37, 32), (74, 64), (127, 128)])
def test_a_window_that_cannot_be_averaged_is_refused_with_one_that_can(window: int, near: int) -> None:
    """A prime number of samples has no equal parts: its average would be one number, and every view of it empty."""
    config = DetectorConfig().with_settings({"window.length": window})
    with pytest.raises(ConfigError, match=f"averaged to 8 to 32 points, got {window}; set {near}"):
        resolved_lengths(config, sine(1000))
