"""`anomalyllm doctor`: what this machine has."""

from __future__ import annotations

import platform
from importlib.util import find_spec
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
    from anomalyllm.artifact import library_versions
    from anomalyllm.model.threads import allowed_threads, cores

    of_networks = _of_torch(teachers) if _has_torch() else _without_torch(teachers)
    return {
        "versions": library_versions(),
        "system": platform.platform(),
        "cores": cores(),
        "threads": allowed_threads(),
        **of_networks,
    }


def _has_torch() -> bool:
    try:
        return find_spec("torch") is not None
    except (ValueError, ImportError):  # something keeps it from being imported
        return False


def _of_torch(teachers: list[str]) -> dict[str, Any]:
    """What networks would run on, and where the teachers are."""
    import torch

    from anomalyllm.model.language_models import teacher_origin
    from anomalyllm.model.precision import has_bfloat16

    gpus = [torch.cuda.get_device_name(index) for index in range(torch.cuda.device_count())]
    return {
        "processor": torch.backends.cpu.get_cpu_capability(),
        "bf16": "yes" if has_bfloat16() else "no",
        "gpu": ", ".join(gpus) or "none",
        "teachers": {name: teacher_origin(name) for name in teachers},
    }


def _without_torch(teachers: list[str]) -> dict[str, Any]:
    lacking = "no PyTorch: pip install 'anomalyllm[networks]'"
    return {"networks": lacking, "teachers": dict.fromkeys(teachers, lacking)}
