"""`anomalyllm bench`: what is asked for is run, mistakes are told before the work, results stand where they should."""

from __future__ import annotations

import csv
import json
import math
from pathlib import Path

import pytest

from anomalyllm.cli import benching
from anomalyllm.evaluation.baselines import BASELINES, SubPCA
from anomalyllm.evaluation.bench.running import News
from anomalyllm.evaluation.methods import Method
from command import done, refused, run
from unit.evaluation.bench.small import write_archive

QUICK = ("--data", "sets", "--method", "second-difference", "--method", "constant", "--jobs", "1")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Four series in the form of the UCR archive below `sets`, in the current folder."""
    monkeypatch.chdir(tmp_path)
    write_archive(tmp_path / "sets", 4)
    return tmp_path


def rows(folder: str = "out/bench") -> list[dict[str, str]]:
    with (Path(folder) / "cases.csv").open() as file:
        return list(csv.DictReader(file))


def test_a_bench_prints_a_table_and_writes_its_files() -> None:
    ran = done("bench", "ucr", *QUICK)
    lines = [line.split() for line in ran.out.splitlines()]
    assert lines[1][:6] == ["UCR", "second-difference", "4", "0", "1.000", lines[1][5]]
    assert lines[2][:5] == ["UCR", "constant", "4", "0", "0.000"]
    assert "8 runs, results in out/bench" in ran.err
    assert {"out/bench/cases.csv", "out/bench/summary.json", "out/bench/report.html"} <= ran.written
    assert {row["family"] for row in rows()} == {"ECG"}


def test_json_is_the_summary() -> None:
    summary = json.loads(done("bench", "ucr", *QUICK, "--limit", "2", "--json", "--quiet").out)
    assert summary == json.loads(Path("out/bench/summary.json").read_text())
    assert summary["second-difference"]["UCR"]["n"] == 2


def test_one_case_and_one_seed_as_a_reproducer_asks_for_them() -> None:
    name = next(path.stem for path in Path("sets/UCR").iterdir())
    chosen = ("--case", name, "--method", "random", "--seed", "2", "--out", "again")
    done("bench", "ucr", "--data", "sets", *chosen)
    assert [(row["case"], row["seed"]) for row in rows("again")] == [(name, "2")]


def test_both_protocols_beside_each_other() -> None:
    ran = done("bench", "ucr", *QUICK, "--protocol", "honest", "--protocol", "paper", "--limit", "1")
    assert {row["protocol"] for row in rows()} == {"honest", "paper"}
    assert "second-difference (protocol paper)" in ran.out


def test_failed_runs_are_told_and_the_code_says_so() -> None:
    short = Path("sets/UCR/005_UCR_Anomaly_short_20_300_310.txt")
    short.write_text("\n".join(str(value % 7) for value in range(400)))
    ran = run("bench", "ucr", "--data", "sets", "--method", "sub-pca", "--jobs", "1")
    assert ran.code == 1
    assert "failed: sub-pca on 005_UCR_Anomaly_short_20_300_310, seed 0: TooShortError: expected at least 32" in ran.err
    assert "1 of 5 runs failed; out/bench/failures says how to see each again" in ran.err
    assert sorted(row["status"] for row in rows()) == ["done"] * 4 + ["failed"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--method", "nearest"), "expected a known method, got 'nearest'; did you mean 'nearest-neighbour'?"),
        (("--protocol", "honets"), "expected a known protocol, got 'honets'; did you mean 'honest'?"),
        (("--seeds", "0"), "expected --seeds to be at least 1, got 0;"),
        (("--jobs", "0"), "expected --jobs to be at least 1, got 0;"),
        (("--seed", "-1"), "expected --seed to be at least 0, got -1;"),
        (("--seed", "2", "--method", "constant"), "expected something to run, got no method that draws anything for"),
        (
            ("--method", "constant", "--set", "training.batch=3"),
            "expected --set with a preset, got only constant; name one of default, pretrained, trained, paper",
        ),
        (
            ("--method", "constant", "--method", "default", "--teacher", "gpt2"),
            "expected networks that are trained, got --teacher gpt2 with methods that train none; add --method trained",
        ),
        (("--teacher", "gpt2"), "got --teacher gpt2 with methods that train none; add --method trained or paper"),
        (
            ("--method", "trained", "--teacher", "./nowhere"),
            "expected a folder with a language model, got no",
        ),
        (
            ("--method", "default", "--set", "training.batch=3"),
            "expected networks that are trained, for training.batch, got a detector that trains none; choose the ",
        ),
        (
            ("--method", "trained", "--method", "default", "--set", "training.batch=3"),
            "expected networks that are trained, for training.batch, got a detector that trains none; choose the ",
        ),
        (("--set", "training.batch=3"), "expected networks that are trained, for training.batch, got"),
        (("--probe", "gaps"), "expected a known probe, got 'gaps'; did you mean 'gap'?"),
        (("--limit", "-1"), "expected --limit to be at least 1, got -1;"),
        (("--case", "001_UCR_Anomaly_ECG1"), "expected a known case of ucr, got '001_UCR_Anomaly_ECG1'; did you mean"),
        (("--set", "training.bach=3", "--method", "default"), "got 'training.bach'; did you mean 'training.batch'?"),
        (("--set", "training.bach=3", "--method", "trained"), "got 'training.bach'; did you mean 'training.batch'?"),
        (("--set", "retrieval.bank=1", "--method", "default"), "expected bank to be at least 16 windows, got 1;"),
    ],
)
def test_mistakes_are_told_before_the_work(words: tuple[str, ...], said: str) -> None:
    refused("bench", "ucr", "--data", "sets", *words, said=said)


def test_what_is_named_twice_is_run_once() -> None:
    done("bench", "ucr", "UCR", *QUICK, *QUICK, "--protocol", "honest", "--protocol", "honest", "--limit", "2")
    assert len(rows()) == 4


@pytest.mark.parametrize(("name", "count"), [("ucr:ecg", 4), ("ECG", 4), ("ecg", 4)])
def test_a_family_is_a_set_of_its_own(name: str, count: int) -> None:
    done("bench", name, *QUICK)
    assert {row["dataset"] for row in rows()} == {"UCR"}
    assert len(rows()) == 2 * count
    refused("bench", "ucr:gate", "--data", "sets", said="expected a known family of UCR, got 'gate'; choose one of ECG")
    refused("bench", "gait", "--data", "sets", said="expected a known family of UCR, got 'gait'; choose one of ECG")


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.4, "0 s"), (59.6, "1 min 0 s"), (310.0, "5 min 10 s"), (7_500.0, "2 h 5 min")]
)
def test_durations_in_words(seconds: float, words: str) -> None:
    assert benching.in_words(seconds) == words


def test_the_time_left_is_told_where_there_is_no_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(benching, "LINE_EVERY", 0.0)
    row = {"method": "default", "case": "a [/b] c", "status": "done", "seed": "0", "error": ""}
    with benching.bench_progress(quiet=False) as watch:
        watch(News(row, 3, 10, 310.0))
        watch(News(row, 4, 10, math.nan))
    told = capsys.readouterr().err.splitlines()
    assert told == [
        "3 of 10 runs, 5 min 10 s left, last default on a [/b] c",
        "4 of 10 runs, last default on a [/b] c",
    ]


def test_a_set_that_is_not_there() -> None:
    refused(
        "bench",
        "smd",
        "--data",
        "sets",
        said="expected SMD in a form that is known .*, got none in sets; name the set.s own folder",
    )


def test_a_library_that_is_absent_is_told_before_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SubPCA, "needs", "no_such_library")
    words = ("bench", "ucr", "--data", "sets", "--method", "sub-pca")
    refused(
        *words, said=r"expected no_such_library for the method sub-pca, got .*; pip install 'anomalyllm\[baselines\]'"
    )


@pytest.fixture
def methods(monkeypatch: pytest.MonkeyPatch) -> list[Method]:
    """The methods of the tasks that are planned from now on; nothing is run."""
    seen: list[Method] = []
    monkeypatch.setattr(
        "anomalyllm.evaluation.bench.running.run_bench",
        lambda tasks, out, **_: seen.extend(task.method for task in tasks) or [],
    )
    return seen


def test_without_names_everything_that_trains_no_networks_is_run(methods: list[Method]) -> None:
    done("bench", "ucr", "--data", "sets", "--limit", "1", "--seeds", "1")
    assert [method.name for method in methods] == ["default", "pretrained", *BASELINES]


def test_settings_and_teacher_reach_the_presets_that_have_a_use_for_them(methods: list[Method]) -> None:
    """And leave the others as they are: their rows must not be taken for those of other settings."""
    names = ("default", "trained", "constant")
    words = ("--teacher", "compact", "--set", "scoring.alarms_per=0.01", "--limit", "1", "--seeds", "1")
    done("bench", "ucr", "--data", "sets", *(word for name in names for word in ("--method", name)), *words)
    rates = [method.build(0).resolved_config().scoring.alarms_per for method in methods[:2]]  # type: ignore[attr-defined]
    assert rates == ["0.01", "0.01"]
    plain = [method.config_hash == Method(method.name).config_hash for method in methods]
    assert plain == [False, False, True]
