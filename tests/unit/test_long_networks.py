"""Networks and a long training part: trained on a sample of its windows, judged by a sample of its rows."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from anomalyllm import AnomalyLLM, choosing, long_fitting, long_teaching, stretches, teaching
from anomalyllm.data import inputs
from anomalyllm.data.blocks import series_blocks
from anomalyllm.data.series import as_series
from anomalyllm.errors import ArtefactError, DataError, TeacherError, TrainingInterrupted
from anomalyllm.judges import Prepared
from anomalyllm.pairing import pair_judges
from anomalyllm.stretches import Stretch, own_scores
from anomalyllm.surveying import surveyed
from anomalyllm.teaching import fingerprint, start, with_bank_size
from anomalyllm.training.data import TrainingData
from anomalyllm.training.record import Progress
from anomalyllm.windows.choice import resolved
from conftest import TINY_TEACHER, sine

ROWS, BUDGET, WINDOWS = 12_000, 9000, 100
FEW = {"window.training_windows": WINDOWS}
TRAINED = {**TINY_TEACHER, "window.length": 32, "training.max_steps": 3}


def long_series() -> np.ndarray:
    X = sine(ROWS, 2)
    X[7000:7400, 1] = np.nan
    return X


def trained(budget: int = ROWS, **changed: object) -> AnomalyLLM:
    return AnomalyLLM("trained", settings={**TRAINED, "retrieval.own_rows": budget, **changed})


@pytest.fixture(scope="module")
def whole() -> AnomalyLLM:
    return trained().fit(long_series())


@pytest.fixture(scope="module")
def sampled() -> AnomalyLLM:
    return trained(BUDGET).fit(long_series())


def test_all_rows_that_fit_are_scored(whole: AnomalyLLM) -> None:
    assert whole.decision_rows_.tolist() == list(range(ROWS))
    assert not [note for note in whole.notes_ if "stretches" in note or "windows" in note]


@pytest.mark.parametrize(
    "changed",
    [
        {},
        FEW,
        {"channel_mode": "joint", "student.prototype_source": "kmeans"},
        {"student.prototype_source": "random", "training.held_out": 0.4},
    ],
    ids=["all", "few", "kmeans", "random"],
)
def test_a_part_that_is_not_held_gives_the_networks_of_one_that_is(changed: dict[str, object]) -> None:
    """Where nothing is missing the same windows are drawn, so only rounding of the scaler and the budget are seen."""
    X = sine(ROWS, 2)
    held, in_blocks = (trained(budget, **changed).fit(X) for budget in (ROWS, BUDGET))
    rows = in_blocks.decision_rows_
    assert BUDGET - 4096 < len(rows) <= BUDGET
    assert (np.diff(rows) > 0).all()
    np.testing.assert_allclose(in_blocks.decision_scores_, held.decision_scores_[rows], rtol=1e-4, atol=1e-5)
    assert in_blocks.threshold_ == pytest.approx(held.threshold_, rel=0.2)
    assert in_blocks.record_.best == pytest.approx(held.record_.best, rel=1e-4)
    assert (in_blocks.period_, in_blocks.window_) == (held.period_, held.window_)
    assert in_blocks._fitted.training.sha256 == held._fitted.training.sha256
    (note,) = set(in_blocks.notes_) - set(held.notes_)
    assert note == "the threshold is of 2 stretches, 8,192 of 12,000 rows (retrieval.own_rows)"


def chosen(X: np.ndarray, budget: int, **changed: object) -> TrainingData:
    """What networks would learn from, of a part that is not held."""
    blocks, config = series_blocks(as_series(X)), trained(budget, **changed).resolved_config()
    config = with_bank_size(resolved(config, np.nan_to_num(X))[0], *X.shape)
    return long_teaching.gathered_windows(blocks, surveyed(blocks), config, 0, [Stretch(0, 100, 0, 100)])[0]


def test_gaps_are_not_learned_from() -> None:
    """A tenth of the values of both channels may lack; a channel that is never there is no gap."""
    X = np.column_stack([long_series(), np.full(ROWS, np.nan)])
    X[10_000:10_300] = np.nan  # in the held-out tail
    data = chosen(X, BUDGET)
    missing = np.isnan(X[:, :2]).sum(axis=1)
    for starts in (data.starts, data.held_out, data.validation(), data.bank):
        assert len(starts) > 100
        assert max(missing[start : start + 32].sum() for start in starts) <= 0.1 * 2 * 32
    assert len(data.bank) == trained().resolved_config().student.prototypes
    assert data.starts.max() + 32 <= 0.8 * ROWS <= min(data.held_out.min(), data.validation().min())


def test_of_a_tail_that_is_a_gap_validation_stays_short() -> None:
    """It is run every 25 steps: over all windows it would take as long as the training."""
    X = sine(ROWS, 2)
    X[9000:] = np.nan
    data = chosen(X, BUDGET)
    assert len(data.validation()) == 256  # as of a part that is held
    assert set(data.validation()) <= set(data.held_out) == set(data.starts)
    assert trained(BUDGET).fit(X).record_.steps == 3


def test_where_only_the_tail_is_there_it_is_learned_from() -> None:
    X = sine(ROWS, 2)
    X[: round(0.8 * ROWS)] = np.nan
    few = {"window.training_windows": 50}
    data = chosen(X, BUDGET, **few)
    assert len(data.starts) == data.sampled_from == 50
    assert data.starts.min() >= 0.8 * ROWS
    assert not [note for note in trained(BUDGET, **few).fit(X).notes_ if "windows" in note]


def test_a_tail_of_which_few_windows_are_kept_is_as_long_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else calibration would take the windows of training, which networks know."""
    monkeypatch.setattr(long_teaching, "MOST_CALIBRATED", 30)
    data = chosen(sine(ROWS, 2), BUDGET, **{"window.training_stride": 1})
    assert (len(data.held_out), data.tail) == (30, ROWS - round(0.8 * ROWS) - 32 + 1)


