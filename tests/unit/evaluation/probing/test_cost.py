"""The probe of cost: what can be counted is counted by another route, and times have the right order."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch

from anomalyllm.evaluation.probing import cost, network_cost
from anomalyllm.evaluation.probing.cost import artefact_bytes, probe_cost
from anomalyllm.evaluation.speed.parts import flops_of
from conftest import FINETUNED
from unit.evaluation.probing.probed import KINDS, case, detector


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cost, "ROUND_SECONDS", 0.0)
    monkeypatch.setattr(network_cost, "STEP_SECONDS", 0.0)


@pytest.mark.parametrize("preset", KINDS)
def test_figures_are_of_what_the_detector_has(preset: str) -> None:
    figures = probe_cost(detector(preset), case(), 0)
    assert all(type(value) is float and not math.isinf(value) for value in figures.values())
    assert min(value for value in figures.values() if not math.isnan(value)) >= 0
    trained = preset in ("trained", "paper", FINETUNED)
    assert ("seconds_training_step" in figures) == trained
    assert ("flops_window_teacher" in figures) == (preset != "default")
    assert ("flops_window_retrieval" in figures) == (preset in ("default", "pretrained", FINETUNED))
    assert figures["seconds_window"] > 0
    assert figures["milliseconds_point"] > 0


def test_parameters_and_operations_of_trained_networks() -> None:
    figures = probe_cost(detector("trained"), case(), 0)
    judge = detector("trained")._fitted.networks
    every = list(judge.distiller.parameters())
    assert figures["parameters_trained"] + figures["parameters_asleep"] == sum(each.numel() for each in every)
    assert figures["parameters_asleep"] == sum(each.numel() for each in every if not each.requires_grad) > 0
    window = torch.zeros(1, 1, judge.window)
    with torch.no_grad():
        assert figures["flops_window_teacher"] == pytest.approx(flops_of(lambda: judge.distiller.teacher(window)))
        both = figures["flops_window_student"] + figures["flops_window_prototypes"]
        assert both == pytest.approx(flops_of(lambda: judge.distiller.student(window)))
    assert figures["flops_window_prototypes"] == 2 * 32 * judge.window
    assert figures["flops_training_step"] > 16 * 3 * figures["flops_window_teacher"]  # a window and its two views


def test_bytes_are_those_of_the_saved_folder(tmp_path: Path) -> None:
    detector("trained").save(tmp_path / "kept")
    assert artefact_bytes(detector("trained")._fitted) == sum(path.stat().st_size for path in tmp_path.glob("kept/*"))


def test_training_steps_are_taken_on_a_copy() -> None:
    distiller = detector("trained")._fitted.networks.distiller
    before = [parameter.detach().clone() for parameter in distiller.parameters()]
    probe_cost(detector("trained"), case(), 0)
    assert all(torch.equal(old, new) for old, new in zip(before, distiller.parameters(), strict=True))


def test_a_test_part_shorter_than_a_window_has_no_times() -> None:
    short = type(case())(case().train, case().test[:5], case().labels[:5])
    figures = probe_cost(detector("trained"), short, 0)
    assert "seconds_window" not in figures
    assert figures["artefact_bytes"] > 0
