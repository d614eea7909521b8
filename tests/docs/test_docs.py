"""Every example runs: Python blocks of README and docs, and the console transcripts with what they promise.

A transcript's words must come out as they are written; its numbers may differ as much as another processor or another
number of threads makes them (a quarter, or 60 rows). Seconds are not compared.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(r"^```(python|console)\n(.*?)^```", re.MULTILINE | re.DOTALL)
NUMBER = re.compile(r"\d+(?:,\d{3})*(?:\.\d+)?")


def blocks(kind: str) -> list[tuple[str, str]]:
    found = []
    for page in PAGES:
        texts = [text for name, text in BLOCK.findall(page.read_text(encoding="utf-8")) if name == kind]
        found += [(f"{page.name}-{index}", text) for index, text in enumerate(texts)]
    return found


@pytest.fixture
def workplace(tmp_path: Path) -> Path:
    """A folder with the bundled examples, as a user stands in a clone."""
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    shutil.copytree(ROOT / "configs", tmp_path / "configs")
    return tmp_path


def test_there_are_examples_to_run() -> None:
    assert len(blocks("python")) >= 2
    assert any("$ anomalyllm detect" in text for _, text in blocks("console"))


@pytest.mark.parametrize(("name", "text"), blocks("python"), ids=[name for name, _ in blocks("python")])
def test_python_block(name: str, text: str, workplace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(workplace)
    exec(compile(text, name, "exec"), {"__name__": "example"})


def transcripts() -> list[tuple[str, str, str]]:
    """(name, command, promised output) of every command that begins with `anomalyllm`."""
    found = []
    for name, text in blocks("console"):
        for index, part in enumerate(re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]):
            command, _, output = part.partition("\n")
            while command.endswith("\\"):
                more, _, output = output.partition("\n")
                command = command[:-1] + more
            if command.startswith("anomalyllm "):
                found.append((f"{name}-{index}", command, output.strip()))
    return found


def test_transcripts(workplace: Path) -> None:
    """In order and in one folder, as a reader would type them."""
    program = Path(sys.executable).with_name("anomalyllm")
    for name, command, promised in transcripts():
        words = shlex.split(command.split("#")[0])
        environment = {**os.environ, "COLUMNS": "110"}
        done = subprocess.run(
            [str(program), *words[1:]], cwd=workplace, capture_output=True, text=True, env=environment, check=False
        )
        assert done.returncode == 0, (name, done.stderr)
        if promised:
            compare(name, promised, done.stderr + done.stdout)


def compare(name: str, promised: str, printed: str) -> None:
    """Every promised line is printed: its words exactly, its numbers nearly."""
    lines = [" ".join(line.split()) for line in printed.splitlines()]
    for line in (" ".join(line.split()) for line in promised.splitlines() if line.strip()):
        assert any(alike(line, other) for other in lines), (name, line, printed)


def alike(one: str, other: str) -> bool:
    if NUMBER.sub("#", one) != NUMBER.sub("#", other):
        return False
    pairs = zip(NUMBER.findall(one), NUMBER.findall(other), strict=True)
    return all(near(float(a.replace(",", "")), float(b.replace(",", ""))) for a, b in pairs)


def near(one: float, other: float) -> bool:
    return abs(one - other) <= max(0.25 * abs(one), 60 if float(one).is_integer() and one >= 100 else 0.05)


def test_a_transcript_that_lies_is_noticed() -> None:
    """The guard itself: a changed word or a number far off must fail."""
    assert alike("5 events in 3,600 rows", "5 events in 3,600 rows")
    assert not alike("5 events in 3,600 rows", "5 alarms in 3,600 rows")
    assert not alike("5 events in 3,600 rows", "9 events in 3,600 rows")
