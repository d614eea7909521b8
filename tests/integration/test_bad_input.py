"""Input that is wrong, odd or damaged: each gives a documented result, or one line and no file."""

from __future__ import annotations

import errno
import json
import os
import shutil
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from anomalyllm import AnomalyLLM
from anomalyllm.cli.output import require_writable
from anomalyllm.errors import StorageError
from command import ANOMALY, KINDS, ROWS, TRAINED, assert_one_line, contents, done, program, refused, run, times, wave
from conftest import sine

WRITTEN = ("--scores", "s.csv", "--out", "e.json", "--plot", "p.png", "--report", "r.html")


# --- files that cannot be used


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "expected a file with at least one row, got an empty file: x.csv; check the export"),
        (b"time,v\n", "expected at least one row, got a file with only a header: x.csv"),
        (b"v\n1\n", "expected rows to train on and rows to score, got 1 row in x.csv; give a longer series"),
        (b"v\n" + b"1\n" * 40, "expected at least 32 rows to train on, got 20; give a longer series"),
        (b"v,w\n1,2\n3\n", "expected 2 fields in every line, got 1 field at line 3 of x.csv"),
        (b"a,v\n1,2\n1,cold\n", "expected a number in column 'v', got 'cold' at line 3 of x.csv; mend that value"),
        (b"v\n" + b"nan\n" * 100, "expected numbers to train on, got only missing values in x.csv"),
        (b"v\n" + b"nan\n" * 100 + b"1\n" * 90, "expected numbers to train on, got only missing values"),
        (b"v\n" + b"inf\n" * 100, "expected numbers to train on, got only missing values"),
        (b"time,v\n" + b"2024-01-01,1\n" * 50, "got 1 row in x.csv; 49 rows repeat a time"),
        (b"\0\1\2", "expected a text table, got a binary file"),
    ],
)
def test_tables_that_cannot_be_used(place: Path, content: bytes, said: str) -> None:
    Path("x.csv").write_bytes(content)
    for kind in KINDS.values():
        refused("detect", "x.csv", *WRITTEN, *kind, said=said)


def test_nothing_on_standard_input(place: Path) -> None:
    refused("detect", "-", said="an empty file: stdin")


@pytest.mark.parametrize("name", ["x.npz", "x.parquet", "x.xlsx"])
def test_files_that_are_not_what_their_name_says(place: Path, name: str) -> None:
    Path(name).write_bytes(b"neither fish nor fowl")
    refused("detect", name, said=r"expected an? .*; (convert|save|export)")


def test_a_ucr_name_that_does_not_fit(place: Path) -> None:
    np.savetxt("001_UCR_Anomaly_wave_300_700_800.txt", wave())
    refused("detect", "001_UCR_Anomaly_wave_300_700_800.txt", said="300, 700 and 800 for 600 values")


def test_paths_that_hold_no_file(plain: Path) -> None:
    refused(
        "detect", "plane.csv", said="expected a file that is there, got no file plane.csv; did you mean 'plain.csv'"
    )
    refused("detect", "nowhere/plain.csv", said="there is no folder nowhere either")
    refused("detect", ".", said="expected a file, got the folder .; name a file in it")


def test_ten_thousand_columns_are_answered_within_seconds(place: Path) -> None:
    names = [f"c{index}" for index in range(10_000)]
    pd.DataFrame(np.random.default_rng(0).normal(size=(40, 10_000)).round(3), columns=names).to_csv(
        "w.csv", index=False
    )
    began = time.monotonic()
    refused("fit", "w.csv", "--model", "m", said="expected at most 1024 channels, got 10000; choose some .--columns")
    assert time.monotonic() - began < 15
    refused("detect", "w.csv", "--columns", "c1,d2", said="expected a column that is there, got 'd2'")


# --- series that are odd but can be used: no score is NaN, and what was handled is told


