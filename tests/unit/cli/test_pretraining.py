"""`anomalyllm pretrain`: a pair in a file, what is printed, and a stopped run."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from anomalyllm.cli.pretraining import line, read_settings
from anomalyllm.model.pair import load_pair
from anomalyllm.pretraining.loop import Run, Validation
from anomalyllm.pretraining.settings import PretrainingSettings
from command import done, refused, run

NAN = float("nan")
TINY = """
language_steps = 1
distillation_steps = 2
batch = 16
series = 1
held_out_series = 1
validate_every = 1
"""


@pytest.fixture(autouse=True)
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("tiny.toml").write_text(TINY)


def test_it_writes_a_pair_and_prints_its_facts() -> None:
    ran = done("pretrain", "--config", "tiny.toml", "--out", "pair.safetensors", "--seed", 3)
    assert ran.written == {"pair.safetensors"}, "the checkpoint is gone when the work is done"
    assert "Pair in pair.safetensors" in ran.out
    assert re.search(r"held-out area per patch +0\.\d{3} \(0\.\d{3} - 0\.\d{3} if other series are drawn\)", ran.out)
    assert re.search(r"teacher +compact, 1 steps on generated series", ran.out)
    assert ran.err.count("step ") == 3
    assert load_pair(Path("pair.safetensors")).student.head.out_features == 32


def test_quiet_says_nothing_on_the_way() -> None:
    ran = done("pretrain", "--config", "tiny.toml", "--out", "pair.safetensors", "--quiet")
    assert ran.err == ""
    assert "Pair in" in ran.out


def test_a_stopped_run_leaves_a_checkpoint_and_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    words = ("pretrain", "--config", "tiny.toml", "--out", "pair.safetensors", "--quiet")
    done(*words)
    whole = Path("pair.safetensors").read_bytes()
    Path("pair.safetensors").unlink()
    advance = Run.advance

    def stopped(self: Run) -> None:
        if self.step == 2:
            raise KeyboardInterrupt
        advance(self)

    with monkeypatch.context() as patched:
        patched.setattr(Run, "advance", stopped)
        ran = run(*words)
    assert ran.code == 130
    assert ran.written == {"pair.safetensors.checkpoint"}
    done(*words, "--resume")
    assert Path("pair.safetensors").read_bytes() == whole


def test_what_cannot_be_done_is_refused() -> None:
    refused(
        "pretrain", "--out", "pair.safetensors", "--config", "none.toml", said="a TOML file with settings, got none"
    )
    Path("bad.toml").write_text("batch = ")
    refused("pretrain", "--out", "pair.safetensors", "--config", "bad.toml", said="check the path and the file")
    refused("pretrain", "--out", "pair.safetensors", "--seed", "-1", said="seed to be a whole number")
    Path("absent.toml").write_text('teacher = "./nowhere"\n')
    refused("pretrain", "--out", "pair.safetensors", "--config", "absent.toml", said="no folder at './nowhere'")
    refused("pretrain", "--out", "tiny.toml/pair", said="a folder for tiny.toml/pair")
    refused("pretrain", "--config", "tiny.toml", "--out", "pair", "--resume", said="a checkpoint at pair.checkpoint")


def test_without_a_file_the_defaults_hold() -> None:
    assert read_settings(None) == PretrainingSettings()


def test_a_line_has_the_terms_of_its_stage() -> None:
    assert line(Validation(5, 0.5, *[NAN] * 6), 61.4) == "step 5, 61 s: next patch 0.500"
    second = line(Validation(9, NAN, 1, 2, 0.8, 0.7, 0.75, 0.85), 0)
    assert second == "step 9, 0 s: pull 1.000, push 2.000, held-out area 0.800, of nearest alone 0.700"
