"""The command line as a user meets it: every command, every kind of file, stdout for data and stderr for talk."""

from __future__ import annotations

import csv
import errno
import json
import math
import os
import subprocess
import sys
from pathlib import Path
from unittest import mock

import numpy as np
import pandas as pd
import pytest

import anomalyllm
from command import ANOMALY, ROWS, assert_one_line, done, program, refused, run, times, wave

ROOT = Path(__file__).resolve().parents[2]
HIT = range(ANOMALY.start - 40, ANOMALY.stop + 40)


def hits(summary: dict) -> bool:
    return any(event["peak"] in HIT for event in summary["events"])


# --- the program itself


def test_the_module_is_the_program() -> None:
    ran = program("--version")
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, f"anomalyllm {anomalyllm.__version__}\n", "")
    installed = Path(sys.executable).with_name("anomalyllm")
    if installed.exists():
        ran = subprocess.run([installed, "--version"], capture_output=True, text=True, check=True)
        assert ran.stdout == f"anomalyllm {anomalyllm.__version__}\n"


def test_alone_it_shows_its_help(place: Path) -> None:
    ran = done()
    assert ran.out == done("--help").out
    for command in ("detect", "locate", "fit", "score", "inspect", "doctor"):
        assert command in ran.out
        assert "Usage: anomalyllm " + command in done(command, "-h").out


def test_help_and_version_do_not_wait_for_torch() -> None:
    code = (
        "import sys; from anomalyllm.cli import main\n"
        "try: main()\n"
        "except SystemExit: print('torch' in sys.modules, file=sys.stderr)"
    )
    ran = subprocess.run([sys.executable, "-c", code, "--help"], capture_output=True, text=True, check=True)
    assert ran.stderr == "False\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["detect", "x.csv", "--colums", "a"], "no such option.*--colums.*anomalyllm detect --help"),
        (["detect"], "missing argument.*anomalyllm detect --help"),
        (["fit", "x.csv"], "missing option '--model'.*anomalyllm fit --help"),
        (["detekt", "x.csv"], "no such command 'detekt'.*anomalyllm --help"),
        (["detect", "x.csv", "--window", "long"], "invalid value for '--window'"),
    ],
)
def test_words_that_are_not_understood(place: Path, words: list[str], said: str) -> None:
    refused(*words, said=said)


# --- detect


def test_detect_prints_a_table(plain: Path, kind: tuple[str, ...]) -> None:
    ran = done("detect", "plain.csv", *kind)
    first, names, *rows = ran.out.splitlines()
    assert f"{len(rows)} event" in first
    assert "in 300 rows (" in first
    assert names.split() == ["#", "start", "end", "peak", "rows", "severity", "channels"]
    start, end, peak, count = (int(cell) for cell in rows[0].split()[1:5])
    assert peak in HIT
    assert end - start == count
    assert ran.err.startswith("trained on the first 300 rows, the first half (--train-end sets it): period 40, window")
    said = "window 32, teacher compact (untrained)" if kind else "windows of 16, 32 and 64 rows"
    assert ran.err.endswith(f": period 40, {said}\n")


def test_json_is_one_document_and_nothing_else(plain: Path, kind: tuple[str, ...]) -> None:
    ran = done("detect", "plain.csv", "--json", "-q", "--train-end", "40%", "--window", "40", *kind)
    summary = json.loads(ran.out, parse_constant=pytest.fail)
    assert ran.err == ""
    assert (summary["rows"], summary["first_row"], summary["window"]) == (360, 240, 40)
    assert summary["trained_on"] == "the first 240 rows"
    assert hits(summary)


