"""`score` in chunks: what it says and writes is that of the whole, and a stop at any moment loses one chunk at most."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from anomalyllm.cli import long_scoring
from anomalyllm.data import inputs
from command import assert_one_line, done, environment, refused, run, times
from conftest import sine, small_detector

ROWS = 4000
FILES = ("--scores", "s.csv", "--out", "s.json")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A detector of channels `a` and `b` that retrieves, and a series to score with it, in three forms."""
    place = tmp_path_factory.mktemp("long")
    values = sine(ROWS, 2, seed=3)
    values[900:930, 1] += 2
    values[3000:3100] *= 2
    values[100:130, 0] = np.nan
    frame = pd.DataFrame({"time": times(ROWS), "a": values[:, 0], "b": values[:, 1]})
    frame.to_csv(place / "x.csv", index=False)
    frame.to_parquet(place / "x.parquet")
    np.save(place / "x.npy", values)
    known = sine(800, 2)
    frame_of(known).to_csv(place / "known.csv", index=False)
    done("fit", place / "known.csv", "--model", place / "m", "--set", "retrieval.bank=64", "--quiet")
    small_detector(max_steps=2, settings={"window.length": 32}).fit(frame_of(known)).save(place / "networks")
    return place


def frame_of(values: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame({"a": values[:, 0], "b": values[:, 1]})


@pytest.fixture
def here(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with links to all that."""
    for path in folder.iterdir():
        (tmp_path / path.name).symlink_to(path)
    monkeypatch.chdir(tmp_path)
    return folder


def written() -> tuple[bytes, bytes]:
    """The files of scores and events; nothing else was left."""
    found = Path("s.csv").read_bytes(), Path("s.json").read_bytes()
    assert not Path("s.csv.part").exists()
    assert not Path("s.csv.part.journal").exists()
    Path("s.csv").unlink()
    Path("s.json").unlink()
    return found


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("file", ["x.csv", "x.parquet", "x.npy"])
def test_chunks_say_and_write_what_the_whole_does(file: str) -> None:
    whole = done("score", file, "--model", "m", *FILES, "--chunk", "0")
    files = written()
    assert b'"events": [\n' in files[1]
    for size in ("150", "1000", "9999"):
        ran = done("score", file, "--model", "m", *FILES, "--chunk", size)
        assert (ran.out, ran.err) == (whole.out, whole.err)
        assert written() == files


@pytest.mark.usefixtures("here")
def test_a_large_file_is_scored_in_chunks_unless_its_blocks_cannot_tell(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = done("score", "x.csv", "--model", "m", *FILES)
    files = written()
    monkeypatch.setattr(inputs, "LARGE", 1000)
    monkeypatch.setattr("anomalyllm.chunking.NUMBERS", 1000)
    used: list[int] = []
    taken = long_scoring.Progress.take
    monkeypatch.setattr(long_scoring.Progress, "take", lambda self, *a: (used.append(1), taken(self, *a))[1])
    assert done("score", "x.csv", "--model", "m", *FILES).out == whole.out
    assert written() == files
    assert len(used) == 4  # of eight windows each
    lines = Path("x.csv").read_text().split("\n")
    lines[3000], lines[3001] = lines[3001], lines[3000]
    Path("mixed.csv").write_text("\n".join(lines))
    assert done("score", "mixed.csv", "--model", "m", *FILES).out == whole.out
    assert written()[0] == files[0]
    said = r"expected times in order, .* got an earlier one at line 3002 of mixed.csv; .* or sort it \(--chunk 0\)"
    refused("score", "mixed.csv", "--model", "m", *FILES, "--chunk", "500", said=said)


@pytest.fixture
def unbroken(here: Path) -> tuple[str, tuple[bytes, bytes]]:
    """What a run that was never stopped prints and writes."""
    ran = done("score", "x.csv", "--model", "m", *FILES, "--chunk", "100", "--quiet")
    return ran.out, written()


def resumed() -> tuple[str, tuple[bytes, bytes]]:
    ran = done("score", "x.csv", "--model", "m", *FILES, "--chunk", "100", "--quiet", "--resume")
    return ran.out, written()


@pytest.mark.parametrize("chunk", [1, 17, 40])
def test_ctrl_c_leaves_a_part(
    unbroken: tuple[str, tuple[bytes, bytes]], chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And what was learned of events that were still open."""
    taken = long_scoring.Progress.take
    with monkeypatch.context() as patch:

        def stopping(self: long_scoring.Progress, *arguments: object) -> object:
            if self.rows == chunk * 100:
                raise KeyboardInterrupt
            return taken(self, *arguments)  # type: ignore[arg-type]

        patch.setattr(long_scoring.Progress, "take", stopping)
        if chunk < ROWS // 100:
            ran = run("score", "x.csv", "--model", "m", *FILES, "--chunk", "100")
            assert ran.code == 130
            said = f"expected to score all rows, got a stop after {chunk * 100:,}; go on from s.csv.part with --resume"
            assert_one_line(ran.out, ran.err, said)
            assert ran.written == {"s.csv.part", "s.csv.part.journal"}
    if chunk == ROWS // 100:  # all was scored, and the last step was not done
        with monkeypatch.context() as patch:
            patch.setattr("anomalyllm.cli.long_scoring.announce", _interrupt)
            assert run("score", "x.csv", "--model", "m", *FILES, "--chunk", "100").code == 130
    assert resumed() == unbroken


def _interrupt(*arguments: object, **named: object) -> None:
    raise KeyboardInterrupt


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(("file", "model"), [("x.csv", "m"), ("x.npy", "m"), ("x.parquet", "m"), ("x.csv", "networks")])
def test_a_kill_at_random_moments(file: str, model: str) -> None:
    """Several processes in a row, each killed once it has got a little further."""
    chance = random.Random(0)
    words = ("score", file, "--model", model, *FILES, "--chunk", "100", "--quiet")
    unbroken = done(*words).out, written()
    part, kills = Path("s.csv.part"), 0
    for start in range(3):
        wanted = _size(part) + chance.randrange(1, 30_000)
        again = ("--resume",) if start else ()
        command = [sys.executable, "-m", "anomalyllm", *words, *again]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, env=environment()) as process:
            until = time.monotonic() + 60
            while _size(part) < wanted and process.poll() is None and time.monotonic() < until:
                time.sleep(chance.random() / 200)
            process.send_signal(signal.SIGKILL)
            process.wait(timeout=60)
        kills += process.returncode == -signal.SIGKILL
        if not part.exists():
            break  # it was quicker than we
    assert kills
    ran = done(*words, "--resume")
    assert (ran.out, written()) == unbroken


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


@pytest.mark.usefixtures("here")
def test_nothing_or_something_else_to_resume(monkeypatch: pytest.MonkeyPatch) -> None:
    words = ("score", "x.csv", "--model", "m", "--scores", "s.csv", "--chunk", "1000")
    refused(
        *words, "--resume", said="expected a part of s.csv to go on with, got no file s.csv.part.journal; start with"
    )
    taken = long_scoring.Progress.take
    with monkeypatch.context() as patch:

        def stopping(self: long_scoring.Progress, *arguments: object) -> object:
            if self.rows == 2000:
                raise KeyboardInterrupt
            return taken(self, *arguments)  # type: ignore[arg-type]

        patch.setattr(long_scoring.Progress, "take", stopping)
        run(*words)
    left = Path("s.csv.part").read_bytes()
    said = "expected s.csv.part to be a part of this work, got that of another detector, another input or other options"
    refused("score", "x.parquet", *words[2:], "--resume", said=said)
    refused(*words, "--columns", "b,a", "--resume", said=said)
    assert Path("s.csv.part").read_bytes() == left
    done(*words)  # without --resume it is begun anew
    assert not Path("s.csv.part").exists()
