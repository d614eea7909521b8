"""The settings of a pretraining: the shipped file lists them all, and what cannot work is refused."""

from __future__ import annotations

import dataclasses
import tomllib
from pathlib import Path

import pytest

from anomalyllm.errors import ConfigError
from anomalyllm.pretraining.settings import PretrainingSettings

FILE = Path(__file__).resolve().parents[3] / "configs" / "pretrain-default.toml"


def test_the_shipped_file_names_every_setting_with_its_default() -> None:
    values = tomllib.loads(FILE.read_text(encoding="utf-8"))
    assert values == dataclasses.asdict(PretrainingSettings())


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ({"batch": 0}, "batch to be at least 1"),
        ({"language_steps": -1}, "language_steps to be at least 0"),
        ({"learning_rate": 0.0}, "learning_rate to be above 0"),
        ({"weight_decay": -0.1}, "weight_decay to be at least 0"),
        ({"blocks": 0}, "blocks to be at least 1"),
        ({"teacher": "none"}, "language_steps to be 0 where teacher is 'none': there are no blocks to train, got 700"),
        ({"teacher": 3}, "teacher to be str"),
        ({"batches": 3}, "did you mean 'batch'"),
        ({"language_steps": 0, "distillation_steps": 0}, "distillation_steps to leave some steps"),
    ],
)
def test_what_cannot_work_is_refused(setting: dict[str, object], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        PretrainingSettings.from_mapping(setting)


def test_a_pair_without_a_language_model_needs_no_first_stage() -> None:
    assert PretrainingSettings.from_mapping({"teacher": "none", "language_steps": 0}).teacher == "none"
