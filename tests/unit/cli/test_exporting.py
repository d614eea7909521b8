"""`anomalyllm export`, and `score` with what it wrote."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from command import done, refused
from conftest import fitted_scorer, sine


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    fitted_scorer("default").save("saved")
    X = sine(400, 2, seed=3)
    X[200:220] += 2.0
    lines = ["channel_0,channel_1", *(f"{one},{other}" for one, other in X)]
    Path("new.csv").write_text("\n".join(lines) + "\n")
    return tmp_path


def test_an_exported_detector_prints_what_the_saved_one_prints(place: Path) -> None:
    said = done("export", "saved", "--out", "exported").out
    assert "largest relative difference of a score  0" in said
    ours = json.loads(done("score", "new.csv", "--model", "saved", "--json").out)
    for model in ("exported", "saved"):
        theirs = json.loads(done("score", "new.csv", "--model", model, "--runtime", "onnx", "--json").out)
        assert theirs["events"] == ours["events"]
        assert len(ours["events"]) > 0
    chunked = done("score", "new.csv", "--model", "exported", "--runtime", "onnx", "--chunk", 150, "--json").out
    assert json.loads(chunked)["events"] == ours["events"]


def test_scores_are_compared_on_a_file_that_is_named(place: Path) -> None:
    said = json.loads(done("export", "saved", "--out", "exported", "--check", "new.csv", "--json").out)
    assert said["compared on"] == "new.csv (400 rows)"
    assert (said["flags that differ"], said["events"]) == (0, "the same")


def test_what_cannot_be_exported_is_told(place: Path) -> None:
    refused("export", "saved", "--out", "exported", "--format", "pickle", said="--format to be onnx, got 'pickle'")
    refused("export", "saved", "--out", "exported", "--int8", said="networks, for --int8, got a detector that only")
    refused("export", "saved", "--out", "saved", said="an empty folder or an exported detector, got other files")
    refused("export", "nowhere", "--out", "exported", said="no folder at nowhere")


def test_runtimes_that_there_are(place: Path) -> None:
    score = ("score", "new.csv", "--model", "saved")
    refused(*score, "--runtime", "java", said="--runtime to be native or onnx, got 'java'")
    refused(*score, "--runtime", "onnx", "--device", "cuda", said="--device cpu for --runtime onnx")
