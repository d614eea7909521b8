"""Complete configurations by name: `default` (ours), `pretrained`, `trained` (on the series) and `paper`.

`paper` is arXiv 2401.15123; `trained` has its parts with prototypes that are retrieved and anomalies that are local;
`pretrained` is `default` with a teacher and a student that were trained once, on generated series, among its judges.

`PAPER_ORIGIN` says of every value of `paper` where it comes from: "published" (the paper), "inferred" (from what the
authors' code does and from the settings of the code it was forked from) or "ours" (nobody said; our choice).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from anomalyllm.config import (
    AugmentConfig,
    DetectorConfig,
    LossConfig,
    ScoringConfig,
    StudentConfig,
    TeacherConfig,
    TrainingConfig,
    WindowConfig,
)
from anomalyllm.errors import ConfigError
from anomalyllm.settings import unknown_name

PAPER = DetectorConfig(
    preset="paper",
    evidence="networks",
    channel_mode="joint",
    window=WindowConfig(length=64, stride=4, training_stride=4, training_windows=1_000_000),
    teacher=TeacherConfig(name="gpt2", blocks=6, patch=16, patch_stride=8, output=32, dropout=0.1),
    student=StudentConfig(
        patch=8,
        width=64,
        heads=4,
        feed_forward=128,
        layers=2,
        prototypes=16,
        prototype_source="kmeans",
        rescale_prototype=True,
        deviation_floor=0.0,
        level_token=False,
        head_norm="batch",
    ),
    augment=AugmentConfig(first=("jitter",), second=("scaling", "warping"), mix=False, local=False),
    loss=LossConfig(form="log", distillation=1.0, contrastive=0.1),
    scoring=ScoringConfig(prototype_share=0.0),
    training=TrainingConfig(
        batch=512, epochs=50, max_steps=None, learning_rate=3e-4, betas=(0.9, 0.99), decay_prototypes=True
    ),
)

PAPER_ORIGIN: dict[str, str] = {
    "evidence": "published",
    "pair": "ours",
    "finetune": "ours",
    "channel_mode": "published",
    "max_channels": "ours",
    "window.length": "inferred",
    "window.periods": "ours",
    "window.minimum": "ours",
    "window.maximum": "ours",
    "window.fallback": "inferred",
    "window.stride": "inferred",
    "window.training_stride": "inferred",
    "window.training_windows": "ours",
    "retrieval.lengths": "ours",
    "retrieval.place_lengths": "ours",
    "retrieval.views": "ours",
    "retrieval.subspace_weight": "ours",
    "retrieval.place_views": "ours",
    "retrieval.strides": "ours",
    "retrieval.bank": "ours",
    "retrieval.bank_strides": "ours",
    "retrieval.novelty": "ours",
    "retrieval.own_rows": "ours",
    "teacher.name": "published",
    "teacher.blocks": "published",
    "teacher.width": "ours",
    "teacher.patch": "published",
    "teacher.patch_stride": "ours",
    "teacher.output": "inferred",
    "teacher.kept_features": "ours",
    "teacher.dropout": "inferred",
    "teacher.train_feed_forward": "ours",
    "teacher.precision": "ours",
    "student.body": "published",
    "student.led": "published",
    "student.patch": "ours",
    "student.width": "ours",
    "student.heads": "ours",
    "student.feed_forward": "ours",
    "student.layers": "ours",
    "student.dropout": "inferred",
    "student.prototypes": "ours",
    "student.prototype_source": "published",
    "student.rescale_prototype": "inferred",
    "student.deviation_floor": "inferred",
    "student.level_token": "inferred",
    "student.head_norm": "inferred",
    "augment.first": "published",
    "augment.second": "published",
    "augment.mix": "inferred",
    "augment.jitter": "inferred",
    "augment.scaling": "inferred",
    "augment.warping": "ours",
    "augment.knots": "ours",
    "augment.local": "inferred",
    "augment.shortest": "ours",
    "augment.level": "ours",
    "augment.amplitude": "ours",
    "loss.form": "published",
    "loss.distillation": "inferred",
    "loss.push": "inferred",
    "loss.contrastive": "inferred",
    "loss.detach_teacher": "inferred",
    "training.batch": "inferred",
    "training.epochs": "inferred",
    "training.max_steps": "ours",
    "training.learning_rate": "inferred",
    "training.betas": "inferred",
    "training.weight_decay": "inferred",
    "training.decay_prototypes": "inferred",
    "training.held_out": "ours",
    "training.validate_every": "ours",
    "training.patience": "ours",
    "scoring.usual_quantile": "ours",
    "scoring.prototype_share": "published",
    "scoring.combine_power": "ours",
    "scoring.alarms_per": "ours",
    "scoring.tail_fraction": "ours",
    "scoring.max_missing": "ours",
}

TRAINED = DetectorConfig(preset="trained", evidence="networks")

PRETRAINED = DetectorConfig(preset="pretrained", pair="shipped")

PRESETS: dict[str, DetectorConfig] = {
    "default": DetectorConfig(),
    "pretrained": PRETRAINED,
    "trained": TRAINED,
    "paper": PAPER,
}


def preset(name: str) -> DetectorConfig:
    """The complete configuration called `name`: "default", "pretrained", "trained" or "paper".

    Raises:
        ConfigError: no such preset.
    """
    if name not in PRESETS:
        raise unknown_name("preset", name, PRESETS)
    return PRESETS[name]


def configured(values: Mapping[str, Any]) -> DetectorConfig:
    """The preset that `values` names ("default" if none), with the other settings in `values` changed.

    Args:
        values: nested tables, as a configuration file holds them.

    Raises:
        ConfigError: unknown preset or setting, wrong kind, out of range.
    """
    DetectorConfig.from_mapping(values)  # speaks of what is in `values` alone
    base = preset(values.get("preset", "default")).to_mapping()
    merged = {key: {**base[key], **value} if isinstance(value, Mapping) else value for key, value in values.items()}
    return DetectorConfig.from_mapping({**base, **merged})


OF_NETWORKS: tuple[str, ...] = (
    *("teacher.", "student.", "augment.", "loss.", "training.", "channel_mode"),
    *("window.periods", "window.minimum", "window.maximum", "window.fallback", "window.training_"),
    *("scoring.prototype_share", "scoring.combine_power"),
)
"""Beginnings of the settings that only networks have."""

OF_THEIR_WINDOW: tuple[str, ...] = ("window.periods", "window.minimum", "window.maximum", "window.fallback")
"""Those of them that networks which join a retrieval do not have either: they read its longest windows."""

OF_ALL: tuple[str, ...] = ("retrieval.own_rows",)
"""Settings of retrieval that networks have too."""


def refuse_idle(changed: Iterable[str], config: DetectorConfig) -> None:
    """What sets a part that this detector does not have must not be taken in silence.

    Raises:
        ConfigError: one of `changed`, dotted names, is such a setting.
    """
    for name in changed:
        if config.evidence == "retrieval" and name in OF_THEIR_WINDOW:
            came = "a detector whose windows have several lengths"
            remedy = "set window.length, or choose the preset trained or paper"
            raise ConfigError(f"networks that are trained, for {name}, on windows of their own", came, remedy)
        if config.evidence == "retrieval" and not config.finetune and name.startswith(OF_NETWORKS):
            came, remedy = "a detector that trains none", "choose the preset trained or paper, or finetune"
            raise ConfigError(f"networks that are trained, for {name}", came, remedy)
        if config.evidence == "networks" and name.startswith("retrieval.") and name not in OF_ALL:
            came = "a detector that trains networks"
            raise ConfigError(f"a detector that retrieves, for {name}", came, "choose the preset default")
