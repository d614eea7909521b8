"""All presets, value by value: a default that changes must change here too, on purpose."""

from __future__ import annotations

from typing import Any

import pytest

from anomalyllm.config import DetectorConfig, setting_names
from anomalyllm.errors import ConfigError
from anomalyllm.presets import PAPER_ORIGIN, PRESETS, configured, preset, refuse_idle

PINNED: dict[str, tuple[Any, Any]] = {  # default (and trained, but for `evidence`), paper
    "evidence": ("retrieval", "networks"),
    "pair": (None, None),
    "finetune": (False, False),
    "retrieval.lengths": ([16, 32, 64, 128], [16, 32, 64, 128]),
    "retrieval.place_lengths": ([32, 64, 128, 256, 512], [32, 64, 128, 256, 512]),
    "retrieval.views": (
        ["shape", "contour", "change", "roughness", "subspace"],
        ["shape", "contour", "change", "roughness", "subspace"],
    ),
    "retrieval.subspace_weight": (0.2, 0.2),
    "retrieval.place_views": (["shape", "contour", "change", "roughness"], ["shape", "contour", "change", "roughness"]),
    "retrieval.strides": (8, 8),
    "retrieval.bank": (8192, 8192),
    "retrieval.bank_strides": (32, 32),
    "retrieval.novelty": (0.3, 0.3),
    "retrieval.own_rows": (500_000, 500_000),
    "channel_mode": ("separate", "joint"),
    "max_channels": (1024, 1024),
    "window.length": (None, 64),
    "window.periods": (1.0, 1.0),
    "window.minimum": (32, 32),
    "window.maximum": (512, 512),
    "window.fallback": (64, 64),
    "window.stride": (None, 4),
    "window.training_stride": (None, 4),
    "window.training_windows": (4096, 1_000_000),
    "teacher.name": ("compact", "gpt2"),
    "teacher.blocks": (3, 6),
    "teacher.width": (None, None),
    "teacher.patch": (None, 16),
    "teacher.patch_stride": (None, 8),
    "teacher.output": (32, 32),
    "teacher.kept_features": (None, None),
    "teacher.dropout": (0.1, 0.1),
    "teacher.train_feed_forward": (False, False),
    "teacher.precision": ("auto", "auto"),
    "student.body": ("transformer", "transformer"),
    "student.led": (True, True),
    "student.patch": (None, 8),
    "student.width": (64, 64),
    "student.heads": (4, 4),
    "student.feed_forward": (128, 128),
    "student.layers": (2, 2),
    "student.dropout": (0.1, 0.1),
    "student.prototypes": (1024, 16),
    "student.prototype_source": ("windows", "kmeans"),
    "student.rescale_prototype": (False, True),
    "student.deviation_floor": (0.1, 0.0),
    "student.level_token": (True, False),
    "student.head_norm": ("layer", "batch"),
    "augment.first": (["jitter", "warping", "splice", "amplitude", "level", "flatten"], ["jitter"]),
    "augment.second": (["jitter", "warping", "splice", "amplitude", "level", "flatten"], ["scaling", "warping"]),
    "augment.mix": (True, False),
    "augment.jitter": (0.2, 0.2),
    "augment.scaling": (0.8, 0.8),
    "augment.warping": (0.4, 0.4),
    "augment.knots": (4, 4),
    "augment.local": (True, False),
    "augment.shortest": (0.125, 0.125),
    "augment.level": (0.7, 0.7),
    "augment.amplitude": (0.5, 0.5),
    "loss.form": ("log", "log"),
    "loss.distillation": (1.0, 1.0),
    "loss.push": (1.0, 1.0),
    "loss.contrastive": (0.1, 0.1),
    "loss.detach_teacher": (False, False),
    "training.batch": (32, 512),
    "training.epochs": (50, 50),
    "training.max_steps": (150, None),
    "training.learning_rate": (1e-3, 3e-4),
    "training.betas": ([0.9, 0.99], [0.9, 0.99]),
    "training.weight_decay": (5e-4, 5e-4),
    "training.decay_prototypes": (False, True),
    "training.held_out": (0.2, 0.2),
    "training.validate_every": (25, 25),
    "training.patience": (3, 3),
    "scoring.usual_quantile": (0.9, 0.9),
    "scoring.prototype_share": (0.9, 0.0),
    "scoring.combine_power": (2.0, 2.0),
    "scoring.alarms_per": ("0.005", "0.005"),
    "scoring.tail_fraction": (0.1, 0.1),
    "scoring.max_missing": (0.5, 0.5),
}


