"""The contract of every scorer, run on the detector in both presets and on its stream.

A new scorer joins by being added to `SCORERS`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from anomalyllm import AnomalyLLM, Stream
from anomalyllm.errors import DataError
from conftest import sine, small_detector

ROWS = 800
TOLERANCE = 1e-5  # relative: float32 networks, whose sums depend in their last bits on the batch they run in


def in_one(detector: AnomalyLLM, X: np.ndarray) -> np.ndarray:
    return detector.decision_function(X)


def streamed(size: int) -> Callable[[AnomalyLLM, np.ndarray], np.ndarray]:
    def score(detector: AnomalyLLM, X: np.ndarray) -> np.ndarray:
        stream = Stream(detector)
        pieces = [stream.push(X[start : start + size]) for start in range(0, len(X), size)]
        return np.concatenate([*pieces, stream.finish()])

    return score


SCORERS: dict[str, Callable[[AnomalyLLM, np.ndarray], np.ndarray]] = {
    "detector": in_one,
    "stream of single rows": streamed(1),
    "stream of 37 rows": streamed(37),
    "stream of 500 rows": streamed(500),
}


@pytest.fixture(params=SCORERS, ids=lambda name: name.replace(" ", "-"))
def scorer(request: pytest.FixtureRequest) -> Callable[[AnomalyLLM, np.ndarray], np.ndarray]:
    return SCORERS[request.param]


def disturbed(rows: int = 500, channels: int = 2) -> np.ndarray:
    X = sine(rows, channels, seed=7)
    X[200:230, 0] += 3.0
    X[300:310, -1] = np.nan
    return X


def close(one: np.ndarray, other: np.ndarray) -> bool:
    return bool(np.allclose(one, other, rtol=TOLERANCE, atol=TOLERANCE))


def test_one_finite_score_per_point(fitted_pair: AnomalyLLM, scorer: Any) -> None:
    for rows in (1, 2, fitted_pair.window_ - 1, fitted_pair.window_, fitted_pair.window_ + 1, 333):
        scores = scorer(fitted_pair, disturbed(500)[:rows])
        assert scores.shape == (rows,)
        assert scores.dtype == np.float64
        assert np.isfinite(scores).all()
        assert (scores >= 0).all()


def test_stream_equals_batch(fitted_pair: AnomalyLLM, scorer: Any) -> None:
    X = disturbed(431)
    assert close(scorer(fitted_pair, X), fitted_pair.decision_function(X))


def test_a_longer_series_does_not_change_final_scores(fitted_pair: AnomalyLLM, scorer: Any) -> None:
    """A point's score is final once a window's length has followed it."""
    X = disturbed(500)
    shorter = scorer(fitted_pair, X[:350])
    final = 350 - fitted_pair.window_
    assert close(shorter[:final], scorer(fitted_pair, X)[:final])


def test_chunks_with_a_halo_equal_the_whole(fitted_pair: AnomalyLLM) -> None:
    """Cut at a multiple of the stride, with a window's length on both sides, a chunk scores as the whole does."""
    X, window, stride = disturbed(500), fitted_pair.window_, fitted_pair.config_.window.stride
    whole = fitted_pair.decision_function(X)
    start = 160 // stride * stride
    chunk = fitted_pair.decision_function(X[start : start + 3 * window])
    assert close(chunk[window : 2 * window], whole[start + window : start + 2 * window])


def test_batch_size_does_not_matter(fitted_pair: AnomalyLLM, monkeypatch: pytest.MonkeyPatch) -> None:
    X = disturbed()
    whole = fitted_pair.decision_function(X)
    for rows in (1, 7, 10_000):
        monkeypatch.setattr("anomalyllm.model.inference.ROWS_PER_BATCH", rows)
        assert close(fitted_pair.decision_function(X), whole)


def test_inputs_are_not_changed(fitted_pair: AnomalyLLM, scorer: Any) -> None:
    X = disturbed()
    before = X.copy()
    scorer(fitted_pair, X)
    fitted_pair.detect(X)
    assert np.array_equal(X, before, equal_nan=True)


def test_scoring_does_not_change_the_detector(fitted_pair: AnomalyLLM) -> None:
    X = disturbed()
    first = fitted_pair.decision_function(X)
    fitted_pair.decision_function(X * 100)
    fitted_pair.detect(sine(90, 2))
    assert np.array_equal(fitted_pair.decision_function(X), first)


def test_flags_are_scores_that_reach_the_threshold(fitted_pair: AnomalyLLM) -> None:
    X = disturbed()
    scores, labels = fitted_pair.decision_function(X), fitted_pair.predict(X)
    assert set(np.unique(labels)) <= {0, 1}
    assert np.array_equal(labels, (scores >= fitted_pair.threshold_).astype(labels.dtype))
    assert fitted_pair.threshold_ > 0
    assert np.array_equal(fitted_pair.labels_, fitted_pair.decision_scores_ >= fitted_pair.threshold_)
    assert fitted_pair.decision_scores_.shape == (ROWS,)


