"""The contract of every scorer, run on the detector in every preset, on its stream, and on every baseline.

A new baseline joins by being named in `BASELINES`; another kind of scorer by a line in `contenders`. Each body of the
student, and a student and a teacher that do without, are kinds of `trained` (`conftest.OF_TRAINED`).
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch

from anomalyllm import AnomalyLLM, Stream
from anomalyllm.errors import ChannelError, DataError, NotFittedError
from anomalyllm.evaluation.baselines import BASELINES
from anomalyllm.model.student_bodies import BODIES
from anomalyllm.presets import PRESETS
from conftest import FINETUNED, OF_TRAINED, exported_scorer, fitted_scorer, sine, small_detector

DETECTORS = [*PRESETS, FINETUNED, *OF_TRAINED]
EXPORTED = ["default", "pretrained", "trained"]  # the others, which take long to export, in tests/unit/runtime
ROWS = 800
TOLERANCE = 1e-5  # relative: float32 networks, whose sums depend in their last bits on the batch they run in
Score = Callable[[Any, np.ndarray], np.ndarray]


def in_one(scorer: Any, X: np.ndarray) -> np.ndarray:
    return scorer.decision_function(X)


def streamed(size: int) -> Score:
    def score(detector: AnomalyLLM, X: np.ndarray) -> np.ndarray:
        stream = Stream(detector)
        pieces = [stream.push(X[start : start + size]) for start in range(0, len(X), size)]
        return np.concatenate([*pieces, stream.finish()])

    return score


def exported(detector: AnomalyLLM, X: np.ndarray) -> np.ndarray:
    """By the detector's exported form."""
    name = next(name for name in EXPORTED if fitted_scorer(name) is detector)
    return exported_scorer(name).decision_function(X)


STREAMS: dict[str, Score] = {
    "stream-of-single-rows": streamed(1),
    "stream-of-37-rows": streamed(37),
    "stream-of-500-rows": streamed(500),
}


class Contender(NamedTuple):
    """Something fitted on `sine(ROWS, 2)`, and one way to have scores from it."""

    fitted: Any
    score: Callable[[np.ndarray], np.ndarray]


def contenders() -> dict[str, tuple[str, Score]]:
    """Name of the test -> name of the scorer, and how it is asked."""
    names: dict[str, tuple[str, Score]] = {name: (name, in_one) for name in [*DETECTORS, *BASELINES]}
    names |= {f"{preset}-exported": (preset, exported) for preset in EXPORTED}
    names |= {f"{preset}-{way}": (preset, score) for preset in [*PRESETS, FINETUNED] for way, score in STREAMS.items()}
    return names | {f"{kind}-streamed": (kind, streamed(37)) for kind in OF_TRAINED}


@pytest.fixture(params=contenders())
def contender(request: pytest.FixtureRequest) -> Contender:
    name, score = contenders()[request.param]
    fitted = fitted_scorer(name)
    return Contender(fitted, lambda X: score(fitted, X))


def unfitted(name: str, seed: int = 0) -> Any:
    """A scorer that fits in about a second."""
    return BASELINES[name](seed=seed) if name in BASELINES else small_detector(name, max_steps=6, seed=seed)


def disturbed(rows: int = 500, channels: int = 2) -> np.ndarray:
    X = sine(rows, channels, seed=7)
    X[200:230, 0] += 3.0
    X[300:310, -1] = np.nan
    return X


def close(one: np.ndarray, other: np.ndarray) -> bool:
    return bool(np.allclose(one, other, rtol=TOLERANCE, atol=TOLERANCE))


def test_one_finite_score_per_point(contender: Contender) -> None:
    window = contender.fitted.window_
    for rows in (1, 2, window - 1, window, window + 1, 333):
        scores = contender.score(disturbed(500)[:rows])
        assert scores.shape == (rows,)
        assert scores.dtype == np.float64
        assert np.isfinite(scores).all()
        assert (scores >= 0).all()


@pytest.mark.parametrize("way", STREAMS)
def test_stream_equals_batch(fitted_pair: AnomalyLLM, way: str) -> None:
    X = disturbed(431)
    assert close(STREAMS[way](fitted_pair, X), fitted_pair.decision_function(X))


@pytest.mark.parametrize("kind", OF_TRAINED)
def test_stream_equals_batch_with_every_body(kind: str) -> None:
    X, detector = disturbed(431), fitted_scorer(kind)
    assert close(streamed(1)(detector, X), detector.decision_function(X))


def test_every_body_is_held_to_the_contract() -> None:
    """A new one joins by a line in `conftest.OF_TRAINED`; what is forgotten there fails here."""
    assert {settings.get("student.body", "transformer") for settings in OF_TRAINED.values()} >= {*BODIES} - {"mixer"}


@pytest.mark.parametrize("kind", OF_TRAINED)
def test_a_saved_detector_is_the_one_that_was_fitted(kind: str, tmp_path: Path) -> None:
    X, detector = disturbed(300), fitted_scorer(kind)
    detector.save(tmp_path)
    assert AnomalyLLM.load(tmp_path).decision_function(X).tobytes() == detector.decision_function(X).tobytes()


def test_a_longer_series_does_not_change_final_scores(contender: Contender) -> None:
    """A point's score is final once a window's length has followed it."""
    X = disturbed(500)
    final = 350 - contender.fitted.window_
    assert close(contender.score(X[:350])[:final], contender.score(X)[:final])


