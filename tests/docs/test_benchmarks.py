"""The scripts under benchmarks/ run, as TSB-AD's harness and a reader would run them."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from anomalyllm import AnomalyLLM, read_recording
from anomalyllm.evaluation.bench.journal import parse
from anomalyllm.evaluation.experiments.indexing import save_index, stored_rows
from anomalyllm.evaluation.experiments.shipped import grid_called, shipped_grids
from anomalyllm.evaluation.experiments.writing import page as experiment_page
from conftest import sine

FOLDER = Path(__file__).resolve().parents[2] / "benchmarks"


def loaded(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, FOLDER / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def ucr_series(folder: Path, *numbers: int) -> None:
    """A UCR archive of some sines, 500 rows to train on, lifted for 20 rows."""
    (folder / "ucr").mkdir()
    for number in numbers:
        values = sine(900, seed=number)[:, 0]
        values[700:720] += 2
        np.savetxt(folder / "ucr" / f"{number:03d}_UCR_Anomaly_wave{number}_500_700_720.txt", values)


def test_the_runner_gives_the_detector_s_own_scores() -> None:
    """The harness passes the training part, the whole series, and its own keywords."""
    X = sine(500, 2)
    small = {"alarms_per": 0.01, "settings": {"retrieval.bank": 64}}
    scores = loaded("tsb_ad_runner").run_AnomalyLLM(X[:300], X, **small)
    assert scores.shape == (500,)
    assert np.array_equal(scores, AnomalyLLM(**small).fit(X[:300]).decision_function(X))


@pytest.mark.parametrize("channels", [1, 3])
def test_the_same_series_is_measured_in_every_form(channels: int, tmp_path: Path) -> None:
    """Else times of CSV and of Parquet would be of other anomalies."""
    length = loaded("length")
    for kind in ("npy", "parquet", "csv"):
        length.write_series(tmp_path / f"x.{kind}", 3000, channels)
    values = [read_recording(tmp_path / f"x.{kind}").series.values for kind in ("npy", "parquet", "csv")]
    assert values[0].shape == (3000, channels)
    assert np.array_equal(values[0], values[1])
    np.testing.assert_allclose(values[0], values[2], atol=1e-5)


def test_the_exponent_is_of_what_grows() -> None:
    """A start of two seconds must not make a time that grows with the rows look as if it did not."""
    length = loaded("length")
    rows = [{"rows": str(10**power), "cpu_seconds": str(2 + 10.0 ** (power - 4) / 10)} for power in (2, 5, 6, 7)]
    assert 0.99 < length.exponent(rows) < 1.01


def test_the_chart_is_drawn_of_every_group(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    row = {"command": "fit", "preset": "default", "kind": "npy", "rows": "100", "channels": "1", "bank": "64"}
    row |= {"cpu_seconds": "1", "above_tiny_mib": "3"}
    loaded("length").draw([row, {**row, "command": "score", "preset": "trained"}], tmp_path / "x.png")
    assert (tmp_path / "x.png").read_bytes().startswith(b"\x89PNG")


TABLES = sorted((FOLDER / "results").rglob("cases.csv"))


@pytest.mark.parametrize("path", TABLES, ids=lambda path: path.parent.name)
def test_a_committed_table_is_one_of_today_s_bench(path: Path) -> None:
    """Else nobody could go on with it, and no page could be made of it."""
    assert parse(path.read_bytes(), path)
    assert len(TABLES) >= 2


EXPERIMENTS = FOLDER / "results" / "experiments"
PAGES = FOLDER.parent / "docs" / "experiments"


def test_the_index_of_experiments_is_what_their_rows_and_grids_say(tmp_path: Path) -> None:
    """Every line is made anew: a line that is there is kept where its experiment has no rows."""
    for page in {*PAGES.glob("*.md")} - {PAGES / "index.md"}:
        (tmp_path / page.name).write_bytes(page.read_bytes())
    save_index({name: grid_called(name) for name in shipped_grids()}, EXPERIMENTS, tmp_path)
    assert (tmp_path / "index.md").read_text() == (PAGES / "index.md").read_text()


@pytest.mark.parametrize("name", list(shipped_grids()))
def test_a_page_of_an_experiment_is_what_its_rows_say(name: str) -> None:
    rows = stored_rows(EXPERIMENTS / name)
    assert (PAGES / f"{name}.md").exists() == bool(rows)
    if rows:
        assert (PAGES / f"{name}.md").read_text() == experiment_page(grid_called(name), rows)


def test_accuracy_against_time_is_of_honest_rows_quickest_first(tmp_path: Path) -> None:
    """What the published protocol adds must not stand among what methods find."""
    figures = {"headline": "accuracy", "accuracy": 0.5, "ci95": [0.4, 0.6], "n": 9, "seconds_median": 2.0}
    summary = {
        "slow": {"UCR": figures},
        "slow (protocol paper)": {"UCR": figures},
        "quick": {"UCR": {**figures, "seconds_median": 1.0, "ci95": None, "n": 3}},
        "elsewhere": {"SMD": figures},
    }
    chart = loaded("accuracy_time")
    found = chart.dots(summary, "UCR")
    assert [(dot.method, dot.low, dot.series) for dot in found] == [("quick", 0.5, 3), ("slow", 0.4, 9)]
    chart.draw(found, "UCR", tmp_path / "x.png")
    assert (tmp_path / "x.png").read_bytes().startswith(b"\x89PNG")


def test_export_parity_goes_on_where_it_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line for each series; the second run has nothing to do and says the same."""
    ucr_series(tmp_path, 1, 2)
    parity = loaded("export_parity")
    words = [
        "export_parity",
        str(tmp_path / "out.csv"),
        "--data",
        str(tmp_path),
        "--rows",
        "200",
        "--set",
        "retrieval.bank=64",
    ]
    monkeypatch.setattr("sys.argv", words)
    parity.main()
    told = capsys.readouterr().out
    assert "default retrieval.bank=64 on UCR: 2 series, scores of 2 within 1e-5, farthest 0;" in told
    assert "flags and events the same on 2" in told
    lines = parity.lines_of(tmp_path / "out.csv")
    assert [(line["rows"], line["channels"]) for line in lines] == [("200", "1")] * 2
    parity.main()
    assert capsys.readouterr().out.strip() == told.strip().splitlines()[-1]
    assert parity.lines_of(tmp_path / "out.csv") == lines