def test_detect_agrees_with_decision_function(fitted_pair: AnomalyLLM) -> None:
    X = disturbed()
    found = fitted_pair.detect(X)
    assert np.array_equal(found.scores, fitted_pair.decision_function(X))
    assert np.array_equal(found.labels, fitted_pair.predict(X))
    assert found.channel_scores.shape == X.shape
    assert np.isfinite(found.channel_scores).all()
    assert len(found.explanations) == len(found.events)
    for event in found.events:
        assert found.labels[event.start] == found.labels[event.end - 1] == 1
        assert found.scores[event.peak] == found.scores[event.start : event.end].max()


@pytest.mark.parametrize("preset", ["default", "paper"])
def test_same_seed_same_bytes(preset: str) -> None:
    X, new = sine(400, 2), disturbed(200)
    first = small_detector(preset, max_steps=6).fit(X)
    second = small_detector(preset, max_steps=6).fit(X)
    assert first.decision_function(new).tobytes() == second.decision_function(new).tobytes()
    assert first.threshold_ == second.threshold_
    other = small_detector(preset, max_steps=6, seed=1).fit(X)
    assert other.decision_function(new).tobytes() != first.decision_function(new).tobytes()


@pytest.mark.parametrize("preset", ["default", "paper"])
def test_fit_twice_is_fit_once(preset: str) -> None:
    X = sine(400, 2)
    once = small_detector(preset, max_steps=4).fit(X)
    twice = small_detector(preset, max_steps=4).fit(sine(500, 1)).fit(X)
    assert once.decision_scores_.tobytes() == twice.decision_scores_.tobytes()
    assert once.fit(X) is once


def test_global_random_state_is_untouched() -> None:
    np.random.seed(5)  # noqa: NPY002 - the global state is what is tested
    torch.manual_seed(5)
    before = (np.random.get_state()[1].tolist(), torch.get_rng_state().tolist())  # noqa: NPY002
    detector = small_detector(max_steps=3).fit(sine(300))
    detector.detect(disturbed(150, 1))
    assert (np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()) == before  # noqa: NPY002


def test_missing_values_never_raise_an_alarm_by_themselves(fitted_pair: AnomalyLLM) -> None:
    """A sensor that falls silent is not judged: its windows score 0, and a silent series raises no alarm."""
    X = sine(500, 2, seed=7)
    X[150:400] = np.nan
    inside = slice(150 + fitted_pair.window_, 400 - fitted_pair.window_)
    assert (fitted_pair.decision_function(X)[inside] == 0).all()
    silent = fitted_pair.detect(np.full((300, 2), np.nan))
    assert not silent.events
    assert (silent.scores == 0).all()


def test_channels_are_found_by_name(fitted_pair: AnomalyLLM) -> None:
    import pandas as pd

    X = disturbed()
    frame = pd.DataFrame({"channel_1": X[:, 1], "channel_0": X[:, 0]})
    assert np.array_equal(fitted_pair.decision_function(frame), fitted_pair.decision_function(X))


def test_an_event_names_its_channel() -> None:
    """A change in one of three channels must be laid to that channel, in both presets."""
    for preset, mode in (("default", "separate"), ("paper", "joint")):
        detector = small_detector(preset, max_steps=40).fit(sine(1200, 3))
        X = sine(600, 3, seed=3)
        X[300:340, 1] = 4.0
        assert detector.config_.channel_mode == mode
        found = detector.detect(X)
        inside = found.channel_scores[280:360].max(axis=0)
        assert inside.argmax() == 1, (preset, inside)


def test_prototypes_alike_in_shape_are_chosen_alike_in_every_batch() -> None:
    """An exactly periodic series with steps of level: rounding must not decide between equal shapes."""
    time = np.arange(800)
    X = (np.round(np.sin(2 * np.pi * time / 40), 3) + time // 100 % 3)[:, None]
    detector = small_detector(max_steps=5).fit(X)
    assert close(streamed(1)(detector, X[:300]), detector.decision_function(X[:300]))


def test_a_training_part_with_long_gaps_learns_nothing_from_them() -> None:
    """Flat stand-ins must not become prototypes: a stuck sensor would then look normal."""
    whole, gappy = sine(800), sine(800)
    gappy[300:420] = np.nan
    stuck = sine(300, seed=4)
    stuck[100:200] = stuck[100]
    severe = [
        detector.detect(stuck).scores.max() / detector.threshold_
        for detector in (small_detector(max_steps=5).fit(X) for X in (whole, gappy))
    ]
    assert severe[1] > 0.5 * severe[0]


def test_a_training_part_that_is_mostly_missing_is_refused_or_judged_on_what_is_there() -> None:
    X = sine(800)
    X[np.random.default_rng(0).random(800) < 0.75] = np.nan
    with pytest.raises(DataError, match="windows of .* rows with at most 50% missing to train on, got none"):
        small_detector(max_steps=2).fit(X)
