"""A question as a file says it: variants of one method, the series they meet, and what was found.

A TOML table becomes frozen dataclasses that check themselves; unknown keys are refused with the nearest known one.
"""

from __future__ import annotations

import itertools
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Self

from anomalyllm.errors import ConfigError
from anomalyllm.evaluation.methods import OFFLINE_TEACHER, Method
from anomalyllm.presets import PRESETS
from anomalyllm.settings import Settings, unknown_name

Needed = Literal["", "attention-half", "language-model"]


class Changes(dict[str, Any]):
    """Settings by dotted name, as a variant changes them."""


class Counts(dict[str, int]):
    """Series of a set, by its name."""


@dataclass(frozen=True)
class Variant(Settings):
    """One row of the result.

    Attributes:
        label: as tables print it.
        method: a preset or a baseline; the grid's own if "".
        set: settings that differ from the preset's, besides those of the grid.
        teacher: see `Method.teacher`.
        needs: the kind of folder (`--teacher-folder`) that the teacher comes from; without one the variant is skipped.
        reference: label of the variant that this one is compared with; the grid's if "".
        x: place on the axis of an ordered factor, or None.
        line: which line on that axis it belongs to.
        limit: of the series of each set, where it is slow.
    """

    label: str
    method: str = ""
    set: Changes = field(default_factory=Changes)
    teacher: str = OFFLINE_TEACHER
    needs: Needed = ""
    reference: str = ""
    x: float | None = None
    line: str = ""
    limit: int | None = None

    def _rules(self) -> list[tuple[str, bool, str]]:
        return [
            ("label", bool(self.label.strip()), "to say what the variant is"),
            ("limit", self.limit is None or self.limit >= 1, "to be at least 1"),
        ]


@dataclass(frozen=True)
class DataChoice(Settings):
    """Which series: the first `limit` of each set, in the bench's fixed order, that keep to the rules.

    Attributes:
        sets: names of data sets.
        limit: series of each set; None: all.
        limits: of some sets, where it is another number.
        most_training_rows, most_test_rows: longer series are left out.
        originals: True leaves out copies that an archive made of a recording (UCR's DISTORTED and NOISE): they are no
            further series.
    """

    sets: tuple[str, ...] = ("ucr",)
    limit: int | None = None
    limits: Counts = field(default_factory=Counts)
    most_training_rows: int | None = None
    most_test_rows: int | None = None
    originals: bool = False

    def _rules(self) -> list[tuple[str, bool, str]]:
        counts = ("limit", "most_training_rows", "most_test_rows")
        rules = [(name, getattr(self, name) is None or getattr(self, name) >= 1, "to be at least 1") for name in counts]
        counted = all(isinstance(count, int) and count >= 1 for count in self.limits.values())
        return [
            ("sets", bool(self.sets), "to name a data set"),
            ("limits", counted and set(self.limits) <= set(self.sets), "to say how many series of which of the sets"),
            *rules,
        ]

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any]) -> Self:
        """As for every group of settings."""
        return super().from_mapping({**values, "limits": Counts(values.get("limits", {}))})


@dataclass(frozen=True)
class Smoke(Settings):
    """What makes the grid quick.

    Attributes:
        set: settings that come last in every variant of the grid's method.
        leave_out: labels of variants that are slow to begin, whatever the data.
    """

    set: Changes = field(default_factory=Changes)
    leave_out: tuple[str, ...] = ()


@dataclass(frozen=True)
class Answer(Settings):
    """The line of the index: what was found, and the number that carries it.

    Attributes:
        found: one sentence, written by hand after the run.
        variant: compared with the reference; the reference itself gives its own mean.
        measure: a column of the rows or something that the probe measures.
    """

    found: str
    variant: str
    measure: str = "vus_pr"


