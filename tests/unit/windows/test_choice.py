"""Which window is chosen, within which limits, and the sentences where none can be."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anomalyllm.config import DetectorConfig
from anomalyllm.errors import ConfigError, TooShortError
from anomalyllm.presets import preset
from anomalyllm.windows.choice import resolved


def sine(rows: int, period: int = 40) -> np.ndarray:
    return np.sin(2 * np.pi * np.arange(rows) / period)[:, None].astype(np.float32)


def noise(rows: int) -> np.ndarray:
    return np.random.default_rng(1).standard_normal((rows, 1)).astype(np.float32)


def changed(**settings: Any) -> DetectorConfig:
    return DetectorConfig().with_settings({name.replace("__", "."): value for name, value in settings.items()})


def test_a_window_is_some_periods_rounded_down_to_whole_patches() -> None:
    config, period = resolved(changed(window__periods=1.5), sine(2000, 45))
    assert period == 45
    assert config.window.length == 64  # 1.5 periods are 68
    assert config.window.stride == 16
    assert config.student.patch == config.teacher.patch == config.teacher.patch_stride == 8
    twice, _ = resolved(changed(window__periods=3.0), sine(2000, 45))
    assert twice.window.length == 128  # 3 periods are 135


def test_without_a_period_the_fallback_is_taken() -> None:
    config, period = resolved(DetectorConfig(), noise(2000))
    assert period is None
    assert config.window.length == 64


@pytest.mark.parametrize(
    ("period", "rows", "settings", "length"),
    [
        (8, 2000, {}, 32),  # never below the minimum
        (600, 8000, {}, 512),  # never above the maximum
        (100, 480, {}, 56),  # never more than an eighth of the training part
        (10, 32, {}, 16),  # but always two windows in the shortest training part there may be
        (8, 2000, {"window__minimum": 36}, 40),  # rounding to patches does not leave the limits
        (600, 8000, {"window__maximum": 100}, 96),
        (40, 2000, {"student__patch": 25}, 50),  # a whole number of the patch that is asked for
        (8, 2000, {"student__patch": 30}, 60),  # and at least two of them
    ],
)
def test_limits_of_the_window(period: int, rows: int, settings: dict[str, Any], length: int) -> None:
    config, _ = resolved(changed(window__periods=1.5, **settings), sine(rows, period))
    assert config.window.length == length


@given(
    rows=st.integers(32, 700),
    period=st.integers(4, 120),
    limits=st.tuples(st.integers(8, 64), st.integers(72, 600)),
)
@settings(derandomize=True, deadline=None, max_examples=60)
def test_whatever_is_chosen_fits_together(rows: int, period: int, limits: tuple[int, int]) -> None:
    """Grid, networks and training rely on it: nothing checks the window a second time."""
    low, high = limits
    config, _ = resolved(changed(window__minimum=low, window__maximum=high, window__fallback=low), sine(rows, period))
    window, student = config.window, config.student
    assert window.length is not None
    assert window.stride is not None
    assert student.patch is not None
    assert 2 * window.length <= rows
    assert window.length <= high
    assert window.length >= min(low, max(16, rows // 8) // 8 * 8)
    assert window.length % window.stride == 0
    assert window.length % student.patch == 0


@pytest.mark.parametrize(
    ("length", "patch", "stride"),
    [(64, 8, 16), (100, 10, 25), (50, 5, 10), (36, 4, 9), (97, 1, 1), (8, 1, 2), (12, 1, 3)],
)
def test_an_explicit_window_is_kept_and_its_patch_and_stride_divide_it(length: int, patch: int, stride: int) -> None:
    """Who sets a window has not chosen a patch: the length alone must do, unless nothing divides it."""
    config, _ = resolved(changed(window__length=length), sine(2000))
    assert config.window.length == length
    assert config.student.patch == patch
    assert config.window.stride == stride


def test_explicit_values_are_kept() -> None:
    config, _ = resolved(preset("paper"), sine(2000))
    for group, name in (
        ("window", "length"),
        ("window", "stride"),
        ("window", "training_stride"),
        ("student", "patch"),
        ("teacher", "patch"),
        ("teacher", "patch_stride"),
    ):
        assert getattr(getattr(config, group), name) == getattr(getattr(preset("paper"), group), name)


def test_training_windows_lie_an_eighth_apart() -> None:
    assert resolved(changed(window__length=64), sine(2000))[0].window.training_stride == 8
    assert resolved(changed(window__length=8), sine(2000))[0].window.training_stride == 1
    assert resolved(changed(window__length=64, window__training_stride=4), sine(2000))[0].window.training_stride == 4


def test_other_settings_stay_as_they_were() -> None:
    before = changed(training__batch=7, student__heads=2)
    after, _ = resolved(before, sine(2000))
    differing = {
        name
        for group in ("window", "teacher", "student", "augment", "loss", "training", "scoring")
        for name in vars(getattr(before, group))
        if getattr(getattr(before, group), name) != getattr(getattr(after, group), name)
    }
    assert differing == {"length", "stride", "training_stride", "patch", "patch_stride"}
    assert before == changed(training__batch=7, student__heads=2)


def test_the_sentence_where_there_are_too_few_rows_to_learn_from() -> None:
    with pytest.raises(TooShortError) as caught:
        resolved(DetectorConfig(), sine(31))
    said = "expected at least 32 rows to train on, got 31; give a longer series or a later --train-end"
    assert str(caught.value) == said


def test_the_sentence_where_the_window_does_not_fit_twice() -> None:
    with pytest.raises(TooShortError) as caught:
        resolved(changed(window__length=64), sine(127))
    assert str(caught.value) == (
        "expected at least two windows (128 rows) to train on, got 127; give more rows or set a window of at most 63"
    )
    assert resolved(changed(window__length=64), sine(128))[0].window.length == 64


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"student__patch": 7}, "expected student.patch to divide the window of 64, got 7"),
        ({"window__stride": 5}, "expected window.stride to divide the window of 64, got 5"),
        ({"window__stride": 128}, "expected window.stride to divide the window of 64, got 128"),
        ({"teacher__patch": 65}, "expected teacher.patch to fit into the window of 64, got 65"),
        ({"window__length": 131}, "expected patches, at most 128 of them, to cut the window of 131, got 1"),
        (
            {"window__length": 258, "student__patch": 2},
            "expected patches, at most 128 of them, to cut the window of 258, got 2",
        ),
    ],
)
def test_the_sentence_where_a_setting_does_not_suit_the_window(settings: dict[str, int], sentence: str) -> None:
    with pytest.raises(ConfigError) as caught:
        resolved(changed(**{"window__length": 64, **settings}), sine(2000))
    assert str(caught.value) == f"{sentence}; set a window that is a multiple of it, or another value"


def test_a_teachers_patch_need_not_divide_the_window() -> None:
    """The window is padded for the teacher, as in the paper: 64 samples, patches of 16 every 8."""
    config, _ = resolved(changed(window__length=64, teacher__patch=10), sine(2000))
    assert config.teacher.patch == config.teacher.patch_stride == 10
