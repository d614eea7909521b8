"""Scores in chunks are those of the whole: bit for bit where windows are compared, else within 1e-5."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from anomalyllm import AnomalyLLM, chunking, open_blocks, score_chunks
from anomalyllm.data import blocks
from anomalyllm.errors import ChannelError, ConfigError, NotFittedError
from conftest import sine, small_detector

SIZES = (7, 16, 100, 333, 5000)


def gappy(rows: int, channels: int) -> np.ndarray:
    """With an anomaly, gaps longer than any window and at both ends, and rows of which nothing is left."""
    X = sine(rows, channels, seed=4)
    X[300:330] += 2
    X[100:140, 0] = X[0:3, 0] = X[500:700, -1] = X[450] = X[-5:, 0] = np.nan
    return X


def together(detector: AnomalyLLM, source: object, rows: int | None = None, **how: object) -> tuple[np.ndarray, ...]:
    chunks = list(score_chunks(detector, source, rows, **how))
    assert [chunk.first_row for chunk in chunks[1:]] == [chunk.first_row + len(chunk.scores) for chunk in chunks[:-1]]
    return np.concatenate([chunk.scores for chunk in chunks]), np.concatenate([c.channel_scores for c in chunks])


@pytest.fixture(scope="module", params=[1, 2])
def comparing(request: pytest.FixtureRequest) -> AnomalyLLM:
    """A detector that compares with normal windows, of one channel or two."""
    return AnomalyLLM(settings={"retrieval.bank": 64}).fit(sine(800, request.param))


def rows_for(detector: AnomalyLLM, rows: int) -> np.ndarray:
    return gappy(rows, detector.n_features_in_)


@pytest.mark.parametrize("channels", [1, 3])
def test_chunks_of_any_size_give_the_bits_of_the_whole(channels: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a detector that compares with normal windows; the blocks in which rows come do not matter either."""
    detector, X = AnomalyLLM(settings={"retrieval.bank": 64}).fit(sine(800, channels)), gappy(800, channels)
    whole, by_channel = detector._fitted.scores(detector._fitted.prepare(X), channels=True)
    for size in SIZES:
        scores, of_channels = together(detector, X, size, channels=True)
        assert scores.tobytes() == whole.tobytes() == detector.decision_function(X).tobytes()
        assert of_channels.tobytes() == by_channel.tobytes()
    monkeypatch.setattr(blocks, "READ_NUMBERS", 50)
    monkeypatch.setattr(chunking, "NUMBERS", 90)
    assert together(detector, X)[0].tobytes() == whole.tobytes()


def test_a_chunk_of_one_row(comparing: AnomalyLLM) -> None:
    X = rows_for(comparing, 800)[380:560]
    assert together(comparing, X, 1)[0].tobytes() == comparing.decision_function(X).tobytes()


@pytest.mark.parametrize("rows", [1, 15, 16, 17, 127, 128, 129, 140, 255, 256, 257, 300])
def test_series_of_every_length(comparing: AnomalyLLM, rows: int) -> None:
    """Shorter than a window, and with a last window that lies on no grid: it belongs to the series' end alone."""
    X = rows_for(comparing, 800)[:rows]
    assert together(comparing, X, 64)[0].tobytes() == comparing.decision_function(X).tobytes()


@pytest.mark.parametrize("preset", ["pretrained", "default+finetune", "trained", "paper"])
def test_networks_agree_within_their_tolerance(preset: str) -> None:
    """Products of matrices are rounded by how many windows are in a call."""
    detector, X = small_detector(preset, max_steps=2).fit(sine(800, 2)), gappy(800, 2)
    for size in (100, 333):
        np.testing.assert_allclose(together(detector, X, size)[0], detector.decision_function(X), rtol=1e-5, atol=1e-9)


def test_a_file_is_scored_as_the_array_in_it(tmp_path: Path) -> None:
    import pandas as pd

    X, detector = gappy(800, 2), AnomalyLLM(settings={"retrieval.bank": 64}).fit(sine(800, 2))
    frame = pd.DataFrame({"time": pd.date_range("2024-01-01", periods=800, freq="1min"), "a": X[:, 0], "b": X[:, 1]})
    np.save(tmp_path / "x.npy", X)
    frame.to_csv(tmp_path / "x.csv", index=False)
    frame.to_parquet(tmp_path / "x.parquet")
    wanted = detector.decision_function(X).tobytes()
    for name in ("x.npy", "x.csv", "x.parquet"):
        assert together(detector, tmp_path / name, 100)[0].tobytes() == wanted
    times = [chunk.times for chunk in score_chunks(detector, open_blocks(tmp_path / "x.parquet"), 300)]
    assert np.array_equal(np.concatenate(times), frame["time"].to_numpy().astype("datetime64[ns]"))


@pytest.mark.parametrize("skip", [0, 1, 250, 799, 800, 900])
def test_rows_that_are_skipped_change_nothing(comparing: AnomalyLLM, skip: int) -> None:
    """What was seen before them still stands in for what is missing after them."""
    X = rows_for(comparing, 800)
    found = [chunk.scores for chunk in score_chunks(comparing, X, 100, skip=skip)]
    assert np.concatenate([np.zeros(0), *found]).tobytes() == comparing.decision_function(X)[skip:].tobytes()


def test_rows_are_forgotten_as_soon_as_they_are_scored(fitted: AnomalyLLM, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else memory would grow with the series."""
    held: list[int] = []
    scored = chunking._Slabs.scored

    def counted(self: chunking._Slabs, count: int, *, channels: bool) -> chunking.Chunk:
        chunk = scored(self, count, channels=channels)
        held.append(sum(len(piece.values) for piece, _ in self._pieces))
        return chunk

    monkeypatch.setattr(chunking._Slabs, "scored", counted)
    monkeypatch.setattr(blocks, "READ_NUMBERS", 300)
    list(score_chunks(fitted, sine(6000), 200))
    assert max(held) <= 300 + 300 + 200 + 2 * fitted.window_


def test_refusals(fitted: AnomalyLLM) -> None:
    with pytest.raises(ConfigError, match="at least one row in a chunk"):
        next(score_chunks(fitted, sine(100), 0))
    with pytest.raises(ChannelError):
        next(score_chunks(fitted, sine(100, 2)))
    with pytest.raises(NotFittedError):
        next(score_chunks(AnomalyLLM(), sine(100)))
