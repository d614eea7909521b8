"""A training part that is longer than the budget: banks of all of it, unit and threshold of a part of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from anomalyllm import AnomalyLLM, open_blocks, stretches
from anomalyllm.banking import cut_banks, trusted, with_usual
from anomalyllm.data import blocks, inputs, read_recording, text_blocks
from anomalyllm.data.series import Series, as_series
from anomalyllm.errors import ConfigError, DataError, TooShortError, WholeError
from anomalyllm.long_fitting import fit_blocks
from anomalyllm.pairing import retrieving
from anomalyllm.trainable import Run
from conftest import sine

ROWS, BUDGET = 12_000, 5000
SETTINGS = {"retrieval.bank": 256, "retrieval.own_rows": BUDGET}


def long_series() -> np.ndarray:
    """Two channels that move, with an anomaly and gaps; a flag; one that is never there."""
    X = np.column_stack([sine(ROWS, 2), np.arange(ROWS) // 3000 % 2, np.full(ROWS, np.nan)])
    X[100:140, 0] = X[0, 1] = X[7000:7400, 1] = np.nan
    X[9000:9030, :2] += 1
    return X


@pytest.fixture(scope="module")
def sampled() -> AnomalyLLM:
    return AnomalyLLM(settings=SETTINGS).fit(long_series())


@pytest.fixture(scope="module")
def whole() -> AnomalyLLM:
    return AnomalyLLM(settings={**SETTINGS, "retrieval.own_rows": ROWS}).fit(long_series())


def test_of_many_channels_fewer_rows_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """Half a million rows of a thousand channels would be two gigabytes."""
    monkeypatch.setattr(stretches, "MOST_OWN_VALUES", 4 * 4096)
    monkeypatch.setattr(stretches, "FEWEST_OWN_ROWS", 1000)
    assert len(AnomalyLLM(settings=SETTINGS).fit(long_series()).decision_rows_) == 4096
    monkeypatch.setattr(stretches, "MOST_OWN_VALUES", 1)
    assert len(AnomalyLLM(settings=SETTINGS).fit(long_series()).decision_rows_) == 1000


def test_everything_but_unit_and_threshold_is_that_of_the_whole(sampled: AnomalyLLM, whole: AnomalyLLM) -> None:
    """Banks window by window, the channels that move, the period, and the hash of the data."""
    one, other = sampled._fitted, whole._fitted
    np.testing.assert_allclose(one.scaler.mean, other.scaler.mean, rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(one.scaler.deviation, other.scaler.deviation, rtol=1e-12)
    for mine, theirs in zip(
        [*(judge.bank for judge in one.retrieval), *(scale.bank for scale in one.scales)],
        [*(judge.bank for judge in other.retrieval), *(scale.bank for scale in other.scales)],
        strict=True,
    ):
        assert mine.starts.tolist() == theirs.starts.tolist()
        for name in ("windows", "energy", "stillness", "centre", "axes"):
            np.testing.assert_allclose(getattr(mine, name), getattr(theirs, name), rtol=1e-4, atol=1e-5)
    assert one.novelty.still.tolist() == other.novelty.still.tolist() == [False, False, True, True]
    np.testing.assert_allclose(one.novelty.low, other.novelty.low, rtol=1e-6)
    np.testing.assert_allclose(one.novelty.high, other.novelty.high, rtol=1e-6)
    assert (one.period, one.training.sha256) == (other.period, other.training.sha256)
    assert one.config.window == other.config.window
    assert one.training.notes[0] == other.training.notes[0]  # of what is missing


def test_the_rows_that_are_looked_at_have_their_own_scores(sampled: AnomalyLLM, whole: AnomalyLLM) -> None:
    rows = sampled.decision_rows_
    assert 0 < len(rows) == len(sampled.decision_scores_) == len(sampled.labels_) <= BUDGET
    assert (np.diff(rows) > 0).all()
    mine = sampled.decision_scores_ * sampled._fitted.unit
    np.testing.assert_allclose(mine, whole.decision_scores_[rows] * whole._fitted.unit, rtol=1e-4, atol=1e-6)
    assert whole.decision_rows_.tolist() == list(range(ROWS))


def test_unit_and_threshold_are_near_those_of_the_whole(sampled: AnomalyLLM, whole: AnomalyLLM) -> None:
    assert sampled._fitted.unit == pytest.approx(whole._fitted.unit, rel=0.1)
    assert sampled.threshold_ > 1
    (note,) = [note for note in sampled.notes_ if "retrieval.own_rows" in note]
    assert note.startswith(
        "12,000 rows are more than retrieval.own_rows (5,000): banks are of all, unit and threshold of"
    )


def test_a_file_an_array_and_any_cut_give_the_same_bytes(
    sampled: AnomalyLLM, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    X, known = long_series(), sampled._fitted
    pd.DataFrame(X, columns=list(sampled.channels_)).to_csv(tmp_path / "x.csv", index=False)
    np.save(tmp_path / "x.npy", X)
    monkeypatch.setattr(inputs, "LARGE", 1)
    monkeypatch.setattr(text_blocks, "PART_BYTES", 1 << 14)
    for source in (tmp_path / "x.csv", str(tmp_path / "x.npy"), open_blocks(tmp_path / "x.npy")):
        found = AnomalyLLM(settings=SETTINGS).fit(source)
        assert found.threshold_ == known.threshold
        assert found.decision_scores_.tobytes() == sampled.decision_scores_.tobytes()
        assert found._fitted.training.sha256 == known.training.sha256
        assert found.notes_ == sampled.notes_


def test_chunks_that_are_smaller_than_a_window_lose_nothing(whole: AnomalyLLM, monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows that lie across many chunks are in the banks all the same."""
    monkeypatch.setattr(blocks, "READ_NUMBERS", 4 * 100)
    found = AnomalyLLM(settings=SETTINGS).fit(long_series())
    for mine, theirs in zip(found._fitted.scales, whole._fitted.scales, strict=True):
        assert mine.bank.starts.tolist() == theirs.bank.starts.tolist()
        np.testing.assert_allclose(mine.bank.windows, theirs.bank.windows, rtol=1e-4, atol=1e-5)


