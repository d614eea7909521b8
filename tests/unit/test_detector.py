"""AnomalyLLM as a user meets it: parameters, inputs, refusals, results."""

from __future__ import annotations

import dataclasses
import functools
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.utils.validation import check_is_fitted

from anomalyllm import AnomalyLLM, preset
from anomalyllm.errors import ChannelError, ConfigError, DataError, NotFittedError, TooShortError
from conftest import sine, small_detector

SMALL = {"training.batch": 16, "training.validate_every": 5, "student.prototypes": 16}


# --- parameters, as scikit-learn expects them


def test_get_set_clone() -> None:
    detector = AnomalyLLM("paper", teacher="compact", window=48, seed=3, settings={"training.batch": 8})
    params = detector.get_params()
    assert params["preset"] == "paper"
    assert params["window"] == 48
    twin = clone(detector)
    assert twin is not detector
    assert twin.get_params() == params
    assert detector.set_params(window=32, seed=4) is detector
    assert (detector.window, detector.seed) == (32, 4)
    with pytest.raises(ConfigError, match="a known parameter, got 'widnow'; did you mean 'window'"):
        detector.set_params(widnow=3)


def test_clone_of_a_fitted_detector_is_not_fitted(fitted: AnomalyLLM) -> None:
    check_is_fitted(fitted)
    twin = clone(fitted)
    with pytest.raises(NotFittedError, match="call fit, or AnomalyLLM.load"):
        twin.decision_function(sine(100))
    with pytest.raises(Exception, match="not fitted"):
        check_is_fitted(twin)


def test_repr_shows_what_was_given() -> None:
    assert repr(AnomalyLLM(window=32)) == "AnomalyLLM(window=32)"
    assert repr(AnomalyLLM("paper", seed=2)) == "AnomalyLLM(preset='paper', seed=2)"


def test_arguments_change_the_preset() -> None:
    detector = AnomalyLLM("paper", blocks=2, window=32, prototypes=5, max_steps=7, alarms_per="3/day", stride=2)
    config = detector.resolved_config()
    assert (config.teacher.blocks, config.window.length, config.window.stride) == (2, 32, 2)
    assert (config.student.prototypes, config.training.max_steps, config.scoring.alarms_per) == (5, 7, "3/day")
    assert config.loss == preset("paper").loss
    assert AnomalyLLM("paper").resolved_config().teacher.blocks == 6
    assert AnomalyLLM("paper", teacher="compact").resolved_config().teacher.blocks == 3
    assert AnomalyLLM(config=preset("paper"), window=32).resolved_config().channel_mode == "joint"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"preset": "papre"}, "a known preset, got 'papre'; did you mean 'paper'"),
        ({"settings": {"training.bacth": 3}}, "a known setting, got 'training.bacth'; did you mean 'training.batch'"),
        ({"window": "wide"}, "length to be int, got 'wide'"),
        ({"window": 4}, "length to be at least 8 samples, got 4"),
        ({"alarms_per": 2.0}, "alarms_per to be a fraction of points between 0 and 1"),
        ({"alarms_per": "2/day"}, "a time column, for alarms_per 2/day, got a series without times"),
        ({"seed": -1}, "seed to be a whole number of at least 0, got -1"),
        ({"seed": 0.5}, "seed to be a whole number"),
        ({"device": "tpu"}, 'device to be "cpu", "cuda" or "auto"'),
        (
            {"preset": "trained", "window": 50, "settings": {"student.patch": 7}},
            "student.patch to divide the window of 50, got 7",
        ),
        ({"preset": "trained", "window": 149}, "patches, at most 128 of them, to cut the window of 149"),
        ({"stride": 7, "window": 48}, "window.stride to divide the window of [0-9]+, got 7"),
        ({"preset": "trained", "stride": 7, "window": 48}, "window.stride to divide the window of 48, got 7"),
        ({"max_steps": 3}, "networks that are trained, for training.max_steps, .* choose the preset trained or paper"),
        ({"settings": {"student.width": 8}}, "networks that are trained, for student.width"),
        ({"settings": {"window.periods": 2}}, "networks that are trained, for window.periods"),
        ({"finetune": True, "settings": {"window.periods": 2}}, "for window.periods, on windows of their own, got"),
        ({"finetune": True, "preset": "trained"}, 'finetune to be false for evidence "networks", which is trained on'),
        ({"finetune": "yes"}, "finetune to be bool, got 'yes'"),
        ({"finetune": True, "blocks": 13}, "at most 12 blocks"),
        (
            {"preset": "paper", "settings": {"retrieval.bank": 99}},
            "detector that retrieves, for retrieval.bank, .* the pre",
        ),
        ({"preset": "trained", "blocks": 13}, "at most 12 blocks"),
    ],
)
def test_refused_settings(arguments: dict, said: str) -> None:
    with pytest.raises(Exception, match=said) as caught:
        AnomalyLLM(**arguments).fit(sine(300))
    assert "\n" not in str(caught.value)


