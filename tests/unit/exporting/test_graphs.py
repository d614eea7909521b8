"""Graphs against the judges that they are drawn from, run as another runtime would run them."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import onnxruntime
import pytest

from anomalyllm.exporting.pair_graph import prototypes_graph
from anomalyllm.exporting.retrieval_graph import retrieval_graph
from anomalyllm.judges import RetrievalJudge
from anomalyllm.model.nearest_rows import nearest_rows
from anomalyllm.model.pair import PROTOTYPES, points
from anomalyllm.pairing import pair_judges
from anomalyllm.windows.views import averaged, shape
from conftest import exported_scorer, fitted_scorer, sine


def run(model: Any, windows: np.ndarray) -> list[np.ndarray]:
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, {"windows": np.ascontiguousarray(windows)})


def windows_of(values: np.ndarray, starts: np.ndarray, length: int) -> np.ndarray:
    return np.lib.stride_tricks.sliding_window_view(values, length, axis=0)[starts]


@pytest.mark.parametrize("number", range(4))
def test_distances_are_those_of_the_judge(number: int) -> None:
    """Every length, and with it every number of points and segments, however many windows are asked at once."""
    fitted = fitted_scorer("default")._fitted
    judge = fitted.retrieval[number]
    X = sine(400, 2, seed=3)
    X[100:120] += 2.0
    prepared = fitted.prepare(X)
    graph = retrieval_graph(judge)
    for starts in (np.arange(0, 400 - judge.window, 5), np.array([7])):
        (found,) = run(graph, windows_of(prepared.values, starts, judge.window))
        assert found.dtype == np.float32
        np.testing.assert_allclose(found, judge.window_scores(prepared, starts), rtol=1e-5)


def test_channels_that_are_not_judged_score_nothing() -> None:
    fitted = fitted_scorer("default")._fitted
    judge: RetrievalJudge = fitted.retrieval[0]
    for moving in ([False, True], [False, False]):
        some = dataclasses.replace(judge, moving=np.array(moving))
        prepared = fitted.prepare(sine(60, 2, seed=3))
        (found,) = run(retrieval_graph(some), windows_of(prepared.values, np.arange(20), judge.window))
        np.testing.assert_allclose(found, some.window_scores(prepared, np.arange(20)), rtol=1e-5)


def test_prototypes_are_those_that_the_pair_is_shown() -> None:
    fitted = fitted_scorer("pretrained")._fitted
    prepared = fitted.prepare(sine(400, 2, seed=3))
    starts = np.arange(0, 250, 10)
    for judge in pair_judges(fitted):
        windows, shown, usual = run(prototypes_graph(judge), windows_of(prepared.values, starts, judge.window))
        bank = judge.retrieval.bank
        for channel in range(2):
            part = slice(channel * len(starts), (channel + 1) * len(starts))
            asked, normal = (
                points(averaged(prepared.values[:, channel], starts, bank.length)),
                points(bank.windows[channel]),
            )
            near = nearest_rows(shape(asked), shape(normal), PROTOTYPES)
            assert np.array_equal(windows[part], asked)
            assert np.array_equal(shown[part], normal[near])
            assert np.array_equal(usual[part], judge.usual[channel][near])


def test_shares_of_channels_are_those_of_the_gradient() -> None:
    """Where one vector speaks for all channels, an event names channels by a gradient that is part of the graph."""
    fitted, X = fitted_scorer("paper")._fitted, sine(300, 2, seed=3)
    X[100:140, 1] += 2.0
    exported = exported_scorer("paper").detector._fitted
    prepared, starts = fitted.prepare(X), np.arange(0, 230, 16)
    one = np.ones((len(starts), 1))
    ours, theirs = (of.judges[0].by_channel(prepared, starts, one) for of in (fitted, exported))
    assert np.ptp(ours[:, 1]) > 0.05
    np.testing.assert_allclose(theirs, ours, rtol=1e-3, atol=1e-5)
