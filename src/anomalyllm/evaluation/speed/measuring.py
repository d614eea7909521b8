"""One run: the machine's limits and a preset's parts, timed in turns, and what share of the limit each part reaches."""

from __future__ import annotations

import math
import time
from dataclasses import asdict, dataclass
from typing import Any

import torch

from anomalyllm.config import DetectorConfig
from anomalyllm.errors import ConfigError
from anomalyllm.evaluation.memory import PeakMemory
from anomalyllm.evaluation.speed.clock import Action, Clock, quickest
from anomalyllm.evaluation.speed.limits import Limits, limit_actions, limits_from
from anomalyllm.evaluation.speed.networks import network_plan
from anomalyllm.evaluation.speed.parts import Part, Plan
from anomalyllm.evaluation.speed.retrieving import retrieval_plan
from anomalyllm.model.chance import torch_chance
from anomalyllm.model.precision import has_bfloat16

GIGA = 1e9


@dataclass(frozen=True)
class Cost:
    """What a part costs.

    Args:
        part: its name.
        milliseconds: the least of all rounds.
        gigaflops: of products, attentions and convolutions.
        megabytes: that must at least be read and written.
        limit: what binds: "float32" or "bfloat16" products, or "copy".
        share: the least time that the limit allows, over the time it took.
        worth: gigaflops that float32 products could have done meanwhile: the time, free of the machine.
        peak_mebibytes: the most memory during one call, with the libraries'; NaN where the system does not say.
    """

    part: str
    milliseconds: float
    gigaflops: float
    megabytes: float
    limit: str
    share: float
    worth: float
    peak_mebibytes: float


@dataclass(frozen=True)
class Speed:
    """A run's outcome.

    Args:
        about: what was built.
        device: of the networks.
        threads: of torch on the processor.
        clock: "processor" or "wall" time.
        limits: of the machine.
        costs: of the parts, in the order of the work.
    """

    about: str
    device: str
    threads: int
    clock: str
    limits: Limits
    costs: tuple[Cost, ...]

    def as_json(self) -> dict[str, Any]:
        """Ready for JSON; limits in GFLOP/s and GB/s."""
        products = {name: value / GIGA for name, value in self.limits.products.items()}
        costs = [asdict(cost) for cost in self.costs]
        for cost in costs:
            if math.isnan(cost["peak_mebibytes"]):
                cost["peak_mebibytes"] = None  # JSON has no NaN
        return {
            "about": self.about,
            "device": self.device,
            "threads": self.threads,
            "clock": self.clock,
            "limits": {**products, "copy": self.limits.copying / GIGA},
            "parts": costs,
        }


def plan_of(config: DetectorConfig, device: str = "cpu") -> Plan:
    """The parts of a configuration."""
    return network_plan(config, device) if config.evidence == "networks" else retrieval_plan(config)


def measure(config: DetectorConfig, seconds: float, device: str = "cpu") -> Speed:
    """Times the parts of `config` and the limits in turns, for `seconds` or three rounds, whichever is longer.

    Where one thread computes, its processor time counts: while others have the processor, no time passes. Else it is
    the wall clock's. Global random state is left as it was.

    Raises:
        ConfigError: a device that is not there, or another than the processor for a preset that retrieves.
    """
    _check_device(device, config)
    alone = device == "cpu" and torch.get_num_threads() == 1
    clock: Clock = time.process_time if alone else time.perf_counter
    with torch_chance(0):
        plan = plan_of(config, device)
        precisions = ("float32", "bfloat16") if has_bfloat16(device) else ("float32",)
        actions = limit_actions(plan.shapes, precisions, device)
        flops = {part.name: part.counted_flops() for part in plan.parts}
        peaks = {part.name: peak_of(part, device) for part in plan.parts}
        times = quickest({**actions, **{part.name: part.work for part in plan.parts}}, seconds, waiting(device), clock)
    limits = limits_from(times, plan.shapes, precisions)
    costs = [cost_of(part, flops[part.name], times[part.name], limits, peaks[part.name]) for part in plan.parts]
    return Speed(plan.about, device, torch.get_num_threads(), "processor" if alone else "wall", limits, tuple(costs))


def cost_of(part: Part, flops: int, seconds: float, limits: Limits, peak: float) -> Cost:
    """A part beside the limits; where the machine has no such precision, beside that of float32."""
    precision = part.precision if part.precision in limits.products else "float32"
    return Cost(
        part=part.name,
        milliseconds=1e3 * seconds,
        gigaflops=flops / GIGA,
        megabytes=part.moved / 1e6,
        limit=limits.binding(flops, part.moved, precision),
        share=limits.seconds(flops, part.moved, precision) / seconds,
        worth=seconds * limits.products["float32"] / GIGA,
        peak_mebibytes=peak,
    )


def peak_of(part: Part, device: str) -> float:
    """MiB held at most while the part works once."""
    if torch.device(device).type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
        part.work()
        return torch.cuda.max_memory_allocated(device) / 2**20
    with PeakMemory() as memory:
        part.work()
    return memory.mebibytes


def waiting(device: str) -> Action:
    """What waits until a device has done what it was given."""
    return torch.cuda.synchronize if torch.device(device).type == "cuda" else lambda: None


def _check_device(device: str, config: DetectorConfig) -> None:
    if device not in ("cpu", "cuda"):
        raise ConfigError('device to be "cpu" or "cuda"', repr(device), "choose one")
    if device == "cuda" and not torch.cuda.is_available():
        raise ConfigError("a CUDA device", "a machine without one", "leave --device out")
    if device != "cpu" and config.evidence != "networks":
        raise ConfigError("the processor for a preset that retrieves", device, "leave --device out")