def test_what_fits_into_the_budget_is_fitted_as_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """To the last bit, by whatever way its rows come: published figures must stay."""
    X = sine(3000, 2)
    np.save(tmp_path / "x.npy", X)
    pd.DataFrame(X, columns=["channel_0", "channel_1"]).to_csv(tmp_path / "x.csv", index=False)
    series = as_series(X)
    config = AnomalyLLM(settings=SETTINGS).resolved_config()
    fitted, scores = with_usual(retrieving(series, config, 0), series)
    monkeypatch.setattr(inputs, "LARGE", 1)
    for source in (X, tmp_path / "x.npy", tmp_path / "x.csv", open_blocks(tmp_path / "x.csv")):
        found = AnomalyLLM(settings=SETTINGS).fit(source)
        assert found.decision_scores_.tobytes() == scores.tobytes()
        assert found._fitted.unit == fitted.unit
    assert fit_blocks(open_blocks(tmp_path / "x.csv"), config, 0, Run()) is None
    assert trusted(series, scores, 128).tobytes() == scores.tobytes()
    assert len(cut_banks(fitted.prepare(X).values, np.zeros(X.shape, np.bool_), fitted.config)) == 6


def test_times_out_of_order_are_read_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A path says nothing of blocks: what they cannot tell, the whole file can. Blocks are taken at their word."""
    X = sine(6000)[:, 0]
    times = pd.date_range("2024-01-01", periods=6000, freq="1min").to_numpy()
    swapped = np.r_[1, 0, 2:6000]
    pd.DataFrame({"time": times[swapped], "a": X[swapped]}).to_csv(tmp_path / "x.csv", index=False)
    monkeypatch.setattr(inputs, "LARGE", 1)
    found = AnomalyLLM(settings=SETTINGS).fit(tmp_path / "x.csv")
    series: Series = read_recording(tmp_path / "x.csv").series
    assert found.threshold_ == AnomalyLLM(settings=SETTINGS).fit(series).threshold_
    with pytest.raises(WholeError):
        AnomalyLLM(settings=SETTINGS).fit(open_blocks(tmp_path / "x.csv"))


def test_alarms_per_day_need_times_and_take_them_from_the_file(tmp_path: Path) -> None:
    X = sine(6000)[:, 0]
    times = pd.date_range("2024-01-01", periods=6000, freq="1min")
    frame = pd.DataFrame({"time": times, "a": X})
    frame.to_parquet(tmp_path / "x.parquet")
    rare, often = (
        AnomalyLLM(settings=SETTINGS, alarms_per=rate).fit(open_blocks(tmp_path / "x.parquet")).threshold_
        for rate in ("1/week", "20/day")
    )
    assert rare > often
    with pytest.raises(ConfigError, match="a time column, for alarms_per 1/day"):
        AnomalyLLM(settings=SETTINGS, alarms_per="1/day").fit(X)


def test_refusals() -> None:
    with pytest.raises(ConfigError, match="networks whose training can go on"):
        AnomalyLLM(settings=SETTINGS).fit(long_series(), resume=True)
    with pytest.raises(ConfigError, match="scores of all training rows, got .* of 12000; set retrieval.own_rows to at"):
        AnomalyLLM(settings=SETTINGS).fit_predict(long_series())
    with pytest.raises(DataError, match="numbers to train on, got only missing values in array"):
        AnomalyLLM(settings=SETTINGS).fit(np.full((ROWS, 1), np.nan))
    gaps = sine(ROWS)
    gaps[::2] = np.nan
    gaps[1::8] = np.nan
    with pytest.raises(DataError, match="windows of 16 rows with at most 50% missing to train on, got none"):
        AnomalyLLM(settings=SETTINGS).fit(gaps)
    with pytest.raises(TooShortError):
        AnomalyLLM(settings={"retrieval.own_rows": 1000, "window.length": 1024}).fit(sine(1500))
