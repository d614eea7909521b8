"""The plan of a bench: complete, without repeats, and worth interrupting."""

from __future__ import annotations

import pickle
from pathlib import Path

from anomalyllm.evaluation.bench.tasks import plan, spread
from anomalyllm.evaluation.methods import Method
from unit.evaluation.bench.small import case

CASES = [case(number) for number in range(5)]
METHODS = [Method("random"), Method("constant"), Method("default"), Method("trained")]
FOLDER = Path("out")


def planned(seeds: int = 3, protocols: tuple[str, ...] = ("honest",)) -> list[tuple[str, str, str, str, str]]:
    return [task.key for task in plan(CASES, METHODS, seeds, protocols, FOLDER, FOLDER)]


def test_every_pair_is_planned_once() -> None:
    keys = planned(protocols=("honest", "paper"))
    assert len(keys) == len(set(keys)) == 5 * 2 * (3 + 1 + 1 + 3)


def test_what_draws_nothing_runs_once() -> None:
    """Its other seeds would be the same numbers, and would only look like evidence."""
    seeds = {
        name: {key[3] for key in planned() if key[2] == name} for name in ("constant", "default", "random", "trained")
    }
    assert seeds["constant"] == seeds["default"] == {"0"}
    assert seeds["random"] == seeds["trained"] == {"0", "1", "2"}


def test_a_run_that_is_stopped_has_compared_all_methods_on_some_cases() -> None:
    first = planned()[: 2 * len(METHODS)]
    assert len({key[1] for key in first}) == 2
    assert (
        [key[2] for key in first[:4]] == [key[2] for key in first[4:]] == ["random", "constant", "default", "trained"]
    )


def test_a_smaller_limit_is_part_of_a_larger_one() -> None:
    names = [one.name for one in spread(CASES, None)]
    assert sorted(names) == sorted(one.name for one in CASES)
    assert names != [one.name for one in CASES], "the first series of an archive are all of one kind"
    assert [one.name for one in spread(CASES, 2)] == names[:2]


def test_a_task_can_be_sent_to_another_process() -> None:
    task = plan(CASES, METHODS, 1, ["honest"], FOLDER, FOLDER)[2]
    assert pickle.loads(pickle.dumps(task)).key == task.key
    assert len(pickle.dumps(task)) < 2_000, "a task must not carry the values of its case"
