"""`anomalyllm doctor`: what this machine has."""

from __future__ import annotations

import os
import platform
from typing import Any

from anomalyllm.cli.output import print_facts, print_json


def run_doctor(teachers: list[str], *, as_json: bool) -> None:
    """Prints versions, cores, bf16, GPU and where each teacher's weights would come from."""
    facts = machine_facts(teachers)
    if as_json:
        print_json(facts)
        return
    flat = {**facts, **{f"teacher {name}": origin for name, origin in facts["teachers"].items()}}
    flat["versions"] = ", ".join(f"{name} {number}" for name, number in facts["versions"].items())
    del flat["teachers"]
    print_facts("AnomalyLLM on this machine", flat)


def machine_facts(teachers: list[str]) -> dict[str, Any]:
    """What `doctor` says, as plain JSON."""
    import torch

    from anomalyllm.artifact import library_versions
    from anomalyllm.model.language_models import teacher_origin
    from anomalyllm.model.precision import has_bfloat16

    gpus = [torch.cuda.get_device_name(index) for index in range(torch.cuda.device_count())]
    return {
        "versions": library_versions(),
        "system": platform.platform(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "threads": torch.get_num_threads(),
        "processor": torch.backends.cpu.get_cpu_capability(),
        "bf16": "yes" if has_bfloat16() else "no",
        "gpu": ", ".join(gpus) or "none",
        "teachers": {name: teacher_origin(name) for name in teachers},
    }
