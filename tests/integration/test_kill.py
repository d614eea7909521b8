"""A training that is stopped goes on with --resume and ends in the same bytes as one that never was."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

from anomalyllm.training import loop
from command import assert_one_line, contents, done, environment, refused, run, wave
from conftest import sine

LONG = (
    *("--preset", "trained", "--max-steps", "40", "--set", "training.batch=16", "--set", "student.prototypes=16"),
    *("--set", "training.validate_every=4", "--set", "training.patience=100"),
)


@pytest.fixture(scope="session")
def unbroken(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The files of a detector whose training was never stopped."""
    folder = tmp_path_factory.mktemp("unbroken")
    pd.DataFrame({"v": wave()}).to_csv(folder / "plain.csv", index=False)
    done("fit", folder / "plain.csv", "--model", folder / "m", *LONG)
    return contents(folder / "m")


@pytest.mark.parametrize("name", ["SIGINT", "SIGKILL"])
def test_stopped_and_resumed(plain: Path, unbroken: dict[str, bytes], name: str) -> None:
    code, out, err = stopped(getattr(signal, name))
    assert Path("m.checkpoint").is_file()
    assert not Path("m").exists()
    if name == "SIGINT":
        assert code == 130
        assert_one_line(
            out, err, r"expected 40 training steps, got a stop after \d+; go on from m.checkpoint with --res"
        )
        assert sorted(path.name for path in plain.iterdir()) == ["m.checkpoint", "plain.csv"]
    else:
        assert (code, out, err) == (-signal.SIGKILL, "", "")
    done("fit", "plain.csv", "--model", "m", "--resume", *LONG)
    assert contents(Path("m")) == unbroken
    assert not Path("m.checkpoint").exists()


def stopped(number: int) -> tuple[int, str, str]:
    """`fit` in a process of its own, which gets a signal as soon as it has left a checkpoint."""
    command = [sys.executable, "-m", "anomalyllm", "fit", "plain.csv", "--model", "m", *LONG]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment()
    ) as process:
        until = time.monotonic() + 120
        while not Path("m.checkpoint").exists() and process.poll() is None and time.monotonic() < until:
            time.sleep(0.01)
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
    return process.returncode, out, err


@pytest.mark.parametrize("step", [1, 4, 39])
def test_stopped_at_any_step(
    plain: Path, unbroken: dict[str, bytes], step: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        stop_at(patch, step)
        ran = run("fit", "plain.csv", "--model", "m", *LONG)
    assert ran.code == 130
    assert_one_line(ran.out, ran.err, f"got a stop after {step}; go on from m.checkpoint with --resume")
    done("fit", "plain.csv", "--model", "m", "--resume", *LONG)
    assert contents(Path("m")) == unbroken


def test_stopped_after_the_last_step(plain: Path, unbroken: dict[str, bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    """While it is calibrated or saved: the training is there, and is not done again."""

    def stop(*arguments: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("anomalyllm.detector.save_artefact", stop)
        ran = run("fit", "plain.csv", "--model", "m", *LONG)
        assert ran.code == 130
        assert_one_line(ran.out, ran.err, "expected a whole fit, got a stop; go on from m.checkpoint with --resume")
    monkeypatch.setattr(loop.Run, "advance", stop)
    done("fit", "plain.csv", "--model", "m", "--resume", *LONG)
    assert contents(Path("m")) == unbroken


def test_stopped_before_there_is_anything_to_keep(plain: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*arguments: object, **named: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("anomalyllm.choosing.fit", stop)
    refused("fit", "plain.csv", "--model", "m", said="stopped", code=130)
    refused("detect", "plain.csv", said="stopped", code=130)


def test_nothing_or_something_else_to_resume(plain: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    words = ("fit", "plain.csv", "--model", "m", *LONG)
    refused(*words, "--resume", said="expected a checkpoint at m.checkpoint, got no such file; start without --resume")
    with monkeypatch.context() as patch:
        stop_at(patch, 5)
        run(*words)
    left = Path("m.checkpoint").read_bytes()
    pd.DataFrame({"v": sine(600, seed=9)[:, 0]}).to_csv("other.csv", index=False)
    said = "expected the checkpoint m.checkpoint to be of this training, got one of other data or settings; resume with"
    refused("fit", "other.csv", "--model", "m", *LONG, "--resume", said=said)
    refused(*words, "--seed", "1", "--resume", said=said)
    refused(*words, "--max-steps", "7", "--resume", said=said)
    assert Path("m.checkpoint").read_bytes() == left
    Path("m.checkpoint").write_bytes(left[: len(left) // 2])
    refused(*words, "--resume", said="expected a whole checkpoint at m.checkpoint, got .*; delete it and start anew")
    done(*words)  # without --resume it is started anew
    assert not Path("m.checkpoint").exists()


def stop_at(patch: pytest.MonkeyPatch, step: int) -> None:
    """Ctrl-C after this many training steps."""
    advance = loop.Run.advance

    def stopping(self: loop.Run) -> tuple[float, float]:
        if self.step == step:
            raise KeyboardInterrupt
        return advance(self)

    patch.setattr(loop.Run, "advance", stopping)
