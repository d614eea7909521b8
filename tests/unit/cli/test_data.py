"""`anomalyllm data`: what is said on stdout and stderr, and the exit codes."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from rich.text import Text

from anomalyllm.cli import data as commands
from anomalyllm.datasets import sources
from anomalyllm.datasets.sources import SOURCES, RemoteFile
from command import done, refused, run
from unit.cli.test_output import on_a_terminal
from unit.datasets.serving import broken, ranged, serving, status, whole

TEXT = " ".join(map(str, range(20)))
ECG, ABP = "001_UCR_Anomaly_ECG1_5_9_11", "002_UCR_Anomaly_NOISEtiltAPB1_5_9_9"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two series of the UCR archive below `sets`, in the current folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    (tmp_path / "sets" / "UCR").mkdir(parents=True)
    for name in (ECG, ABP):
        (tmp_path / "sets" / "UCR" / f"{name}.txt").write_text(TEXT)
    return tmp_path


def test_without_a_command_the_commands_are_shown() -> None:
    shown = done("data").out
    assert {"list", "info", "verify", "download"} <= set(shown.split())
    assert shown == done("data", "--help").out


def test_list_without_a_folder_says_how_to_come_by_each_set() -> None:
    lines = done("data", "list").out.splitlines()
    assert lines[0].split() == ["name", "get", "licence", "title"]
    assert [line.split()[0] for line in lines[1:]] == list(SOURCES)
    ways = {entry["name"]: entry["get"] for entry in json.loads(done("data", "list", "--json").out)["sets"]}
    assert (ways["UCR"], ways["SWAN"], ways["SWaT"]) == ("download", "by hand", "on request")


def test_list_counts_what_a_folder_holds() -> None:
    entries = json.loads(done("data", "list", "--data", "sets", "--json").out)["sets"]
    assert {entry["name"]: entry["cases"] for entry in entries if entry["cases"]} == {"UCR": 2}
    assert "UCR           2  download" in done("data", "list", "--data", "sets").out
    refused("data", "list", "--data", "nothing", said="expected a folder that holds UCR, got no folder nothing;")


def test_a_damaged_archive_is_told_and_not_counted_as_none(folder: Path) -> None:
    (folder / "sets" / "index.json").write_text("{")
    refused("data", "list", "--data", "sets", said=r"index\.json")


def test_info_of_a_set_of_your_own(folder: Path) -> None:
    """And what nobody would see otherwise: what was handled, and that a training part has anomalies."""
    entry = {"dataset": "Boilers", "name": "one", "file": "one.npz"}
    (folder / "sets" / "index.json").write_text(json.dumps({"series": [entry]}))
    train = np.array([0.0, np.inf, 1.0, 2.0])
    labels = {"test_label": np.array([0, 1, 0]), "train_label": np.array([0, 1, 0, 0])}
    np.savez(folder / "sets" / "one.npz", train=train, test=np.ones(3), **labels)
    facts = json.loads(done("data", "info", "boilers", "--data", "sets", "--json").out)
    assert (facts["name"], facts["cases"], facts["training_parts_with_anomalies"]) == ("Boilers", 1, 1)
    assert any("infinit" in note for note in facts["notes"])
    assert all(note.endswith("(1 of 1 cases)") for note in facts["notes"])
    assert "Boilers: your own set" in done("data", "info", "Boilers", "--data", "sets").out


def test_info_says_what_a_set_is() -> None:
    facts = json.loads(done("data", "info", "swat", "--json").out)
    assert facts["name"] == "SWaT"
    assert facts["note"].startswith("ask iTrust")
    shown = done("data", "info", "swat").out
    assert shown.startswith("SWaT: Secure Water Treatment\n")
    assert {"licence", "citation", "note"} <= set(shown.split())
    refused("data", "info", "uce", said="expected the name of a dataset, got 'uce'; did you mean 'ucr'")


def test_info_says_what_a_folder_holds_of_a_set() -> None:
    facts = json.loads(done("data", "info", "UCR", "--data", "sets", "--json").out)
    assert facts["cases"] == 2
    assert facts["families"] == {"ABP": 1, "ECG": 1}
    assert facts["rows"] == {"train": 10, "test": 30}
    assert facts["channels"] == [1]
    assert facts["anomalous"] == pytest.approx(4 / 30)
    lines = {
        line[:9].strip(): line[9:].strip() for line in done("data", "info", "UCR", "--data", "sets").out.splitlines()
    }
    assert (lines["families"], lines["rows"]) == ("ABP 1, ECG 1", "train 10, test 30")
    assert lines["anomalous"] == "13.33% of the test rows"


def test_verify_says_nothing_but_how_many_were_read() -> None:
    assert done("data", "verify", "ucr", "--data", "sets") == (0, "UCR: 2 cases read, 0 damaged\n", "", set())


def test_verify_names_each_damaged_file_and_exits_with_2(folder: Path) -> None:
    (folder / "sets" / "UCR" / f"{ABP}.txt").write_text("1 2 3")
    ran = run("data", "verify", "ucr", "--data", "sets")
    assert ran.code == 2
    assert ran.out.splitlines()[0].startswith(f"{ABP}: expected a UCR name whose end of training")
    assert ran.out.splitlines()[1:] == ["UCR: 2 cases read, 1 damaged"]
    ran = run("data", "verify", "ucr", "--data", "sets", "--json")
    assert ran.code == 2
    facts = json.loads(ran.out)
    assert (facts["cases"], [damage["name"] for damage in facts["damaged"]]) == (2, [ABP])


def test_verify_without_the_set() -> None:
    refused("data", "verify", "smd", "--data", "sets", said="expected SMD in a form that is known")


def at(address: str, monkeypatch: pytest.MonkeyPatch, name: str = "x.csv") -> None:
    """GECCO's address, from now to the end of the test."""
    changed = dataclasses.replace(SOURCES["GECCO"], files=(RemoteFile(address, name),))
    monkeypatch.setitem(sources.SOURCES, "GECCO", changed)


