"""Methods by name: which there are, what identifies their settings, and the epochs that the paper's protocol sees."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from anomalyllm import AnomalyLLM
from anomalyllm.data.series import as_series
from anomalyllm.errors import ConfigError
from anomalyllm.evaluation.baselines import BASELINES
from anomalyllm.evaluation.methods import GUESSES, Method, method_names, trained_epochs
from anomalyllm.presets import PRESETS
from anomalyllm.teaching import calibrated, start
from anomalyllm.training import loop
from conftest import SMALL, sine


def small(preset: str = "trained", **settings: Any) -> Method:
    """A preset that trains in about a second."""
    changed = {name.replace("__", "."): value for name, value in settings.items()}
    return Method(preset, {**SMALL[preset], **changed})


def test_methods_are_the_presets_and_then_the_baselines() -> None:
    assert method_names() == [*PRESETS, *BASELINES]
    assert len(set(method_names())) == len(method_names())


def test_an_unknown_method_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(ConfigError) as caught:
        Method("nearest-neighbor")
    assert str(caught.value) == "expected a known method, got 'nearest-neighbor'; did you mean 'nearest-neighbour'?"


def test_several_seeds_are_worth_it_where_chance_has_a_part() -> None:
    drawn = {name for name in method_names() if Method(name).drawn}
    assert drawn == {"trained", "paper", "random", "k-means", "isolation-forest", "k-means-located"}


@pytest.mark.parametrize("name", ["default", *(name for name in BASELINES if name != "matrix-profile")])  # compiles
def test_chance_has_no_part_where_none_is_said(name: str) -> None:
    """Else one seed would be taken for all."""
    X = sine(300, seed=5)
    one, other = (Method(name).build(seed).fit(sine(400)).decision_function(X) for seed in (0, 1))
    assert np.array_equal(one, other) != Method(name).drawn


def test_a_preset_trains_networks_where_its_settings_say_so() -> None:
    """The one setting that turns a preset into another kind of method: seeds, epochs and teacher follow it."""
    assert [Method(name).trained for name in PRESETS] == [False, False, True, True]
    assert Method("default", {"evidence": "networks"}).trained
    assert not Method("trained", {"evidence": "retrieval"}).drawn
    finetuned = Method("default", {"finetune": True}, teacher="gpt2")
    assert (finetuned.trained, finetuned.drawn) == (True, True)
    assert finetuned.build(0).resolved_config().teacher.name == "gpt2"  # type: ignore[attr-defined]


def test_a_label_is_a_name_and_no_setting() -> None:
    assert Method("trained").label == "trained"
    assert Method("trained", label="ours").label == "ours"
    assert Method("trained", label="ours").config_hash == Method("trained").config_hash


def test_settings_are_told_apart_by_their_hash() -> None:
    """Rows of one setting must not be taken for those of another."""
    methods = [
        *map(Method, method_names()),
        Method("trained", {"training.batch": 31}),
        Method("trained", {"scoring.prototype_share": 0.8}),
        Method("trained", {"scoring.alarms_per": "2/day"}),
        Method("default", {"scoring.alarms_per": "2/day"}),
        Method("default", {"retrieval.bank": 100}),
        Method("trained", teacher="gpt2"),
        Method("paper", teacher="gpt2"),
    ]
    assert len({method.config_hash for method in methods}) == len(methods)
    assert {len(method.config_hash) for method in methods} == {12}
    first, second = {"training.batch": 31, "training.epochs": 3}, {"training.epochs": 3, "training.batch": 31}
    assert Method("trained", first).config_hash == Method("trained", second).config_hash
    assert Method("trained", {"training.batch": 32}).config_hash == Method("trained").config_hash  # what it is anyway
    assert Method("default", teacher="gpt2").config_hash == Method("default").config_hash  # it has no teacher


def test_hash_and_warm_up_in_another_process() -> None:
    """A bench that is taken up again compares hashes of two processes; and a worker loads what it needs beforehand."""
    code = (
        "import sys\nfrom anomalyllm.evaluation.methods import Method\n"
        "for name in ('trained', 'k-means'):\n"
        "    before = 'transformers' in sys.modules, 'sklearn.cluster' in sys.modules\n"
        "    Method(name).warm_up()\n"
        "    after = 'transformers' in sys.modules, 'sklearn.cluster' in sys.modules\n"
        "    print(Method(name).config_hash, before, after)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    first, second = done.stdout.splitlines()
    assert first.startswith(f"{Method('trained').config_hash} (False, False) (True, ")
    assert second.startswith(f"{Method('k-means').config_hash} (True, ")
    assert second.endswith(" (True, True)")


def test_what_cannot_run_is_refused_before_a_long_run(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in method_names():
        Method(name).require()
    for name in PRESETS:
        with pytest.raises(ConfigError, match="did you mean 'training.batch'"):
            Method(name, {"training.bach": 3}).require()
    with pytest.raises(ConfigError, match="did you mean 'timesnet'"):
        Method("trained", {"student.body": "timesnt"}).require()
    with pytest.raises(ConfigError, match="networks that are trained, for training.batch, got a detector that trains"):
        Method("default", {"training.batch": 31}).require()
    monkeypatch.setitem(sys.modules, "stumpy", None)
    with pytest.raises(ConfigError) as caught:
        Method("matrix-profile").require()
    assert str(caught.value) == (
        "expected stumpy for the method matrix-profile, got an environment without it; "
        "pip install 'anomalyllm[baselines]'"
    )


def test_a_preset_is_built_with_its_settings_teacher_and_seed() -> None:
    built = small(training__batch=7).build(5)
    assert isinstance(built, AnomalyLLM)
    config = built.resolved_config()
    assert (config.preset, config.teacher.name, config.training.batch, built.seed) == ("trained", "compact", 7, 5)
    config = Method("default", {"retrieval.bank": 100}, teacher="gpt2").build(5).resolved_config()  # type: ignore[attr-defined]
    assert (config.preset, config.teacher.name, config.retrieval.bank) == ("default", "compact", 100)  # not passed on
    baseline: Any = Method("k-means").build(4)
    assert (type(baseline), baseline.seed) == (BASELINES["k-means"], 4)


def test_a_finetuned_retrieval_has_one_epoch_which_is_itself() -> None:
    """It chooses for itself whether its networks stay: no test label may choose the epoch they are taken from."""
    train, test = sine(400), sine(200, seed=1)
    method = small("default", finetune=True, training__max_steps=3, training__batch=16)
    fitted: Any = method.build(3).fit(train)
    (only,) = method.epochs(train, test, 3)
    assert np.array_equal(only.scores, fitted.decision_function(test))
    assert only.threshold == fitted.threshold_


@pytest.mark.parametrize("name", ["default", "k-means"])
def test_what_trains_no_networks_has_one_epoch_which_is_itself(name: str) -> None:
    train, test = sine(400), sine(200, seed=1)
    fitted = Method(name).build(3).fit(train)
    (only,) = Method(name).epochs(train, test, 3)
    assert np.array_equal(only.scores, fitted.decision_function(test))
    assert (only.threshold, only.teacher) == (fitted.threshold_, "")


def test_chance_has_as_many_guesses_as_the_paper_trains_epochs() -> None:
    """And no two of them alike, in one seed or in the next."""
    assert PRESETS["paper"].training.epochs == GUESSES
    train, test = sine(64), sine(50, seed=1)
    guesses = [epoch.scores for seed in (0, 1) for epoch in Method("random").epochs(train, test, seed)]
    assert len(guesses) == 2 * GUESSES
    assert len({scores.tobytes() for scores in guesses}) == 2 * GUESSES


@pytest.mark.parametrize("preset", ["trained", "paper"])
def test_the_last_epoch_is_the_networks_as_trained(preset: str) -> None:
    """No early stop, and no choice by held-out training time, between what was trained and what is scored."""
    method = small(preset, training__epochs=3, training__max_steps=5, training__patience=1)
    train, test, config = sine(500), sine(200, seed=1), method.build(2).resolved_config()  # type: ignore[attr-defined]
    epochs = list(method.epochs(train, test, 2))
    started = start(as_series(train), config, 2)
    run = loop.Run(started.untrained.networks.distiller, started.data, started.untrained.config, 2)
    while run.step < run.steps:
        run.advance()
    fitted, _ = calibrated(started.untrained, as_series(train), started.data)
    assert run.step == 5
    assert np.array_equal(epochs[-1].scores, fitted.point_scores(fitted.prepare(test)))
    assert (epochs[-1].threshold, epochs[-1].teacher) == (fitted.threshold, fitted.teacher_label)
    assert "untrained" in fitted.teacher_label


@pytest.mark.parametrize(
    ("epochs", "most", "steps"),
    [(3, None, [2, 4, 6]), (2, 3, [1, 3]), (3, 4, [1, 2, 4]), (50, 2, [1, 2]), (1, None, [2])],
)
def test_there_is_one_epoch_for_each_epoch(
    epochs: int, most: int | None, steps: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a training that is cut short, an equal share each: how often may be chosen must not depend on it."""
    seen, original = [0], loop.Run.advance

    def advance(run: loop.Run) -> tuple[float, float]:
        seen[0] += 1
        return original(run)

    monkeypatch.setattr(loop.Run, "advance", advance)
    method = small(training__epochs=epochs, training__max_steps=most if most else "none", training__batch=20)
    config = method.build(0).resolved_config()  # type: ignore[attr-defined]
    taken = [seen[0] for _ in trained_epochs(config, sine(150), sine(90, seed=1), 0)]
    assert taken == steps