def test_rows_that_are_looked_at_must_not_be_one_gap() -> None:
    """A threshold of 0 would make everything an alarm."""
    X = sine(3000, 2)
    X[:2400] = np.nan
    with pytest.raises(
        DataError, match=r"rows to take a threshold from, got 1,000 rows that were looked at, all of them"
    ):
        trained(1000).fit(X)


def test_a_file_in_blocks_gives_the_networks_of_the_array(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """To the last bit, and a training that was stopped goes on."""
    X = long_series()
    np.save(tmp_path / "x.npy", X)
    monkeypatch.setattr(inputs, "LARGE", 1)
    array = trained(BUDGET).fit(X)
    monkeypatch.setattr(choosing, "training_part", None)  # which would hold it
    interrupted = trained(BUDGET, **{"training.validate_every": 1})
    with pytest.raises(TrainingInterrupted):
        interrupted.fit(tmp_path / "x.npy", checkpoint=tmp_path / "c", watcher=stopping)
    interrupted.fit(tmp_path / "x.npy", checkpoint=tmp_path / "c", resume=True)
    unbroken = trained(BUDGET, **{"training.validate_every": 1}).fit(tmp_path / "x.npy")
    assert interrupted.decision_scores_.tobytes() == unbroken.decision_scores_.tobytes()
    found = trained(BUDGET).fit(tmp_path / "x.npy")
    assert found.decision_scores_.tobytes() == array.decision_scores_.tobytes()
    assert found.notes_ == array.notes_


def stopping(progress: Progress) -> None:
    if progress.step == 2:
        raise KeyboardInterrupt


def test_of_many_channels_fewer_windows_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Four thousand windows of 512 rows of 38 channels would be 300 MB."""
    monkeypatch.setattr(long_teaching, "MOST_KEPT_VALUES", 50 * 2 * 32)
    notes = trained(BUDGET).fit(sine(ROWS, 2)).notes_
    assert "networks are trained on 50 of 2,393 windows, one drawn from each of as many equal parts" in notes


def test_a_part_that_is_nothing_but_gaps_is_refused() -> None:
    X = sine(ROWS)
    X[::2] = np.nan
    X[1::8] = np.nan
    with pytest.raises(DataError, match="windows of 32 rows with at most 50% missing to train on, got none"):
        trained(BUDGET).fit(X)
    X = np.full((60_000, 1), np.nan)
    X[30_001:30_061] = sine(60)
    with pytest.raises(DataError, match="got none among 1,124 places in 60,000 rows; give a part with fewer gaps"):
        trained(BUDGET, **FEW).fit(X)


def test_where_every_window_has_gaps_those_that_can_be_judged_are_learned_from() -> None:
    X = sine(ROWS)
    X[::4] = np.nan
    detector = trained(BUDGET).fit(X)
    assert detector.record_.steps == 3
    assert np.isfinite(detector.decision_scores_).all()


@pytest.mark.parametrize("preset", ["trained", "pretrained"])
def test_neighbours_in_time_are_told_apart_from_any_row(preset: str, whole: AnomalyLLM) -> None:
    """A window that met itself in the bank would be no distance away."""
    small = {"retrieval.bank": 64, "window.length": 64}
    detector = whole if preset == "trained" else AnomalyLLM("pretrained", settings=small).fit(long_series()[:3000])
    fitted, X = detector._fitted, long_series()[: len(detector.decision_scores_)]
    two = [Stretch(0, 600, 0, 500), Stretch(1280, 2400, 1500, 2300)]
    prepared = fitted.prepare(X)
    missing = np.zeros(X.shape, np.bool_) if prepared.missing is None else prepared.missing
    parts = [(at, Prepared(prepared.values[at.first : at.end], missing[at.first : at.end])) for at in two]
    for at, scores in zip(two, own_scores(fitted, parts), strict=True):
        np.testing.assert_allclose(scores, detector.decision_scores_[at.begin : at.stop], rtol=1e-5, atol=1e-6)


def test_training_sees_one_window_of_every_part() -> None:
    series, config = as_series(long_series()), trained().resolved_config()
    everything = start(series, config, 0).data
    few = trained(**FEW).resolved_config()
    first, again, other = (start(series, few, seed).data for seed in (0, 0, 1))
    assert first.starts.tolist() == again.starts.tolist() != other.starts.tolist()
    assert len(first.starts) == WINDOWS
    assert first.sampled_from == everything.sampled_from == len(everything.starts)
    places = np.searchsorted(everything.starts, first.starts)
    assert (everything.starts[places] == first.starts).all()  # whole windows, none of the held-out tail
    part = len(everything.starts) / WINDOWS
    assert (np.abs(places - (np.arange(WINDOWS) + 0.5) * part) <= part / 2 + 1).all()
    assert np.array_equal(first.held_out, everything.held_out)


def test_it_is_said_and_kept(tmp_path: Path) -> None:
    detector = trained(BUDGET, **FEW).fit(long_series())
    (note,) = [note for note in detector.notes_ if "windows" in note]
    told = r"networks are trained on (\d+) of 2,393 windows, one drawn from each of as many equal parts"
    match = re.fullmatch(told, note)
    assert match is not None
    assert WINDOWS - 5 < int(match[1]) < WINDOWS  # some parts are nothing but the gap
    detector.save(tmp_path / "model")
    loaded = AnomalyLLM.load(tmp_path / "model")
    X = sine(500, 2, seed=1)
    assert loaded.notes_ == detector.notes_
    np.testing.assert_allclose(loaded.decision_function(X), detector.decision_function(X), rtol=1e-6)


def test_the_pair_joins_a_detector_that_is_fitted_in_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its weight is that of the rows that are looked at, and near the one that all rows would give."""
    settings = {"retrieval.bank": 64, "window.length": 64, "retrieval.own_rows": BUDGET}
    X = long_series()[:, 1:]
    pd.DataFrame(X, columns=["channel_0"]).to_parquet(tmp_path / "x.parquet")
    monkeypatch.setattr(inputs, "LARGE", 1)
    found = AnomalyLLM("pretrained", settings=settings).fit(tmp_path / "x.parquet")
    array = AnomalyLLM("pretrained", settings=settings).fit(X)
    assert found.decision_scores_.tobytes() == array.decision_scores_.tobytes()
    assert len(found.decision_rows_) <= BUDGET
    every = AnomalyLLM("pretrained", settings={**settings, "retrieval.own_rows": ROWS}).fit(X)
    assert [judge.window for judge in pair_judges(found._fitted)] == [32, 64]
    for mine, theirs in zip(pair_judges(found._fitted), pair_judges(every._fitted), strict=True):
        assert mine.unit == pytest.approx(theirs.unit, rel=0.2)


@pytest.mark.parametrize(("wide", "expected"), [(512, 1), (32, 2)])
def test_small_networks_are_trained_by_one_thread(wide: int, expected: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two wait for each other longer than they work where another process has one of the cores."""
    monkeypatch.setattr(teaching, "WIDE", wide)
    seen = []
    torch.set_num_threads(2)
    try:
        trained().fit(sine(400), watcher=lambda _: seen.append(torch.get_num_threads()))
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(1)
    assert set(seen) == {expected}


def test_a_day_of_minutes_is_not_seen_at_one_minute_alone() -> None:
    """On a part whose windows, evenly spaced, would all begin at the same minute of their day."""
    days, minutes = 40, 1440
    config = AnomalyLLM(
        "trained", settings={**TINY_TEACHER, "window.length": 32, "window.training_windows": days}
    ).resolved_config()
    starts = start(as_series(sine(days * minutes)), config, 0).data.starts
    assert len(starts) == days
    assert len(set(starts % minutes)) > days / 2


def test_what_training_sees_is_part_of_what_a_checkpoint_is() -> None:
    series, config = as_series(sine(3000)), trained(**FEW).resolved_config()
    one, other = (start(series, config, seed) for seed in (0, 1))
    same = fingerprint(one.untrained, one.data)
    assert same == fingerprint(one.untrained, start(series, config, 0).data)
    assert same != fingerprint(one.untrained, other.data)


def test_a_teacher_that_is_not_there_is_refused_before_all_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    read = []
    monkeypatch.setattr(long_fitting, "surveyed", read.append)
    with pytest.raises(TeacherError):
        trained(1000, **{"teacher.name": "/nowhere", "teacher.width": "none"}).fit(sine(3000))
    assert not read


def test_a_pair_that_is_not_there_is_refused_before_all_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = []
    monkeypatch.setattr(long_fitting, "surveyed", read.append)
    detector = AnomalyLLM("pretrained", settings={"retrieval.own_rows": 1000, "pair": str(tmp_path / "none")})
    with pytest.raises(ArtefactError):
        detector.fit(sine(3000))
    assert not read


def test_rows_are_numbered_as_those_of_the_series(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a note, whichever way the fit went: a training part that stands before its test part ends at row -1."""
    monkeypatch.setattr(stretches, "ROWS", 256)  # so many that none of the anomaly is missed
    X = sine(ROWS)
    X[4000:4100] = 3 * np.random.default_rng(0).standard_normal((100, 1))
    named = []
    for budget in (ROWS, ROWS - 1):
        series = dataclasses.replace(as_series(X), first_row=-ROWS)
        detector = AnomalyLLM(settings={"window.length": 64, "retrieval.own_rows": budget}).fit(series)
        (note,) = [note for note in detector.notes_ if "looks anomalous" in note]
        named.append(int(note.split(" row ")[1].split(",")[0]))
    assert -ROWS + 3900 < named[0] < -ROWS + 4200
    assert abs(named[0] - named[1]) < 200
