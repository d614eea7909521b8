"""`anomalyllm experiment`: every experiment runs in its quick form, goes on where it was, and writes its pages."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from anomalyllm.evaluation.bench.work import carry_out
from anomalyllm.evaluation.experiments.indexing import save_pages, stored_rows
from anomalyllm.evaluation.experiments.shipped import grid_called, shipped_grids
from command import done, refused, run
from unit.evaluation.bench.small import write_archive

GRID = """
name = "own"
question = "Is constant as good?"
claim = "no."
reference = "bend"
[[variants]]
label = "bend"
method = "second-difference"
[[variants]]
label = "flat"
method = "constant"
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Four series below `sets` and a grid, in the current folder."""
    monkeypatch.chdir(tmp_path)
    write_archive(tmp_path / "sets", 4)
    (tmp_path / "own.toml").write_text(GRID)
    return tmp_path


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tasks are carried out in the test's own process: a new one takes seconds to import torch."""
    monkeypatch.setattr("anomalyllm.evaluation.bench.running.results", lambda tasks, jobs: map(carry_out, tasks))


@pytest.mark.parametrize("name", list(shipped_grids()))
@pytest.mark.usefixtures("here")
def test_every_experiment_runs_in_its_quick_form(name: str) -> None:
    ran = done("experiment", name, "--smoke", "--json")
    told = json.loads(ran.out)
    grid = grid_called(name)
    absent = {one.label for one in grid.variants if one.needs or one.label in grid.smoke.leave_out}
    assert [one["variant"] for one in told["variants"]] == [
        one.label for one in grid.variants if one.label not in absent
    ]
    assert all(f"skipped {label}: " in ran.err for label in absent)
    assert {one["failed"] for one in told["variants"]} == {0}
    save_pages(grid, stored_rows(Path("out/experiments/smoke") / name), Path("pages"))
    assert Path(f"pages/{name}.md").read_text().startswith(f"# {grid.question}")
    assert Path(f"pages/{name}.png").read_bytes().startswith(b"\x89PNG")


def test_a_grid_of_one_s_own_goes_on_where_it_was() -> None:
    first = done("experiment", "own.toml", "--data", "sets", "--jobs", "1", "--limit", "2")
    assert first.out.splitlines()[0] == "Is constant as good?"
    assert [line.split()[:2] for line in first.out.splitlines()[2:]] == [["bend", "2"], ["flat", "2"]]
    assert "4 runs, results in out/experiments/own" in first.err
    more = done("experiment", "own.toml", "--data", "sets", "--jobs", "1", "--json", "--quiet")
    bend, flat = json.loads(more.out)["variants"]
    assert (bend["series"], flat["series"]) == (4, 4)
    assert bend["differences"] == {}
    assert flat["differences"]["accuracy"]["mean"] == -1.0
    assert more.err == ""


@pytest.mark.usefixtures("here")
def test_pages_are_made_of_the_rows_that_are_there() -> None:
    refused("experiment", "own.toml", "--report-only", said="expected rows of the experiment own, got none in out/exp")
    done("experiment", "own.toml", "--data", "sets", "--page", "pages")
    first = Path("pages/own.md").read_text()
    again = done("experiment", "own.toml", "--report-only", "--page", "again")
    assert Path("again/own.md").read_text() == first
    assert "runs, results" not in again.err
    done("experiment", "own.toml", "--data", "sets", "--limit", "1", "--page", "third")
    assert Path("third/own.md").read_text() == first  # of all rows that are there, not of this call's
    assert all(f"| {name} |" in Path("again/index.md").read_text() for name in shipped_grids())


@pytest.mark.usefixtures("here")
def test_failed_runs_are_told_and_the_code_says_so() -> None:
    Path("sets/UCR/005_UCR_Anomaly_short_20_300_310.txt").write_text("\n".join(str(value % 7) for value in range(400)))
    Path("own.toml").write_text(GRID.replace("constant", "sub-pca"))
    ran = run("experiment", "own.toml", "--data", "sets")
    assert ran.code == 1
    assert "2 of 10 runs failed; out/experiments/own/failures says how to see each again" in ran.err


def test_ctrl_c_leaves_the_rows_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(tasks: list, jobs: int):  # type: ignore[no-untyped-def]
        yield carry_out(tasks[0])
        raise KeyboardInterrupt

    monkeypatch.setattr("anomalyllm.evaluation.bench.running.results", stopped)
    assert run("experiment", "own.toml", "--data", "sets").code == 130
    left = done("experiment", "own.toml", "--report-only", "--json")
    assert [one["series"] for one in json.loads(left.out)["variants"]] == [1]


def test_the_list_names_every_experiment() -> None:
    lines = done("experiment", "list").out.splitlines()
    assert [line.split()[0] for line in lines] == list(shipped_grids())
    told = json.loads(done("experiment", "list", "--json").out)["experiments"]
    assert [one["name"] for one in told] == list(shipped_grids())


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("prototype",), "expected a known experiment, got 'prototype'; did you mean 'prototypes'"),
        (("prototypes",), "expected --data with the folder of the data sets, got none; name it, or try --smoke"),
        (("own.toml", "--seeds", "0"), "expected --seeds to be at least 1, got 0;"),
        (("own.toml", "--seed", "-1"), "expected --seed to be at least 0, got -1;"),
        (("own.toml", "--jobs", "0"), "expected --jobs to be at least 1, got 0;"),
        (("own.toml", "--limit", "0"), "expected --limit to be at least 1, got 0;"),
        (("own.toml", "--teacher-folder", "none"), "expected a folder with a language model, got no folder none;"),
        (
            ("own.toml", "--smoke", "--page", "pages"),
            "expected --page without --smoke, got both; leave one out: made-up series have no place on a page",
        ),
        (("none.toml",), "expected a TOML file with a grid, got none.toml"),
    ],
)
def test_mistakes_are_told_before_the_work(words: tuple[str, ...], said: str) -> None:
    refused("experiment", *words, said=said)