def test_no_gpu_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    with pytest.raises(ConfigError, match="a CUDA device, got a machine without one"):
        AnomalyLLM(device="cuda").fit(sine(300))


# --- inputs


def test_every_kind_of_input_gives_the_same_scores(tmp_path: Path) -> None:
    X = sine(300, 2).round(4)
    frame = pd.DataFrame(X, columns=["a", "b"])
    frame.to_csv(tmp_path / "x.csv", index=False)
    frame.to_parquet(tmp_path / "x.parquet")
    inputs = [
        frame,
        pl.DataFrame(X, schema=["a", "b"]),
        pa.table({"a": X[:, 0], "b": X[:, 1]}),
        str(tmp_path / "x.csv"),
        tmp_path / "x.parquet",
    ]
    detector = small_detector(max_steps=2).fit(X)
    expected = detector.decision_function(X)
    for given_input in inputs:
        again = small_detector(max_steps=2).fit(given_input)
        assert again.decision_scores_.tobytes() == detector.decision_scores_.tobytes()
        assert np.array_equal(again.decision_function(given_input), expected)
        assert np.array_equal(again.decision_function(X), expected)  # unnamed columns go by position
        assert again.channels_ == ("a", "b")


def test_a_file_that_names_its_split_is_fitted_on_train_and_scored_on_test(tmp_path: Path) -> None:
    X = sine(500)
    np.savez(tmp_path / "case.npz", train=X[:300], test=X[300:])
    by_file = small_detector(max_steps=2).fit(tmp_path / "case.npz")
    by_hand = small_detector(max_steps=2).fit(X[:300])
    assert by_file.decision_scores_.shape == (300,)
    assert np.array_equal(by_file.decision_function(tmp_path / "case.npz"), by_hand.decision_function(X[300:]))


def test_one_dimension_is_one_channel(fitted: AnomalyLLM) -> None:
    X = sine(200)
    assert np.array_equal(fitted.decision_function(X[:, 0]), fitted.decision_function(X))
    assert np.array_equal(fitted.decision_function(X[:, 0].tolist()), fitted.decision_function(X))


def test_fit_predict_is_the_training_labels() -> None:
    detector = small_detector(max_steps=2)
    assert np.array_equal(detector.fit_predict(sine(300)), detector.labels_)


@pytest.mark.parametrize(
    ("X", "kind", "said"),
    [
        (np.zeros((0, 1)), DataError, "at least one row"),
        (np.zeros((5, 1)), TooShortError, "at least 32 rows to train on, got 5"),
        (np.full((100, 2), np.nan), DataError, "numbers to train on, got only missing values"),
        (np.zeros((50, 1025)), ChannelError, "at most 1024 channels, got 1025"),
        (np.zeros((3, 4, 5)), DataError, "(T, C)"),
    ],
)
def test_refused_training_data(X: np.ndarray, kind: type[Exception], said: str) -> None:
    with pytest.raises(kind) as caught:
        AnomalyLLM().fit(X)
    assert said in str(caught.value)


def test_a_window_that_is_too_long_says_which_would_do() -> None:
    with pytest.raises(TooShortError, match=r"two windows \(160 rows\) to train on, got 100; .* at most 50"):
        AnomalyLLM(window=80).fit(sine(100))


def test_other_channels_are_refused(fitted_pair: AnomalyLLM) -> None:
    with pytest.raises(
        ChannelError, match="the 2 channels that were fitted, got a series with 1 channels and without 'channel_1'"
    ):
        fitted_pair.decision_function(sine(100, 1))


