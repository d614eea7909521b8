"""The configuration: ranges of every setting, dotted names, and the way through JSON and back."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest

from anomalyllm.config import DetectorConfig, setting_names
from anomalyllm.errors import ConfigError
from anomalyllm.presets import PRESETS
from anomalyllm.settings import Settings


def changed(name: str, value: Any) -> DetectorConfig:
    return DetectorConfig().with_settings({name: value})


IN_RANGE = {  # both ends of what is allowed; None where there is no end
    "max_channels": [1, 10**6],
    "window.length": [8, 10**6, None],
    "window.periods": [1e-6, 16],
    "window.minimum": [8, 64],
    "window.maximum": [64, 10**6],
    "window.fallback": [32, 512],
    "window.stride": [1, None],
    "window.training_stride": [1, None],
    "window.training_windows": [1],
    "retrieval.lengths": [[8], [16, 24, 1000]],
    "retrieval.place_lengths": [[8], [16, 24, 1000]],
    "retrieval.views": [["shape"], ["subspace", "roughness", "change"]],
    "retrieval.subspace_weight": [1e-6, 5],
    "retrieval.place_views": [["contour"], ["roughness", "change"]],
    "retrieval.strides": [1],
    "retrieval.bank": [16],
    "retrieval.bank_strides": [1],
    "retrieval.novelty": [0, 10],
    "retrieval.own_rows": [1000],
    "teacher.blocks": [1],
    "teacher.width": [32, 1024, None],
    "teacher.patch": [1, None],
    "teacher.patch_stride": [1, None],
    "teacher.output": [1],
    "teacher.kept_features": [1, None],
    "teacher.dropout": [0, 0.999],
    "student.patch": [1, None],
    "student.width": [4, 1024],
    "student.heads": [1, 64],
    "student.feed_forward": [1],
    "student.layers": [1],
    "student.dropout": [0, 0.999],
    "student.prototypes": [1, 65536],
    "student.deviation_floor": [0, 5],
    "augment.first": [["jitter"], ["warping", "scaling", "jitter"], ["jitter", "jitter"]],
    "augment.second": [["jitter"], ["warping", "scaling", "jitter"]],
    "augment.jitter": [1e-9],
    "augment.scaling": [1e-9],
    "augment.warping": [1e-9],
    "augment.knots": [2],
    "augment.shortest": [1e-9, 1],
    "augment.level": [1e-9],
    "augment.amplitude": [1e-9],
    "loss.distillation": [0, 100],
    "loss.push": [0, 100],
    "loss.contrastive": [0, 100],
    "training.batch": [1],
    "training.epochs": [1],
    "training.max_steps": [1, None],
    "training.learning_rate": [1e-12],
    "training.betas": [[0, 0], [0.999, 0.999]],
    "training.weight_decay": [0],
    "training.held_out": [1e-9, 0.5],
    "training.validate_every": [1],
    "training.patience": [1],
    "scoring.usual_quantile": [1e-9, 0.999],
    "scoring.prototype_share": [0, 1],
    "scoring.combine_power": [1, 1000],
    "scoring.tail_fraction": [1e-9, 0.5],
    "scoring.max_missing": [0, 0.999],
}

OUT_OF_RANGE = {
    "max_channels": [0],
    "window.length": [7, 0, -64],
    "window.periods": [0, 16.1],
    "window.minimum": [7, 65],  # 65 is above the fallback
    "window.maximum": [31, 63],
    "window.fallback": [31, 513],
    "window.stride": [0],
    "window.training_stride": [0],
    "window.training_windows": [0],
    "retrieval.lengths": [[], [7], [32, 16], [16, 16]],
    "retrieval.place_lengths": [[], [7], [32, 16]],
    "retrieval.views": [[], ["level", "shape"]],
    "retrieval.subspace_weight": [0, -1],
    "retrieval.place_views": [[], ["subspace"]],
    "retrieval.strides": [0],
    "retrieval.bank": [15],
    "retrieval.bank_strides": [0],
    "retrieval.novelty": [-0.1],
    "retrieval.own_rows": [999],
    "teacher.blocks": [0],
    "teacher.width": [0, 31, 100, 1056],
    "teacher.patch": [0],
    "teacher.patch_stride": [0],
    "teacher.output": [0],
    "teacher.kept_features": [0],
    "teacher.dropout": [-0.1, 1],
    "student.patch": [0],
    "student.width": [0, 1, 63, -64],
    "student.heads": [0, 3, 128],
    "student.feed_forward": [0],
    "student.layers": [0],
    "student.dropout": [-0.1, 1],
    "student.prototypes": [0, 65537],
    "student.deviation_floor": [-0.1],
    "augment.first": [[], ["noise"]],
    "augment.second": [[], ["jitter", "noise"]],
    "augment.jitter": [0],
    "augment.scaling": [0],
    "augment.warping": [0],
    "augment.knots": [1],
    "augment.shortest": [0, 1.1],
    "augment.level": [0],
    "augment.amplitude": [0],
    "loss.distillation": [-1],
    "loss.push": [-0.1],
    "loss.contrastive": [-1],
    "training.batch": [0],
    "training.epochs": [0],
    "training.max_steps": [0],
    "training.learning_rate": [0],
    "training.betas": [[1, 0], [0, 1], [-0.1, 0]],
    "training.weight_decay": [-1],
    "training.held_out": [0, 0.51],
    "training.validate_every": [0],
    "training.patience": [0],
    "scoring.usual_quantile": [0, 1],
    "scoring.prototype_share": [-0.1, 1.1],
    "scoring.combine_power": [0.9],
    "scoring.tail_fraction": [0, 0.51],
    "scoring.max_missing": [-0.1, 1],
}

WITHOUT_RANGE = {  # switches, choices, and names that are looked up elsewhere
    "channel_mode",
    "evidence",
    "finetune",
    "pair",
    "teacher.name",
    "teacher.train_feed_forward",
    "teacher.precision",
    "student.body",
    "student.led",
    "student.prototype_source",
    "student.rescale_prototype",
    "student.level_token",
    "student.head_norm",
    "augment.local",
    "augment.mix",
    "loss.form",
    "loss.detach_teacher",
    "training.decay_prototypes",
    "scoring.alarms_per",
}


def cases(table: dict[str, list[Any]]) -> list[tuple[str, Any]]:
    return [(name, value) for name, values in table.items() for value in values]


def test_every_setting_has_its_range_tested() -> None:
    assert set(IN_RANGE) == set(OUT_OF_RANGE)
    assert set(IN_RANGE) | WITHOUT_RANGE == set(setting_names())


@pytest.mark.parametrize(("name", "value"), cases(IN_RANGE))
def test_the_ends_of_a_range_belong_to_it(name: str, value: Any) -> None:
    config = changed(name, value)
    if name == "max_channels":
        assert config.max_channels == value
    else:
        group, field = name.split(".")
        kept = getattr(getattr(config, group), field)
        assert (list(kept) if isinstance(kept, tuple) else kept) == value


@pytest.mark.parametrize(("name", "value"), cases(OUT_OF_RANGE))
def test_what_lies_beyond_is_refused_by_its_name(name: str, value: Any) -> None:
    """By the name of a setting that the reader has touched, with a rule that says how it should be."""
    with pytest.raises(ConfigError) as caught:
        changed(name, value)
    asked = name.split(".")[-1]
    related = {
        "minimum": ("minimum", "fallback"),
        "maximum": ("minimum", "fallback"),
        "width": ("width", "heads"),
    }
    names = "|".join(related.get(asked, (asked,)))
    assert any(str(caught.value).startswith(f"expected {one} to ") for one in names.split("|"))


@pytest.mark.parametrize("name", PRESETS)
def test_a_configuration_comes_back_from_its_mapping_also_through_json(name: str) -> None:
    config = PRESETS[name]
    mapping = config.to_mapping()
    assert DetectorConfig.from_mapping(mapping) == config
    assert json.loads(json.dumps(mapping, allow_nan=False)) == mapping
    assert DetectorConfig.from_mapping(json.loads(json.dumps(mapping))) == config


def test_names_are_those_of_the_mapping() -> None:
    mapping = DetectorConfig().to_mapping()
    names = setting_names()
    assert len(names) == len(set(names))
    assert "preset" not in names
    for name in names:
        inside: Any = mapping
        for step in name.split("."):
            inside = inside[step]
        assert not isinstance(inside, dict)
    leaves = sum(len(value) if isinstance(value, dict) else 1 for value in mapping.values())
    assert len(names) == leaves - 1


def test_settings_are_changed_by_dotted_names_in_a_copy() -> None:
    config = DetectorConfig()
    other = config.with_settings({"training.batch": 7, "augment.first": ["warping"], "max_channels": 3})
    assert (other.training.batch, other.augment.first, other.max_channels) == (7, ("warping",), 3)
    assert config == DetectorConfig()
    assert other.with_settings({}) == other
    back = {"training.batch": config.training.batch, "augment.first": config.augment.first, "max_channels": 1024}
    assert other.with_settings(back) == config


def test_changes_are_judged_together() -> None:
    """Width and heads that suit each other may both be new: no order of the two would do one by one."""
    other = DetectorConfig().with_settings({"student.heads": 5, "student.width": 10})
    assert (other.student.heads, other.student.width) == (5, 10)


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("training.bacth", "did you mean 'training.batch'?"),
        ("trainng.batch", "did you mean 'training.batch'?"),
        ("batch", "did you mean 'training.batch'?"),
        ("window.length.more", "did you mean 'window.length'?"),
        ("max_channels.more", "did you mean 'max_channels'?"),
        ("loss.froms", "did you mean 'loss.form'?"),
    ],
)
def test_an_unknown_dotted_name_is_answered_with_the_nearest(name: str, remedy: str) -> None:
    with pytest.raises(ConfigError) as caught:
        changed(name, 1)
    assert str(caught.value) == f"expected a known setting, got {name!r}; {remedy}"


@pytest.mark.parametrize("name", ["window", "", ".", "qqq"])
def test_a_whole_group_or_nothing_is_no_setting(name: str) -> None:
    with pytest.raises(ConfigError, match="expected a known setting"):
        changed(name, {})


def test_what_is_trained_on_the_series_anyway_is_not_finetuned() -> None:
    """Taken in silence, it would seem to have had an effect."""
    assert changed("finetune", True).finetune
    with pytest.raises(ConfigError) as caught:
        changed("finetune", True).with_settings({"evidence": "networks"})
    assert str(caught.value) == (
        'expected finetune to be false for evidence "networks", which is trained on the series anyway, got True; '
        "change the setting"
    )


def test_every_group_is_frozen_and_checks_itself() -> None:
    config = DetectorConfig()
    groups = [config, *(value for value in vars(config).values() if isinstance(value, Settings))]
    assert len(groups) == 9
    for group in groups:
        for field in dataclasses.fields(group):  # type: ignore[arg-type]
            with pytest.raises(dataclasses.FrozenInstanceError):
                setattr(group, field.name, None)


def test_a_pair_has_a_name_and_judges_beside_a_retrieval_alone() -> None:
    assert changed("pair", "shipped").pair == "shipped"
    for settings in ({"pair": ""}, {"pair": "shipped", "evidence": "networks"}):
        with pytest.raises(ConfigError, match="expected pair to be"):
            DetectorConfig().with_settings(settings)
