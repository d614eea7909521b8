"""A bench in worker processes: complete, resumed without repeats, and not stopped by a case that kills its worker."""

from __future__ import annotations

import csv
import dataclasses
import json
import os
from functools import partial
from pathlib import Path

import pytest

from anomalyllm.datasets.case import Case
from anomalyllm.errors import ConfigError, StorageError
from anomalyllm.evaluation.bench import pool
from anomalyllm.evaluation.bench.environment import environment, known_environments, remember_environment
from anomalyllm.evaluation.bench.journal import NAME
from anomalyllm.evaluation.bench.running import News, run_bench
from anomalyllm.evaluation.bench.tasks import Task, plan
from anomalyllm.evaluation.methods import Method
from unit.evaluation.bench.small import case, spiked, task
from unit.evaluation.bench.test_work import nothing_but_a_full_disk


def tasks(folder: Path, count: int = 3) -> list[Task]:
    cases = [case(number) for number in range(count)]
    return plan(cases, [Method("second-difference"), Method("random")], 2, ["honest"], folder, folder)


def table(folder: Path) -> list[dict[str, str]]:
    with (folder / NAME).open() as file:
        return list(csv.DictReader(file))


def test_a_bench_is_complete_and_resumes_without_repeats(tmp_path: Path) -> None:
    told: list[News] = []
    rows = run_bench(tasks(tmp_path), tmp_path, jobs=2, watcher=told.append)
    assert len(rows) == len(table(tmp_path)) == len(tasks(tmp_path)) == 3 * (1 + 2)
    assert [news.done for news in told] == list(range(1, 10))
    assert [news.row for news in told] == rows
    assert all(news.seconds_left > 0 for news in told[:-1])
    assert told[-1].seconds_left == 0
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert summary["second-difference"]["UCR"]["n"] == 3
    assert summary["second-difference"]["UCR"]["accuracy"] == 1.0
    assert summary["random"]["UCR"]["seeds"] == 2
    assert (tmp_path / "report.html").stat().st_size > 1_000
    content = (tmp_path / NAME).read_bytes()
    again = run_bench(tasks(tmp_path), tmp_path, jobs=2)
    assert (tmp_path / NAME).read_bytes() == content
    assert sorted(map(str, again)) == sorted(map(str, rows))
    more = run_bench(tasks(tmp_path, 4), tmp_path)
    assert len(more) == 12
    assert (tmp_path / NAME).read_bytes().startswith(content)


def test_threads_are_shared_out_and_the_environment_is_left_as_it_was(tmp_path: Path) -> None:
    before = dict(os.environ)
    run_bench(tasks(tmp_path, 1), tmp_path)
    assert dict(os.environ) == before


def test_a_worker_that_dies_costs_its_own_task_alone(tmp_path: Path) -> None:
    deadly = dataclasses.replace(task(tmp_path), case=Case("UCR", "deadly", "", partial(os._exit, 9)))
    rows = run_bench([deadly, task(tmp_path, 1), task(tmp_path, 2)], tmp_path)
    status = {row["case"]: (row["status"], row["error"]) for row in rows}
    assert status["deadly"] == ("failed", "its process died, most likely for want of memory")
    assert status["case-1"][0] == status["case-2"][0] == "done"
    assert [path.name for path in (tmp_path / "failures").iterdir()] == ["UCR-deadly-second-difference-0-honest.txt"]


def test_a_full_disk_in_a_worker_stops_the_bench(tmp_path: Path) -> None:
    full = dataclasses.replace(task(tmp_path), case=Case("UCR", "full", "", nothing_but_a_full_disk))
    with pytest.raises(StorageError, match="no space left"):
        run_bench([task(tmp_path, 1), full, task(tmp_path, 2)], tmp_path)
    assert [row["case"] for row in table(tmp_path)] == ["case-1"]


def test_a_worker_that_dies_where_nothing_can_be_written_stops_the_bench(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its task must be answered all the same: the bench once waited for it for ever."""

    def refuse(*_: object) -> None:
        raise StorageError("to write", "no space left on device", "make room")

    monkeypatch.setattr("anomalyllm.evaluation.bench.pool.leave_reproducer", refuse)
    deadly = dataclasses.replace(task(tmp_path), case=Case("UCR", "deadly", "", partial(os._exit, 9)))
    with pytest.raises(StorageError, match="no space left"):
        run_bench([deadly], tmp_path)


def test_a_task_that_cannot_be_sent_fails_alone(tmp_path: Path) -> None:
    unsendable = dataclasses.replace(task(tmp_path), case=Case("UCR", "unsendable", "", lambda: spiked(0)))
    rows = {row["case"]: row for row in run_bench([unsendable, task(tmp_path, 1)], tmp_path)}
    assert rows["unsendable"]["status"] == "failed"
    assert rows["case-1"]["status"] == "done"


@pytest.mark.parametrize(("wanted", "given"), [(None, 3), ("2", 2), ("64", 3), ("many", 3), ("0", 3)])
def test_a_worker_takes_its_share_of_the_cores_or_less_if_the_user_says_so(
    wanted: str | None, given: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "cores", lambda: 6)
    if wanted is None:
        monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    else:
        monkeypatch.setenv("OMP_NUM_THREADS", wanted)
    with pool._threads_for_each(2):
        assert os.environ["OMP_NUM_THREADS"] == str(given)
    assert os.environ.get("OMP_NUM_THREADS") == wanted


def test_environments_are_remembered_once_each(tmp_path: Path) -> None:
    remember_environment(tmp_path, 1)
    remember_environment(tmp_path, 1)
    remember_environment(tmp_path, 2)
    found = known_environments(tmp_path)
    assert [one["jobs"] for one in found] == [1, 2]
    assert found[0]["libraries"]["stumpy"]
    assert found[0]["cores"] >= 1
    assert found[0]["processor"]
    (tmp_path / "environment.json").write_text("{")
    assert known_environments(tmp_path) == []
    (tmp_path / "environment.json").write_text("{}")
    assert known_environments(tmp_path) == []


def test_a_processor_that_nobody_names(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("anomalyllm.evaluation.bench.environment.PROCESSORS", tmp_path / "none")
    monkeypatch.setattr("platform.processor", lambda: "")
    assert environment(1)["processor"] == "unknown"


def test_results_of_other_settings_are_not_taken_for_these(tmp_path: Path) -> None:
    run_bench([task(tmp_path)], tmp_path)
    text = (tmp_path / NAME).read_text()
    (tmp_path / NAME).write_text(text.replace(task(tmp_path).method.config_hash, "0123456789ab"))
    for other in (task(tmp_path), task(tmp_path, 5)):
        with pytest.raises(ConfigError, match="got second-difference of other settings .*; choose another --out"):
            run_bench([other], tmp_path)