def test_named_channels_are_not_taken_by_position() -> None:
    """Two files with the same number of columns under other names are not the same sensors."""
    frame = pd.DataFrame(sine(200, 2), columns=["a", "b"])
    detector = small_detector(max_steps=1).fit(frame)
    with pytest.raises(ChannelError, match="without 'b'"):
        detector.decision_function(frame.rename(columns={"b": "c"}))
    extra = frame.assign(c=0.0)[["c", "b", "a"]]
    assert np.array_equal(detector.decision_function(extra), detector.decision_function(frame))


# --- dirty data


def test_constant_channels_stay_quiet_and_a_change_is_seen() -> None:
    X = np.hstack([sine(600), np.full((600, 1), 5.0)])
    detector = small_detector(max_steps=30).fit(X)
    assert any("one value throughout" in note for note in detector.notes_)
    usual = detector.detect(np.hstack([sine(300, seed=2), np.full((300, 1), 5.0)]))
    changed = np.hstack([sine(300, seed=2), np.full((300, 1), 5.0)])
    changed[150:, 1] = 12.0
    assert np.isfinite(usual.scores).all()
    assert detector.decision_function(changed)[150:250].max() > usual.scores.max()


def test_infinities_and_gaps_are_handled_and_told(fitted: AnomalyLLM) -> None:
    X = sine(200)
    X[50:55] = np.inf
    X[90] = np.nan
    found = fitted.detect(X)
    assert np.isfinite(found.scores).all()
    said = " ".join(found.notes)
    assert "infinite" in said
    assert "missing" in said
    assert np.array_equal(found.scores, fitted.decision_function(np.where(np.isinf(X), np.nan, X)))


def test_a_series_shorter_than_a_window_is_not_scored_and_this_is_told(fitted: AnomalyLLM) -> None:
    found = fitted.detect(sine(fitted.window_ - 1))
    assert (found.scores == 0).all()
    assert not found.events
    assert any("fewer than a window" in note for note in found.notes)


def test_training_data_with_anomalies_still_fit() -> None:
    X = sine(900)
    X[400:420] += 8
    detector = small_detector(max_steps=20).fit(X)
    assert np.isfinite(detector.threshold_)
    assert detector.decision_scores_[380:440].max() > np.median(detector.decision_scores_)


@functools.cache
def retrieving() -> AnomalyLLM:
    return small_detector("default").fit(sine(800))


