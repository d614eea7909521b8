"""One task: a row and curves where it works, a row and a reproducer where it does not."""

from __future__ import annotations

import dataclasses
import math
import shlex
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from anomalyllm.cli.options import read_assignment
from anomalyllm.datasets.case import Case, CaseData
from anomalyllm.errors import StorageError
from anomalyllm.evaluation.bench.curves import STRETCHES, curve_folder, envelope
from anomalyllm.evaluation.bench.naming import file_name
from anomalyllm.evaluation.bench.rows import COLUMNS, COSTS, MEASURED, number, of_the_data, probed, value_of
from anomalyllm.evaluation.bench.work import answer, carry_out, reproducer
from anomalyllm.evaluation.methods import Method
from anomalyllm.evaluation.probing import PROBES
from anomalyllm.evaluation.protocol import honest
from unit.evaluation.bench.small import SPIKE, spiked, task


def test_a_row_says_what_the_protocol_says(tmp_path: Path) -> None:
    row = carry_out(task(tmp_path)).row
    outcome = honest(Method("second-difference"), spiked(0), 0)
    assert tuple(row) == COLUMNS
    assert (row["status"], row["error"], row["family"]) == ("done", "", "Sine")
    assert (row["rows_train"], row["rows_test"], row["channels"], row["anomalies"]) == ("400", "600", "1", "1")
    assert int(row["location"]) == outcome.location
    assert abs(int(row["location"]) - SPIKE) <= 10
    for name in MEASURED:
        assert number(row[name]) == pytest.approx(outcome.metrics[name], rel=1e-5, nan_ok=True), name
    assert number(row["seconds_fit"]) > 0
    assert row["accuracy"] == "1"


def test_curves_are_left_for_the_report(tmp_path: Path) -> None:
    one = task(tmp_path, test=1500)
    carry_out(one)
    place = curve_folder(tmp_path, "UCR", "case-0")
    with np.load(place / "series.npz") as series, np.load(place / "second-difference.npz") as scores:
        labels = np.unpackbits(series["labels"])[: int(series["rows"])]
        assert np.flatnonzero(labels).tolist() == list(range(SPIKE, SPIKE + 10))
        assert series["low"].shape == series["high"].shape == scores["low"][None].shape
        assert len(scores["high"]) <= STRETCHES
        data = spiked(0, test=1500)
        found = honest(Method("second-difference"), data, 0).scores
        assert scores["high"].max() == np.float32(found.max())
        assert series["low"].min() == np.float32(data.test.min())


def test_other_seeds_and_protocols_leave_no_curves(tmp_path: Path) -> None:
    carry_out(task(tmp_path, method="random", seed=1))
    carry_out(dataclasses.replace(task(tmp_path), protocol="paper"))
    assert not (tmp_path / "curves").exists()