def odd_series() -> dict[str, tuple[dict[str, object], str]]:
    values, still = wave(), np.full(ROWS, 3.0)
    gaps, infinite, empty_end, loud = values.copy(), values.copy(), values.copy(), values.copy()
    gaps[[100, 101, 400, 401, 402]] = np.nan
    infinite[[100, 500]] = np.inf, 1e35
    empty_end[300:] = np.nan
    loud[500] = 1e29
    order = np.random.default_rng(0).permutation(ROWS)
    repeated = times().to_numpy().copy()
    repeated[[10, 400]] = repeated[[9, 399]]
    return {
        "all-NaN channel": ({"v": values, "w": still * np.nan}, "channel w has no value at all and counts as constant"),
        "gaps": ({"v": gaps}, "5 values are missing: v has 5, first at row 100"),
        "infinities": ({"v": infinite}, "1 value is infinite and taken as missing"),
        "constant channel": ({"v": values, "w": still}, "channel w has one value throughout"),
        "nothing but a constant": ({"w": still}, "channel w has one value throughout"),
        "nothing to score": ({"v": empty_end}, "300 values are missing"),
        "huge value": ({"v": loud}, ""),
        "huge scale": ({"v": values * 1e28}, ""),
        "tiny scale": ({"v": values * 1e-300}, ""),
        "unsorted": ({"time": times()[order], "v": values[order]}, "the rows were sorted by time"),
        "repeated times": ({"time": repeated, "v": values}, "2 rows repeat a time: the last row of each"),
    }


@pytest.mark.parametrize("case", odd_series())
def test_odd_series(place: Path, case: str, kind: tuple[str, ...]) -> None:
    columns, note = odd_series()[case]
    pd.DataFrame(columns).to_csv("x.csv", index=False)
    ran = done("detect", "x.csv", "--scores", "s.csv", "--out", "e.json", *kind)
    assert note in ran.err
    scores = pd.read_csv("s.csv")
    assert np.isfinite(scores["score"]).all()
    assert (scores["score"] >= 0).all()
    summary = json.loads(Path("e.json").read_text(), parse_constant=pytest.fail)
    assert len(scores) == summary["rows"]
    if case in ("nothing to score", "nothing but a constant"):
        assert not summary["events"]
    if case in ("all-NaN channel", "constant channel", "unsorted"):
        assert any(ANOMALY.start - 40 <= event["peak"] < ANOMALY.stop + 40 for event in summary["events"])


@pytest.mark.parametrize("words", ["--preset default", "--preset trained --max-steps 10 --set training.batch=16"])
def test_a_training_part_with_an_anomaly(place: Path, words: str) -> None:
    """It is told, and the normal rest raises no alarm."""
    values = sine(1200)[:, 0]
    values[200:206] += np.linspace(8, 12, 6)
    pd.DataFrame({"v": values}).to_csv("x.csv", index=False)
    ran = done("detect", "x.csv", *words.split(), "--json")
    summary = json.loads(ran.out)
    assert len(summary["events"]) <= 1
    assert all("looks anomalous around row" in note for note in summary["training_notes"])


def test_fewer_rows_than_a_window(model: Path, place: Path) -> None:
    pd.DataFrame({"a": [1.0], "b": [2.0]}).to_csv("x.csv", index=False)
    ran = done("score", "x.csv", "--model", model, "--scores", "s.csv")
    assert ran.out == "0 events in 1 row (0.00% of points flagged)\n"
    assert "fewer than a window of" in ran.err
    assert Path("s.csv").read_text() == "row,score,flag\n0,0,0\n"


