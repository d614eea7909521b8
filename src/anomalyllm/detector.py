"""AnomalyLLM: fit, score, predict, detect, save, load — the only place where all stages meet."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray

from anomalyllm.artifact import load_artefact, save_artefact
from anomalyllm.choosing import fitted_on
from anomalyllm.config import DetectorConfig
from anomalyllm.data.inputs import same_channels, scored_part
from anomalyllm.data.series import Series
from anomalyllm.errors import ConfigError, NotFittedError
from anomalyllm.explaining import explained
from anomalyllm.fitted import Fitted
from anomalyllm.locating import Place, find_places
from anomalyllm.presets import configured, refuse_idle
from anomalyllm.presets import preset as named_preset
from anomalyllm.result import Detection, coverage_notes
from anomalyllm.scoring.events import find_events, flags
from anomalyllm.seeding import checked_seed
from anomalyllm.settings import unknown_name
from anomalyllm.trainable import Run
from anomalyllm.training.record import TrainingRecord, Watcher

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]


class AnomalyLLM:
    """Finds anomalies in time series by the disagreement of a language-model teacher and a prototype-led student.

    `fit` on normal data, then `detect`, `decision_function` or `predict` on new data. Scores are at least 0 and finite,
    one per row; 1 is usual, higher is more anomalous; a flag is `score >= threshold_`. Parameters follow scikit-learn:
    they are stored as given and checked in `fit`.

    Args:
        preset: "default", "pretrained", "trained" or "paper".
        teacher: "compact", "compact-pretrained", a name on the model hub such as "gpt2", or a folder; None keeps the
            preset's.
        blocks: transformer blocks of the teacher, from the first; None keeps the preset's.
        window: window length in samples; None finds it from the training part (or keeps the paper's).
        stride: samples between scored windows, a divisor of the window; None keeps the preset's.
        prototypes: prototypes per channel; None keeps the preset's.
        max_steps: most optimiser steps; None keeps the preset's.
        finetune: train networks on the series too, and keep them where synthetic anomalies say that they help;
            "default" only; None keeps the preset's.
        alarms_per: alarms accepted on normal data: a fraction of points (0.001) or events per time ("2/day").
        settings: any other setting by dotted name, such as {"training.learning_rate": 1e-3}.
        config: a whole configuration, in place of a preset; the other arguments still change it.
        seed: decides everything that is drawn.
        device: "cpu", "cuda", or "auto" (a GPU if there is one).

    Attributes:
        decision_scores_: scores of the training rows, (T,), or of those of a long part that are looked at, (N,);
            a window never meets its own points.
        decision_rows_: which rows those are: all, unless there are more than `retrieval.own_rows` (`finetune`: all).
        threshold_: from which score on a point is flagged.
        labels_: flags of the same rows.
        n_features_in_: C.
        channels_: their names.
        window_, stride_, period_: in samples; the period is None where nothing repeats.
        config_: the configuration with everything filled in.
        teacher_: how the teacher is spoken of; says "untrained" where that is so.
        record_: the training run.
        notes_: what was handled in the training data.

    Source: arXiv 2401.15123.
    """

    def __init__(
        self,
        preset: str = "default",
        *,
        teacher: str | None = None,
        blocks: int | None = None,
        window: int | None = None,
        stride: int | None = None,
        prototypes: int | None = None,
        max_steps: int | None = None,
        finetune: bool | None = None,
        alarms_per: str | float | None = None,
        settings: Mapping[str, Any] | None = None,
        config: DetectorConfig | Mapping[str, Any] | None = None,
        seed: int = 0,
        device: Literal["cpu", "cuda", "auto"] = "cpu",
    ) -> None:
        self.preset = preset
        self.teacher = teacher
        self.blocks = blocks
        self.window = window
        self.stride = stride
        self.prototypes = prototypes
        self.max_steps = max_steps
        self.finetune = finetune
        self.alarms_per = alarms_per
        self.settings = settings
        self.config = config
        self.seed = seed
        self.device = device

    def fit(
        self,
        X: Any,
        y: object = None,  # noqa: ARG002 - scikit-learn's signature; labels are never used
        *,
        checkpoint: str | Path | None = None,
        resume: bool = False,
        watcher: Watcher | None = None,
    ) -> Self:
        """Learns what is normal from `X`.

        Args:
            X: array (T,) or (T, C), pandas / Polars / Arrow frame, Series, Blocks, or a path; a large file is not held
                at once (with `finetune` it is). Of a file that says itself where its training part ends, only that part
                is used.
            y: ignored.
            checkpoint: a file in which an interrupted training is kept.
            resume: go on from `checkpoint`; the result is the same, byte for byte, as without the interruption.
            watcher: is told each training step.

        Raises:
            ConfigError, DataError, TeacherError: one sentence each.
            TrainingInterrupted: Ctrl-C with a checkpoint.
        """
        run = Run(device_of(self.device), None if checkpoint is None else Path(checkpoint), resume, watcher)
        config, seed = self.resolved_config(), checked_seed(self.seed)
        return self._learned(*fitted_on(X, config, seed, run))

    def decision_function(self, X: Any) -> Floats:
        """Anomaly scores of the rows of `X`, (T,): finite, at least 0, higher is more anomalous.

        A point's score is final once `window_` - 1 points have followed it. Rows that no window covers score 0.

        Raises:
            NotFittedError: before `fit`.
            ChannelError: other channels than those fitted.
        """
        series = self._scorable(X)
        return self._fitted.point_scores(self._fitted.prepare(series.values))

    def predict(self, X: Any) -> NDArray[np.int8]:
        """Flags of the rows of `X`, (T,): 1 where the score reaches `threshold_`."""
        return flags(self.decision_function(X), self.threshold_)

    def fit_predict(self, X: Any, y: object = None) -> NDArray[np.int8]:
        """Flags of the training rows themselves.

        Raises:
            ConfigError: there are more of them than are scored (`decision_rows_`); and as `fit`.
        """
        self.fit(X, y)
        rows = self._fitted.training.rows
        if len(self.labels_) < rows:
            came = f"{len(self.labels_)} of {rows}"
            raise ConfigError("scores of all training rows", came, f"set retrieval.own_rows to at least {rows}")
        return self.labels_

    def detect(self, X: Any, *, explain: bool = True) -> Detection:
        """Scores, flags, events and their channels, with notes of what was handled.

        Args:
            X: as for `fit`; of a file that says where its training part ends, the rest is scored.
            explain: also say for each event what it should have looked like.
        """
        series, fitted = self._scorable(X), self._fitted
        prepared = fitted.prepare(series.values)
        scores, channel_scores = fitted.scores(prepared, channels=True)
        gap = fitted.window // 2
        events = find_events(scores, channel_scores, fitted.threshold, fitted.channels, gap)
        explanations = tuple(explained(fitted, event, series, prepared) for event in events) if explain else ()
        return Detection(
            scores=scores,
            labels=flags(scores, fitted.threshold),
            threshold=fitted.threshold,
            events=events,
            channel_scores=channel_scores,
            notes=(*series.notes, *coverage_notes(len(series), fitted.window, missing=prepared.missing is not None)),
            series=series,
            explanations=explanations,
        )

    def locate(self, X: Any, k: int | np.integer[Any] = 1) -> tuple[Place, ...]:
        """The `k` strangest places of a whole series, the strangest first; fewer where nothing else is strange.

        An offline question: the series is compared with the training part and with itself, and which length and view to
        believe is chosen by how their peaks stand out. So places, unlike scores, depend on the series as a whole.
        Channels that stand still in training are not looked at where another moves.

        Args:
            X: as for `detect`.
            k: at least 1.

        Raises:
            ConfigError: k below 1.
            NotFittedError, ChannelError: as `decision_function`.
        """
        if isinstance(k, bool) or not isinstance(k, int | np.integer) or k < 1:
            raise ConfigError("k, the number of places, to be at least 1", repr(k), "ask for one place or more")
        series = self._scorable(X)
        return find_places(self._fitted, self._fitted.prepare(series.values), int(k))

    def save(self, folder: str | Path) -> None:
        """Writes the fitted detector to `folder`; a detector that is there is replaced in one step.

        Raises:
            NotFittedError: before `fit`.
            StorageError: the disk refuses; what was there still loads.
        """
        save_artefact(self._fitted, Path(folder))

    @classmethod
    def load(cls, folder: str | Path, *, device: Literal["cpu", "cuda", "auto"] = "cpu") -> AnomalyLLM:
        """The detector saved in `folder`, ready to score.

        `decision_scores_` and `labels_` belong to `fit` and are not in it. Its `config` is the one with window and
        strides filled in: another `fit` keeps them.

        Raises:
            ArtefactError: damaged or foreign; names the file and the tensor.
        """
        fitted = load_artefact(Path(folder), device_of(device))
        detector = cls(config=fitted.config, preset=fitted.config.preset, seed=fitted.seed, device=device)
        detector._take(fitted)
        return detector

    def get_params(self, deep: bool = True) -> dict[str, Any]:  # noqa: ARG002 - scikit-learn's signature
        """The constructor's arguments as they were given."""
        return {name: getattr(self, name) for name in _parameter_names()}

    def set_params(self, **params: Any) -> Self:
        """Changes constructor arguments; takes effect at the next `fit`.

        Raises:
            ConfigError: unknown name, with the nearest known one.
        """
        for name, value in params.items():
            if name not in _parameter_names():
                raise unknown_name("parameter", name, _parameter_names())
            setattr(self, name, value)
        return self

    def resolved_config(self) -> DetectorConfig:
        """The configuration that `fit` starts from: the preset (or `config`) with this object's changes.

        Raises:
            ConfigError: unknown preset or setting, wrong kind, out of range.
        """
        base = named_preset(self.preset) if self.config is None else self.config
        if not isinstance(base, DetectorConfig):
            base = configured(base)
        settings = {} if self.settings is None else self.settings
        if not isinstance(settings, Mapping) or not all(isinstance(name, str) for name in settings):
            raise ConfigError(
                "settings as a mapping of names to values", repr(settings), 'write {"training.batch": 32}'
            )
        changes = {
            "teacher.name": self.teacher,
            "teacher.blocks": self._wanted_blocks(base),
            "window.length": self.window,
            "window.stride": self.stride,
            "student.prototypes": self.prototypes,
            "training.max_steps": self.max_steps,
            "finetune": self.finetune,
            "scoring.alarms_per": None if self.alarms_per is None else str(self.alarms_per),
        }
        given = {name: value for name, value in changes.items() if value is not None}
        config = base.with_settings({**given, **settings})
        refuse_idle([*given, *settings], config)
        return config

    def __repr__(self) -> str:
        defaults = inspect.signature(type(self)).parameters
        given = [f"{k}={v!r}" for k, v in self.get_params().items() if v is not defaults[k].default]
        return f"AnomalyLLM({', '.join(given)})"

    def __sklearn_tags__(self) -> Any:
        """What scikit-learn (1.6 or later, where it is installed) asks of an estimator."""
        from sklearn.utils import InputTags, Tags, TargetTags

        inputs = InputTags(two_d_array=True, allow_nan=True)
        return Tags("outlier_detector", TargetTags(required=False), input_tags=inputs)

    def __sklearn_is_fitted__(self) -> bool:
        return "_state" in vars(self)

    @property
    def _fitted(self) -> Fitted:
        if "_state" not in vars(self):
            raise NotFittedError("a fitted detector", "one that is not", "call fit, or AnomalyLLM.load")
        return self._state

    def _learned(self, fitted: Fitted, scores: Floats, rows: Indices) -> Self:
        self._take(fitted)
        self.decision_scores_ = scores
        self.decision_rows_ = rows
        self.labels_ = flags(scores, fitted.threshold)
        return self

    def _take(self, fitted: Fitted) -> None:
        self._state = fitted
        self.threshold_: float = fitted.threshold
        self.n_features_in_: int = len(fitted.channels)
        self.channels_: tuple[str, ...] = fitted.channels
        self.window_: int = fitted.window
        self.stride_: int = fitted.stride
        self.period_: int | None = fitted.period
        self.config_: DetectorConfig = fitted.config
        self.teacher_: str = fitted.teacher_label
        self.record_: TrainingRecord = fitted.training.record
        self.notes_: tuple[str, ...] = fitted.training.notes

    def _wanted_blocks(self, base: DetectorConfig) -> int | None:
        """`compact` has three blocks: a preset that asks for more takes what there is, unless told otherwise."""
        if self.blocks is None and self.teacher in ("compact", "compact-pretrained"):
            return min(base.teacher.blocks, 3)
        return self.blocks

    def _scorable(self, X: Any) -> Series:
        return same_channels(scored_part(X), self._fitted.channels)


def _parameter_names() -> list[str]:
    return [name for name in inspect.signature(AnomalyLLM.__init__).parameters if name != "self"]


def device_of(name: str) -> str:
    """What "cpu", "cuda" or "auto" comes to on this machine, as torch names it.

    Raises:
        ConfigError: another name, or "cuda" where there is none.
    """
    if name not in ("cpu", "cuda", "auto"):
        raise ConfigError('device to be "cpu", "cuda" or "auto"', repr(name), "choose one")
    if name == "cpu":
        return "cpu"
    import torch

    if name == "cuda" and not torch.cuda.is_available():
        raise ConfigError("a CUDA device", "a machine without one", 'use device="cpu" or "auto"')
    return "cuda" if torch.cuda.is_available() else "cpu"
