"""The default detector where PyTorch is not installed: from a file to events, saved, scored, located."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from anomalyllm.exporting import export_onnx
from conftest import fitted_scorer, sine, small_detector

ABSENT = """
import importlib.abc, sys

class Absent(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("torch", "transformers", "huggingface_hub"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Absent())
"""
SAMPLE = str(Path(__file__).resolve().parents[2] / "examples" / "multibeat.csv")


def without_torch(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    code = f"{ABSENT}from anomalyllm.cli import main\nsys.argv = {['anomalyllm', *words]!r}\nsys.exit(main())"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=folder, check=False)


def test_a_file_becomes_events_and_places(tmp_path: Path) -> None:
    """Most of the installation, and of the start-up, is for networks that the default does not have."""
    for words in (
        ("detect", SAMPLE, "--train-end", "0.4", "--plot", "chart.png", "--report", "page.html"),
        ("fit", SAMPLE, "--train-end", "0.4", "--model", "kept"),
        ("score", SAMPLE, "--model", "kept", "--scores", "scores.csv"),
        ("locate", SAMPLE, "--train-end", "0.4"),
        ("inspect", "kept"),
        ("diagnose", "kept"),
        ("doctor",),
    ):
        done = without_torch(tmp_path, *words)
        assert done.returncode == 0, (words, done.stderr)
        assert "Traceback" not in done.stderr


@pytest.mark.parametrize("preset", ["pretrained", "trained"])
def test_exported_networks_score_a_file(preset: str, tmp_path: Path) -> None:
    """By the command line, with the scores of the detector that was exported."""
    detector = fitted_scorer(preset)
    export_onnx(detector._fitted, tmp_path / "exported")
    X = sine(300, 2, seed=1)
    pd.DataFrame(X, columns=list(detector.channels_)).to_csv(tmp_path / "x.csv", index=False)
    done = without_torch(
        tmp_path, "score", "x.csv", "--model", "exported", "--runtime", "onnx", "--scores", "scores.csv"
    )
    assert done.returncode == 0, done.stderr
    scores = pd.read_csv(tmp_path / "scores.csv")["score"].to_numpy()
    np.testing.assert_allclose(scores, detector.decision_function(X), rtol=1e-4)


def test_a_saved_detector_with_networks_says_what_brings_them(tmp_path: Path) -> None:
    """It is whole, and must not be called damaged because a library lacks."""
    small_detector("pretrained").fit(sine(600)).save(tmp_path / "kept")
    done = without_torch(tmp_path, "score", SAMPLE, "--model", "kept")
    assert done.returncode == 2
    assert "expected PyTorch for the pretrained pair of this detector" in " ".join(done.stderr.split())


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (("detect", SAMPLE, "--train-end", "0.4", "--preset", "trained"), "the preset trained"),
        (("detect", SAMPLE, "--train-end", "0.4", "--preset", "pretrained"), "the pretrained pair"),
        (("detect", SAMPLE, "--train-end", "0.4", "--finetune"), "finetuning"),
        (("pretrain", "--out", "pair.safetensors"), "pretraining"),
    ],
)
def test_what_has_networks_says_what_brings_them(words: tuple[str, ...], what: str, tmp_path: Path) -> None:
    done = without_torch(tmp_path, *words)
    assert done.returncode == 2
    assert f"expected PyTorch for {what}, got an environment without it; pip install" in " ".join(done.stderr.split())