def test_channels_at_scoring(model: Path, place: Path) -> None:
    """Their order does not matter, one more does not matter, one less does."""
    values = wave()
    table = pd.DataFrame({"a": values, "b": -values, "c": 0.0})
    for name, columns in (("whole", ["a", "b"]), ("turned", ["c", "b", "a"]), ("less", ["a", "c"])):
        table[columns].to_csv(f"{name}.csv", index=False)
    whole = done("score", "whole.csv", "--model", model, "--scores", "1.csv").out
    assert done("score", "turned.csv", "--model", model, "--scores", "2.csv").out == whole
    assert Path("1.csv").read_bytes() == Path("2.csv").read_bytes()
    said = "expected the 2 channels that were fitted, got a series with 2 channels and without 'b'"
    refused("score", "less.csv", "--model", model, *WRITTEN, said=said)


# --- settings


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("--preset papr", "expected a known preset, got 'papr'; did you mean 'paper'"),
        ("--set training.bach=3", "expected a known setting, got 'training.bach'; did you mean 'training.batch'"),
        ("--set training.batch=many", "expected batch to be int, got 'many'"),
        ("--set training", "expected a setting as name=value, got 'training'; write for example --set"),
        ("--set preset=paper", "expected --set to name a single setting, got the preset; write --preset paper"),
        ("--max-steps 0", "expected max_steps to be at least 1, got 0"),
        ("--window 5000", "expected at least two windows .10000 rows. to train on, got 300"),
        ("--window 40 --stride 7", "window.stride to divide the window of 40, got 7"),
        ("--blocks 13", "expected at most 12 blocks, as 'compact' has, got blocks=13"),
        ("--seed -1", "expected seed to be a whole number of at least 0, got -1"),
        ("--device tpu", "expected device to be .* got 'tpu'"),
        ("--train-end soon", "expected the end of training, got 'soon'; give a number of rows"),
        ("--train-end 600", "leaves rows on both sides of 600"),
        ("--train-end 2024-01-01", "expected a series with times"),
        ("--train-end 10", "expected at least 32 rows to train on, got 10"),
        ("--alarms-per often", "expected alarms_per to be a fraction of points"),
        ("--alarms-per 2/day", "expected a time column, for alarms_per 2/day"),
        ("--time-column when", "expected a time column 'when', got the columns v"),
        ("--label-column v", "expected 0 or 1 in 'v'"),
        ("--teacher ./gpt2", "expected a folder with a language model, got no folder at './gpt2'; .*--teacher compact"),
        ("--teacher gpt~2", "a name as the model hub has them, got 'gpt~2'; pass a folder"),
        ("--set training.learning_rate=1e30", "expected losses that stay finite, got nan by step 2; lower training.l"),
    ],
)
def test_settings_that_cannot_be(plain: Path, words: str, said: str) -> None:
    refused("detect", "plain.csv", *WRITTEN, *TRAINED, *words.split(), said=said)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("--window 5000", "expected at least two windows .10000 rows. to train on, got 300"),
        ("--window 40 --stride 7", "window.stride to divide the window of [24]0, got 7"),
        ("--set retrieval.lengths=[32,16]", "expected lengths to be some lengths, shortest first, got"),
        ("--train-end 10", "expected at least 32 rows to train on, got 10"),
        ("--alarms-per 2/day", "expected a time column, for alarms_per 2/day"),
        *(
            (words, f"expected networks that are trained, for {name}, got a detector that trains none; choose the pres")
            for words, name in (
                ("--teacher compact", "teacher.name"),
                ("--blocks 2", "teacher.blocks"),
                ("--prototypes 16", "student.prototypes"),
                ("--max-steps 2", "training.max_steps"),
                ("--set loss.form=cosine", "loss.form"),
                ("--set augment.mix=false", "augment.mix"),
            )
        ),
    ],
)
def test_settings_that_a_detector_without_networks_cannot_have(plain: Path, words: str, said: str) -> None:
    """Also those that only networks have: taken in silence, they would seem to have had an effect."""
    refused("detect", "plain.csv", *WRITTEN, *words.split(), said=said)


