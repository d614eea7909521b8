"""The nine metrics and the lag equal the recorded values of TSB-AD, for every recorded case, and are much quicker.

All sizes, names and counts are read from the files, so that another draw of them can be put in their place.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from anomalyllm.errors import DataError, TooShortError
from anomalyllm.evaluation import evaluate
from anomalyllm.evaluation.metrics.adjusted import point_adjusted_f1
from anomalyllm.evaluation.metrics.affiliation import affiliation_f1
from anomalyllm.evaluation.metrics.eventwise import event_based_f1
from anomalyllm.evaluation.metrics.lag import dominant_lag
from anomalyllm.evaluation.metrics.nine import NAMES
from anomalyllm.evaluation.metrics.ranges import range_based_f1
from anomalyllm.evaluation.metrics.ranking import average_precision, roc_area, standard_f1
from anomalyllm.evaluation.metrics.volume import surface, volume_under_surface

TOLERANCE = 1e-9
ALONE: dict[str, Callable[[np.ndarray, np.ndarray, int], float]] = {
    "AUC-PR": lambda scores, labels, window: average_precision(scores, labels),
    "AUC-ROC": lambda scores, labels, window: roc_area(scores, labels),
    "VUS-PR": lambda scores, labels, window: volume_under_surface(scores, labels, window).precision_recall,
    "VUS-ROC": lambda scores, labels, window: volume_under_surface(scores, labels, window).roc,
    "Standard-F1": lambda scores, labels, window: standard_f1(scores, labels),
    "PA-F1": lambda scores, labels, window: point_adjusted_f1(scores, labels),
    "Event-based-F1": lambda scores, labels, window: event_based_f1(scores, labels),
    "R-based-F1": lambda scores, labels, window: range_based_f1(scores, labels),
    "Affiliation-F": lambda scores, labels, window: affiliation_f1(scores, labels),
}


class Case(NamedTuple):
    """One recorded case; `values` by name, NaN where TSB-AD returns NaN or raises."""

    number: int
    category: str
    scores: np.ndarray
    labels: np.ndarray
    window: int
    values: dict[str, float]

    def __str__(self) -> str:
        return f"case {self.number} ({self.category}, {len(self.scores)} points, window {self.window})"


class Recorded:
    """The recorded arrays, and all nine values that we compute for each case with finite scores."""

    def __init__(self, folder: Path) -> None:
        with np.load(folder / "tsb_metrics.npz") as archive:
            self.arrays = {name: archive[name] for name in archive.files}
        self.timing = json.loads((folder / "tsb_timing.json").read_text())
        self.cases = list(self._cases())
        self.usable = [case for case in self.cases if np.isfinite(case.scores).all()]
        self.ours = {case.number: evaluate(case.scores, case.labels, case.window) for case in self.usable}

    def _cases(self) -> Iterator[Case]:
        names = self.arrays["metric_names"].tolist()
        for number, (scores, labels) in enumerate(zip(self.cut("scores"), self.cut("labels"), strict=True)):
            values = np.where(self.arrays["metric_status"][number] == 0, self.arrays["metrics"][number], np.nan)
            category, window = self.arrays["case_category"][number], self.arrays["sliding_window"][number]
            yield Case(
                number, str(category), scores, labels, int(window), dict(zip(names, values.tolist(), strict=True))
            )

    def cut(self, name: str, offsets: str = "case_offsets") -> list[np.ndarray]:
        return np.split(self.arrays[name], self.arrays[offsets][1:-1])


@pytest.fixture(scope="module")
def recorded(shared_fixtures: Path) -> Recorded:
    return Recorded(shared_fixtures / "metrics")


def difference(case: Case, name: str, found: float) -> str | None:
    """What to say of a value that is not the recorded one."""
    expected = case.values[name]
    if np.isnan(expected) and np.isnan(found):
        return None
    if abs(found - expected) <= TOLERANCE:  # false of NaN
        return None
    return f"{case}: {name} is {found!r}, recorded {expected!r}, difference {found - expected:.3g}"


def test_tsb_ad_metrics_are_these_nine(recorded: Recorded) -> None:
    assert set(recorded.arrays["metric_names"].tolist()) == set(NAMES) == set(ALONE)
    assert len(recorded.usable) > 0


@pytest.mark.parametrize("name", NAMES)
def test_tsb_ad_values(recorded: Recorded, name: str) -> None:
    said = [difference(case, name, recorded.ours[case.number][name]) for case in recorded.usable]
    wrong = [text for text in said if text]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("name", NAMES)
def test_tsb_ad_values_of_a_metric_called_alone(recorded: Recorded, name: str) -> None:
    said = [difference(case, name, ALONE[name](case.scores, case.labels, case.window)) for case in recorded.usable]
    wrong = [text for text in said if text]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("kind", [np.uint8, np.bool_])
def test_tsb_ad_values_with_unsigned_labels(recorded: Recorded, kind: type) -> None:
    """The recorded ones are of signed labels; here the type means nothing."""
    for case in recorded.usable:
        found = evaluate(case.scores, case.labels.astype(kind), case.window)
        assert found == pytest.approx(recorded.ours[case.number], abs=0, rel=0, nan_ok=True), str(case)


def test_tsb_ad_cases_without_finite_scores_are_refused(recorded: Recorded) -> None:
    refused = [case for case in recorded.cases if not np.isfinite(case.scores).all()]
    for case in refused:
        with pytest.raises(DataError, match="expected finite scores, got -?(nan|inf) at point"):
            evaluate(case.scores, case.labels, case.window)
    assert len(refused) + len(recorded.usable) == len(recorded.cases)


def test_tsb_ad_windows_of_vus(recorded: Recorded) -> None:
    """Every window by itself: errors that cancel in the mean would show."""
    details = [recorded.cut(f"vus_detail_{kind}", "vus_detail_offsets") for kind in ("pr", "roc")]
    for number, *expected in zip(recorded.arrays["vus_detail_case"], *details, strict=True):
        case = recorded.cases[number]
        for kind, ours, theirs in zip(
            ("PR", "ROC"), surface(case.scores, case.labels, case.window), expected, strict=True
        ):
            np.testing.assert_allclose(ours, theirs, rtol=0, atol=TOLERANCE, err_msg=f"{case}: windows of VUS-{kind}")


def test_tsb_ad_lags(recorded: Recorded) -> None:
    wrong = []
    categories, statuses = recorded.arrays["period_category"], recorded.arrays["period_status"]
    for number, series in enumerate(recorded.cut("period_series", "period_offsets")):
        if statuses[number]:
            with pytest.raises(TooShortError):
                dominant_lag(series)
        elif (found := dominant_lag(series)) != (expected := recorded.arrays["period_value"][number]):
            wrong.append(f"series {number} ({categories[number]}): lag {found}, recorded {expected}")
    assert not wrong, "\n".join(wrong)


def made(size: int, anomalous: int, segments: int) -> tuple[np.ndarray, np.ndarray]:
    """Noise, higher in segments at equal distances: the hardest kind, for flags flicker at every threshold."""
    labels = np.zeros(size, dtype=np.int64)
    for start in np.linspace(0, size, segments, endpoint=False).astype(int):
        labels[start + 5 : start + 5 + anomalous // segments] = 1
    return np.random.default_rng(0).random(size) + 0.3 * labels, labels


def test_tsb_ad_speed(recorded: Recorded) -> None:
    """At least ten times quicker (some hundred on a machine at rest), for all nine, at every recorded size."""
    settings = recorded.timing["settings"]
    for row in recorded.timing["rows"]:
        scores, labels = made(row["n"], row["anomalous_samples"], settings["segments"])
        theirs = next(times["wall"] for name, times in row["seconds"].items() if name.startswith("all nine"))
        taken = []
        for _ in range(3):
            started = time.perf_counter()
            evaluate(scores, labels, settings["sliding_window"])
            taken.append(time.perf_counter() - started)
        assert min(taken) * 10 <= theirs, f"{row['n']} points: {min(taken):.3f} s, TSB-AD {theirs:.3f} s"
