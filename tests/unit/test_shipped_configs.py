"""The files under configs/ are complete listings of the presets: who copies one sees every setting."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from anomalyllm.cli.options import read_config
from anomalyllm.config import setting_names
from anomalyllm.presets import PAPER_ORIGIN, PRESETS, preset

FOLDER = Path(__file__).resolve().parents[2] / "configs"
OTHER = ("pretrain-", "experiments")  # settings of a pretraining, and grids of variants
FILES = sorted(path for path in FOLDER.iterdir() if not path.name.startswith(OTHER))


def test_there_is_a_file_for_every_preset_and_no_other() -> None:
    assert len(FILES) == len(PRESETS) > 0
    assert sorted(path.stem for path in FILES) == sorted(PRESETS)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_file_is_its_preset(path: Path) -> None:
    assert read_config(path) == preset(path.stem)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_file_names_every_setting_that_is_not_none(path: Path) -> None:
    """TOML has no null: what is None by default is left out and mentioned in a comment."""
    text = path.read_text(encoding="utf-8")
    values = tomllib.loads(text)
    for name in setting_names():
        inside: Any = values
        wanted: Any = preset(path.stem).to_mapping()
        for step in name.split("."):
            inside, wanted = inside.get(step) if inside else None, wanted[step]
        assert (None if inside == "none" else inside) == wanted, name
        if inside is None:
            assert re.search(rf"^# {name.split('.')[-1]}: ", text, re.MULTILINE), f"{name} is not mentioned"


def test_the_papers_file_says_where_each_value_comes_from() -> None:
    section, said = "", {}
    for line in (FOLDER / "paper.toml").read_text(encoding="utf-8").splitlines():
        if match := re.fullmatch(r"\[(\w+)\]", line):
            section = f"{match[1]}."
        elif match := re.fullmatch(r"(?:# )?(\w+)(?: = |: ).*# (published|inferred|ours)", line):
            said[section + match[1]] = match[2]
    assert said == PAPER_ORIGIN
