"""Without leakage: what is learned does not see the test part, and what is scored does not see the labels."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from anomalyllm.datasets.case import CaseData
from anomalyllm.datasets.catalogue import open_dataset
from anomalyllm.errors import ConfigError
from anomalyllm.evaluation.baselines import BASELINES
from anomalyllm.evaluation.judging import judge
from anomalyllm.evaluation.methods import Epoch, Method
from anomalyllm.evaluation.metrics.location import most_anomalous
from anomalyllm.evaluation.protocol import PAPER_WIDENING, PROTOCOLS, Outcome, _oracle, honest, paper, protocol
from anomalyllm.locating import Place
from anomalyllm.presets import PRESETS
from conftest import SMALL, sine

QUICK = [*PRESETS, *(name for name in BASELINES if name != "matrix-profile")]  # which compiles for half a minute


def method(name: str) -> Method:
    """Settings that fit in about a second."""
    return Method(name, {**SMALL[name], "training.max_steps": 4} if Method(name).trained else {})


def a_case(rows: int = 400, start: int = 200, stop: int = 220, *, seed: int = 1) -> CaseData:
    """Sines with one anomaly, which is labelled."""
    test, labels = sine(rows, seed=seed), np.zeros(rows, np.int8)
    test[start:stop] += 2.0
    labels[start:stop] = 1
    return CaseData(train=sine(500), test=test, labels=labels)


def poisoned(case: CaseData) -> CaseData:
    """The same training part with another test part, hundreds of times as large, and other labels."""
    return CaseData(train=case.train.copy(), test=case.test[::-1] * 500 + 9000, labels=1 - case.labels)


class Spy:
    """A scorer that notes what it is given."""

    def __init__(self, scorer: Any) -> None:
        self.scorer = scorer
        self.fitted: list[np.ndarray] = []
        self.scored: list[np.ndarray] = []

    def fit(self, X: np.ndarray) -> None:
        self.fitted.append(X)
        self.scorer.fit(X)

    def decision_function(self, X: np.ndarray) -> np.ndarray:
        self.scored.append(X)
        return self.scorer.decision_function(X)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.scorer, name)


@pytest.fixture
def spies(monkeypatch: pytest.MonkeyPatch) -> list[Spy]:
    """Every scorer that is built from now on."""
    built: list[Spy] = []
    build = Method.build

    def spied(self: Method, seed: int) -> Spy:
        built.append(Spy(build(self, seed)))
        return built[-1]

    monkeypatch.setattr(Method, "build", spied)
    return built


def learned(spy: Spy, folder: Path) -> dict[str, bytes]:
    """All that a fitted scorer holds, as bytes: the whole artefact, or what a baseline learned."""
    scorer = spy.scorer
    found = {"scores": scorer.decision_scores_.tobytes(), "threshold": np.float64(scorer.threshold_).tobytes()}
    if hasattr(scorer, "save"):
        scorer.save(folder)
        return found | {path.name: path.read_bytes() for path in folder.iterdir()}
    arrays = {name: value for name, value in vars(scorer).items() if isinstance(value, np.ndarray)}
    return found | {name: value.tobytes() for name, value in arrays.items()}


@pytest.mark.parametrize("name", QUICK)
def test_a_poisoned_test_part_changes_nothing_that_is_learned(name: str, spies: list[Spy], tmp_path: Path) -> None:
    """Scaler, window, networks, calibration and threshold, to the last byte."""
    case = a_case()
    clean, other = honest(method(name), case, 0), honest(method(name), poisoned(case), 0)
    assert learned(spies[0], tmp_path / "clean") == learned(spies[1], tmp_path / "poisoned")
    assert clean.threshold == other.threshold == spies[0].scorer.threshold_
    if name != "constant":
        assert not np.array_equal(clean.scores, other.scores)  # the poison was there to be seen


@pytest.mark.parametrize("name", QUICK)
def test_labels_change_no_score_threshold_or_location(name: str) -> None:
    case = a_case()
    unlike = CaseData(case.train, case.test, np.roll(case.labels, 150), train_labels=np.ones(500, np.int8))
    one, other = (honest(method(name), each, 0) for each in (case, unlike))
    assert np.array_equal(one.scores, other.scores)
    assert (one.threshold, one.location, one.teacher) == (other.threshold, other.location, other.teacher)
    assert one.metrics != other.metrics


@pytest.mark.parametrize("name", QUICK)
def test_the_training_part_is_fitted_and_the_test_part_scored_once(name: str, spies: list[Spy]) -> None:
    case = a_case()
    before = case.train.copy(), case.test.copy()
    honest(method(name), case, 0)
    (spy,) = spies
    assert len(spy.fitted) == len(spy.scored) == 1
    assert spy.fitted[0] is case.train
    assert spy.scored[0] is case.test
    assert np.array_equal(case.train, before[0])
    assert np.array_equal(case.test, before[1])


@pytest.mark.parametrize("name", ["default", "trained", "k-means", "k-means-located"])
def test_an_outcome_says_all_of_it(name: str, spies: list[Spy]) -> None:
    case = a_case()
    outcome = honest(method(name), case, 3)
    assert np.array_equal(outcome.scores, spies[0].scorer.decision_function(case.test))
    locate = getattr(spies[0].scorer, "locate", None)
    assert outcome.location == (locate(case.test, 1)[0].peak if locate else most_anomalous(outcome.scores))
    assert (locate is None) == (name == "k-means")
    expected = judge(outcome.scores, outcome.threshold, case, location=outcome.location)
    assert outcome.metrics == pytest.approx(expected, nan_ok=True)
    assert outcome.teacher == ("compact (untrained)" if name == "trained" else "")
    assert outcome.seconds_fit > 0
    assert outcome.seconds_score > 0
    assert math.isnan(outcome.peak_memory) or outcome.peak_memory > 10
    assert spies[0].scorer.seed == 3


class Locator:
    """A scorer whose highest score is at row 0, and which names the places it is given."""

    threshold_ = 0.5

    def __init__(self, *peaks: int) -> None:
        self.peaks = peaks
        self.asked: list[tuple[Any, int]] = []

    def fit(self, X: np.ndarray) -> None:
        pass

    def decision_function(self, X: np.ndarray) -> np.ndarray:
        return (np.arange(len(X)) == 0).astype(float)

    def locate(self, X: np.ndarray, k: int = 1) -> list[Place]:
        self.asked.append((X, k))
        time.sleep(0.05)
        return [Place(peak - 5, peak + 5, peak, 1.0, "score") for peak in self.peaks]


def located(monkeypatch: pytest.MonkeyPatch, case: CaseData, *peaks: int) -> tuple[Outcome, Locator]:
    """What comes of a method that names these places."""
    locator = Locator(*peaks)
    monkeypatch.setattr(Method, "build", lambda *_: locator)
    return honest(Method("default"), case, 0), locator


def test_a_method_that_names_places_is_judged_by_the_first_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """Asked once, for one place of the whole test part, in the time of scoring."""
    case = a_case()
    outcome, locator = located(monkeypatch, case, 210, 50)
    assert outcome.location == 210
    assert (outcome.metrics["accuracy"], outcome.metrics["accuracy_scores"]) == (1, 0)
    ((asked, count),) = locator.asked
    assert asked is case.test
    assert count == 1
    assert outcome.seconds_score >= 0.05 > outcome.seconds_fit


def test_a_method_that_names_no_place_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where its scores point at the anomaly: it was asked and said nothing."""
    outcome, _ = located(monkeypatch, a_case(start=0, stop=10))
    assert outcome.location is None
    assert (outcome.metrics["accuracy"], outcome.metrics["accuracy_scores"]) == (0, 1)


