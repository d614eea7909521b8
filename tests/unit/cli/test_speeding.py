"""`anomalyllm bench`: `run` need not be said, and `speed` prints a line for each part."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from anomalyllm.evaluation.speed import measuring
from anomalyllm.evaluation.speed.limits import Limits
from anomalyllm.evaluation.speed.measuring import Cost, Speed
from command import done, refused

COSTS = (
    Cost("reading", 2.0, 0.0, 0.5, "copy", 0.01, 0.2, 400.0),
    Cost("teacher", 1500.0, 130.0, 90.0, "bfloat16", 0.75, 150.0, float("nan")),
)
FOUND = Speed("a teacher", "cpu", 2, "wall", Limits({"float32": 100e9, "bfloat16": 200e9}, 20e9), COSTS)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The current folder is empty."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[object, ...]]:
    """What `measure` is asked for; it answers `FOUND`."""
    seen: list[tuple[object, ...]] = []
    monkeypatch.setattr(measuring, "measure", lambda *arguments: seen.append(arguments) or FOUND)
    return seen


def test_a_line_for_each_part(asked: list[tuple[object, ...]]) -> None:
    ran = done("bench", "speed", "--preset", "trained", "--seconds", "3", "--set", "training.batch=7")
    lines = ran.out.splitlines()
    assert lines[0] == "trained on cpu, 2 threads: a teacher"
    assert lines[1].startswith(
        "limits: float32 100 GFLOP/s, bfloat16 200 GFLOP/s, copy 20.0 GB/s; the least wall time of all"
    )
    assert lines[3].split() == ["reading", "2.000", "0.000", "0.500", "copy", "1.0%", "0.200", "400"]
    assert lines[4].split() == ["teacher", "1,500.000", "130.000", "90.000", "bfloat16", "75.0%", "150.000"]
    ((config, seconds, device),) = asked
    assert (config.preset, config.training.batch) == ("trained", 7)  # type: ignore[attr-defined]
    assert (seconds, device) == (3.0, "cpu")


@pytest.mark.usefixtures("asked")
def test_json() -> None:
    found = json.loads(done("bench", "speed", "--json").out)
    assert found["preset"] == "default"
    assert [part["part"] for part in found["parts"]] == ["reading", "teacher"]
    assert found["limits"] == {"float32": 100.0, "bfloat16": 200.0, "copy": 20.0}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--preset", "trianed"), "got 'trianed'; did you mean 'trained'?"),
        (("--seconds", "0"), "expected --seconds to be above 0, got 0;"),
        (("--seconds", "inf"), "expected --seconds to be above 0, got inf;"),
        (("--set", "training.bach=3"), "did you mean 'training.batch'?"),
        (("--device", "tpu"), 'expected device to be "cpu" or "cuda", got \'tpu\''),
    ],
)
def test_mistakes_are_told_before_the_work(words: tuple[str, ...], said: str) -> None:
    refused("bench", "speed", *words, said=said)


def test_help_shows_both_forms() -> None:
    """Who knew `bench` before it had two forms finds its options where they were."""
    shown = done("bench", "--help").out
    for word in ("run", "speed", "datasets", "--protocol", "--limit"):
        assert word in shown
    assert "--device" in done("bench", "speed", "--help").out


def test_run_may_be_said() -> None:
    for words in (("bench",), ("bench", "run")):
        refused(*words, "ucr", "--data", "nowhere", "--seeds", "0", said="expected --seeds to be at least 1, got 0;")
        refused(*words, said="missing argument 'datasets'; anomalyllm bench run --help")