def test_files_that_are_written(plain: Path, kind: tuple[str, ...]) -> None:
    """Folders are made; names with spaces and brackets are names; every score is a number."""
    folder = Path("out [red]") / "of the day"
    names = {"--scores": "s.csv", "--out": "e.csv", "--plot": "p.png", "--report": "r.html"}
    words = [word for option, name in names.items() for word in (option, folder / name)]
    ran = done("detect", "plain.csv", *words, *kind)
    assert ran.written == {str(folder / name) for name in names.values()}
    assert all(f"wrote {folder / name}\n" in ran.err for name in names.values())
    rows = list(csv.DictReader((folder / "s.csv").read_text().splitlines()))
    assert [int(row["row"]) for row in rows] == list(range(300, ROWS))
    assert all(math.isfinite(float(row["score"])) and row["flag"] in "01" for row in rows)
    events = list(csv.DictReader((folder / "e.csv").read_text().splitlines()))
    assert int(events[0]["peak"]) in HIT
    assert events[0]["channels"] == "v"
    assert (folder / "p.png").read_bytes().startswith(b"\x89PNG")
    assert (folder / "r.html").read_text().startswith("<!")
    before = (folder / "s.csv").read_bytes()
    done("detect", "plain.csv", "--scores", folder / "s.csv", "--out", "again.json", *kind)
    assert (folder / "s.csv").read_bytes() == before  # the same seed, the same bytes
    assert hits(json.loads(Path("again.json").read_text()))


def test_times_and_names(place: Path, kind: tuple[str, ...]) -> None:
    """Brackets are no markup, control characters steer nothing, a piped table is neither cut nor wrapped."""
    name = "flow of the second inlet [bar] (left) \x1b[31m" + "x" * 150
    pd.DataFrame({"time": times(), name: wave()}).to_csv("a [file].csv", index=False)
    ran = done("detect", "a [file].csv", "--train-end", "2024-03-02T01:00", "--alarms-per", "1/day", *kind)
    assert "trained on the first 300 rows:" in ran.err
    first, names, *rows = ran.out.splitlines()
    assert names.split() == ["#", "start", "last", "peak", "rows", "severity", "channels"]
    assert len(rows) == int(first.split()[0])
    assert rows[0].endswith(name.replace("\x1b", "�"))
    peak = pd.Timestamp(" ".join(rows[0].split()[5:7]))
    assert times()[HIT.start] <= peak < times()[HIT.stop]
    summary = json.loads(done("detect", "a [file].csv", "--json", "--out", "e.csv", *kind).out)
    assert summary["channels"] == [name]
    assert {"start_time", "last_time", "peak_time"} <= set(summary["events"][0])
    assert Path("e.csv").read_text().splitlines()[0].endswith("start_time,last_time,peak_time")


@pytest.mark.parametrize("kind", ["parquet", "npz", "txt", "-"])
def test_every_kind_of_file(place: Path, kind: str) -> None:
    values = wave()
    file, stdin, first_row = {
        "parquet": ("x.parquet", b"", 300),
        "npz": ("x.npz", b"", 0),
        "txt": (f"001_UCR_Anomaly_wave_300_{ANOMALY.start + 1}_{ANOMALY.stop}.txt", b"", 300),
        "-": ("-", pd.DataFrame({"v": values}).to_csv(index=False).encode(), 300),
    }[kind]
    if kind == "parquet":
        pd.DataFrame({"v": values}).to_parquet(file)
    elif kind == "npz":
        np.savez(file, train=values[:300], test=values[300:])
    elif kind == "txt":
        np.savetxt(file, values)
    summary = json.loads(done("detect", file, "--json", "-q", stdin=stdin).out)
    assert (summary["rows"], summary["first_row"]) == (300, first_row)
    event = max(summary["events"], key=lambda event: event["severity"])
    assert event["peak"] - first_row + 300 in HIT
    assert ("as the file says" in summary["trained_on"]) == (kind in ("npz", "txt"))