def test_the_rows_that_are_compared_hold_the_anomaly() -> None:
    around = loaded("export_parity").around_the_anomaly
    labels = np.zeros(1000, np.int8)
    assert around(labels, 2000) == slice(0, 1000)
    assert around(labels, 100) == slice(0, 100)
    labels[990:] = 1
    assert around(labels, 100) == slice(900, 1000)
    labels[500] = 1
    assert around(labels, 100) == slice(450, 550)


def test_targets_are_measured_and_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """All but whole commands, on small series."""
    targets = loaded("targets")
    for name, small in {"TRAINING": 300, "ROWS": 1000, "POINTS": 5, "MANY": 2}.items():
        monkeypatch.setattr(targets, name, small)
    monkeypatch.setattr(targets, "starting", lambda folder: [])
    monkeypatch.setattr("sys.argv", ["targets", str(tmp_path / "x.csv")])
    targets.main()
    lines = (tmp_path / "x.csv").read_text().splitlines()
    assert lines[0] == "what,unit,target,reached,share_of_peak"
    assert [line.split(",")[0].strip('"') for line in lines[1:]] == ["fit", "scoring", "scoring", "one row", "one row"]
    assert "of the peak" in capsys.readouterr().out


def test_the_card_s_script_runs_on_a_processor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A small teacher, two steps: a line for the series, with what it took and where it points."""
    ucr_series(tmp_path, 1)
    words = ["--data", str(tmp_path), "--device", "cpu", "--teacher", "compact", "--steps", "2"]
    monkeypatch.setattr("sys.argv", ["card", str(tmp_path / "out.csv"), *words])
    card = loaded("card")
    card.main()
    head, line = (tmp_path / "out.csv").read_text().splitlines()
    found = dict(zip(head.split(","), line.split(","), strict=True))
    assert (found["rows_train"], found["rows_test"], found["steps"]) == ("500", "400", "2")
    assert 0 < float(found["share_fit"]) < 1
    assert "TFLOP/s" in capsys.readouterr().out


def test_a_run_that_was_stopped_in_its_first_case_goes_on(tmp_path: Path) -> None:
    """With one head, and a line for each case."""
    resumable, out = loaded("resumable"), tmp_path / "out.csv"

    def stopped(case: str) -> tuple[str]:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        resumable.append(out, ("case",), stopped, ["a"], 1)
    resumable.append(out, ("case",), lambda case: (case,), ["a", "b"], 1)
    assert [line["case"] for line in resumable.lines_of(out)] == ["a", "b"]


def test_precision_hits_compares_three_ways_and_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Rounding must move scores, else nothing is compared, and less than another network would."""
    ucr_series(tmp_path, 1)
    hits = loaded("precision_hits")
    words = ["--data", str(tmp_path), "--teacher", "compact", "--steps", "2"]
    monkeypatch.setattr("sys.argv", ["precision_hits", str(tmp_path / "out.csv"), *words])
    hits.main()
    told = capsys.readouterr().out
    (line,) = hits.lines_of(tmp_path / "out.csv")
    assert (line["rows_train"], line["rows_test"], line["steps"]) == ("500", "400", "2")
    for way in ("scored_bfloat16", "bfloat16"):
        assert 0 < float(line[f"{way}_difference"]) < 0.2
        assert float(line[f"{way}_correlation"]) > 0.99
    hits.main()
    assert capsys.readouterr().out == told.split("\n", 1)[1]


def test_a_verdict_that_turns_is_told() -> None:
    hits = loaded("precision_hits")
    line = {"case": "one", "float32_row": "5", "scored_bfloat16_row": "5", "bfloat16_row": "9"}
    line |= {"float32_right": "1", "scored_bfloat16_right": "1", "bfloat16_right": "0"}
    for way in ("scored_bfloat16", "bfloat16"):
        line |= {f"{way}_difference": "0.1", f"{way}_correlation": "0.9"}
    first, scored, trained = hits.summary([line]).splitlines()
    assert first == "1 series, right in float32: 1"
    assert "right 1, another highest row on 0, another verdict on 0;" in scored
    assert "right 0, another highest row on 1, another verdict on 1: one;" in trained
