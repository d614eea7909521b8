"""Every method that can be measured, by name: the presets of `AnomalyLLM` and the baselines, behind one interface.

A method is built anew for each case and seed. `epochs` is what the paper's protocol asks for: the scores that a method
would have given had it stopped earlier; most methods have one, the presets that train networks one for each epoch of
training, and chance as many as the paper trains, since that is how often it may guess.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from anomalyllm.config import DetectorConfig
from anomalyllm.data.series import as_series
from anomalyllm.detector import AnomalyLLM
from anomalyllm.evaluation.baselines import BASELINES
from anomalyllm.extras import required
from anomalyllm.locating import Place
from anomalyllm.model.language_models import load_language_model
from anomalyllm.model.student_bodies import require_body
from anomalyllm.presets import PRESETS
from anomalyllm.settings import unknown_name
from anomalyllm.teaching import calibrated, start
from anomalyllm.training import loop

Floats = NDArray[np.float64]

OFFLINE_TEACHER = "compact"  # in place of a teacher that a benchmark would have to download
GUESSES = 50  # that chance has under the paper's protocol: the epochs that the reference trains


class Scorer(Protocol):
    """What a method is once it is built: the contract of every scorer. It may be a `Locator` as well."""

    threshold_: float

    def fit(self, X: Any) -> Any:
        """Learns from training values (T, C)."""

    def decision_function(self, X: Any) -> Floats:
        """Scores (T,) of rows (T, C)."""


class Locator(Scorer, Protocol):
    """A scorer that can also name places itself, by more than the scores of single rows."""

    def locate(self, X: Any, k: int = 1) -> Sequence[Place]:
        """At most `k` places of a whole series (T, C), most convincing first; none where no row is stranger."""


class Epoch(NamedTuple):
    """A method as it stands after some training."""

    scores: Floats  # of the test part
    threshold: float
    teacher: str = ""  # how a preset's teacher is spoken of


@dataclass(frozen=True)
class Method:
    """A method and its settings.

    Attributes:
        name: of a preset or a baseline.
        settings: of a preset, by dotted name; baselines have none.
        teacher: of a preset that trains networks: "compact", a name on the model hub or a folder; others have none.
        label: as tables print it, so that several settings of one preset may stand in one table; the name if "".
    """

    name: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    teacher: str = OFFLINE_TEACHER
    label: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "label", self.label or self.name)
        if self.name not in method_names():
            raise unknown_name("method", self.name, method_names())

    @property
    def trained(self) -> bool:
        """Whether it is a preset whose networks are trained on each series, or tried at least (`finetune`)."""
        return self._of_networks or (self.name in PRESETS and self.settings.get("finetune") is True)

    @property
    def drawn(self) -> bool:
        """Whether chance has a part in it, so that several seeds are worth running."""
        return self.trained or (self.name in BASELINES and BASELINES[self.name].drawn)

    @property
    def config_hash(self) -> str:
        """Twelve digits that change with any setting."""
        what: dict[str, Any] = {"name": self.name}
        if self.name in PRESETS:
            what["config"] = self._detector(0).resolved_config().to_mapping()
        return hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()[:12]

    def require(self) -> None:
        """Refuses, before a long run, what cannot run at all.

        Raises:
            ConfigError: a library is absent, or a setting is unknown, out of range or of no use to the preset.
            TeacherError: the teacher's weights cannot be found.
        """
        if self.name in PRESETS:
            config = self._detector(0).resolved_config()
            teacher = config.teacher
            if self.trained:
                require_body(config.student.body)
                load_language_model(teacher.name, teacher.blocks, 0, teacher.width)
        elif self.name in BASELINES and BASELINES[self.name].needs:
            required(BASELINES[self.name].needs, f"the method {self.name}")

    def build(self, seed: int) -> Scorer:
        """A scorer that is not fitted yet."""
        return self._detector(seed) if self.name in PRESETS else BASELINES[self.name](seed=seed)

    def epochs(self, train: Floats, test: Floats, seed: int) -> Iterator[Epoch]:
        """The scores of `test` after each epoch of training on `train`; for the paper's protocol alone."""
        if self._of_networks:
            yield from trained_epochs(self._detector(seed).resolved_config(), train, test, seed)
            return
        draws = GUESSES if self.name == "random" else 1
        for draw in range(draws):
            scorer = self.build(seed * draws + draw)
            scorer.fit(train)
            yield Epoch(scorer.decision_function(test), scorer.threshold_)

    def warm_up(self) -> None:
        """Loads what is loaded once in a process, so that no case pays for it."""
        if self.trained:
            import transformers  # noqa: F401
        else:
            quick = np.sin(np.arange(256.0) / 5) + np.random.default_rng(0).normal(0, 0.1, 256)
            self.build(0).fit(quick).decision_function(quick)

    @property
    def _of_networks(self) -> bool:
        """Whether networks are all there is, so that they are as they stand after each epoch."""
        if self.name not in PRESETS:
            return False
        return bool(self.settings.get("evidence", PRESETS[self.name].evidence) == "networks")

    def _detector(self, seed: int) -> AnomalyLLM:
        teacher = self.teacher if self.trained else None
        return AnomalyLLM(self.name, teacher=teacher, settings=dict(self.settings), seed=seed)


def method_names() -> list[str]:
    """The presets, then the baselines."""
    return [*PRESETS, *BASELINES]


def trained_epochs(config: DetectorConfig, train: Floats, test: Floats, seed: int) -> Iterator[Epoch]:
    """A preset after each of its epochs, none left out: no early stop, no choice by held-out training time.

    Where `max_steps` cuts the training short, an epoch is an equal share of the steps there are.
    """
    series = as_series(train)
    started = start(series, config, seed)
    run = loop.Run(started.untrained.networks.distiller, started.data, started.untrained.config, seed)
    epochs = min(config.training.epochs, run.steps)
    for epoch in range(1, epochs + 1):
        while run.step < run.steps * epoch // epochs:
            run.advance()
        fitted, _ = calibrated(started.untrained, series, started.data)
        scores = fitted.point_scores(fitted.prepare(as_series(test).values))
        yield Epoch(scores, fitted.threshold, fitted.teacher_label)
