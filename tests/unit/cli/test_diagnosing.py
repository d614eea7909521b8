"""`anomalyllm diagnose`: a table and JSON with the same verdicts, bad verdicts are no errors, bad paths are."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from anomalyllm.evaluation.probing import diagnosing
from anomalyllm.evaluation.probing.diagnosing import Diagnosis
from anomalyllm.evaluation.probing.signatures import Limit, Reading, Signature
from command import done, refused
from conftest import sine, small_detector

FAILED = Signature("no gap", (Reading("area", 0.51, Limit(0.75, 0.6, "chance is .5")),), ("training.max_steps",))
UNKNOWN = Signature("cost", (Reading("time", float("nan"), Limit(1.0, 9.0, "it is so"), "s"),), ("x",), ("no pair",))
FOUND = Diagnosis("trained", 40, 99, "held-out rows", (FAILED, UNKNOWN))


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The current folder holds a detector and the file it was fitted on."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(diagnosing, "TIMED_ROWS", 200)
    small_detector("default").fit(sine(900)[:600]).save(tmp_path / "kept")
    pd.DataFrame({"channel_0": sine(900)[:, 0]}).to_csv("normal.csv", index=False)


def test_text_and_json_say_the_same_and_a_file_is_known_again() -> None:
    lines = done("diagnose", "kept").out.splitlines()
    assert lines[0].startswith("default, ")
    assert lines[0].endswith("training rows that the detector holds")
    found = json.loads(done("diagnose", "kept", "normal.csv", "--json").out)
    assert found["source"] == "training rows"  # the file's first 600 rows are those it was fitted on
    for signature in found["signatures"]:
        (line,) = (line for line in lines if line.startswith(signature["name"]) and ":" not in line)
        assert line.split()[-1] == signature["verdict"]


def test_rows_before_train_end_are_taken() -> None:
    other = np.concatenate([sine(500, seed=4)[:, 0], np.full(100, 50.0)])
    pd.DataFrame({"channel_0": other}).to_csv("other.csv", index=False)
    areas = []
    for words in (("--train-end", "500"), ()):
        found = json.loads(done("diagnose", "kept", "other.csv", *words, "--json").out)
        areas.append((found["windows"], found["signatures"][1]["readings"][0]["figure"]))
    assert areas[0] != areas[1]


def test_a_bad_verdict_is_an_answer_and_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(diagnosing, "diagnose", lambda *_: FOUND)
    lines = done("diagnose", "kept").out.splitlines()
    assert lines[0] == "trained, 99 normal windows of 40 rows: held-out rows"
    assert lines[2].split() == ["no", "gap", "failed"]
    assert lines[3].split() == ["area", "0.51", "good", "from", "0.75,", "failed", "below", "0.6", "failed"]
    assert lines[5].split()[:2] == ["time", "unknown"]
    assert lines[6:] == [
        "no gap, why this limit: chance is .5",
        "no gap, what to change: training.max_steps",
        "cost: no pair",
    ]
    found = json.loads(done("diagnose", "kept", "--json").out)
    assert [signature["verdict"] for signature in found["signatures"]] == ["failed", "unknown"]
    assert found["signatures"][1]["readings"][0]["figure"] is None


def test_what_is_not_there_is_said_in_one_line() -> None:
    refused("diagnose", "nowhere", said="expected a folder with a saved detector, got no folder at nowhere")
    refused("diagnose", "kept", "norml.csv", said="no file norml.csv; did you mean 'normal.csv'")
    refused("diagnose", "kept", "--train-end", "0.5", said="expected a file with --train-end, got none")
    pd.DataFrame({"a": sine(300)[:, 0], "b": 1.0}).to_csv("two.csv", index=False)
    refused("diagnose", "kept", "two.csv", said="expected the 1 channels that were fitted")
