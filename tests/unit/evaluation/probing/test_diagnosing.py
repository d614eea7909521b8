"""The three signatures on detectors of every kind, and on networks that were broken in each way."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest

from anomalyllm import AnomalyLLM
from anomalyllm.data.series import as_series
from anomalyllm.evaluation.probing import diagnosing
from anomalyllm.evaluation.probing.diagnosing import Diagnosis, diagnose
from anomalyllm.evaluation.probing.signatures import Reading
from anomalyllm.model.bank import Bank
from conftest import FINETUNED, sine
from unit.evaluation.probing.probed import KINDS, case, detector, with_networks


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Times are not what is tested here."""
    monkeypatch.setattr(diagnosing, "TIMED_ROWS", 200)


def training() -> Diagnosis:
    return diagnose(detector("trained", 100), as_series(case().train))


def readings(found: Diagnosis, signature: int) -> tuple[Reading, ...]:
    return found.signatures[signature].readings


def test_a_trained_network_is_well_and_one_that_always_agrees_has_no_gap() -> None:
    sound = training()
    broken = diagnose(with_networks(detector("trained", 100), agree=True), as_series(case().train))
    assert [sound.signatures[0].name, sound.signatures[0].verdict] == ["no gap", "good"]
    assert broken.signatures[0].verdict == "failed"
    assert readings(broken, 0)[0].figure == 0.5
    assert any("training.max_steps" in sentence for sentence in broken.signatures[0].advice)
    assert broken.signatures[1] == sound.signatures[1]  # its prototypes are where they were


def test_prototypes_of_noise_lie_off_the_data() -> None:
    broken = diagnose(with_networks(detector("trained", 100), noise=True), as_series(case().train))
    assert training().signatures[1].verdict == "good"
    assert broken.signatures[1].name == "prototypes off the data"
    assert broken.signatures[1].verdict == "failed"
    assert any("student.prototypes" in sentence for sentence in broken.signatures[1].advice)


def test_trained_prototypes_that_no_window_chooses_are_counted() -> None:
    sound = diagnose(detector("paper"), as_series(case().train))
    one = with_networks(detector("paper"))
    prototypes = one._fitted.networks.distiller.student.prototypes.data
    prototypes[:, 1:] = 1e3  # flat, and far away: no window is like them
    alone = diagnose(one, as_series(case().train))
    assert readings(sound, 1)[1].figure < 0.5
    assert readings(alone, 1)[1].figure >= 0.75
    assert alone.signatures[1].verdict == "failed"


def test_a_bank_of_another_series_lies_off_the_data() -> None:
    fitted = detector("default")._fitted
    noise = np.random.default_rng(0).standard_normal((1600, 1)).astype(np.float32)
    judges = tuple(
        dataclasses.replace(judge, bank=Bank.cut(noise, judge.bank.starts, judge.window)) for judge in fitted.retrieval
    )
    other = AnomalyLLM()
    other._take(dataclasses.replace(fitted, judges=judges))
    assert diagnose(detector("default"), as_series(case().train)).signatures[1].verdict == "good"
    assert diagnose(other, as_series(case().train)).signatures[1].verdict == "failed"


@pytest.mark.parametrize("preset", KINDS)
def test_each_kind_is_told_what_applies_to_it(preset: str) -> None:
    found = diagnose(detector(preset), as_series(case().train))
    assert [signature.name for signature in found.signatures] == ["no gap", "prototypes off the data", "cost"]
    assert len(readings(found, 0)) == (1 if preset == "default" else 2)
    assert len(readings(found, 2)) == (2 if preset == "default" else 4)
    assert bool(found.signatures[0].left_out) == (preset == "default")
    assert readings(found, 0)[-1].figure > 0.75  # injected anomalies score higher than the rows they were put into
    json.dumps(found.as_json(), allow_nan=False)


@pytest.mark.parametrize("preset", ["default", FINETUNED])
def test_what_the_artefact_holds_answers_as_its_file_does(preset: str) -> None:
    """The same rows by two ways: figures are the same to the last bit, but for times."""
    held, given = diagnose(detector(preset)), diagnose(detector(preset), as_series(case().train))
    assert held.windows == given.windows
    for signature in (0, 1):
        assert readings(held, signature) == readings(given, signature)


def test_a_new_series_of_the_same_kind_is_near_the_bank_and_marked_rows_do_not_count() -> None:
    series = dataclasses.replace(as_series(case().test), labels=case().labels)
    found = diagnose(detector("default"), series)
    assert found.source == "rows of array"
    assert found.signatures[1].verdict == "good"


@pytest.mark.parametrize("preset", ["default", "trained"])
def test_what_stands_in_marked_rows_does_not_matter(preset: str) -> None:
    """Not in the windows that are asked about, nor in those that stand in the prototypes' place."""
    labels, told = np.zeros(700, np.int8), []
    labels[300:304] = 1  # a tenth of a window or less
    for height in (0.0, 50.0):
        values = sine(700, seed=5)
        values[300:304] += height
        found = diagnose(detector(preset), dataclasses.replace(as_series(values), labels=labels))
        told.append((found.windows, readings(found, 0)[0] if preset == "trained" else None, found.signatures[1]))
    assert told[0] == told[1]


def test_memory_is_beside_that_of_retrieval_alone() -> None:
    found = diagnose(detector("pretrained"), as_series(case().train))
    assert "memory, in times" in readings(found, 2)[3].name
    pretrained, default = (readings(diagnose(detector(preset)), 2)[1].figure for preset in ("pretrained", "default"))
    assert readings(found, 2)[3].figure == pytest.approx(pretrained / default)
