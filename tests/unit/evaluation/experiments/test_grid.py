"""Grids from files: what is written is what is run, and what is not understood is refused before the work."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from anomalyllm.errors import ConfigError
from anomalyllm.evaluation.experiments.grid import Grid, products, read_grid
from anomalyllm.evaluation.experiments.shipped import REPOSITORY, grid_called, shipped_grids
from unit.evaluation.experiments.made_up import BASIC, grid

NAMES = [
    *("augmentation", "cost", "cross-domain", "gap", "losses", "prototypes", "student", "synthetic-vs-real", "teacher")
]


def test_every_experiment_of_the_paper_has_a_file() -> None:
    assert list(shipped_grids()) == NAMES
    assert {path.stem for path in REPOSITORY.iterdir()} == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_shipped_grid_is_called_as_its_file_and_all_its_settings_exist(name: str) -> None:
    """A misspelt setting would else be found in the middle of a night."""
    found = grid_called(name)
    assert found.name == name
    hashes = {found.method_of(one, teacher="gpt2" if one.needs else "").config_hash for one in found.variants}
    without = sum(bool(one.needs) for one in found.variants)
    assert len(hashes) >= len(found.variants) - max(0, without - 1)


@pytest.mark.parametrize("name", NAMES)
def test_the_quick_form_of_a_shipped_grid_is_a_configuration_too(name: str) -> None:
    found = grid_called(name)
    for one in found.variants:
        _ = found.method_of(one, teacher="gpt2" if one.needs else "", smoke=True).config_hash


def test_variants_have_what_the_grid_has_and_their_own_on_top() -> None:
    one = grid(set={"scoring.prototype_share": 0.0, "student.prototypes": 8}, smoke={"set": {"training.max_steps": 1}})
    plain, small, _ = (one.method_of(variant) for variant in one.variants)
    assert (plain.name, plain.label) == ("trained", "plain")
    assert plain.settings == {"scoring.prototype_share": 0.0, "student.prototypes": 8}
    assert small.settings == {"scoring.prototype_share": 0.0, "student.prototypes": 4}
    assert one.method_of(one.variants[1], smoke=True).settings["training.max_steps"] == 1
    assert one.method_of(one.variants[1], teacher="gpt2").teacher == "gpt2"


def test_another_method_has_no_part_in_the_common_settings() -> None:
    """They are the grid's method's: the default would refuse the share of prototypes."""
    variants = [{"label": "plain"}, {"label": "neighbour", "method": "nearest-neighbour"}]
    one = grid(set={"scoring.prototype_share": 0.0}, variants=variants)
    assert one.method_of(one.variants[1]).settings == {}
    assert one.method_of(one.variants[1]).label == "neighbour"


def test_factors_are_multiplied_out() -> None:
    factors = [
        {"levels": [{"label": "a", "set": {"x": 1}}, {"label": "b", "set": {"x": 2}}]},
        {"levels": [{"label": ""}, {"label": "led", "set": {"y": 3}}]},
    ]
    found = products(factors)
    assert [one["label"] for one in found] == ["a", "a, led", "b", "b, led"]
    assert [one["set"] for one in found] == [{"x": 1}, {"x": 1, "y": 3}, {"x": 2}, {"x": 2, "y": 3}]
    assert products([]) == []


def test_a_level_may_be_compared_with_another_of_its_factor() -> None:
    factors = [
        {"levels": [{"label": "a"}, {"label": "b"}]},
        {"levels": [{"label": ""}, {"label": "bare", "reference": ""}]},
    ]
    assert [one.get("reference") for one in products(factors)] == [None, "a", None, "b"]
    student = grid_called("student")
    references = {one.label: student.reference_of(one) for one in student.variants}
    assert references["TCN"] == "transformer"
    assert references["TCN, no prototypes"] == "TCN"
    assert references["transformer, no prototypes"] == "transformer"
    assert references["transformer"] == ""


def test_the_axis_of_prototypes_shows_numbers_that_are_there() -> None:
    """A bank has fewer windows than the training part has rows."""
    found = grid_called("prototypes")
    placed = {one.x for one in found.variants if one.x is not None}
    assert placed == {1, 4, 16, 64, 256, 1024}
    asked = {one.x: one.set["student.prototypes"] for one in found.variants if one.x is not None and one.set}
    assert all(x == number for x, number in asked.items())
    assert found.data.most_training_rows is not None
    assert max(placed) < found.data.most_training_rows


def test_the_note_of_costs_says_of_each_time_which_clock_it_is_of() -> None:
    found = grid_called("cost")
    times = [name for name in found.also if name.startswith(("seconds", "milliseconds"))]
    assert len(times) == 5
    assert all(f"`{name}`" in found.note for name in times)


def without(key: str) -> dict[str, Any]:
    return {name: value for name, value in BASIC.items() if name != key}


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({**BASIC, "refrence": "x"}, "expected a known setting, got 'refrence'; did you mean 'reference'"),
        ({**BASIC, "data": {"set": ["ucr"]}}, "got 'set'; did you mean 'sets'"),
        ({**BASIC, "variants": [{"label": "plain", "sets": {}}, {"label": "b"}]}, "got 'sets'; did you mean 'set'"),
        ({**BASIC, "factors": [{"level": []}]}, "expected a known key of a factor, got 'level'; did you mean 'levels'"),
        (
            {**BASIC, "reference": "plane"},
            "expected reference to be one of the labels plain, small, large, got 'plane'",
        ),
        ({**BASIC, "variants": [{"label": "plain"}]}, "expected variants to be at least two"),
        ({**BASIC, "variants": [{"label": "plain"}] * 2}, "expected variants to have a label each, not plain twice"),
        ({**BASIC, "variants": [{"label": "plain"}, {"x": 1}]}, "expected label in a variant, got only set, x; add it"),
        (
            {**BASIC, "variants": [{"label": "plain"}, {"label": "b", "reference": "plane"}]},
            "expected variants to have another's label as reference, unlike b (plane)",
        ),
        ({**BASIC, "variants": [{"label": "plain"}, {"label": "b", "reference": "b"}]}, "unlike b (b)"),
        ({**BASIC, "seeds": 0}, "expected seeds to be at least 1, got 0"),
        ({**BASIC, "answer": {"found": "yes", "variant": "big"}}, "expected answer to be about one of the labels"),
        ({**BASIC, "quartiles": ["gap"]}, "expected quartiles to come with a probe that gives them"),
        ({**BASIC, "data": {"limits": {"smd": 1}}}, "expected limits to say how many series of which of the sets"),
        ({**BASIC, "data": {"limit": 0}}, "expected limit to be at least 1, got 0"),
        (without("question"), "expected question in a grid, got only"),
    ],
)
def test_what_is_not_a_grid_is_refused(values: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Grid.from_mapping(values)
    assert said in str(caught.value)


def test_settings_of_a_baseline_are_refused() -> None:
    one = grid(variants=[{"label": "plain"}, {"label": "k", "method": "k-means", "set": {"student.prototypes": 3}}])
    with pytest.raises(
        ConfigError, match="expected a preset for the settings of k, got k-means; take the settings away"
    ):
        one.method_of(one.variants[1])


def test_files_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"expected a TOML file with a grid, got .*none.toml"):
        read_grid(tmp_path / "none.toml")
    (tmp_path / "bad.toml").write_text("name = ")
    with pytest.raises(ConfigError, match="expected a TOML file with a grid"):
        grid_called(str(tmp_path / "bad.toml"))
    with pytest.raises(ConfigError, match="expected a known experiment, got 'prototype'; did you mean 'prototypes'"):
        grid_called("prototype")
