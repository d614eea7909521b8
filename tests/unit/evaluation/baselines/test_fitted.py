"""k-means and the isolation forest: what they make of the model that scikit-learn fitted."""

from __future__ import annotations

import sys

import numpy as np
import pytest

import naive
from anomalyllm.errors import ConfigError
from anomalyllm.evaluation.baselines.fitted import CLUSTERS, IsolationForest, KMeans, ModelBaseline
from conftest import sine
from unit.evaluation.baselines.slowly import LENGTH, by_channel, disturbed, point_scores, training

MODULE = "anomalyllm.evaluation.baselines.fitted"


def test_k_means_is_the_distance_to_the_nearest_centre() -> None:
    train, X = training(2), disturbed(2)
    fitted = KMeans(window=LENGTH).fit(train)
    centres = [model.cluster_centers_ for model in fitted._models]

    def judge(channel: int, window: np.ndarray, _: int) -> float:
        return min(np.sqrt(np.mean((naive.shape(window) - centre) ** 2)) for centre in centres[channel])

    assert [len(each) for each in centres] == [CLUSTERS, CLUSTERS]
    assert fitted.decision_function(X) == pytest.approx(point_scores(fitted, X, train, judge), abs=1e-5)


def test_centres_lie_among_the_training_windows() -> None:
    """That the centres are any good is the model's affair, but not that they are of the right windows."""
    train = training()
    fitted = KMeans(window=LENGTH).fit(train)
    shapes = [naive.shape(window) for window in by_channel(train)[0]]
    for centre in fitted._models[0].cluster_centers_[::10]:
        assert min(np.sqrt(np.mean((shape - centre) ** 2)) for shape in shapes) < 0.2


@pytest.mark.parametrize(
    "train",
    [training(rows=2 * LENGTH), np.tile(sine(40), (10, 1)), np.full((200, 1), 5.0)],
    ids=["33 windows", "40 different windows", "one window"],
)
def test_fewer_windows_than_clusters_will_do(train: np.ndarray) -> None:
    fitted = KMeans(window=LENGTH).fit(train)
    assert fitted.decision_function(train).max() < 0.1
    X = np.tile(train, (2, 1))
    X[20] += 3 * np.maximum(train.std(), 1)
    assert fitted.predict(X)[20] == 1


def test_isolation_forest_is_how_deep_a_window_falls() -> None:
    train, X = training(2), disturbed(2)
    fitted = IsolationForest(window=LENGTH).fit(train)
    trees = [[tree.tree_ for tree in model.estimators_] for model in fitted._models]

    def judge(channel: int, window: np.ndarray, _: int) -> float:
        return naive.isolation(window.astype(np.float32), trees[channel], 256)

    assert fitted.decision_function(X) == pytest.approx(point_scores(fitted, X, train, judge), abs=1e-6)


@pytest.mark.parametrize("baseline", [KMeans, IsolationForest])
def test_the_seed_decides_and_blocks_do_not(baseline: type[ModelBaseline], monkeypatch: pytest.MonkeyPatch) -> None:
    train, X = training(), disturbed()
    whole, other = (baseline(window=LENGTH, seed=seed).fit(train).decision_function(X) for seed in (0, 1))
    monkeypatch.setattr(f"{MODULE}.BLOCK", 3)
    cut = baseline(window=LENGTH, seed=0).fit(train).decision_function(X)
    assert cut == pytest.approx(whole, abs=1e-6)
    assert not np.allclose(whole, other, atol=1e-6)


def test_a_long_training_part_is_thinned_evenly(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    monkeypatch.setattr(f"{MODULE}.MOST_WINDOWS", 100)
    monkeypatch.setattr(KMeans, "_features", lambda self, windows: seen.append(windows) or windows)
    baseline = KMeans(window=LENGTH)
    monkeypatch.setattr(KMeans, "_model", lambda self, rows, seed: None)
    monkeypatch.setattr(KMeans, "_distance", lambda self, model, rows: np.zeros(len(rows)))
    baseline.fit(training())
    assert np.array_equal(seen[0], np.array(by_channel(training())[0])[::4])
    assert len(seen[0]) == 93


@pytest.mark.parametrize(
    ("baseline", "module", "name"),
    [(KMeans, "sklearn.cluster", "k-means"), (IsolationForest, "sklearn.ensemble", "isolation-forest")],
)
def test_without_scikit_learn_it_says_what_to_install(
    baseline: type[ModelBaseline], module: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ConfigError) as caught:
        baseline(window=LENGTH).fit(training())
    assert str(caught.value) == (
        f"expected scikit-learn for the method {name}, got an environment without it; "
        "pip install 'anomalyllm[baselines]'"
    )