def test_a_training_that_diverges_leaves_nothing_to_resume(plain: Path) -> None:
    words = ("fit", "plain.csv", "--model", "m", *TRAINED, "--set", "training.learning_rate=1e30")
    refused(*words, said="expected losses that stay finite, got nan by step 2; lower training.learning_rate")


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("c.toml", b"a = \n", "expected TOML in c.toml, got Invalid value .at line 1, column 5."),
        ("c.json", b'{"training": ', "expected JSON in c.json, got Expecting value: line 1"),
        ("c.json", b"[1]", "expected a table of settings"),
        ("c.toml", b"\xff\xfe\xff", "c.toml .not text."),
        ("c.toml", b"[trainin]\nbatch = 1\n", "expected a known setting, got 'trainin'; did you mean 'training'"),
        ("c.toml", b"[training]\nbatch = 0\n", "expected batch to be at least 1, got 0"),
        ("c.toml", b"preset = 'best'\n", "expected a known preset, got 'best'"),
    ],
)
def test_configuration_files_that_cannot_be_read(plain: Path, name: str, content: bytes, said: str) -> None:
    Path(name).write_bytes(content)
    refused("detect", "plain.csv", "--config", name, said=said)
    said = "expected a configuration file that can be read, got gone.toml .no such file or directory."
    refused("detect", "plain.csv", "--config", "gone.toml", said=said)


def test_a_teacher_that_is_not_at_hand(plain: Path) -> None:
    """Within seconds, also where the network swallows everything: a folder or `compact` is the way on."""
    Path("empty").mkdir()
    words = ("detect", "plain.csv", "--preset", "trained")
    refused(*words, "--teacher", "empty", said="expected a language model at 'empty'.*--teacher compact")
    began = time.monotonic()
    ran = program(*words, "--teacher", "gpt2", "--set", "teacher.blocks=3", "--json")
    assert time.monotonic() - began < 60  # of which importing torch takes most where a machine is busy
    if ran.returncode == 0:
        pytest.skip("this machine has the weights of gpt2, or a network")
    assert ran.returncode == 2
    assert_one_line(ran.stdout, ran.stderr, "the weights of 'gpt2' .*a folder .*--teacher DIR.*--teacher compact")