def test_download_writes_into_the_set_s_folder_and_says_whom_to_cite(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(whole(b"1,2\n")) as server:
        at(server.address, monkeypatch)
        ran = done("data", "download", "gecco", "--data", "new")
        assert (ran.out, ran.written) == ("", {"new/GECCO/x.csv", "new/GECCO/checksums.json"})
        assert ran.err.splitlines()[0].startswith("licence: CC BY 4.0; cite: Rehbach")
        assert ran.err.splitlines()[1:] == ["GECCO is in new/GECCO"]
        shutil.rmtree("new")
        assert done("data", "download", "gecco", "--data", "new", "--quiet").err == ""


def test_download_that_fails_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(status(404)) as server:
        at(server.address, monkeypatch)
        refused("data", "download", "gecco", "--data", "new", "--quiet", said="got HTTP 404")
    refused("data", "download", "wadi", "--data", "new", said="whose licence forbids it; ask iTrust")
    Path("file").write_text("x")
    refused("data", "download", "ucr", "--data", "file", said="expected a folder for file/UCR, got the file")


def test_progress_is_shown_on_a_terminal(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    out, err = on_a_terminal(monkeypatch)
    content = bytes(200_000)
    with serving(broken(content, 100_000, ETag='"1"'), ranged(content)) as server:
        at(server.address, monkeypatch)
        monkeypatch.setattr("anomalyllm.datasets.fetching.time.sleep", lambda seconds: None)
        commands.download("gecco", folder / "new")
    assert "200.0/200.0 kB" in Text.from_ansi(err.getvalue()).plain
    assert out.getvalue() == ""
    commands.verify("ucr", folder / "sets")
    assert "2/2" in Text.from_ansi(err.getvalue()).plain
    assert out.getvalue() == "UCR: 2 cases read, 0 damaged\n"
