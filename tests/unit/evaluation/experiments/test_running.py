"""From a grid to tasks: the right series, all variants of a series together, and nothing that cannot run."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

import numpy as np
import pytest

from anomalyllm.datasets.catalogue import open_dataset
from anomalyllm.errors import ConfigError, TeacherError
from anomalyllm.evaluation.bench.rows import probe_of
from anomalyllm.evaluation.bench.summary import HONEST
from anomalyllm.evaluation.bench.tasks import spread
from anomalyllm.evaluation.experiments.grid import DataChoice, Grid
from anomalyllm.evaluation.experiments.running import Request, planned, run
from anomalyllm.evaluation.experiments.sample import ANOMALY, sample_series, write_samples
from anomalyllm.evaluation.experiments.selecting import chosen_cases
from unit.evaluation.bench.small import write_archive
from unit.evaluation.experiments.made_up import grid

QUICK = {"variants": [{"label": "plain", "method": "second-difference"}, {"label": "none", "method": "constant"}]}


def two(**more: object) -> Grid:
    return grid(**{**QUICK, **more})


def test_series_are_the_first_of_the_bench_s_shuffle(tmp_path: Path) -> None:
    """A small experiment is a part of every larger one, and of a bench."""
    archive = write_archive(tmp_path, 8)
    order = [case.name for case in spread(open_dataset("ucr", archive).cases, None)]
    assert [case.name for case in chosen_cases(DataChoice(limit=5), archive)] == order[:5]
    assert [case.name for case in chosen_cases(DataChoice(limit=5), archive, 2)] == order[:2]
    assert [case.name for case in chosen_cases(DataChoice(limit=2), archive, 5)] == order[:2]


def test_long_series_and_copies_are_left_out(tmp_path: Path) -> None:
    archive = write_archive(tmp_path, 4)
    copied = next((archive / "UCR").glob("002*"))
    shutil.copy(copied, archive / "UCR" / copied.name.replace("002_UCR_Anomaly_", "009_UCR_Anomaly_DISTORTED"))
    long = np.zeros(2000)
    np.savetxt(archive / "UCR" / "010_UCR_Anomaly_ECGlong_900_1500_1510.txt", long)
    names = {case.name[:3] for case in chosen_cases(DataChoice(originals=True, most_training_rows=400), archive)}
    assert names == {"001", "002", "003", "004"}
    assert len(chosen_cases(DataChoice(), archive)) == 6
    assert len(chosen_cases(DataChoice(most_test_rows=600), archive)) == 5
    with pytest.raises(
        ConfigError, match="expected a series of ucr with at most 10 training and None test rows, got none"
    ):
        chosen_cases(DataChoice(most_training_rows=10), archive)


def test_all_variants_of_a_series_stand_together(tmp_path: Path) -> None:
    """So that a run which is stopped early has compared everything on some series."""
    archive = write_archive(tmp_path, 3)
    plan = planned(two(), Request(tmp_path / "rows", archive))
    assert [task.method.label for task in plan.tasks] == ["plain", "none"] * 3
    assert [task.case.name for task in plan.tasks[::2]] == [task.case.name for task in plan.tasks[1::2]]
    assert {(task.seed, task.protocol, task.probe) for task in plan.tasks} == {(0, HONEST, "")}


def test_only_what_draws_has_several_seeds(tmp_path: Path) -> None:
    archive = write_archive(tmp_path, 1)
    both = two(variants=[*QUICK["variants"], {"label": "chance", "method": "random"}])
    tasks = planned(both, Request(tmp_path, archive, seeds=2)).tasks
    assert [(task.method.label, task.seed) for task in tasks] == [
        ("plain", 0),
        ("none", 0),
        ("chance", 0),
        ("chance", 1),
    ]
    assert [task.seed for task in planned(both, Request(tmp_path, archive, seed=4)).tasks] == [4, 4, 4]


def test_a_slow_variant_has_fewer_series_of_each_set(tmp_path: Path) -> None:
    write_samples(tmp_path, ("ucr", "smd"), 3)
    slow = two(variants=[QUICK["variants"][0], {**QUICK["variants"][1], "limit": 1}], data={"sets": ["ucr", "smd"]})
    tasks = planned(slow, Request(tmp_path / "rows", tmp_path)).tasks
    assert sum(task.method.label == "plain" for task in tasks) == 6
    assert [task.case.dataset for task in tasks if task.method.label == "none"] == ["UCR", "SMD"]


def test_sets_may_have_numbers_of_their_own(tmp_path: Path) -> None:
    write_samples(tmp_path, ("ucr", "smd"), 3)
    choice = DataChoice.from_mapping({"sets": ["ucr", "smd"], "limit": 3, "limits": {"smd": 1}})
    assert [case.dataset for case in chosen_cases(choice, tmp_path)] == ["UCR"] * 3 + ["SMD"]
    assert [case.dataset for case in chosen_cases(choice, tmp_path, 2)] == ["UCR"] * 2 + ["SMD"]


def test_what_needs_a_folder_is_skipped_without_it_and_told(tmp_path: Path) -> None:
    archive = write_archive(tmp_path / "sets", 1)
    needy = two(variants=[*QUICK["variants"], {"label": "half", "method": "trained", "needs": "attention-half"}])
    plan = planned(needy, Request(tmp_path, archive))
    assert len(plan.tasks) == 2
    assert plan.skipped == ("half: needs --teacher-folder with the attention half of a GPT-2",)
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "config.json").write_text("{}")
    assert planned(needy, Request(tmp_path, archive, teachers=(tmp_path / "model",))).skipped == plan.skipped
    (tmp_path / "half").mkdir()
    (tmp_path / "half" / "x.safetensors").write_bytes(b"")
    with pytest.raises(TeacherError, match="expected a whole safetensors file"):
        planned(needy, Request(tmp_path, archive, teachers=(tmp_path / "half",)))


def test_rows_are_of_labels_and_a_second_run_has_nothing_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    request = Request(tmp_path / "rows", write_archive(tmp_path, 2))
    first = run(planned(two(), request), request, 1)
    assert {row["method"] for row in first} == {"plain", "none"}
    assert {row["status"] for row in first} == {"done"}
    asked: list[object] = []
    monkeypatch.setattr("anomalyllm.evaluation.bench.running.results", lambda tasks, jobs: asked.extend(tasks) or ())
    again = run(planned(two(), request), request, 1)
    assert asked == []
    assert sorted(map(str, again)) == sorted(map(str, first))


def test_a_row_without_the_probe_is_run_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    request = Request(tmp_path / "rows", write_archive(tmp_path, 1))
    plan = planned(two(), request)
    run(plan, request, 1)
    asked: list[object] = []
    monkeypatch.setattr("anomalyllm.evaluation.bench.running.results", lambda tasks, jobs: asked.extend(tasks) or ())
    run(dataclasses.replace(plan, tasks=planned(two(probe="gap"), request).tasks), request, 1)
    assert len(asked) == 2


def test_a_row_of_another_probe_is_run_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a grid names would else be looked for among figures of another probe, and be nowhere."""
    archive = write_archive(tmp_path, 1)
    request = Request(tmp_path / "rows", archive)
    first = run(planned(two(probe="gap"), request), request, 1)
    assert {probe_of(row) for row in first} == {"gap"}
    asked: list[object] = []
    monkeypatch.setattr("anomalyllm.evaluation.bench.running.results", lambda tasks, jobs: asked.extend(tasks) or ())
    run(planned(two(probe="gap"), request), request, 1)
    run(planned(two(), request), request, 1)  # asks for no more than there is
    assert asked == []
    run(planned(two(probe="cost"), request), request, 1)
    assert len(asked) == 2


def test_without_data_only_the_quick_form_runs(tmp_path: Path) -> None:
    with pytest.raises(
        ConfigError, match="expected --data with the folder of the data sets, got none; name it, or try"
    ):
        planned(two(), Request(tmp_path))
    quick = {"set": {"training.max_steps": 1}, "leave_out": ["none"]}
    smoke = grid(variants=[{"label": "plain"}, QUICK["variants"][1]], smoke=quick, data={"sets": ["ucr", "smd", "msl"]})
    plan = planned(smoke, Request(tmp_path, smoke=True))
    assert [task.method.settings for task in plan.tasks] == [{"training.max_steps": 1}] * 2
    assert [task.case.dataset for task in plan.tasks] == ["UCR", "SMD"]
    assert plan.skipped == ("none: slow to begin",)


def test_samples_have_an_anomaly_and_are_told_apart() -> None:
    values, labels = sample_series("a")
    assert np.flatnonzero(labels).tolist() == list(range(ANOMALY.start, ANOMALY.stop))
    assert np.ptp(values[400:][ANOMALY]) == 0
    assert np.array_equal(values, sample_series("a")[0])
    assert not np.array_equal(values, sample_series("b")[0])
