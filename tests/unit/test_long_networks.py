"""Networks and a long training part: trained on a sample of its windows, judged by a sample of its rows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from anomalyllm import AnomalyLLM, teaching
from anomalyllm.data import inputs
from anomalyllm.data.series import as_series
from anomalyllm.stretches import Stretch, held_parts, looked_at, own_scores
from anomalyllm.teaching import start
from conftest import TINY_TEACHER, sine

ROWS, BUDGET, WINDOWS = 12_000, 9000, 100
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


def test_all_rows_that_fit_are_one_stretch(whole: AnomalyLLM) -> None:
    assert looked_at(ROWS, whole._fitted) == [Stretch(0, ROWS, 0, ROWS)]
    assert whole.decision_rows_.tolist() == list(range(ROWS))
    assert not [note for note in whole.notes_ if "stretches" in note or "windows" in note]


def test_of_a_long_part_stretches_are_scored_and_have_the_scores_of_the_whole(
    sampled: AnomalyLLM, whole: AnomalyLLM
) -> None:
    """The networks are the same: where they look does not change what they learned."""
    rows = sampled.decision_rows_
    assert BUDGET - 4096 < len(rows) <= BUDGET
    assert (np.diff(rows) > 0).all()
    np.testing.assert_allclose(sampled.decision_scores_, whole.decision_scores_[rows], rtol=1e-5, atol=1e-6)
    assert sampled.threshold_ == pytest.approx(whole.threshold_, rel=0.2)
    (note,) = [note for note in sampled.notes_ if "stretches" in note]
    assert note == "the threshold is of 2 stretches, 8,192 of 12,000 rows (retrieval.own_rows)"


@pytest.mark.parametrize("preset", ["trained", "pretrained"])
def test_neighbours_in_time_are_told_apart_from_any_row(preset: str, whole: AnomalyLLM) -> None:
    """A window that met itself in the bank would be no distance away."""
    small = {"retrieval.bank": 64, "window.length": 64}
    detector = whole if preset == "trained" else AnomalyLLM("pretrained", settings=small).fit(long_series()[:3000])
    fitted, X = detector._fitted, long_series()[: len(detector.decision_scores_)]
    stretches = [Stretch(0, 600, 0, 500), Stretch(1280, 2400, 1500, 2300)]
    for at, scores in zip(stretches, own_scores(fitted, held_parts(fitted.prepare(X), stretches)), strict=True):
        np.testing.assert_allclose(scores, detector.decision_scores_[at.begin : at.stop], rtol=1e-5, atol=1e-6)


def test_training_sees_one_window_of_every_part(monkeypatch: pytest.MonkeyPatch) -> None:
    series, config = as_series(long_series()), trained().resolved_config()
    everything = start(series, config, 0).data
    monkeypatch.setattr(teaching, "MOST_WINDOWS", WINDOWS)
    first, again, other = (start(series, config, seed).data for seed in (0, 0, 1))
    assert first.starts.tolist() == again.starts.tolist() != other.starts.tolist()
    assert len(first.starts) == WINDOWS
    assert first.sampled_from == everything.sampled_from == len(everything.starts)
    places = np.searchsorted(everything.starts, first.starts)
    assert (everything.starts[places] == first.starts).all()  # whole windows, none of the held-out tail
    part = len(everything.starts) / WINDOWS
    assert (np.abs(places - (np.arange(WINDOWS) + 0.5) * part) <= part / 2 + 1).all()
    assert np.array_equal(first.held_out, everything.held_out)


def test_it_is_said_and_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(teaching, "MOST_WINDOWS", WINDOWS)
    detector = trained(BUDGET).fit(long_series())
    (note,) = [note for note in detector.notes_ if "windows" in note]
    assert note.startswith("networks are trained on 100 of ")
    assert note.endswith(" windows, one drawn from each of as many equal parts")
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
    assert [type(judge) for judge in found._fitted.judges] == [type(judge) for judge in every._fitted.judges]
    for mine, theirs in zip(found._fitted.judges, every._fitted.judges, strict=True):
        assert getattr(mine, "unit", 1.0) == pytest.approx(getattr(theirs, "unit", 1.0), rel=0.2)


@pytest.mark.parametrize(("narrowest", "expected"), [(512, 1), (32, 2)])
def test_small_networks_are_trained_by_one_thread(
    narrowest: int, expected: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two wait for each other longer than they work where another process has one of the cores."""
    monkeypatch.setattr(teaching, "NARROWEST", narrowest)
    seen = []
    torch.set_num_threads(2)
    try:
        trained().fit(sine(400), watcher=lambda _: seen.append(torch.get_num_threads()))
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(1)
    assert set(seen) == {expected}
