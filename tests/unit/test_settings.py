"""Settings check themselves: kinds, rules, unknown names; shown on groups made for the purpose."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import pytest

from anomalyllm.errors import ConfigError
from anomalyllm.settings import Settings, unknown_name


@dataclass(frozen=True)
class Inner(Settings):
    count: int = 3


@dataclass(frozen=True)
class Group(Settings):
    whole: int = 1
    share: float = 0.5
    word: str = "a"
    switch: bool = False
    maybe: int | None = None
    perhaps: float | None = None
    kind: Literal["one", "two"] = "one"
    words: tuple[str, ...] = ("a",)
    pair: tuple[float, float] = (0.1, 0.2)
    inner: Inner = field(default_factory=Inner)

    def _rules(self) -> list[tuple[str, bool, str]]:
        return [("whole", self.whole >= 0, "to be at least 0"), ("share", self.share < 1, "to be below 1")]


def refusal(**values: Any) -> str:
    with pytest.raises(ConfigError) as caught:
        Group(**values)
    return str(caught.value)


@pytest.mark.parametrize(
    ("name", "given", "kept"),
    [
        ("share", 0, 0.0),  # a whole number is a float too: TOML writes 0 for 0.0
        ("share", np.float64(0.25), 0.25),
        ("perhaps", 2, 2.0),
        ("perhaps", None, None),
        ("maybe", None, None),
        ("maybe", "none", None),  # TOML has no null: without the word no file could say it
        ("maybe", 4, 4),
        ("words", ["x", "y"], ("x", "y")),
        ("words", (), ()),
        ("pair", [1, 2], (1.0, 2.0)),
        ("switch", True, True),
        ("kind", "two", "two"),
    ],
)
def test_values_are_kept_as_their_kind_wants_them(name: str, given: Any, kept: Any) -> None:
    value = getattr(Group(**{name: given}), name)
    assert value == kept
    assert type(value) is type(kept)


@pytest.mark.parametrize(
    ("name", "given", "wanted"),
    [
        ("whole", True, "whole to be int"),  # True is an int in Python, and a slip in a settings file
        ("whole", 1.0, "whole to be int"),
        ("whole", "1", "whole to be int"),
        ("whole", None, "whole to be int"),
        ("share", "0.5", "share to be float"),
        ("share", False, "share to be float"),
        ("share", float("nan"), "share to be float"),
        ("share", float("-inf"), "share to be float"),  # no JSON has it, and no setting means it
        ("share", -(10**400), "share to be float"),  # larger than any float
        ("whole", 10**400, "whole to be int"),
        ("word", 5, "word to be str"),
        ("switch", 1, "switch to be bool"),
        ("switch", "true", "switch to be bool"),
        ("maybe", 1.5, "maybe to be int"),
        ("maybe", "None at all", "maybe to be int"),
        ("whole", "none", "whole to be int"),
        ("perhaps", float("nan"), "perhaps to be float"),
        ("kind", "three", "kind to be one of ['one', 'two']"),
        ("kind", ["one"], "kind to be one of ['one', 'two']"),
        ("words", "ab", "words to be a list"),
        ("words", [1], "words to be str"),
        ("pair", [0.1], "pair to have 2 values"),
        ("pair", [0.1, 0.2, 0.3], "pair to have 2 values"),
        ("pair", [0.1, "0.2"], "pair to be float"),
        ("inner", {"count": 1}, "inner to be Inner"),
    ],
)
def test_another_kind_is_refused_with_the_name_and_the_value(name: str, given: Any, wanted: str) -> None:
    said = refusal(**{name: given})
    assert said.startswith(f"expected {wanted}, got ")
    assert said.endswith("; change the setting")


def test_a_broken_rule_is_told_with_the_value() -> None:
    assert refusal(whole=-1) == "expected whole to be at least 0, got -1; change the setting"
    assert refusal(share=1) == "expected share to be below 1, got 1.0; change the setting"


def test_kinds_are_checked_before_rules() -> None:
    """Else a rule would compare text with a number and end in a traceback."""
    assert "whole to be int" in refusal(whole="many")


def test_a_group_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Group().whole = 2  # type: ignore[misc]


def test_groups_are_read_from_dictionaries_within_dictionaries() -> None:
    expected = Group(whole=2, inner=Inner(5))
    assert Group.from_mapping({"whole": 2, "inner": {"count": 5}}) == expected
    assert Group.from_mapping({"whole": 2, "inner": Inner(5)}) == expected
    assert Group.from_mapping({}) == Group()


def test_an_unknown_key_is_refused_with_the_nearest_one() -> None:
    with pytest.raises(ConfigError) as caught:
        Group.from_mapping({"wole": 1})
    assert str(caught.value) == "expected a known setting, got 'wole'; did you mean 'whole'?"
    with pytest.raises(ConfigError, match="'cuont'; did you mean 'count'"):
        Group.from_mapping({"inner": {"cuont": 1}})
    with pytest.raises(ConfigError, match="got 7; choose one of inner, kind, maybe"):
        Group.from_mapping({7: 1})  # type: ignore[dict-item]


@pytest.mark.parametrize("values", [5, "whole", ["whole"], None])
def test_what_is_no_table_is_refused(values: Any) -> None:
    with pytest.raises(ConfigError) as caught:
        Group.from_mapping({"inner": values})
    assert str(caught.value) == f"expected a table of settings for Inner, got {values!r}; write it as [section]"


def test_names_that_are_like_nothing_are_answered_with_the_list() -> None:
    assert unknown_name("preset", "zzz", ["b", "a"]).remedy == "choose one of a, b"
    assert unknown_name("preset", "papr", {"paper": 1, "default": 2}).remedy == "did you mean 'paper'?"