def test_train_on_another_file(plain: Path, kind: tuple[str, ...]) -> None:
    pd.DataFrame({"v": wave()[:300]}).to_csv("normal.csv", index=False)
    summary = json.loads(done("detect", "plain.csv", "--train", "normal.csv", "--json", *kind).out)
    assert (summary["rows"], summary["trained_on"]) == (ROWS, "300 rows of normal.csv")
    assert hits(summary)
    refused("detect", "plain.csv", "--train", "normal.csv", "--train-end", "9", said="one of --train and --train-end")


def test_a_configuration_file(plain: Path) -> None:
    Path("c.toml").write_text(
        'preset = "paper"\n[teacher]\nname = "compact"\nblocks = 2\n[window]\ntraining_stride = 8\n'
    )
    words = ("--config", "c.toml", "--json", "--max-steps", "2", "--set", "training.batch=16")
    summary = json.loads(done("detect", "plain.csv", *words).out)
    assert (summary["preset"], summary["window"]) == ("paper", 64)
    refused("detect", "plain.csv", "--preset", "paper", *words, said="one of --preset and --config, got both")


def test_what_was_handled_is_told_once(place: Path, kind: tuple[str, ...]) -> None:
    values = wave()
    values[100:103] = np.nan
    pd.DataFrame({"v": values, "still": 3.0, "label": 0}).to_csv("gaps.csv", index=False)
    ran = done("detect", "gaps.csv", *kind)
    assert ran.err.count("channel still has one value throughout") == 1
    assert ran.err.count("column label was read as labels") == 1
    summary = json.loads(done("detect", "gaps.csv", "--json", *kind).out)
    assert any("3 values are missing" in note for note in summary["notes"])
    assert any("3 values are missing" in note for note in summary["training_notes"])


# --- fit, score, inspect


def test_fit_then_score(plain: Path, kind: tuple[str, ...]) -> None:
    ran = done("fit", "plain.csv", "--model", "out/[model] 1", "--train-end", "300", *kind)
    assert ran.out == ""
    assert "trained on 300 rows: period 40" in ran.err
    assert "saved to out/[model] 1, threshold" in ran.err
    assert {Path(name).parent.name for name in ran.written} == {"[model] 1"}  # and no checkpoint
    scored = done("score", "plain.csv", "--model", "out/[model] 1", "--scores", "s.csv", "--json")
    summary = json.loads(scored.out)
    assert hits(summary)
    assert summary["trained_on"] == "300 rows of plain.csv"
    table = pd.read_csv("s.csv")
    assert list(table.columns) == ["row", "score", "flag"]
    assert len(table) == ROWS
    assert np.isfinite(table["score"]).all()
    assert ((table["score"] >= summary["threshold"]) == (table["flag"] == 1)).all()


def test_detect_is_fit_and_score(plain: Path, kind: tuple[str, ...]) -> None:
    done("detect", "plain.csv", "--scores", "at-once.csv", *kind)
    done("fit", "plain.csv", "--train-end", "0.5", "--model", "m", "-q", *kind)
    pd.read_csv("plain.csv")[300:].to_csv("rest.csv", index=False)
    done("score", "rest.csv", "--model", "m", "--scores", "apart.csv", "--report", "r.html")
    at_once, apart = pd.read_csv("at-once.csv"), pd.read_csv("apart.csv")
    np.testing.assert_allclose(apart["score"], at_once["score"], rtol=1e-6, atol=1e-9)
    assert list(apart["row"]) == list(range(300))


def test_score_of_a_split_file_is_of_its_test_part(model: Path, place: Path) -> None:
    values = wave()
    np.savez("x.npz", train=np.column_stack([values, values])[:300], test=np.column_stack([values, values])[300:])
    summary = json.loads(done("score", "x.npz", "--model", model, "--json").out)
    assert (summary["rows"], summary["first_row"]) == (300, 0)


def test_fit_without_talk(plain: Path, kind: tuple[str, ...]) -> None:
    ran = done("fit", "plain.csv", "--model", "m", "-q", *kind)
    assert (ran.out, ran.err) == ("", "")


