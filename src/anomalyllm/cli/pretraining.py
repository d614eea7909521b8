"""`anomalyllm pretrain`: trains the pair that judges any series, on generated series only."""

from __future__ import annotations

import math
import time
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

from anomalyllm.cli.output import print_facts, require_writable, tell
from anomalyllm.errors import ConfigError
from anomalyllm.extras import require_networks
from anomalyllm.seeding import checked_seed

if TYPE_CHECKING:
    from anomalyllm.pretraining.loop import Validation
    from anomalyllm.pretraining.settings import PretrainingSettings


def run_pretrain(config: Path | None, out: Path, seed: int, *, resume: bool, quiet: bool) -> None:
    """Trains and writes the weights to `out`; a stopped training leaves `OUT.checkpoint`.

    The area's interval is over held-out series, drawn again with replacement.
    """
    seed = checked_seed(seed)
    require_writable(out)
    require_networks("pretraining")
    from anomalyllm.model.pair import save_pair
    from anomalyllm.pretraining.loop import pretrain

    settings = read_settings(config)
    checkpoint = out.parent / f"{out.name}.checkpoint"
    began = time.monotonic()
    pair, history = pretrain(
        settings,
        seed,
        checkpoint=checkpoint,
        resume=resume,
        watcher=None if quiet else lambda validation: tell(line(validation, time.monotonic() - began)),
    )
    save_pair(out, pair)
    checkpoint.unlink(missing_ok=True)
    last = history[-1]
    facts = {
        "teacher": pair.teacher.label,
        "steps": last.step,
        "seed": seed,
        "minutes": f"{(time.monotonic() - began) / 60:.1f}",
        "held-out area per patch": f"{last.held_out:.3f} ({last.low:.3f} - {last.high:.3f} if other series are drawn)",
        "of the nearest window alone": f"{last.nearest:.3f}",
        "size": f"{out.stat().st_size / 1e6:.1f} MB",
    }
    print_facts(f"Pair in {out}", facts)


def read_settings(config: Path | None) -> PretrainingSettings:
    """The settings of a TOML file; what it does not name, and None, means the defaults.

    Raises:
        ConfigError: absent, not TOML, or unknown settings.
    """
    from anomalyllm.pretraining.settings import PretrainingSettings

    if config is None:
        return PretrainingSettings()
    try:
        values = tomllib.loads(config.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError("a TOML file with settings", f"{config} ({error})", "check the path and the file") from error
    return PretrainingSettings.from_mapping(values)


def line(validation: Validation, seconds: float) -> str:
    """One validation in a line: only the terms of its stage."""
    named = {"next patch": validation.language, "pull": validation.pull, "push": validation.push}
    named |= {"held-out area": validation.held_out, "of nearest alone": validation.nearest}
    said = ", ".join(f"{name} {value:.3f}" for name, value in named.items() if not math.isnan(value))
    return f"step {validation.step}, {seconds:.0f} s: {said}"
