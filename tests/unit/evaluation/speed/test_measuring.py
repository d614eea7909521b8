"""A run: shares beside limits, ready for JSON, and what cannot be measured is refused."""

from __future__ import annotations

import json
import math

import pytest
import torch

from anomalyllm.errors import ConfigError
from anomalyllm.evaluation.speed import measuring
from anomalyllm.evaluation.speed.limits import Limits, Shape
from anomalyllm.evaluation.speed.measuring import cost_of, measure, peak_of, waiting
from anomalyllm.evaluation.speed.parts import Part, Plan
from anomalyllm.presets import preset

LIMITS = Limits({"float32": 100e9, "bfloat16": 200e9}, copying=10e9)


def test_a_cost_beside_the_limits() -> None:
    cost = cost_of(Part("part", lambda: None, 5_000_000, precision="bfloat16"), 40 * 10**9, 0.4, LIMITS, 7.0)
    assert (cost.part, cost.milliseconds, cost.gigaflops, cost.megabytes) == ("part", 400.0, 40.0, 5.0)
    assert (cost.limit, cost.share, cost.peak_mebibytes) == ("bfloat16", 0.5, 7.0)
    assert cost.worth == 40.0, "float32 products could have done so much meanwhile"


def test_without_bfloat16_its_parts_are_measured_by_float32() -> None:
    limits = Limits({"float32": 100e9}, copying=10e9)
    cost = cost_of(Part("part", lambda: None, 0, precision="bfloat16"), 10 * 10**9, 0.4, limits, 7.0)
    assert (cost.limit, cost.share) == ("float32", 0.25)


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    """One part, a product, in place of a preset's."""
    left = torch.ones(64, 64)
    plan = Plan((Part("product", lambda: left @ left, 3 * left.nbytes),), (Shape(64, 64, 64),), "a product")
    monkeypatch.setattr(measuring, "plan_of", lambda config, device: plan)


@pytest.mark.usefixtures("tiny")
def test_a_run_is_ready_for_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measuring, "peak_of", lambda part, device: math.nan)
    found = json.loads(json.dumps(measure(preset("default"), 0.0).as_json(), allow_nan=False))
    assert found["about"] == "a product"
    assert set(found["limits"]) >= {"float32", "copy"}
    (part,) = found["parts"]
    assert part["gigaflops"] == 2 * 64**3 / 1e9
    assert part["peak_mebibytes"] is None
    assert part["share"] > 0


@pytest.mark.usefixtures("tiny")
@pytest.mark.parametrize(("threads", "clock"), [(1, "processor"), (2, "wall")])
def test_time_that_others_take_does_not_count_where_it_can_be_told(
    threads: int, clock: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Processor time adds up over threads, so of two it would not say how long one waits."""
    monkeypatch.setattr(torch, "get_num_threads", lambda: threads)
    found = measure(preset("default"), 0.0)
    assert (found.threads, found.clock) == (threads, clock)
    assert found.as_json()["clock"] == clock


@pytest.mark.usefixtures("tiny")
def test_chance_is_left_as_it_was() -> None:
    before = torch.random.get_rng_state()
    measure(preset("default"), 0.0)
    assert torch.equal(torch.random.get_rng_state(), before)


def test_the_peak_of_a_part() -> None:
    peak = peak_of(Part("ones", lambda: torch.ones(1000), 0), "cpu")
    assert math.isnan(peak) or peak > 1


def test_a_graphics_processor_is_waited_for() -> None:
    assert waiting("cuda") is torch.cuda.synchronize
    assert waiting("cpu")() is None


@pytest.mark.parametrize(
    ("device", "said"),
    [("tpu", 'expected device to be "cpu" or "cuda", got .tpu.; choose one'), ("cuda", "expected a CUDA device, got")],
)
def test_devices_that_are_not_there(device: str, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(ConfigError, match=said):
        measure(preset("trained"), 0.0, device)


def test_retrieval_has_no_other_device(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    with pytest.raises(ConfigError, match="expected the processor for a preset that retrieves, got cuda"):
        measure(preset("default"), 0.0, "cuda")