@dataclass(frozen=True)
class Grid(Settings):
    """A question and how it is asked.

    Attributes:
        name: of the command, the folder and the page.
        question: one sentence; the heading.
        claim: what the paper says about it, in our words.
        reference: label of the variant that the others are compared with, unless they name one themselves.
        variants: at least two.
        method, set: what variants have in common. `set` is for those whose method is this one.
        measures: compared with the reference, with intervals; the first decides: it alone is tested.
        also: means alone; columns of the rows or names that the probe gives.
        probe: what else is asked of each fitted variant, or "".
        quartiles: beginnings of names that the probe gives with `_q25`, `_q50` and `_q75`; drawn beside each other.
        axis: what `x` of the variants is, or "".
        left_out: whether settings are chosen on all sets but one, too.
        seeds: of each variant.
        minutes: that a run takes with two workers on two cores; for orientation.
        note: what must be known to read the table.
        data, smoke: which series; what makes it quick.
        answer, verdict: written after the run, so that the page can be made again from rows.
    """

    name: str
    question: str
    claim: str
    reference: str
    variants: tuple[Variant, ...]
    method: str = "trained"
    set: Changes = field(default_factory=Changes)
    measures: tuple[str, ...] = ("vus_pr", "accuracy")  # right or wrong on ten series can hardly tell two apart
    also: tuple[str, ...] = ()
    probe: str = ""
    quartiles: tuple[str, ...] = ()
    axis: str = ""
    left_out: bool = False
    seeds: int = 1
    minutes: float = 10.0
    note: str = ""
    data: DataChoice = field(default_factory=DataChoice)
    smoke: Smoke = field(default_factory=Smoke)
    answer: Answer | None = None
    verdict: str = ""

    def _rules(self) -> list[tuple[str, bool, str]]:
        labels = [variant.label for variant in self.variants]
        twice = [label for label, count in Counter(labels).items() if count > 1]
        astray = [one for one in self.variants if one.reference and one.reference not in {*labels} - {one.label}]
        return [
            ("variants", len(labels) >= 2, "to be at least two"),
            ("variants", not twice, f"to have a label each, not {', '.join(twice)} twice"),
            ("reference", self.reference in labels, f"to be one of the labels {', '.join(labels)}"),
            ("variants", not astray, f"to have another's label as reference, unlike {', '.join(map(_whose, astray))}"),
            ("answer", self.answer is None or self.answer.variant in labels, "to be about one of the labels"),
            ("measures", bool(self.measures), "to name a measure"),
            ("quartiles", not self.quartiles or self.probe != "", "to come with a probe that gives them"),
            ("seeds", self.seeds >= 1, "to be at least 1"),
        ]

    def reference_of(self, variant: Variant) -> str:
        """The label that a variant is compared with; "" for the grid's own reference, which stands by itself."""
        return variant.reference or (self.reference if variant.label != self.reference else "")

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any]) -> Self:
        """Builds a grid from a file's tables; `factors` are multiplied out into variants.

        Raises:
            ConfigError: an unknown or absent key, a wrong kind, or rules that do not hold.
        """
        plain = {**values}
        variants = [_variant(one) for one in plain.pop("variants", ())]
        variants += [_variant(one) for one in products(plain.pop("factors", ()))]
        plain["variants"] = variants
        plain["set"] = Changes(plain.get("set", {}))
        if "smoke" in plain:
            plain["smoke"] = {**plain["smoke"], "set": Changes(plain["smoke"].get("set", {}))}
        if "answer" in plain:
            plain["answer"] = Answer.from_mapping(_complete(plain["answer"], ("found", "variant"), "answer"))
        return super().from_mapping(_complete(plain, ("name", "question", "claim", "reference"), "grid"))

    def method_of(self, variant: Variant, *, teacher: str = "", smoke: bool = False) -> Method:
        """The method that the bench runs for a variant.

        Raises:
            ConfigError: no such method, or settings of a baseline, which has none.
        """
        name = variant.method or self.method
        shared = {**self.set} if name == self.method else {}
        quick = {**self.smoke.set} if smoke and name == self.method else {}
        settings = {**shared, **variant.set, **quick}
        method = Method(name, settings, teacher or variant.teacher, variant.label)
        if settings and name not in PRESETS:
            raise ConfigError(f"a preset for the settings of {variant.label}", name, "take the settings away")
        return method


def read_grid(path: Path) -> Grid:
    """The grid in a TOML file.

    Raises:
        ConfigError: absent, not TOML, or not a grid.
    """
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError("a TOML file with a grid", f"{path} ({error})", "check the path and the file") from error
    return Grid.from_mapping(values)


def products(factors: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Every combination of one level of each factor: labels joined, settings put together, `x` and others of the last.

    A level's `reference` is the label of a level of the same factor ("" for one without): the combination is compared
    with the one that has that level instead.

    Args:
        factors: each {"levels": [{"label": …, "set": {…}, "reference": …}, …]}.
    """
    if not factors:
        return []
    for factor in factors:
        if unknown := sorted(set(factor) - {"levels"}):
            raise unknown_name("key of a factor", unknown[0], ("levels",))
    return [_together(levels) for levels in itertools.product(*(factor.get("levels", ()) for factor in factors))]


def _together(levels: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    combined: dict[str, Any] = {}
    for level in levels:
        combined |= level
    combined["label"] = _joined(level.get("label", "") for level in levels)
    if any("reference" in level for level in levels):
        combined["reference"] = _joined(level.get("reference", level.get("label", "")) for level in levels)
    combined["set"] = {name: value for level in levels for name, value in level.get("set", {}).items()}
    return combined


def _joined(labels: Iterable[str]) -> str:
    return ", ".join(label for label in labels if label)


def _whose(variant: Variant) -> str:
    return f"{variant.label} ({variant.reference})"


def _variant(values: Mapping[str, Any]) -> Variant:
    given = {**values, "set": Changes(values.get("set", {}))}
    return Variant.from_mapping(_complete(given, ("label",), "variant"))


def _complete(values: Mapping[str, Any], needed: Sequence[str], what: str) -> Mapping[str, Any]:
    absent = [name for name in needed if name not in values]
    if absent:
        raise ConfigError(f"{absent[0]} in a {what}", f"only {', '.join(sorted(values))}", "add it")
    return values