@pytest.mark.parametrize("name", [*DETECTORS, *BASELINES])
def test_chunks_with_a_halo_equal_the_whole(name: str) -> None:
    """Cut at a multiple of the stride, with a window's length on both sides, a chunk scores as the whole does."""
    fitted, X = fitted_scorer(name), disturbed(500)
    window, stride = fitted.window_, fitted.stride_
    whole = fitted.decision_function(X)
    start = 160 // stride * stride
    chunk = fitted.decision_function(X[start : start + 3 * window])
    assert close(chunk[window : 2 * window], whole[start + window : start + 2 * window])


@pytest.mark.parametrize("name", EXPORTED)
def test_an_exported_detector_scores_chunks_and_streams_as_it_scores_the_whole(name: str) -> None:
    scorer, X = exported_scorer(name), disturbed(500)
    whole, window = scorer.decision_function(X), scorer.window_
    chunk = scorer.decision_function(X[160 // scorer.stride_ * scorer.stride_ :][: 3 * window])
    start = 160 // scorer.stride_ * scorer.stride_
    assert close(chunk[window : 2 * window], whole[start + window : start + 2 * window])
    stream = scorer.stream()
    pieces = [stream.push(X[begin : begin + 37]) for begin in range(0, len(X), 37)]
    assert close(np.concatenate([*pieces, stream.finish()]), whole)


def test_batch_size_does_not_matter(fitted_pair: AnomalyLLM, monkeypatch: pytest.MonkeyPatch) -> None:
    X = disturbed()
    whole = fitted_pair.decision_function(X)
    for rows in (1, 7, 10_000):
        monkeypatch.setattr("anomalyllm.model.inference.ROWS_PER_BATCH", rows)
        assert close(fitted_pair.decision_function(X), whole)


def test_inputs_are_not_changed(contender: Contender) -> None:
    X = disturbed()
    before = X.copy()
    contender.score(X)
    contender.fitted.predict(X)
    assert np.array_equal(X, before, equal_nan=True)


def test_scoring_does_not_change_the_scorer(contender: Contender) -> None:
    X = disturbed()
    first = contender.score(X)
    contender.score(X * 100)
    contender.fitted.predict(sine(90, 2))
    assert np.array_equal(contender.score(X), first)


def test_flags_are_scores_that_reach_the_threshold(contender: Contender) -> None:
    X, fitted = disturbed(), contender.fitted
    scores, labels = fitted.decision_function(X), fitted.predict(X)
    assert set(np.unique(labels)) <= {0, 1}
    assert np.array_equal(labels, (scores >= fitted.threshold_).astype(labels.dtype))
    assert fitted.threshold_ > 0
    assert np.array_equal(fitted.labels_, fitted.decision_scores_ >= fitted.threshold_)
    assert fitted.decision_scores_.shape == (ROWS,)


@pytest.mark.parametrize("name", [*DETECTORS, *BASELINES])
def test_it_refuses_before_fit_and_other_channels_after_it(name: str) -> None:
    with pytest.raises(NotFittedError, match="call fit"):
        unfitted(name).decision_function(sine(100, 2))
    with pytest.raises(ChannelError):
        fitted_scorer(name).decision_function(sine(100, 3))


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


@pytest.mark.parametrize("name", [*DETECTORS, *BASELINES])
def test_same_seed_same_bytes(name: str) -> None:
    """And another seed other bytes, but only where something is said to be drawn."""
    X, new = sine(400, 2), disturbed(200)
    first, second, other = (unfitted(name, seed).fit(X) for seed in (0, 0, 1))
    assert first.decision_function(new).tobytes() == second.decision_function(new).tobytes()
    assert first.threshold_ == second.threshold_
    differs = other.decision_function(new).tobytes() != first.decision_function(new).tobytes()
    assert differs == (name not in ("default", "pretrained") if name in DETECTORS else BASELINES[name].drawn)


@pytest.mark.parametrize("name", [*DETECTORS, *BASELINES])
def test_fit_twice_is_fit_once(name: str) -> None:
    X = sine(400, 2)
    once = unfitted(name).fit(X)
    twice = unfitted(name).fit(sine(500, 1)).fit(X)
    assert once.decision_scores_.tobytes() == twice.decision_scores_.tobytes()
    assert once.fit(X) is once


@pytest.mark.parametrize("name", ["default", FINETUNED, *BASELINES])
def test_global_random_state_is_untouched(name: str) -> None:
    np.random.seed(5)  # noqa: NPY002 - the global state is what is tested
    torch.manual_seed(5)
    before = (np.random.get_state()[1].tolist(), torch.get_rng_state().tolist())  # noqa: NPY002
    unfitted(name).fit(sine(300)).predict(disturbed(150, 1))
    assert (np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()) == before  # noqa: NPY002


def test_missing_values_never_raise_an_alarm_by_themselves(contender: Contender) -> None:
    """A sensor that falls silent is not judged: its windows score 0, and a silent series raises no alarm."""
    X, fitted = sine(500, 2, seed=7), contender.fitted
    X[150:400] = np.nan
    inside = slice(150 + fitted.window_, 400 - fitted.window_)
    assert (contender.score(X)[inside] == 0).all()
    silent = np.full((300, 2), np.nan)
    assert (contender.score(silent) == 0).all()
    assert not fitted.predict(silent).any()


@pytest.mark.parametrize("name", [*DETECTORS, *BASELINES])
def test_channels_are_found_by_name(name: str) -> None:
    import pandas as pd

    X, fitted = disturbed(), fitted_scorer(name)
    frame = pd.DataFrame({"channel_1": X[:, 1], "channel_0": X[:, 0]})
    assert np.array_equal(fitted.decision_function(frame), fitted.decision_function(X))


def test_an_event_names_its_channel() -> None:
    """A change in one of three channels must be laid to that channel, in every preset."""
    modes = {"default": "separate", FINETUNED: "separate", "trained": "separate", "paper": "joint"}
    for preset, mode in modes.items():
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