def flat(config: DetectorConfig) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for key, value in config.to_mapping().items():
        values |= {f"{key}.{name}": inner for name, inner in value.items()} if isinstance(value, dict) else {key: value}
    del values["preset"]
    return values


@pytest.mark.parametrize(("place", "name"), [(0, "default"), (1, "paper")])
def test_every_value_of_a_preset_is_pinned(place: int, name: str) -> None:
    assert flat(preset(name)) == {setting: values[place] for setting, values in PINNED.items()}


def test_trained_is_default_but_for_what_gives_the_evidence() -> None:
    assert flat(preset("pretrained")) == {**flat(preset("default")), "pair": "shipped"}
    assert flat(preset("trained")) == {**flat(preset("default")), "evidence": "networks"}


def test_presets_bear_their_names_and_the_default_is_the_plain_configuration() -> None:
    assert sorted(PRESETS) == ["default", "paper", "pretrained", "trained"]
    assert all(preset(name).preset == name for name in PRESETS)
    assert preset("default") == DetectorConfig()


def test_every_value_of_the_paper_has_an_origin_of_a_known_kind() -> None:
    """Nobody should take a choice of ours for the paper's."""
    assert list(PAPER_ORIGIN) == setting_names()
    assert set(PAPER_ORIGIN.values()) == {"published", "inferred", "ours"}


@pytest.mark.parametrize(
    ("name", "remedy"), [("papr", "did you mean 'paper'?"), ("zz", "choose one of default, paper, pretrained, trained")]
)
def test_an_unknown_preset_is_refused(name: str, remedy: str) -> None:
    with pytest.raises(ConfigError) as caught:
        preset(name)
    assert str(caught.value) == f"expected a known preset, got {name!r}; {remedy}"


def test_a_file_that_names_a_preset_starts_from_it() -> None:
    config = configured({"preset": "paper", "training": {"batch": 7}})
    assert config.training.batch == 7
    assert config.training.learning_rate == preset("paper").training.learning_rate
    assert config.student == preset("paper").student
    assert configured({"window": {"length": 48}}).student == preset("default").student
    with pytest.raises(ConfigError, match="a known preset, got 'papr'; did you mean 'paper'"):
        configured({"preset": "papr"})


# --- settings that would have no effect


@pytest.mark.parametrize(
    "name", ["teacher.name", "student.width", "augment.mix", "loss.form", "training.max_steps", "channel_mode"]
)
def test_settings_of_networks_have_a_use_where_they_are_trained(name: str) -> None:
    finetuned = DetectorConfig().with_settings({"finetune": True})
    for config in (finetuned, preset("trained"), preset("paper")):
        refuse_idle([name], config)
    with pytest.raises(ConfigError) as caught:
        refuse_idle([name], DetectorConfig())
    assert str(caught.value) == (
        f"expected networks that are trained, for {name}, got a detector that trains none; "
        "choose the preset trained or paper, or finetune"
    )


@pytest.mark.parametrize("name", ["window.periods", "window.minimum", "window.maximum", "window.fallback"])
def test_networks_that_join_a_retrieval_have_its_window(name: str) -> None:
    """It is as long as the longest of the others, so what would choose another has no effect."""
    refuse_idle([name], preset("trained"))
    for config in (DetectorConfig(), DetectorConfig().with_settings({"finetune": True})):
        with pytest.raises(ConfigError) as caught:
            refuse_idle(["window.length", name], config)
        assert str(caught.value) == (
            f"expected networks that are trained, for {name}, on windows of their own, "
            "got a detector whose windows have several lengths; "
            "set window.length, or choose the preset trained or paper"
        )


def test_retrieval_has_no_settings_where_nothing_is_retrieved() -> None:
    refuse_idle(["retrieval.bank"], DetectorConfig().with_settings({"finetune": True}))
    with pytest.raises(ConfigError, match="a detector that retrieves, for retrieval.bank"):
        refuse_idle(["retrieval.bank"], preset("trained"))