# --- places to write to


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("--out x.txt", "expected --out to name a .json or .csv file, got x.txt; end its name in .json or .csv"),
        ("--scores x.parquet", "expected --scores to name a .csv file"),
        ("--plot x.jpg", "expected --plot to name a .png file"),
        ("--report x", "expected --report to name a .html file, got x; end its name in .html"),
        ("--out folder.csv", "expected --out to name a file, got the folder folder.csv"),
        ("--out plain.csv", "expected each file to be read or written once, got plain.csv twice"),
        ("--out x.csv --scores ./x.csv", "expected each file to be read or written once, got x.csv twice"),
        ("--plot plain.csv/x.png", "expected a folder for plain.csv/x.png, got the file"),
    ],
)
def test_outputs_are_refused_before_the_work(
    plain: Path, words: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("folder.csv").mkdir()
    monkeypatch.delattr(AnomalyLLM, "fit")
    refused("detect", "plain.csv", *words.split(), said=said)


@pytest.mark.parametrize(
    ("model", "said"),
    [
        ("plain.csv", "expected a folder to save to, got a file at plain.csv"),
        (".", "expected an empty folder or a saved detector, got other files in ."),
        ("..", "expected an empty folder or a saved detector"),
        ("/", "expected an empty folder or a saved detector, got other files in /"),
        ("plain.csv/m", "expected a folder for plain.csv/m, got the file"),
    ],
)
def test_models_are_refused_before_the_work(
    plain: Path, model: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(AnomalyLLM, "fit")
    refused("fit", "plain.csv", "--model", model, said=said)


def test_a_folder_without_write_permission(plain: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The superuser may write everywhere, so that it is the question of permission that is answered here."""
    may = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: mode != os.W_OK and may(path, mode))
    for words in (["detect", "plain.csv", "--scores", "new/s.csv"], ["fit", "plain.csv", "--model", "m"]):
        refused(*words, said="a folder without write permission: /.*; choose another place", code=1)
    with pytest.raises(StorageError, match="to write x.csv"):
        require_writable(Path("x.csv"))


@pytest.mark.parametrize("option", ["--scores", "--out", "--plot", "--report"])
def test_a_full_disk_while_writing_results(
    model: Path, place: Path, option: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = wave()
    pd.DataFrame({"a": values, "b": values}).to_csv("x.csv", index=False)
    name = {"--scores": "s.csv", "--out": "e.json", "--plot": "p.png", "--report": "r.html"}[option]
    Path(name).write_text("the old one")
    fill_the_disk(monkeypatch)
    said = f"expected to write {name}, got no space left on device; make room or choose another place"
    refused("score", "x.csv", "--model", model, option, name, said=said, code=1)
    assert Path(name).read_text() == "the old one"


def test_a_full_disk_while_saving(trained_model: Path, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether it is full at the checkpoint or at the detector: the old detector is there, byte for byte."""
    shutil.copytree(trained_model, "m")
    before = contents(Path("m"))
    pd.DataFrame({"a": wave(), "b": wave()}).to_csv("x.csv", index=False)
    with monkeypatch.context() as patch:
        fill_the_disk(patch)
        words = ("fit", "x.csv", "--model", "m", "--seed", "1", *TRAINED)
        refused(*words, said="expected to write m.checkpoint, got no space left on device", code=1)
    with monkeypatch.context() as patch:
        fill_the_disk(patch, beginning="tensors-")
        ran = run(*words)
        assert ran.code == 1
        assert_one_line(ran.out, ran.err, "expected to write m/tensors-.*, got no space left on device")
        assert ran.written == {"m.checkpoint"}  # the training is not lost
    assert contents(Path("m")) == before
    done(*words, "--resume")
    assert contents(Path("m")) != before
    assert not Path("m.checkpoint").exists()


def fill_the_disk(patch: pytest.MonkeyPatch, beginning: str = "") -> None:
    """From now on no file whose name begins with this can be put in its place."""
    replace = Path.replace

    def full(self: Path, target: Path) -> Path:
        if Path(target).name.startswith(beginning):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return replace(self, target)

    patch.setattr(Path, "replace", full)


# --- model folders that are damaged or foreign


def test_model_folders_that_are_none(plain: Path) -> None:
    for words in (["inspect"], ["score", "plain.csv", "--model"]):
        refused(*words, "nowhere", said="expected a folder with a saved detector, got no folder at nowhere")
        refused(*words, ".", said="expected a saved detector in ., got no detector.json there")


@pytest.mark.parametrize("damage", ["cut", "flipped", "gone", "manifest cut", "foreign"])
def test_model_folders_that_are_damaged(model: Path, plain: Path, damage: str) -> None:
    shutil.copytree(model, "m")
    (tensors,) = Path("m").glob("*.safetensors")
    manifest = Path("m/detector.json")
    content = bytearray(tensors.read_bytes())
    if damage == "cut":
        tensors.write_bytes(content[: len(content) // 2])
    elif damage == "flipped":
        content[-3] ^= 0xFF
        tensors.write_bytes(content)
    elif damage == "gone":
        tensors.unlink()
    elif damage == "manifest cut":
        manifest.write_bytes(manifest.read_bytes()[:100])
    else:
        manifest.write_text('{"format": "another"}')
    said = {
        "cut": "bytes; the first tensor that is not whole is '.+'; fit and save the detector again",
        "flipped": "expected the saved values of tensor '.+', got other values|the saved values of tensor '.+' in m/",
        "gone": "expected the tensor file m/tensors-.*, got no such file",
        "manifest cut": "expected JSON in m/detector.json",
        "foreign": "a detector of this library in m/detector.json, got another kind of file",
    }[damage]
    refused("inspect", "m", said=said)
    refused("score", "plain.csv", "--model", "m", *WRITTEN, said=said)
