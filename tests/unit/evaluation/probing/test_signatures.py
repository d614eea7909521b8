"""Verdicts from figures and limits, and advice that names settings there are."""

from __future__ import annotations

import json
import math
import re

import pytest

from anomalyllm.config import setting_names
from anomalyllm.evaluation.probing import diagnosing, signatures
from anomalyllm.evaluation.probing.signatures import Limit, Reading, Signature
from unit.evaluation.probing.probed import KINDS, detector

HIGH = Limit(0.75, 0.6, "high is good")
LOW = Limit(2.0, 5.0, "low is good")


@pytest.mark.parametrize(
    ("limit", "figure", "verdict"),
    [
        (HIGH, 0.75, "good"),
        (HIGH, 0.74, "weak"),
        (HIGH, 0.6, "weak"),
        (HIGH, 0.59, "failed"),
        (LOW, 2.0, "good"),
        (LOW, 2.1, "weak"),
        (LOW, 5.0, "weak"),
        (LOW, 5.1, "failed"),
        (LOW, math.nan, "unknown"),
    ],
)
def test_either_way_may_be_better(limit: Limit, figure: float, verdict: str) -> None:
    assert limit.verdict(figure) == verdict


def test_limits_read_as_sentences() -> None:
    assert str(HIGH) == "good from 0.75, failed below 0.6"
    assert str(LOW) == "good up to 2, failed above 5"


def test_the_worst_reading_decides_and_what_is_not_judged_does_not_count() -> None:
    good, weak, failed = (Reading("x", figure, LOW) for figure in (1.0, 3.0, 9.0))
    unknown, told = Reading("x", math.nan, LOW), Reading("x", 9.0, None)
    assert Signature("s", (good, failed, weak)).verdict == "failed"
    assert Signature("s", (good, weak, unknown)).verdict == "weak"
    assert Signature("s", (good, unknown, told)).verdict == "good"
    assert Signature("s", (unknown, told)).verdict == "unknown"
    assert Signature("s", (told,)).verdict == "does not apply"


def test_nothing_is_to_be_changed_where_all_is_well() -> None:
    assert Signature("s", (Reading("x", 1.0, LOW),), ("change it",)).advice == ()
    assert Signature("s", (Reading("x", 3.0, LOW),), ("change it",)).advice == ("change it",)


def test_json_has_no_nan() -> None:
    text = json.dumps(Signature("s", (Reading("x", math.nan, LOW, "s"),)).as_json(), allow_nan=False)
    assert json.loads(text)["readings"][0] == {
        "name": "x",
        "figure": None,
        "unit": "s",
        "good": 2.0,
        "failed": 5.0,
        "reason": "low is good",
        "verdict": "unknown",
    }


def test_every_limit_has_a_reason() -> None:
    limits = [value for value in vars(signatures).values() if isinstance(value, Limit)]
    assert len(limits) == 7
    assert all(len(limit.reason.split()) > 8 for limit in limits)


@pytest.mark.parametrize("preset", KINDS)
def test_advice_names_settings_that_there_are(preset: str) -> None:
    """A dotted name that `--set` refuses would be no advice."""
    fitted = detector(preset)._fitted
    sentences = [
        *diagnosing.gap_advice(fitted),
        *diagnosing.prototype_advice(fitted),
        *diagnosing.cost_advice(fitted),
    ]
    names = set(re.findall(r"\b[a-z_]+\.[a-z_]+\b", " ".join(sentences)))
    assert names
    assert names <= set(setting_names())