@pytest.mark.parametrize("second", [None, 300])
def test_no_method_is_asked_where_there_is_not_one_anomaly(second: int | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """It costs time, and the rule would not judge the answer; the highest score is then told."""
    case = a_case()
    if second is None:
        case.labels[:] = 0
    else:
        case.labels[second] = 1
    outcome, locator = located(monkeypatch, case, 210)
    assert locator.asked == []
    assert outcome.location == 0
    assert math.isnan(outcome.metrics["accuracy"])


def test_the_papers_protocol_goes_by_scores() -> None:
    """As the published evaluation does: a second look is not part of it."""
    outcome = paper(Method("k-means-located"), a_case(), 0)
    assert outcome.location == most_anomalous(outcome.scores)
    assert outcome.metrics["accuracy"] == outcome.metrics["accuracy_scores"]


def offered(monkeypatch: pytest.MonkeyPatch, *epochs: np.ndarray) -> None:
    """Lets every method have these scores after its epochs."""

    def given(self: Method, train: Any, test: Any, seed: int) -> Iterator[Epoch]:
        yield from (Epoch(scores, float(place), f"teacher {place}") for place, scores in enumerate(epochs))

    monkeypatch.setattr(Method, "epochs", given)


def peak(place: int, rows: int = 2000) -> np.ndarray:
    scores = np.zeros(rows)
    scores[place] = 1.0
    return scores


FAR = a_case(2000, 1500, 1510)


def test_the_paper_keeps_an_epoch_that_hits_if_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """However early it came, and however well another one ranks the anomaly."""
    best_ranked = peak(1505)
    best_ranked[10] = 2.0  # misses, but with one false alarm only
    poorly_ranked = peak(1400) + (np.arange(2000) < 900) * 0.5  # hits beside the label
    offered(monkeypatch, peak(100), poorly_ranked, best_ranked, peak(200))
    outcome = paper(Method("default"), FAR, 0)
    assert (outcome.threshold, outcome.teacher, outcome.location) == (1.0, "teacher 1", 1400)
    assert outcome.metrics["accuracy"] == 1


def test_the_paper_then_goes_by_the_best_f1(monkeypatch: pytest.MonkeyPatch) -> None:
    near, nearer = peak(1505), peak(1505)
    near[:20], nearer[:5] = 2.0, 2.0  # points that come before the anomaly
    offered(monkeypatch, peak(100), near, nearer, near)
    assert paper(Method("default"), FAR, 0).threshold == 2.0


def test_the_first_of_equals_is_kept_and_without_labels_all_are_equal(monkeypatch: pytest.MonkeyPatch) -> None:
    offered(monkeypatch, peak(100), peak(1505))
    clean = CaseData(FAR.train, FAR.test, np.zeros(2000, np.int8))
    assert paper(Method("default"), clean, 0).threshold == 0.0


@pytest.mark.parametrize(("place", "by_rule", "widened"), [(1450, 1, 1), (1300, 0, 1), (1195, 0, 1), (1185, 0, 0)])
def test_the_paper_widens_labels_by_100(
    place: int, by_rule: int, widened: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ten points become 210, and the rule's own margin grows with them: 100 points become 310."""
    offered(monkeypatch, peak(place))
    assert PAPER_WIDENING == 100
    assert paper(Method("default"), FAR, 0).metrics["accuracy"] == widened
    assert judge(peak(place), 0.5, FAR, location=place)["accuracy"] == by_rule


def test_under_the_papers_protocol_chance_finds_nearly_everything() -> None:
    """Fifty guesses, the best of them by the labels, and three times the room: why the protocols are never mixed."""
    cases = [
        CaseData(sine(64, seed=seed), sine(2500, seed=seed), (np.arange(2500) // 25 == 20 + 4 * seed).astype(np.int8))
        for seed in range(10)
    ]
    found = {run: sum(run(Method("random"), case, 0).metrics["accuracy"] for case in cases) for run in (honest, paper)}
    assert found[honest] <= 4
    assert found[paper] == 10


@pytest.mark.parametrize("name", PRESETS)
def test_the_papers_protocol_runs_a_preset(name: str) -> None:
    few = {"training.epochs": 2, "training.max_steps": 2} if Method(name).trained else {}
    small = Method(name, {**SMALL[name], **few})
    case = a_case()
    outcome = paper(small, case, 0)
    assert any(np.array_equal(outcome.scores, epoch.scores) for epoch in small.epochs(case.train, case.test, 0))
    assert outcome.teacher == ("compact (untrained)" if small.trained else "")
    assert outcome.seconds_fit > 0
    assert math.isnan(outcome.seconds_score)


def test_protocols_by_name() -> None:
    assert list(PROTOCOLS) == ["honest", "paper"]
    assert protocol("honest") is honest
    assert protocol("paper") is paper
    with pytest.raises(ConfigError) as caught:
        protocol("honesty")
    assert str(caught.value) == "expected a known protocol, got 'honesty'; did you mean 'honest'?"


def test_nearest_neighbours_find_the_anomaly_of_a_real_series(shared_data: Path) -> None:
    cases = {case.name.split("_")[0]: case for case in open_dataset("UCR", shared_data).cases}
    case = cases["011"].read()
    assert "DISTORTEDECG1" in cases["011"].name
    outcome = honest(Method("nearest-neighbour"), case, 0)
    assert outcome.metrics["accuracy"] == 1
    assert 1700 < outcome.location < 2200  # the label is 11800 … 12100 of the whole series, the test part from 10000
    assert outcome.metrics["vus_pr"] > 0.5


def test_with_several_anomalies_the_epoch_is_chosen_by_f1_and_not_by_one_location() -> None:
    """The archive's rule presumes one anomaly: with several, a lucky highest point says little of an epoch."""
    labels = np.zeros(2_000, np.int8)
    labels[400:420] = labels[1500:1520] = 1
    lucky, better = np.zeros(2_000), np.zeros(2_000)
    lucky[410], lucky[800:900] = 2.0, 1.0
    better[[410, 1510]], better[900] = 1.0, 2.0
    assert _oracle(Epoch(better, 0.5), labels) > _oracle(Epoch(lucky, 0.5), labels)
    labels[1500:1520] = 0
    assert _oracle(Epoch(lucky, 0.5), labels) > _oracle(Epoch(better, 0.5), labels)


def test_a_probe_that_is_none_is_refused_and_the_paper_s_protocol_has_none() -> None:
    with pytest.raises(ConfigError, match="expected a known probe, got 'gaps'; did you mean 'gap'"):
        honest(Method("constant"), a_case(), 0, "gaps")
    with pytest.raises(
        ConfigError, match="expected no probe under the protocol paper, got 'gap'; choose the protocol ho"
    ):
        paper(Method("constant"), a_case(), 0, "gap")