def test_an_envelope_holds_every_value() -> None:
    values = np.random.default_rng(0).normal(size=2_345)
    values[100:140] = np.nan
    low, high = envelope(values)
    size = -(-len(values) // STRETCHES)
    for stretch in range(len(low)):
        part = values[stretch * size : (stretch + 1) * size]
        if np.isnan(part).all():
            assert np.isnan(low[stretch])
            assert np.isnan(high[stretch])
        else:
            assert (low[stretch], high[stretch]) == (np.float32(np.nanmin(part)), np.float32(np.nanmax(part)))
    assert envelope(np.array([3.0]))[1].tolist() == [3.0]


def test_a_failure_becomes_a_row_and_a_reproducer(tmp_path: Path) -> None:
    row = carry_out(task(tmp_path, method="sub-pca", train=20)).row
    assert row["status"] == "failed"
    assert row["error"].startswith("TooShortError: expected at least 32 rows to train on, got 20;")
    (left,) = (tmp_path / "failures").iterdir()
    command, _, trace = left.read_text().partition("\n")
    assert command == reproducer(task(tmp_path, method="sub-pca"))
    assert "TooShortError" in trace


def test_the_reproducer_names_everything(tmp_path: Path) -> None:
    one = task(tmp_path, method="trained", seed=2)
    method = Method("trained", {"training.batch": 16}, teacher="gpt2")
    words = shlex.split(reproducer(dataclasses.replace(one, method=method)))
    assert words[:3] == ["anomalyllm", "bench", "ucr"]
    options = dict(zip(words[3::2], words[4::2], strict=True))
    assert options["--case"] == "case-0"
    assert options["--seed"] == "2"
    assert options["--teacher"] == "gpt2"
    assert options["--set"] == "training.batch=16"
    typed = {"student.level_token": False, "augment.first": ["jitter"], "training.max_steps": None}
    method = Method("trained", typed)
    words = shlex.split(reproducer(dataclasses.replace(one, method=method)))
    assert dict(read_assignment(word) for word in words if "=" in word) == typed
    method = Method("default", teacher="gpt2")  # which it has no use for, so that the command would refuse it
    assert "--teacher" not in shlex.split(reproducer(dataclasses.replace(one, method=method)))


def test_a_variant_is_called_by_its_label_and_run_again_by_its_settings(tmp_path: Path) -> None:
    """Several settings of one preset stand in one table, and the command knows no labels."""
    method = Method("trained", {"student.prototypes": 4}, label="4 prototypes / few")
    one = dataclasses.replace(task(tmp_path), method=method, probe="gap")
    assert one.key[2] == "4 prototypes / few"
    words = shlex.split(reproducer(one))
    options = dict(zip(words[3::2], words[4::2], strict=True))
    assert (options["--method"], options["--set"]) == ("trained", "student.prototypes=4")
    assert options["--probe"] == "gap"
    assert "4 prototypes / few" not in words
    assert method.config_hash == Method("trained", {"student.prototypes": 4}).config_hash


def test_a_label_is_the_name_of_row_and_curve(tmp_path: Path) -> None:
    labelled = dataclasses.replace(task(tmp_path), method=Method("second-difference", label="bent / twice"))
    assert carry_out(labelled).row["method"] == "bent / twice"
    names = {path.stem for path in curve_folder(tmp_path, "UCR", "case-0").iterdir()}
    assert names == {"series", file_name("bent / twice")}


def test_a_probe_s_figures_stand_in_the_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = carry_out(task(tmp_path, method="default")).row
    assert (plain["probed"], probed(plain), math.isnan(value_of(plain, "rows"))) == ("", {}, True)
    figures = {"b": 1 / 3, "a": math.nan, "rows": 400.0}
    monkeypatch.setitem(PROBES, "gap", lambda detector, case, seed: figures)
    row = carry_out(dataclasses.replace(task(tmp_path, method="default"), probe="gap")).row
    assert row["probed"] == '{"gap": {"a": null, "b": 0.333333, "rows": 400.0}}'
    assert math.isnan(probed(row)["a"])
    assert (value_of(row, "rows"), value_of(row, "accuracy")) == (400.0, 1.0)
    assert {name: cell for name, cell in row.items() if name not in (*COSTS, "probed")} == {
        name: cell for name, cell in plain.items() if name not in (*COSTS, "probed")
    }
    baseline = carry_out(dataclasses.replace(task(tmp_path), probe="gap")).row
    assert baseline["probed"] == '{"gap": {}}'  # it has no parts to look at, and is not asked again


NAMES = ["a/b", "a_b", "..", ".", "", "a" * 300, "a" * 301, "caf\udce9", "nul\0", "Ä", "a [/b] c"]


def test_no_two_cases_share_a_file_and_none_leaves_its_folder(tmp_path: Path) -> None:
    names = [file_name(name) for name in NAMES]
    assert len(set(names)) == len(NAMES)
    for name in names:
        assert (tmp_path / name).resolve().parent == tmp_path.resolve()
        (tmp_path / f"{name}.txt").write_text("")
    assert file_name("157_UCR_Anomaly_TkeepFirstMARS_3500_5365_5380").startswith("157_UCR_Anomaly_TkeepFirstMARS_3500")


@pytest.mark.parametrize("name", NAMES)
def test_any_name_of_a_case_will_do(tmp_path: Path, name: str) -> None:
    named = dataclasses.replace(task(tmp_path), case=Case("UCR", name, "", partial(spiked, 0)))
    assert carry_out(named).row["status"] == "done"
    short = dataclasses.replace(
        named, case=Case("UCR", name, "", partial(spiked, 0, train=9)), method=Method("sub-pca")
    )
    assert carry_out(short).row["status"] == "failed"
    assert len(list((tmp_path / "failures").iterdir())) == 1


def test_what_was_handled_in_the_data_stands_in_the_row(tmp_path: Path) -> None:
    data = spiked(0)
    train_labels = np.zeros(len(data.train), np.int8)
    train_labels[:100] = 1
    told = dataclasses.replace(data, train_labels=train_labels, notes=("rows were left out", "and more"))
    row = carry_out(dataclasses.replace(task(tmp_path), case=Case("X", "told", "", partial(dict_value, told)))).row
    assert (row["train_anomalous"], row["notes"]) == ("0.25", "rows were left out; and more")
    other = of_the_data(dataclasses.replace(data, labels=1 - data.labels))
    assert other["data_hash"] != row["data_hash"] == of_the_data(data)["data_hash"]


def dict_value(value: CaseData) -> CaseData:
    return value


def nothing_but_a_full_disk() -> CaseData:
    raise StorageError("to write x", "no space left on device", "make room")


def test_a_full_disk_stops_everything(tmp_path: Path) -> None:
    """A bench whose rows cannot be kept should not go on for hours."""
    full = dataclasses.replace(task(tmp_path), case=Case("UCR", "full", "", partial(nothing_but_a_full_disk)))
    with pytest.raises(StorageError):
        carry_out(full)
    assert isinstance(answer(full), StorageError)
    assert answer(task(tmp_path)).row["status"] == "done"
