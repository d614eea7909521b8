"""What the user asked for, as plain values: options in, library arguments out. No torch."""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from anomalyllm.config import DetectorConfig
from anomalyllm.errors import ConfigError
from anomalyllm.presets import configured


@dataclass(frozen=True)
class DataOptions:
    """Which file, and what in it."""

    file: str
    train_end: str | None
    columns: str | None
    time_column: str | None
    label_column: str | None

    def reading(self) -> dict[str, Any]:
        """Keyword arguments of `read_recording`."""
        return {
            "columns": [name.strip() for name in self.columns.split(",")] if self.columns else None,
            "time_column": self.time_column,
            "label_column": self.label_column,
        }


@dataclass(frozen=True)
class DetectorOptions:
    """Arguments of the detector."""

    preset: str | None = None
    config: Path | None = None
    teacher: str | None = None
    blocks: int | None = None
    window: int | None = None
    stride: int | None = None
    prototypes: int | None = None
    max_steps: int | None = None
    finetune: bool = False
    alarms_per: str | None = None
    settings: list[str] = field(default_factory=list)
    seed: int = 0
    device: str = "cpu"

    def arguments(self) -> dict[str, Any]:
        """Keyword arguments of `AnomalyLLM`.

        Raises:
            ConfigError: the file or a `--set` cannot be read, or both a file and a preset are named.
        """
        if self.preset is not None and self.config is not None:
            raise ConfigError("one of --preset and --config", "both", "name the preset in the file: preset = ...")
        return {
            "preset": self.preset or "default",
            "config": None if self.config is None else read_config(self.config),
            "teacher": self.teacher,
            "blocks": self.blocks,
            "window": self.window,
            "stride": self.stride,
            "prototypes": self.prototypes,
            "max_steps": self.max_steps,
            "finetune": self.finetune or None,  # without the option, the file's word holds
            "alarms_per": self.alarms_per,
            "settings": dict(read_assignment(text) for text in self.settings),
            "seed": self.seed,
            "device": self.device,
        }


@dataclass(frozen=True)
class OutputOptions:
    """What is written, and where."""

    as_json: bool
    out: Path | None
    scores: Path | None
    plot: Path | None
    report: Path | None
    quiet: bool

    def files(self) -> dict[str, Path]:
        """The files to write, by the option that names each."""
        named = {"out": self.out, "scores": self.scores, "plot": self.plot, "report": self.report}
        return {option: path for option, path in named.items() if path is not None}


def read_config(path: Path) -> DetectorConfig:
    """A configuration from a TOML or JSON file; the settings it does not name are those of its `preset`.

    Raises:
        ConfigError: absent, not TOML or JSON, or unknown settings.
    """
    try:
        text = path.read_text(encoding="utf-8")
        values = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except (OSError, UnicodeDecodeError) as error:
        reason = (getattr(error, "strerror", None) or "not text").lower()
        raise ConfigError("a configuration file that can be read", f"{path} ({reason})", "check the path") from error
    except ValueError as error:
        kind = "JSON" if path.suffix == ".json" else "TOML"
        raise ConfigError(f"{kind} in {path}", str(error), "mend the file") from error
    return configured(values)


def read_assignment(text: str) -> tuple[str, Any]:
    """The text "training.batch=32" as ("training.batch", 32); what is not JSON is taken as text.

    Raises:
        ConfigError: no equals sign, or the preset, which decides all the other settings.
    """
    name, sign, value = text.partition("=")
    if name.strip() == "preset":
        raise ConfigError("--set to name a single setting", "the preset", f"write --preset {value.strip()}")
    if not sign or not name:
        raise ConfigError("a setting as name=value", repr(text), "write for example --set training.batch=32")
    try:
        return name.strip(), json.loads(value)
    except ValueError:
        return name.strip(), None if value.strip().lower() == "none" else value.strip()
