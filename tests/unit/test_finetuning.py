"""The bridge: networks join the judges that retrieve, stay where they help, and leave no trace where they do not."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from anomalyllm import AnomalyLLM, finetuning
from anomalyllm.config import DetectorConfig
from anomalyllm.data.series import as_series
from anomalyllm.errors import TrainingInterrupted
from anomalyllm.finetuning import NO_ROOM, first_unseen_row, of_networks, verdict
from anomalyllm.injecting import Comparison
from anomalyllm.network_judge import NetworkJudge
from anomalyllm.packing import all_tensors
from anomalyllm.teaching import start
from anomalyllm.training import loop
from conftest import FINETUNED, SMALL, fitted_scorer, sine, small_detector

GAINED = Comparison(np.full(48, 0.91), np.full(48, 0.93))
LOST = Comparison(np.full(48, 0.93), np.full(48, 0.91))


def finetuned(comparison: Comparison, X: np.ndarray, **arguments: Any) -> AnomalyLLM:
    """Fitted with a check that comes to `comparison`."""
    arguments = {"max_steps": 4, "settings": SMALL[FINETUNED], **arguments}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(finetuning, "compared", lambda *_: comparison)
        return AnomalyLLM(finetune=True, **arguments).fit(X)


@functools.cache
def kept() -> AnomalyLLM:
    """On two channels; tests must not change it."""
    return finetuned(GAINED, sine(800, 2))


@functools.cache
def default() -> AnomalyLLM:
    return small_detector("default").fit(sine(800, 2))


# --- dropped


def test_a_finetuning_that_is_dropped_leaves_the_default_as_it_was() -> None:
    """To the last bit; only the configuration and a note remember that it was tried."""
    dropped = finetuned(LOST, sine(800, 2))
    assert dropped.notes_ == (
        *default().notes_,
        "finetuning dropped: synthetic anomalies rank 0.910 with it, 0.930 without (48 injected)",
    )
    config, plain = dropped.config_, default().config_
    assert (config.finetune, plain.finetune) == (True, False)
    assert (config.window, config.retrieval, config.scoring) == (plain.window, plain.retrieval, plain.scoring)
    assert (dropped.threshold_, dropped.teacher_, dropped.record_) == (default().threshold_, "none", default().record_)
    assert dropped.decision_scores_.tobytes() == default().decision_scores_.tobytes()
    X = sine(400, 2, seed=3)
    assert dropped.decision_function(X).tobytes() == default().decision_function(X).tobytes()
    ours, theirs = all_tensors(dropped._fitted), all_tensors(default()._fitted)
    assert list(ours) == list(theirs)
    assert all(np.array_equal(tensor, theirs[name]) for name, tensor in ours.items())


@pytest.mark.parametrize(
    "X", [np.full((800, 1), 3.0), sine(100), np.where(np.arange(800)[:, None] < 600, sine(800), np.nan)]
)
def test_where_nothing_can_be_told_nothing_is_trained(X: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing moves, too few rows, or a tail of gaps: without a check the networks are not taken on trust."""
    monkeypatch.delattr(loop.Run, "advance")
    detector = AnomalyLLM(finetune=True).fit(X)
    assert NO_ROOM in detector.notes_
    assert not detector._fitted.has_networks
    assert detector.decision_scores_.tobytes() == AnomalyLLM().fit(X).decision_scores_.tobytes()


# --- kept


def test_networks_that_help_join_as_the_last_judge_at_the_longest_length() -> None:
    fitted, plain = kept()._fitted, default()._fitted
    assert kept().notes_[-1].startswith("finetuning kept: synthetic anomalies rank 0.930 with it")
    *retrieving, networks = fitted.judges
    assert isinstance(networks, NetworkJudge)
    assert [judge.window for judge in retrieving] == [16, 32, 64, 128]
    assert (networks.window, networks.stride) == (kept().window_, kept().stride_) == (128, 16)
    assert fitted.networks is networks
    assert fitted.retrieval == tuple(retrieving)
    assert kept().teacher_ == "compact (untrained)"
    assert kept().record_.steps == 4
    assert (kept().config_.student.patch, kept().config_.student.prototypes) == (16, 32)
    assert kept().config_.finetune
    assert kept().config_.evidence == "retrieval"
    assert networks.unit == plain.unit


def test_what_is_usual_for_one_judge_is_usual_for_the_other_and_1_for_both() -> None:
    """Else one of them would drown the other."""
    fitted, training = kept()._fitted, kept()._fitted.prepare(sine(800, 2))
    usual = [np.quantile(fitted._lifted(judge, training, own=True, channels=False)[0], 0.9) for judge in fitted.judges]
    assert 0.3 < usual[-1] / np.mean(usual[:-1]) < 3
    scores = kept().decision_scores_
    assert np.quantile(scores, fitted.config.scoring.usual_quantile) == pytest.approx(1)
    assert scores == pytest.approx(fitted.point_scores(training, own=True))
    assert fitted.unit != default()._fitted.unit
    assert not np.array_equal(scores, default().decision_scores_)


