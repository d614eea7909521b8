"""The pretrained pair among the judges that retrieve: what it may see, in which units it speaks, and what is kept."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from anomalyllm import AnomalyLLM
from anomalyllm.banking import in_units
from anomalyllm.errors import ArtefactError, ConfigError
from anomalyllm.model.nearest_rows import nearest_rows
from anomalyllm.model.pair import Pair, save_pair
from anomalyllm.pairing import WEIGHT, PairJudge, named_pair, pair_judges, usual_of
from anomalyllm.windows.slicing import Grid
from conftest import sine


@pytest.fixture(scope="module")
def detector() -> AnomalyLLM:
    return AnomalyLLM("pretrained").fit(sine(1500, 2))


def judge_of(detector: AnomalyLLM, window: int = 64) -> PairJudge:
    (judge,) = (judge for judge in pair_judges(detector._fitted) if judge.window == window)
    return judge


def test_each_window_of_at_least_32_rows_is_read(detector: AnomalyLLM) -> None:
    assert [judge.window for judge in detector._fitted.judges] == [16, 32, 64, 128, 32, 64, 128]
    assert all(judge.window % judge.stride == 0 for judge in pair_judges(detector._fitted))


def test_what_is_usual_for_it_weighs_half_of_what_is_usual_for_distances(detector: AnomalyLLM) -> None:
    """Units that differ would let one kind of judge decide alone."""
    fitted = detector._fitted
    training = fitted.prepare(sine(1500, 2))
    pair, _ = in_units(dataclasses.replace(fitted, judges=pair_judges(fitted)), training)
    distances, _ = in_units(dataclasses.replace(fitted, judges=fitted.retrieval), training)
    assert pair.unit == pytest.approx(WEIGHT * distances.unit, rel=1e-6)


def test_a_training_window_is_shown_none_that_it_overlaps(
    detector: AnomalyLLM, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Shown itself it would be nearer to normal than any new window can be, and the threshold would mean nothing."""
    shown = []

    def watched(*given: Any) -> Any:
        shown.append(nearest_rows(*given))
        return shown[-1]

    monkeypatch.setattr("anomalyllm.pairing.nearest_rows", watched)
    judge, prepared = judge_of(detector), detector._fitted.prepare(sine(1500, 2))
    bank, starts = judge.retrieval.bank, Grid(1500, judge.window, judge.stride).starts
    judge.window_scores(prepared, starts, own=True)
    for near in shown:
        assert (np.abs(bank.starts[near] - starts[:, None]) >= bank.length).all()
    judge.window_scores(prepared, starts)
    assert (np.abs(bank.starts[shown[-1]] - starts[:, None]).min(axis=1) < bank.length).any()


def test_windows_are_judged_one_by_one(detector: AnomalyLLM) -> None:
    judge, prepared = judge_of(detector), detector._fitted.prepare(sine(900, 2, seed=3))
    starts = Grid(900, judge.window, judge.stride).starts
    together = judge.window_scores(prepared, starts)
    alone = np.concatenate([judge.window_scores(prepared, starts[[row]]) for row in range(len(starts))])
    assert np.allclose(together, alone, rtol=1e-5)


def test_an_anomaly_stands_out(detector: AnomalyLLM) -> None:
    values = sine(900, 2, seed=3)
    values[400:440] = values[380]
    judge, prepared = judge_of(detector, 32), detector._fitted.prepare(values)
    starts = Grid(900, judge.window, judge.stride).starts
    scores = judge.total(judge.window_scores(prepared, starts))
    assert 360 < starts[scores.argmax()] < 440


def test_it_changes_scores_and_not_places() -> None:
    """Places are curves of distances alone."""
    train, test = sine(1500), sine(900, seed=5)
    plain, asked = AnomalyLLM().fit(train), AnomalyLLM("pretrained").fit(train)
    assert not np.allclose(plain.decision_function(test), asked.decision_function(test))
    assert plain.locate(test) == asked.locate(test)


def test_what_is_saved_needs_no_weights_from_elsewhere(detector: AnomalyLLM, tmp_path: Path, monkeypatch) -> None:
    detector.save(tmp_path / "kept")
    monkeypatch.setattr("anomalyllm.pairing.named_pair", lambda name: pytest.fail(f"{name} was read"))
    loaded = AnomalyLLM.load(tmp_path / "kept")
    X = sine(700, 2, seed=9)
    assert np.array_equal(loaded.decision_function(X), detector.decision_function(X))


def test_weights_of_ones_own_may_be_named(tmp_path: Path) -> None:
    save_pair(tmp_path / "own.safetensors", Pair(seed=5))
    own = AnomalyLLM(settings={"pair": str(tmp_path / "own.safetensors")}).fit(sine(900))
    shipped = AnomalyLLM("pretrained").fit(sine(900))
    assert not np.allclose(own.decision_scores_, shipped.decision_scores_)
    with pytest.raises(ArtefactError, match="no such file"):
        AnomalyLLM(settings={"pair": str(tmp_path / "none.safetensors")}).fit(sine(900))
    with pytest.raises(ConfigError, match="pair to be left out"):
        AnomalyLLM("trained", settings={"pair": "shipped"}).fit(sine(900))


def test_the_shipped_weights_are_small_trained_and_asleep() -> None:
    pair = named_pair("shipped")
    drawn = Pair(seed=0)
    assert sum(tensor.nbytes for tensor in pair.state_dict().values()) <= 10 * 2**20
    assert not any(weight.requires_grad for weight in pair.parameters())
    assert not torch.equal(pair.student.head.weight, drawn.student.head.weight)


def test_a_series_too_short_for_it_is_judged_by_distances_alone() -> None:
    detector = AnomalyLLM("pretrained").fit(sine(60))
    assert not pair_judges(detector._fitted)
    assert any("left out" in note for note in detector.notes_)


def test_channels_that_stand_still_are_not_read() -> None:
    values = np.column_stack([sine(900)[:, 0], np.ones(900)])
    judge = judge_of(AnomalyLLM("pretrained").fit(values), 32)
    assert (usual_of(judge.retrieval)[1] == 1).all()