def test_inspect(model: Path, place: Path) -> None:
    lines = done("inspect", model).out.splitlines()
    assert lines[0] == f"Detector in {model}"
    facts = {line.split("  ")[0].strip(): line.split("  ")[-1].strip() for line in lines[1:]}
    assert facts["channels"] == "a, b"
    assert facts["trained on"] == "600 rows of both.csv"
    if facts["preset"] == "trained":
        assert facts["teacher"] == "compact (untrained)"
        assert facts["prototypes"] == "16 per channel, windows"
        assert facts["training"] == "2 steps, best at 2"
        assert "compared with" not in facts
    else:
        assert facts["compared with"] == "normal windows of 16, 32, 64, 128 rows"
        assert facts["views"] == "shape, contour, change, roughness, subspace"
        assert not {"prototypes", "training"} & set(facts)
    assert facts["threshold"].endswith(" for a share of 0.005 points")
    assert "torch" in facts["versions"]
    manifest = json.loads(done("inspect", model, "--json").out, parse_constant=pytest.fail)
    assert manifest["channels"] == ["a", "b"]


def test_finetuning_is_told_and_inspected(plain: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Kept or dropped, the verdict is printed with the fit, and can be read again from the saved detector."""
    quick = ("--finetune", "--max-steps", "2", "--set", "training.batch=16", "--set", "student.prototypes=16")
    for helps, verdict in ((True, "kept"), (False, "dropped")):
        monkeypatch.setattr("anomalyllm.injecting.Comparison.helps", helps)
        ran = done("fit", "plain.csv", "--model", verdict, "--train-end", "400", *quick)
        told = f"note on the training part: finetuning {verdict}: synthetic anomalies rank 0."
        assert ran.err.count(told) == 1
        windows = "windows of 16, 32 and 64 rows" + (", teacher compact (untrained)" if helps else "")
        assert f"period 40, {windows}\n" in ran.err
        lines = done("inspect", verdict).out.splitlines()
        facts = {line.split("  ")[0].strip(): line.split("  ")[-1].strip() for line in lines[1:]}
        assert f"finetuning {verdict}: " in facts["handled"]
        assert facts["compared with"] == "normal windows of 16, 32, 64 rows"
        assert facts.get("training") == ("2 steps, best at 2" if helps else None)
        assert hits(json.loads(done("score", "plain.csv", "--model", verdict, "--json").out))
    assert told in done("detect", "plain.csv", "--train-end", "400", *quick).err


def test_doctor(place: Path) -> None:
    facts = json.loads(done("doctor", "--teacher", "compact", "--json").out)
    assert facts["versions"]["anomalyllm"] == anomalyllm.__version__
    assert facts["cores"] >= 1
    assert facts["bf16"] in ("yes", "no")
    assert "built here" in facts["teachers"]["compact"]
    lines = done("doctor", "--teacher", "compact", "--teacher", "/no/such [folder]").out.splitlines()
    assert lines[0] == "AnomalyLLM on this machine"
    assert any(line.startswith("teacher /no/such [folder]  nowhere: ") for line in lines)
    assert len([line for line in lines if "torch" in line and "numpy" in line]) == 1


# --- streams that end, disks that are full, keys that are pressed


def test_a_reader_that_has_had_enough(trained_model: Path) -> None:
    """Nothing but silence where stdout is a pipe that nobody reads, whether it breaks early or at the end."""
    reader, writer = os.pipe()
    os.close(reader)
    for words in (["--version"], ["inspect", trained_model]):
        ran = program(*words, stdout=writer, stderr=subprocess.PIPE, capture_output=False)
        assert (ran.returncode, ran.stderr) == (1, "")
    os.close(writer)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_behind_standard_output() -> None:
    with Path("/dev/full").open("w") as full:
        ran = program("--version", stdout=full, stderr=subprocess.PIPE, capture_output=False)
    assert ran.returncode == 1
    assert_one_line("", ran.stderr, "got no space left on device")


def test_an_ascii_terminal_and_a_name_beyond_it(model: Path, place: Path) -> None:
    values = wave()
    pd.DataFrame({"a": values, "b": values, "größe": values}).to_csv("größe.csv", index=False)
    words = ("score", "größe.csv", "--model", model)
    assert json.loads(done(*words, "--json", encoding="ascii").out)["source"] == "größe.csv"
    assert r"wrote gr\xf6\xdfe.png" in done(*words, "--plot", "größe.png", encoding="ascii").err


@pytest.mark.parametrize(
    ("failure", "code", "said"),
    [
        (KeyboardInterrupt(), 130, "^anomalyllm: stopped$"),
        (MemoryError(), 1, "expected enough memory"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory"), 1, "expected enough memory"),
        (OSError(errno.EIO, "Input/output error", "x.csv"), 1, "got input/output error at x.csv"),
        (ValueError("first line\nsecond line"), 1, "internal error, ValueError: first line second line .*ANOMALYLLM_D"),
    ],
)
def test_whatever_happens_is_one_line(
    place: Path, failure: BaseException, code: int, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*words: object, **named: object) -> None:
        raise failure

    monkeypatch.setattr("anomalyllm.cli.doctor.run_doctor", fail)
    refused("doctor", said=said, code=code)


def test_ctrl_c_at_the_very_end(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("anomalyllm.cli.app.app", mock.Mock(side_effect=KeyboardInterrupt))
    refused("doctor", said="stopped", code=130)


def test_a_traceback_for_those_who_ask(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANOMALYLLM_DEBUG", "1")
    with pytest.raises(anomalyllm.errors.ArtefactError):
        run("inspect", "nowhere")


@pytest.mark.parametrize(("given", "kept"), [(None, "PASSIVE"), ("ACTIVE", "ACTIVE")])
def test_threads_wait_asleep_unless_told_otherwise(given: str | None, kept: str) -> None:
    """Set before torch is there to read it."""
    code = (
        "import os, sys\n"
        "from anomalyllm import cli\n"
        "import anomalyllm.cli.app as door\n"
        "door.app = lambda *_, **__: print(os.environ['OMP_WAIT_POLICY'], 'torch' in sys.modules)\n"
        "cli.main()"
    )
    environment = {name: value for name, value in os.environ.items() if name != "OMP_WAIT_POLICY"}
    environment |= {} if given is None else {"OMP_WAIT_POLICY": given}
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert ran.stdout.split() == [kept, "False"]


def test_the_word_that_older_typers_have_for_ctrl_c(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Abort(RuntimeError):
        pass

    def stop(*words: object, **named: object) -> None:
        raise Abort

    monkeypatch.setattr("anomalyllm.cli.doctor.run_doctor", stop)
    refused("doctor", said="stopped", code=130)


# --- the bundled examples, with all defaults


@pytest.mark.parametrize("name", ["multibeat.csv", "machines.csv"])
def test_the_examples_are_found(name: str, place: Path) -> None:
    """At least half of the labelled stretches are met by an event, and at most two events meet none."""
    file = ROOT / "examples" / name
    summary = json.loads(done("detect", file, "--train-end", "0.4", "--json").out)
    labels = pd.read_csv(file)["label"].to_numpy()[summary["first_row"] :]
    edges = np.flatnonzero(np.diff(np.concatenate([[0], labels, [0]]))) + summary["first_row"]
    stretches = list(zip(edges[::2], edges[1::2], strict=True))
    events = [(event["start"], event["end"]) for event in summary["events"]]

    def met(one: tuple[int, int], others: list[tuple[int, int]]) -> bool:
        return any(one[0] < end and start < one[1] for start, end in others)

    assert sum(met(stretch, events) for stretch in stretches) >= len(stretches) / 2
    assert sum(not met(event, stretches) for event in events) <= 2
