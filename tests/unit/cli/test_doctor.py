"""What the machine has, said as plain facts."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
import torch

from anomalyllm.cli import doctor
from anomalyllm.cli.doctor import machine_facts, run_doctor


def test_facts_are_plain_json() -> None:
    facts = machine_facts(["compact"])
    assert json.loads(json.dumps(facts)) == facts
    assert set(facts) == {"versions", "system", "cores", "threads", "processor", "bf16", "gpu", "teachers"}
    assert facts["threads"] == torch.get_num_threads()


def test_where_weights_would_come_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    names = ["compact", str(tmp_path), "/no/where", "not a name", "someone/a-model-that-nobody-has"]
    origins = machine_facts(names)["teachers"]
    assert "untrained" in origins["compact"]
    assert origins[str(tmp_path)] == f"folder {tmp_path}"
    assert (
        origins["/no/where"]
        == origins["not a name"]
        == ("nowhere: no such folder, and not a name that the model hub could have")
    )
    assert origins[names[-1]] == "the model hub (not in the local cache; reachable: no)"


def test_graphics_processors_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda index: f"GPU {index}")
    assert machine_facts([])["gpu"] == "GPU 0, GPU 1"
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    assert machine_facts([])["gpu"] == "none"


def test_bf16_is_unknown_to_some_builds_of_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    assert machine_facts([])["bf16"] in ("yes", "no")
    monkeypatch.setattr(torch.ops, "mkldnn", object())
    assert machine_facts([])["bf16"] == "no"


def test_systems_that_do_not_tell_which_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    assert machine_facts([])["cores"] >= 1


def test_without_torch_it_says_what_brings_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "find_spec", lambda name: None)
    facts = machine_facts(["gpt2"])
    assert facts["networks"] == facts["teachers"]["gpt2"] == "no PyTorch: pip install 'anomalyllm[networks]'"
    assert "gpu" not in facts


def test_a_line_for_each_fact(capsys: pytest.CaptureFixture[str]) -> None:
    run_doctor(["compact"], as_json=False)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "AnomalyLLM on this machine"
    assert [line.split("  ")[0] for line in lines[1:]] == [
        *("versions", "system", "cores", "threads", "processor", "bf16", "gpu", "teacher compact")
    ]
    run_doctor(["compact"], as_json=True)
    assert json.loads(capsys.readouterr().out)["teachers"].keys() == {"compact"}
