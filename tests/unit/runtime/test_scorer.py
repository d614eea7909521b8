"""An exported detector says what the detector says, where neither torch nor transformers can be imported."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from anomalyllm import AnomalyLLM
from anomalyllm.errors import ArtefactError, ChannelError
from anomalyllm.exporting import export_onnx
from anomalyllm.runtime import Scorer
from anomalyllm.scoring.events import Event
from conftest import FINETUNED, exported_scorer, fitted_scorer, sine

KINDS = ["default", "pretrained", "trained", "paper", FINETUNED]
WITHOUT = """
import sys
for name in ("torch", "transformers", "huggingface_hub"):
    sys.modules[name] = None
import json, numpy as np
from anomalyllm.runtime import Scorer
scorer = Scorer(sys.argv[1])
found = scorer.detect(np.load(sys.argv[2]))
print(json.dumps({"scores": found.scores.tolist(), "events": [[e.start, e.end, e.peak] for e in found.events]}))
"""


def untidy(rows: int = 500) -> np.ndarray:
    X = sine(rows, 2, seed=7)
    X[200:230, 0] += 3.0
    X[300:310, 1] = np.nan
    return X


def placed(events: tuple[Event, ...]) -> list[tuple[object, ...]]:
    return [(event.start, event.end, event.peak, event.channels) for event in events]


def assert_same(detector: AnomalyLLM, scorer: Scorer, X: np.ndarray) -> None:
    ours, theirs = detector.detect(X), scorer.detect(X)
    np.testing.assert_allclose(theirs.scores, ours.scores, rtol=1e-5, atol=1e-9)
    np.testing.assert_allclose(theirs.channel_scores, ours.channel_scores, rtol=1e-4, atol=1e-5)  # shares of a score
    assert np.array_equal(theirs.labels, ours.labels)
    assert placed(theirs.events) == placed(ours.events)
    for one, other in zip(ours.explanations, theirs.explanations, strict=True):
        assert np.array_equal(one.normal, other.normal)


@pytest.mark.parametrize("kind", KINDS)
def test_it_says_what_the_detector_says(kind: str) -> None:
    """Of untidy data, of series around a window's length, of what stands still, and of nothing but gaps."""
    detector, scorer = fitted_scorer(kind), exported_scorer(kind)
    X = untidy()
    assert len(detector.detect(X).events) > 0  # else events would agree by being none
    still = X.copy()
    still[:, 1] = 0.25
    window = scorer.window_
    for given in (X, X[: window - 1], X[:window], X[: window + 1], X[:1], still, np.full((200, 2), np.nan)):
        assert_same(detector, scorer, given)
    assert scorer.threshold_ == detector.threshold_
    assert scorer.channels_ == detector.channels_
    assert (scorer.window_, scorer.stride_, scorer.period_) == (detector.window_, detector.stride_, detector.period_)


def test_retrieval_is_the_very_same_arithmetic() -> None:
    X = untidy()
    ours, theirs = (of.decision_function(X) for of in (fitted_scorer("default"), exported_scorer("default")))
    assert theirs.tobytes() == ours.tobytes()
    assert exported_scorer("default").locate(X, 2) == fitted_scorer("default").locate(X, 2)


def test_channels_that_stand_still_in_training(tmp_path: Path) -> None:
    X = sine(800, 3)
    X[:, 1] = 5.0
    X[:, 2] = np.arange(800) // 50 % 2
    detector = AnomalyLLM().fit(X)
    export_onnx(detector._fitted, tmp_path)
    new = X[:300].copy()
    new[100:110, 1] = 7.0
    assert_same(detector, Scorer(tmp_path), new)


def test_a_training_part_that_stands_still_altogether(tmp_path: Path) -> None:
    detector = AnomalyLLM().fit(np.full((400, 1), 2.0))
    export_onnx(detector._fitted, tmp_path)
    new = np.full((200, 1), 2.0)
    new[50:60] = 3.0
    assert_same(detector, Scorer(tmp_path), new)


@pytest.mark.parametrize("kind", ["default", "trained"])
def test_neither_torch_nor_transformers_is_needed(kind: str, tmp_path: Path) -> None:
    """In a process in which importing them fails."""
    export_onnx(fitted_scorer(kind)._fitted, tmp_path / "exported")
    X = untidy()
    np.save(tmp_path / "X.npy", X)
    words = [sys.executable, "-c", WITHOUT, str(tmp_path / "exported"), str(tmp_path / "X.npy")]
    said = json.loads(subprocess.run(words, check=True, capture_output=True, text=True).stdout)
    ours = fitted_scorer(kind).detect(X)
    np.testing.assert_allclose(said["scores"], ours.scores, rtol=1e-5, atol=1e-9)
    assert said["events"] == [[event.start, event.end, event.peak] for event in ours.events]


def test_a_saved_detector_that_retrieves_needs_no_export(tmp_path: Path) -> None:
    detector = fitted_scorer("default")
    detector.save(tmp_path)
    assert Scorer(tmp_path).decision_function(untidy()).tobytes() == detector.decision_function(untidy()).tobytes()


@pytest.mark.parametrize("kind", ["trained", "pretrained"])
def test_a_saved_detector_with_networks_is_sent_to_export(kind: str, tmp_path: Path) -> None:
    fitted_scorer(kind).save(tmp_path)
    with pytest.raises(ArtefactError, match=r"networks in .*; export it where torch is: anomalyllm export"):
        Scorer(tmp_path)


def test_other_channels_are_refused() -> None:
    with pytest.raises(ChannelError):
        exported_scorer("default").decision_function(sine(100, 3))
