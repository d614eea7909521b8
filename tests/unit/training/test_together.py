"""Many series trained side by side: each as it would have been alone, and none in another's way."""

from __future__ import annotations

import dataclasses
from typing import NamedTuple

import numpy as np
import pytest
import torch
from torch import nn

from anomalyllm.config import DetectorConfig
from anomalyllm.data.series import as_series
from anomalyllm.errors import ConfigError
from anomalyllm.model.distiller import Distiller
from anomalyllm.model.stacked import DropoutByMemory
from anomalyllm.presets import preset
from anomalyllm.teaching import Started, start
from anomalyllm.training.data import TrainingData
from anomalyllm.training.ledger import Ledger
from anomalyllm.training.loop import Run, train, trained_copy
from anomalyllm.training.record import Progress, TrainingRecord
from anomalyllm.training.side_by_side import step_shape
from anomalyllm.training.together import Member, Together, train_together
from conftest import SMALL, sine

LENGTHS = (420, 500, 557)
NOTHING_OF_VIEWS = {"loss.push": 0.0, "loss.contrastive": 0.0}
UNDROPPED = {"teacher.dropout": 0.0, "student.dropout": 0.0}


class Fleet(NamedTuple):
    """Series before their training."""

    distillers: list[Distiller]
    data: list[TrainingData]
    config: DetectorConfig

    def together(self, **how: object) -> list[TrainingRecord]:
        names = [f"series {place}" for place in range(len(self.data))]
        return train_together(self.distillers, self.data, self.config, 0, names=names, **how)

    def one_by_one(self) -> list[TrainingRecord]:
        return [train(*pair, self.config, 0) for pair in zip(self.distillers, self.data, strict=True)]

    def run(self) -> Together:
        members = [
            Member(str(place), *pair, Ledger(self.config.loss), self.config.training.max_steps or 0)
            for place, pair in enumerate(zip(self.distillers, self.data, strict=True))
        ]
        return Together(members, self.config, 0)

    def evidence(self) -> np.ndarray:
        """What each pair of networks says of windows that none has seen."""
        unseen = torch.from_numpy(sine(400, self.data[0].windows.shape[1], seed=9).astype(np.float32).T)
        windows = unseen.unfold(1, self.data[0].windows.shape[2], 7).permute(1, 0, 2)
        with torch.no_grad():
            return torch.stack([each.eval()(windows).discrepancy for each in self.distillers]).numpy()


def fleet(name: str = "trained", channels: int = 1, **settings: object) -> Fleet:
    """Three series of unlike length; where prototypes are windows, their banks are of unlike size too."""
    wide = {"student.prototypes": 450, "window.length": 40} if name == "trained" else {}
    own = {"teacher.name": "compact", "teacher.blocks": 1, "training.max_steps": 12}
    config = preset(name).with_settings({**SMALL[name], **own, **wide, **settings})
    started: list[Started] = [
        start(as_series(sine(rows, channels, period=31 + place, seed=place)), config, 0)
        for place, rows in enumerate(LENGTHS)
    ]
    distillers = [each.untrained.networks.distiller for each in started]
    return Fleet(distillers, [each.data for each in started], started[-1].untrained.config)


def without_dropout(them: Fleet) -> Fleet:
    """A language model has dropout of its own, which no setting of ours reaches."""
    for distiller in them.distillers:
        for module in distiller.modules():
            if isinstance(module, nn.Dropout):
                module.p = 0.0
            if hasattr(module, "attn_dropout"):
                module.attn_dropout.p = 0.0
    return them


@pytest.mark.parametrize(
    ("name", "channels", "settings", "apart_at_most"),
    [
        ("trained", 1, {}, 1e-4),
        ("trained", 6, {}, 1e-4),  # more than a step sees: each step draws the same four for all
        ("trained", 1, {"student.body": "timesnet"}, 1e-4),
        ("trained", 1, {"teacher.name": "none"}, 1e-4),
        ("trained", 1, NOTHING_OF_VIEWS, 1e-4),  # all rows are normal then: a view among them would be learned as such
        ("trained", 1, {"loss.contrastive": 0.0}, 1e-4),
        ("trained", 1, {"loss.push": 0.0}, 1e-4),
        ("paper", 2, {"student.head_norm": "layer"}, 1e-4),  # one vector for all channels, prototypes are trained
        ("paper", 2, {"student.head_norm": "layer", "student.body": "graph"}, 1e-4),
        ("paper", 2, {}, 5e-3),
    ],
)
def test_a_series_learns_what_it_learns_alone(
    name: str, channels: int, settings: dict[str, object], apart_at_most: float
) -> None:
    """Without dropout nothing differs but the order of sums: the networks say the same of windows not seen.

    What batch statistics take away has no gradient but rounding, which Adam makes a step of; running means lag behind.
    """
    side_by_side, apart = (without_dropout(fleet(name, channels, **UNDROPPED, **settings)) for _ in range(2))
    records, expected = side_by_side.together(), apart.one_by_one()
    banks = {len(data.bank) for data in apart.data}
    assert name == "paper" or len(banks) > 1, "banks of unlike size are part of the question"
    for record, other in zip(records, expected, strict=True):
        assert (record.steps, record.best_step) == (other.steps, other.best_step)
        for row, alone in zip(record.history, other.history, strict=True):
            np.testing.assert_allclose(
                dataclasses.astuple(row), dataclasses.astuple(alone), rtol=apart_at_most, atol=1e-5
            )
    said, alone = side_by_side.evidence(), apart.evidence()
    np.testing.assert_allclose(said, alone, atol=apart_at_most)
    assert np.abs(alone - fleet(name, channels, **UNDROPPED, **settings).evidence()).max() > 5e-2, "nothing was learned"