@settings(max_examples=40, derandomize=True, deadline=None)
@given(
    rows=st.integers(0, 160),
    scale=st.sampled_from([0.0, 1e-30, 1.0, 1e6, 1e29]),
    holes=st.floats(0, 1),
    offset=st.sampled_from([0.0, -5.0, 1e12]),
    infinite=st.booleans(),
    seed=st.integers(0, 3),
)
def test_dirty_series_never_give_a_bad_score(
    fitted: AnomalyLLM, rows: int, scale: float, holes: float, offset: float, infinite: bool, seed: int
) -> None:
    chance = np.random.default_rng(seed)
    X = offset + scale * chance.standard_normal((rows, 1))
    X[chance.random((rows, 1)) < holes] = np.nan
    if infinite and rows:
        X[rows // 2] = -np.inf
    if rows == 0:
        with pytest.raises(DataError, match="at least one row"):
            fitted.detect(X)
        return
    for detector in (fitted, retrieving()):
        found = detector.detect(X)
        assert found.scores.shape == (rows,)
        assert np.isfinite(found.scores).all()
        assert (found.scores >= 0).all()
        assert np.isfinite(found.channel_scores).all()
        assert all(0 <= event.start <= event.peak < event.end <= rows for event in found.events)
        assert all(0 <= place.start <= place.peak < place.end <= rows for place in detector.locate(X, 3))


@settings(max_examples=12, derandomize=True, deadline=None)
@given(
    rows=st.integers(0, 120),
    kind=st.sampled_from(["noise", "constant", "ramp", "binary", "huge", "tiny"]),
    holes=st.sampled_from([0.0, 0.3, 0.95]),
)
def test_dirty_training_gives_a_working_detector_or_one_sentence(rows: int, kind: str, holes: float) -> None:
    chance = np.random.default_rng(rows)
    noise = chance.standard_normal(rows)
    made = {
        "noise": noise,
        "constant": np.full(rows, 3.0),
        "ramp": np.arange(rows) * 1.0,
        "binary": (noise > 0) * 1.0,
        "huge": 1e29 * noise,
        "tiny": 1e-29 * noise,
    }[kind]
    made[chance.random(rows) < holes] = np.nan
    for detector in (AnomalyLLM(), AnomalyLLM("trained", max_steps=1, settings=SMALL)):
        try:
            detector.fit(made)
        except DataError as error:
            assert "expected" in str(error)
            assert "\n" not in str(error)
            continue
        assert np.isfinite(detector.decision_scores_).all()
        assert np.isfinite(detector.threshold_)
        assert detector.threshold_ > 0
        assert np.isfinite(detector.decision_function(sine(80))).all()


# --- results


def test_an_obvious_anomaly_is_found_and_explained() -> None:
    detector = small_detector(max_steps=60).fit(sine(1500))
    X = sine(600, seed=5)
    X[300:330] = 3.0
    found = detector.detect(X)
    assert 300 - detector.window_ < int(np.argmax(found.scores)) < 330 + detector.window_
    event = max(found.events, key=lambda one: one.severity)
    explanation = found.explanations[found.events.index(event)]
    assert event.start < 330
    assert event.end > 300
    assert event.severity >= 1
    assert explanation.observed.shape == explanation.normal.shape == (detector.window_, 1)
    assert np.array_equal(explanation.observed, X[explanation.start : explanation.start + detector.window_])
    assert np.abs(explanation.normal).max() < 1.5  # a normal window: it never saw 3


def test_detection_as_plain_json(fitted: AnomalyLLM) -> None:
    import json

    times = pd.date_range("2026-01-01", periods=300, freq="h")
    X = sine(300, seed=5)
    X[100:140] = 5
    found = fitted.detect(pd.DataFrame({"time": times, "channel_0": X[:, 0]}))
    said = json.loads(
        json.dumps(dataclasses.replace(found, series=dataclasses.replace(found.series, first_row=1000)).to_mapping())
    )
    assert said["rows"] == 300
    assert said["flagged"] == int(found.labels.sum())
    for event, plain in zip(found.events, said["events"], strict=True):
        assert plain["start"] == event.start + 1000
        assert plain["start_time"].startswith(str(times[event.start])[:10])


def test_alarm_rates_per_day_need_times_and_are_used() -> None:
    X = sine(1000)
    times = pd.date_range("2026-01-01", periods=1000, freq="min")
    frame = pd.DataFrame({"time": times, "x": X[:, 0]})
    rare, often = (
        AnomalyLLM("trained", max_steps=2, settings=SMALL, alarms_per=rate).fit(frame).threshold_
        for rate in ("1/week", "20/hour")
    )
    assert rare > often


def test_two_fits_at_once_give_what_each_gives_alone() -> None:
    """torch's random state is the process's: threads must not draw from each other's."""
    from concurrent.futures import ThreadPoolExecutor

    import torch

    alone = small_detector(max_steps=6).fit(sine(400)).threshold_
    before = torch.get_rng_state()
    with ThreadPoolExecutor(2) as pool:
        together = list(pool.map(lambda _: small_detector(max_steps=6).fit(sine(400)).threshold_, range(2)))
    assert together == [alone, alone]
    assert torch.equal(before, torch.get_rng_state())


@pytest.mark.parametrize("arguments", [{"settings": ["a"]}, {"settings": {1: 2}}])
def test_settings_that_are_no_mapping_of_names(arguments: dict) -> None:
    with pytest.raises(ConfigError, match="settings as a mapping of names to values"):
        AnomalyLLM(**arguments).fit(sine(300))


def test_a_mapping_will_do_as_configuration_and_a_number_as_rate() -> None:
    config = AnomalyLLM(config={"preset": "paper"}, settings={"scoring.alarms_per": 0.01}).resolved_config()
    assert config.preset == "paper"
    assert config.scoring.alarms_per == "0.01"


def test_more_patches_than_the_teacher_has_positions() -> None:
    detector = AnomalyLLM("trained", window=264, settings={"teacher.patch": 2, "teacher.patch_stride": 1})
    with pytest.raises(ConfigError, match="at most 256 patches, as the teacher has positions, got 264"):
        detector.fit(sine(600))


def test_a_detector_that_trains_nothing_cannot_go_on_with_it(tmp_path: Path) -> None:
    """Taken in silence, `resume` would promise what there is not."""
    for name in ("default", "pretrained"):
        with pytest.raises(ConfigError, match=r"networks whose training can go on.*fitting again"):
            AnomalyLLM(name).fit(sine(400), checkpoint=tmp_path / "none", resume=True)
