"""The public surface: flat, sorted, complete, and quick to import."""

from __future__ import annotations

import os
import resource
import subprocess
import sys

import pytest

import anomalyllm

ALLOWED = 0.5  # seconds of processor time beyond those of an empty Python
COMMANDS = {
    "import": ["-c", "import anomalyllm"],
    "help": ["-m", "anomalyllm", "--help"],
}


def environment() -> dict[str, str]:
    """Ours without what makes coverage measure subprocesses: it is not its time that is judged."""
    return {name: value for name, value in os.environ.items() if not name.startswith("COV")}


def seconds(arguments: list[str]) -> float:
    """Processor time of the quickest of three runs."""
    taken = []
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, *arguments], check=True, capture_output=True, env=environment())
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        taken.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return min(taken)


def test_names_are_sorted_and_each_has_its_home() -> None:
    assert anomalyllm.__all__ == sorted(set(anomalyllm.__all__))
    assert list(anomalyllm._HOME) == anomalyllm.__all__


@pytest.mark.parametrize("name", anomalyllm.__all__)
def test_every_name_loads_and_says_what_it_is(name: str) -> None:
    loaded = getattr(anomalyllm, name)
    assert loaded.__name__ == name
    assert (loaded.__doc__ or "").strip()
    assert f"{loaded.__module__}.".startswith(f"anomalyllm.{anomalyllm._HOME[name]}.")


def test_names_that_are_not_loaded_yet_are_listed() -> None:
    """Completion in a notebook asks `dir`: names that are loaded on first use must be in it before."""
    listed = dir(anomalyllm)
    assert listed == sorted(listed)
    assert set(anomalyllm.__all__) <= set(listed)
    assert "__version__" in listed


@pytest.mark.parametrize("command", COMMANDS)
def test_torch_is_not_loaded(command: str) -> None:
    """It takes seconds: a typing error on the command line should not wait for it."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", *COMMANDS[command]],
        check=True,
        capture_output=True,
        text=True,
        env=environment(),
    )
    loaded = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if "|" in line}
    assert "anomalyllm" in loaded
    assert not {"torch", "transformers", "scipy", "pandas", "matplotlib"} & loaded


@pytest.mark.parametrize("command", COMMANDS)
def test_it_is_quick(command: str) -> None:
    beyond = seconds(COMMANDS[command]) - seconds(["-c", "pass"])
    assert beyond < ALLOWED, f"{command} takes {beyond:.2f} s more than an empty Python"


def test_help_lists_the_commands() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "anomalyllm", "--help"],
        check=True,
        capture_output=True,
        text=True,
        env=environment(),
    )
    assert {"detect", "fit", "score", "inspect", "doctor"} <= set(done.stdout.split())