@pytest.mark.parametrize("name", ["trained", "paper"])
def test_dropout_draws_what_it_draws_alone(name: str) -> None:
    """On a processor: the losses of the first steps agree, which another mask would move in the first digit."""
    run, apart = fleet(name).run(), fleet(name)
    alone = [Run(*pair, apart.config, 0) for pair in zip(apart.distillers, apart.data, strict=True)]
    for _ in range(2):
        terms = run.advance()
        np.testing.assert_allclose(terms, torch.stack([one.advance() for one in alone]), rtol=1e-4)


@pytest.mark.parametrize("turned", [False, True])
def test_dropout_follows_the_order_of_memory(turned: bool) -> None:
    def dropped(drop: nn.Module, numbers: torch.Tensor) -> torch.Tensor:
        return drop(numbers.transpose(1, 2) if turned else numbers)

    numbers = torch.ones(5, 6, 8)
    torch.manual_seed(3)
    expected = dropped(nn.Dropout(0.4), numbers)
    torch.manual_seed(3)
    both = torch.stack([numbers, 2 * numbers])
    stacked = torch.vmap(lambda each: dropped(DropoutByMemory(0.4).train(), each), randomness="same")(both)
    assert torch.equal(stacked[0], expected)
    assert torch.equal(stacked[1], 2 * expected)
    assert torch.equal(DropoutByMemory(0.4).eval()(numbers), numbers)


def test_what_sleeps_is_there_once() -> None:
    """And what is awake once for each series."""
    run = fleet().run()
    awake = set(trained_copy(run.members[0].distiller)) | {"student.prototypes"}
    assert set(run.stack.state) == awake
    assert not any("attn.c_attn.weight" in name for name in run.stack.state)


def test_one_that_is_done_leaves_and_the_others_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """The middle one gets no better after its first validation: the others end as they end alone."""
    settings = {"training.patience": 2, "training.validate_every": 2, "training.max_steps": 9, **UNDROPPED}
    side_by_side, apart = (without_dropout(fleet(**settings)) for _ in range(2))
    original, order = Ledger.enter, {}

    def no_better(self, step, since, validation):
        place = order.setdefault(id(self), len(order))
        return original(self, step, since, (*validation[:2], float(step)) if place == 1 else validation)

    monkeypatch.setattr(Ledger, "enter", no_better)
    told: list[Progress] = []
    records = side_by_side.together(watcher=told.append)
    monkeypatch.undo()
    expected = apart.one_by_one()
    assert [record.steps for record in records] == [expected[0].steps, 6, expected[2].steps]
    assert min(expected[0].steps, expected[2].steps) > 6
    assert records[1].best_step == 2
    assert [progress.step for progress in told] == list(range(1, max(record.steps for record in records) + 1))
    assert told[-1].seconds_left == 0
    assert all(progress.distillation > 0 for progress in told)
    for place in (0, 2):
        assert records[place].best == pytest.approx(expected[place].best, rel=1e-4)
        np.testing.assert_allclose(side_by_side.evidence()[place], apart.evidence()[place], atol=1e-4)


def test_the_weights_that_stay_are_the_best_ones() -> None:
    """Not the last, and not another's: one more validation of each finds its lowest loss again."""
    them = fleet(**{"training.learning_rate": 0.05, "training.patience": 100, "training.max_steps": 30})
    records = them.together()
    assert any(record.best_step < record.steps for record in records), "the last are the best: choose another rate"
    for record, pair in zip(records, zip(them.distillers, them.data, strict=True), strict=True):
        again = Run(*pair, them.config, 0)
        again.judge()
        assert again.ledger.history[0].validation == pytest.approx(record.best, rel=1e-4)


def test_series_with_fewer_steps_are_validated_at_their_own_end() -> None:
    """One epoch: short series have fewer steps than long ones."""
    settings = {"training.epochs": 1, "training.max_steps": None, "training.batch": 8, **UNDROPPED}
    side_by_side, apart = (without_dropout(fleet(**settings)) for _ in range(2))
    records, expected = side_by_side.together(), apart.one_by_one()
    assert len({record.steps for record in expected}) > 1
    assert [[row.step for row in one.history] for one in records] == [
        [row.step for row in one.history] for one in expected
    ]
    assert [one.best for one in records] == pytest.approx([one.best for one in expected], rel=1e-4)


def test_one_that_diverges_is_named() -> None:
    them = fleet(**{"training.max_steps": 5})
    broken = dataclasses.replace(them.data[1], windows=np.where(them.data[1].windows > 0, np.nan, 0).astype(np.float32))
    with pytest.raises(ConfigError, match=r"losses that stay finite, got nan by step 5 in series 1; lower"):
        them._replace(data=[them.data[0], broken, them.data[2]]).together()


def test_the_shape_by_which_series_are_put_together() -> None:
    """Windows of a step, for a series with fewer than a batch, and a batch is shared among channels judged alone."""
    them = fleet(**{"training.batch": 32})
    assert [step_shape(data, them.config) for data in them.data] == [(1, 40, 32)] * 3
    few = dataclasses.replace(them.data[0], starts=them.data[0].starts[:5])
    assert step_shape(few, them.config) == (1, 40, 5)
    wide = fleet(channels=6, **{"training.batch": 32})
    assert step_shape(wide.data[0], wide.config) == (6, 40, 8)