def test_scores_are_the_mean_of_all_judges() -> None:
    fitted, prepared = kept()._fitted, kept()._fitted.prepare(sine(400, 2, seed=3))
    said = [fitted._lifted(judge, prepared, own=False, channels=False)[0] for judge in fitted.judges]
    assert kept().decision_function(sine(400, 2, seed=3)) == pytest.approx(np.mean(said, axis=0) / fitted.unit)


def test_places_are_asked_of_distances_alone() -> None:
    X = sine(600, 2, seed=3)
    X[300:310, 1] += 2
    assert kept().locate(X, 3) == default().locate(X, 3)


def test_an_event_is_explained_by_a_normal_window_of_each_channel() -> None:
    X = sine(600, 2, seed=3)
    X[300:330, 1] = 4.0
    found = kept().detect(X)
    event = max(found.events, key=lambda one: one.severity)
    explanation = found.explanations[found.events.index(event)]
    assert event.channels[0] == "channel_1"
    assert explanation.normal.shape == explanation.observed.shape == (128, 2)
    assert np.abs(explanation.normal).max() < 1.5  # it never saw 4


@pytest.mark.parametrize("arguments", [{"window": 48}, {"settings": {**SMALL[FINETUNED], "channel_mode": "joint"}}])
def test_settings_of_networks_and_of_the_window_reach_them(arguments: dict[str, Any]) -> None:
    detector = finetuned(GAINED, sine(600, 3), **arguments)
    networks = detector._fitted.networks
    assert networks.window == detector.window_ == arguments.get("window", 128)
    assert networks.joint == ("window" not in arguments)
    found = detector.detect(sine(400, 3, seed=3))
    assert found.channel_scores.shape == (400, 3)
    assert np.isfinite(found.channel_scores).all()


# --- what the check may look at


@pytest.mark.parametrize("rows", [200, 800, 3000])
def test_no_network_was_trained_on_the_rows_where_anomalies_are_put(rows: int) -> None:
    config = DetectorConfig().with_settings({**SMALL[FINETUNED], "window.length": 32})
    started = start(as_series(sine(rows)), of_networks(config), 0)
    first = first_unseen_row(started)
    assert rows * 0.7 <= first <= rows * 0.81
    assert all(begin + 32 <= first for begin in started.data.starts)


def test_the_same_seed_comes_to_the_same_verdict() -> None:
    """With the check as it is: kept or dropped, and by how much, belongs to what the seed decides."""
    settings = SMALL[FINETUNED]
    one, other = (AnomalyLLM(finetune=True, max_steps=4, settings=settings).fit(sine(600)) for _ in range(2))
    assert one.notes_ == other.notes_
    assert "(48 injected)" in one.notes_[-1]
    assert one.decision_scores_.tobytes() == other.decision_scores_.tobytes()


def test_a_training_that_was_stopped_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    unbroken = small_detector(FINETUNED).fit(sine(600))
    advance = loop.Run.advance

    def stopping(run: loop.Run) -> tuple[float, float]:
        if run.step == 7:
            raise KeyboardInterrupt
        return advance(run)

    with monkeypatch.context() as patch:
        patch.setattr(loop.Run, "advance", stopping)
        with pytest.raises(TrainingInterrupted, match="a stop after 7"):
            small_detector(FINETUNED).fit(sine(600), checkpoint=tmp_path / "c")
    watched: list[int] = []
    again = small_detector(FINETUNED).fit(
        sine(600), checkpoint=tmp_path / "c", resume=True, watcher=lambda progress: watched.append(progress.step)
    )
    assert watched == [6, 7, 8, 9, 10]
    assert again.decision_scores_.tobytes() == unbroken.decision_scores_.tobytes()
    assert again.notes_ == unbroken.notes_


# --- words


def test_the_verdict_in_words() -> None:
    assert verdict(GAINED) == "finetuning kept: synthetic anomalies rank 0.930 with it, 0.910 without (48 injected)"
    assert verdict(LOST) == "finetuning dropped: synthetic anomalies rank 0.910 with it, 0.930 without (48 injected)"
    few = Comparison(np.full(3, 0.5), np.full(3, 0.9))
    assert verdict(few) == "finetuning dropped: only 3 synthetic anomalies can be seen"


def test_an_event_in_a_series_shorter_than_the_networks_window_is_explained() -> None:
    """Shorter windows find it; the networks cannot say what a part of theirs should look like."""
    detector = fitted_scorer(FINETUNED)
    X = sine(detector.window_ - 1, 2, seed=7)
    X[60:70, 0] += 5.0
    detection = detector.detect(X)
    assert len(detection.events) > 0
    assert all(len(explanation.normal) == len(X) for explanation in detection.explanations)
