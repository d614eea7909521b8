"""The default detector where PyTorch is not installed: from a file to events, saved, scored, located."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from conftest import sine, small_detector

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
