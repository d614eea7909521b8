"""Every setting, with its unit and its reason: frozen dataclasses that check themselves when they are built.

A configuration is plain data. `presets.preset(name)` gives a complete one, `DetectorConfig.from_mapping` reads one from
a dictionary (a TOML or JSON file) and refuses unknown keys with a suggestion, `with_settings` changes single values by
dotted name. Nothing here knows torch.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from anomalyllm.settings import Settings, unknown_name


@dataclass(frozen=True)
class WindowConfig(Settings):
    """How a series is cut."""

    length: int | None = None  # samples; None: `periods` periods of the training part
    periods: float = 1.0  # one period finds most on the shared series (docs/lab-notes.md)
    minimum: int = 32  # samples; below that a patch is too short to have a shape
    maximum: int = 512  # samples; bounds memory where a period is very long
    fallback: int = 64  # samples; where no period is found (the window of the paper's code)
    stride: int | None = None  # samples between scored windows; None: a quarter of the window
    training_stride: int | None = None  # samples between training windows; None: an eighth of a window
    training_windows: int = 4096  # in training, one drawn from each of so many parts: more teach little, cost memory

    def _rules(self) -> list[tuple[str, bool, str]]:
        return [
            ("length", self.length is None or self.length >= 8, "to be at least 8 samples"),
            ("periods", 0 < self.periods <= 16, "to be above 0 and at most 16"),
            ("minimum", 8 <= self.minimum <= self.maximum, "to be from 8 to `maximum`"),
            ("fallback", self.minimum <= self.fallback <= self.maximum, "to lie between `minimum` and `maximum`"),
            ("stride", self.stride is None or self.stride >= 1, "to be at least 1 sample"),
            ("training_stride", self.training_stride is None or self.training_stride >= 1, "to be at least 1 sample"),
            ("training_windows", self.training_windows >= 1, "to be at least 1"),
        ]


VIEWS = ("shape", "contour", "change", "roughness", "subspace")


@dataclass(frozen=True)
class RetrievalConfig(Settings):
    """How windows are compared with the series' own normal windows, at several lengths and in several views.

    Lengths and views were chosen together on the shared series (docs/lab-notes.md); no single one is best anywhere.
    """

    lengths: tuple[int, ...] = (16, 32, 64, 128)  # samples; a score is the mean over them, so none needs a period
    place_lengths: tuple[int, ...] = (32, 64, 128, 256, 512)  # samples; of `locate`, which chooses among them
    views: tuple[str, ...] = VIEWS  # of a score
    subspace_weight: float = 0.2  # of that view beside 1 of each other; more finds less on single channels
    place_views: tuple[str, ...] = ("shape", "contour", "change", "roughness")  # of `locate`
    strides: int = 8  # windows that begin within one length; fewer miss peaks
    bank: int = 8192  # normal windows of each channel and length; also bounded by memory
    bank_strides: int = 32  # of them within one length: a spike must not fall between two
    novelty: float = 0.3  # added to a score where a still channel takes a value never seen
    own_rows: int = 500_000  # of a longer training part so many are scored, for unit and threshold; all of a shorter

    def _rules(self) -> list[tuple[str, bool, str]]:
        return [
            ("lengths", bool(self.lengths) and ascending(self.lengths), "to be some lengths, shortest first"),
            ("place_lengths", bool(self.place_lengths) and ascending(self.place_lengths), "to be some, shortest first"),
            ("lengths", min(self.lengths, default=0) >= 8, "to be at least 8 samples each"),
            ("place_lengths", min(self.place_lengths, default=0) >= 8, "to be at least 8 samples each"),
            ("views", bool(self.views) and set(self.views) <= set(VIEWS), f"to name some of {sorted(VIEWS)}"),
            (
                "place_views",
                bool(self.place_views) and set(self.place_views) <= {*VIEWS} - {"subspace"},
                f"to name some of {sorted({*VIEWS} - {'subspace'})}",
            ),
            ("subspace_weight", self.subspace_weight > 0, "to be above 0; leave the view out instead"),
            ("strides", self.strides >= 1, "to be at least 1"),
            ("bank", self.bank >= 16, "to be at least 16 windows"),
            ("bank_strides", self.bank_strides >= 1, "to be at least 1"),
            ("novelty", self.novelty >= 0, "to be at least 0"),
            ("own_rows", self.own_rows >= 1000, "to be at least 1000"),
        ]


def ascending(lengths: tuple[int, ...]) -> bool:
    """Whether each is larger than the one before."""
    return all(first < second for first, second in itertools.pairwise(lengths))


HEAD_WIDTH = 32  # of the teacher `compact`
WIDEST = 1024  # that two cores can still train beside


def is_head_multiple(width: int) -> bool:
    """Whether the heads of `compact` divide a width."""
    return HEAD_WIDTH <= width <= WIDEST and width % HEAD_WIDTH == 0


Precision = Literal["auto", "float32", "bfloat16"]


@dataclass(frozen=True)
class TeacherConfig(Settings):
    """The language model that represents anomalies as well as it represents normal data."""

    name: str = "compact"  # or "compact-pretrained", "none", a name on the model hub, or a folder
    blocks: int = 3  # transformer blocks kept, from the first
    width: int | None = None  # numbers in a token, where the teacher is built here (compact, none); None: 128
    patch: int | None = None  # samples; None: an eighth of the window
    patch_stride: int | None = None  # samples; None: `patch` (patches do not overlap)
    output: int = 32  # numbers that describe a window
    kept_features: int | None = None  # of the model's width, before the head; None: all
    dropout: float = 0.1  # on patch embeddings, in training only
    train_feed_forward: bool = False  # the paper's option: wake the feed-forward matrices
    precision: Precision = "auto"  # "auto": bfloat16 where the machine has it and it pays

    def _rules(self) -> list[tuple[str, bool, str]]:
        return [
            ("blocks", self.blocks >= 1, "to be at least 1"),
            (
                "width",
                self.width is None or is_head_multiple(self.width),
                f"to be a multiple of {HEAD_WIDTH} from {HEAD_WIDTH} to {WIDEST}",
            ),
            ("patch", self.patch is None or self.patch >= 1, "to be at least 1 sample"),
            ("patch_stride", self.patch_stride is None or self.patch_stride >= 1, "to be at least 1 sample"),
            ("output", self.output >= 1, "to be at least 1"),
            ("kept_features", self.kept_features is None or self.kept_features >= 1, "to be at least 1"),
            ("dropout", 0 <= self.dropout < 1, "to be from 0 to below 1"),
        ]


@dataclass(frozen=True)
class StudentConfig(Settings):
    """The small network that is led by prototypes of the series' own normal windows."""

    body: str = "transformer"  # or "tcn", "timesnet", "gru", "graph", or one that was added (docs/extending.md)
    led: bool = True  # False: it sees the window alone; how far the nearest prototype is counts all the same
    patch: int | None = None  # samples; None: an eighth of the window
    width: int = 64
    heads: int = 4  # of bodies that attend
    feed_forward: int = 128  # inner width of transformer, graph and timesnet
    layers: int = 2  # a tcn has more where its last would not see all tokens
    dropout: float = 0.1  # on patch embeddings, in training only
    prototypes: int = 1024  # per channel; finds as much as all windows do, within .03 (docs/lab-notes.md)
    prototype_source: Literal["random", "kmeans", "windows"] = "windows"  # "windows": real ones, retrieved, not trained
    rescale_prototype: bool = False  # the paper's: by the input's mean and deviation; a flat window makes it × 300
    deviation_floor: float = 0.1  # of the series' own deviation: below it a window is flat, and noise is not blown up
    level_token: bool = True  # tells the student the window's mean and deviation, which its scaling takes away
    head_norm: Literal["batch", "layer"] = "layer"  # "batch" mixes normal and synthetic windows in its statistics

    def _rules(self) -> list[tuple[str, bool, str]]:
        return [
            ("patch", self.patch is None or self.patch >= 1, "to be at least 1 sample"),
            ("width", self.width >= 2 and self.width % 2 == 0, "to be even (sine and cosine positions)"),
            ("heads", self.heads >= 1 and self.width % self.heads == 0, "to divide the width"),
            ("feed_forward", self.feed_forward >= 1, "to be at least 1"),
            ("layers", self.layers >= 1, "to be at least 1"),
            ("dropout", 0 <= self.dropout < 1, "to be from 0 to below 1"),
            ("prototypes", 1 <= self.prototypes <= 65536, "to be from 1 to 65536"),
            ("deviation_floor", self.deviation_floor >= 0, "to be at least 0"),
        ]


AUGMENTATIONS = ("jitter", "scaling", "warping", "splice", "amplitude", "level", "flatten")


@dataclass(frozen=True)
class AugmentConfig(Settings):
    """Synthetic anomalies: two views of each window, drawn afresh for every batch."""

    first: tuple[str, ...] = ("jitter", "warping", "splice", "amplitude", "level", "flatten")
    second: tuple[str, ...] = ("jitter", "warping", "splice", "amplitude", "level", "flatten")
    mix: bool = True  # each window gets one of the kinds, drawn; False: all of them, in order (the paper's code)
    jitter: float = 0.2  # standard deviation of the noise, in the series' own standard deviations
    scaling: float = 0.8  # standard deviation of the factors around 1
    warping: float = 0.4  # standard deviation of the logarithm of the local speed
    knots: int = 4  # places at which the local speed is drawn
    local: bool = True  # change a part of the window: such anomalies teach more than changes of the whole
    shortest: float = 0.125  # of the window, where `local`
    level: float = 0.7  # standard deviation of a shift of level, in the series' own standard deviations
    amplitude: float = 0.5  # standard deviation of the logarithm of an amplitude

    def _rules(self) -> list[tuple[str, bool, str]]:
        known = set(AUGMENTATIONS)
        return [
            ("first", bool(self.first) and set(self.first) <= known, f"to name some of {sorted(known)}"),
            ("second", bool(self.second) and set(self.second) <= known, f"to name some of {sorted(known)}"),
            ("jitter", self.jitter > 0, "to be above 0"),
            ("scaling", self.scaling > 0, "to be above 0"),
            ("warping", self.warping > 0, "to be above 0"),
            ("level", self.level > 0, "to be above 0"),
            ("amplitude", self.amplitude > 0, "to be above 0"),
            ("knots", self.knots >= 2, "to be at least 2"),
            ("shortest", 0 < self.shortest <= 1, "to be above 0 and at most 1"),
        ]


@dataclass(frozen=True)
class LossConfig(Settings):
    """Which losses, and how much of each."""

    form: Literal["log", "cosine"] = "log"
    distillation: float = 1.0
    push: float = 1.0  # weight of a synthetic window in it beside 1 of a normal one; 0: learned from normal ones alone
    contrastive: float = 0.1
    detach_teacher: bool = False  # True: the distillation loss trains the student only

    @property
    def asks_of_views(self) -> bool:
        """Whether synthetic anomalies have a part in what is learned; without one no network sees any."""
        return (self.distillation > 0 and self.push > 0) or self.contrastive > 0

    def _rules(self) -> list[tuple[str, bool, str]]:
        return [
            ("distillation", self.distillation >= 0, "to be at least 0"),
            ("push", self.push >= 0, "to be at least 0"),
            ("contrastive", self.contrastive >= 0, "to be at least 0"),
        ]


@dataclass(frozen=True)
class TrainingConfig(Settings):
    """The loop."""

    batch: int = 32  # windows (of one channel, where each is judged alone); a step sees each and its two views
    epochs: int = 50
    max_steps: int | None = 150  # what two cores do in seconds; None: all epochs
    learning_rate: float = 1e-3
    betas: tuple[float, float] = (0.9, 0.99)
    weight_decay: float = 5e-4
    decay_prototypes: bool = False  # True lets prototypes that are never chosen fade to zero
    held_out: float = 0.2  # of the training part, its tail: validation, calibration and threshold
    validate_every: int = 25  # steps
    patience: int = 3  # validations without a better loss before training stops

    def _rules(self) -> list[tuple[str, bool, str]]:
        return [
            ("batch", self.batch >= 1, "to be at least 1"),
            ("epochs", self.epochs >= 1, "to be at least 1"),
            ("max_steps", self.max_steps is None or self.max_steps >= 1, "to be at least 1"),
            ("learning_rate", self.learning_rate > 0, "to be above 0"),
            ("betas", all(0 <= beta < 1 for beta in self.betas), "to lie from 0 to below 1"),
            ("weight_decay", self.weight_decay >= 0, "to be at least 0"),
            ("held_out", 0 < self.held_out <= 0.5, "to be above 0 and at most 0.5"),
            ("validate_every", self.validate_every >= 1, "to be at least 1 step"),
            ("patience", self.patience >= 1, "to be at least 1"),
        ]


@dataclass(frozen=True)
class ScoringConfig(Settings):
    """From discrepancies to scores, flags and events."""

    usual_quantile: float = 0.9  # of held-out evidence: where it lies, a channel's score is 1
    prototype_share: float = 0.9  # of the distance to the prototype in a score; the rest is the discrepancy
    combine_power: float = 2.0  # of the mean over channels: 1 is the mean, large is the largest channel
    alarms_per: str = "0.005"  # a fraction of points that may be flagged in normal data, or "N/day"
    tail_fraction: float = 0.1  # of scores, the largest: where the tail of the threshold is fitted
    max_missing: float = 0.5  # of a channel's window: with more than that missing it is not judged

    def __post_init__(self) -> None:
        given: object = self.alarms_per
        if isinstance(given, int | float) and given is not True and given is not False:
            object.__setattr__(self, "alarms_per", str(given))  # 0.01 is as good as "0.01"
        super().__post_init__()

    def _rules(self) -> list[tuple[str, bool, str]]:
        return [
            ("usual_quantile", 0 < self.usual_quantile < 1, "to lie between 0 and 1"),
            ("prototype_share", 0 <= self.prototype_share <= 1, "to be from 0 to 1"),
            ("combine_power", self.combine_power >= 1, "to be at least 1"),
            ("tail_fraction", 0 < self.tail_fraction <= 0.5, "to be above 0 and at most 0.5"),
            ("max_missing", 0 <= self.max_missing < 1, "to be from 0 to below 1"),
        ]


@dataclass(frozen=True)
class DetectorConfig(Settings):
    """All groups together: what one detector is."""

    preset: str = "default"
    evidence: Literal["retrieval", "networks"] = (
        "retrieval"  # "networks": a teacher and a student trained on the series
    )
    pair: str | None = None  # "shipped", or a file of `anomalyllm pretrain`: pretrained networks that judge as well
    finetune: bool = False  # True: networks trained on the series join the retrieval where they are seen to help it
    channel_mode: Literal["separate", "joint"] = "separate"  # "joint": one vector for all channels, as in the paper
    max_channels: int = 1024  # time and memory grow with channels; beyond this a choice is asked for
    window: WindowConfig = field(default_factory=WindowConfig)
    retrieval: RetrievalConfig = field(default_factory=RetrievalConfig)
    teacher: TeacherConfig = field(default_factory=TeacherConfig)
    student: StudentConfig = field(default_factory=StudentConfig)
    augment: AugmentConfig = field(default_factory=AugmentConfig)
    loss: LossConfig = field(default_factory=LossConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)
    scoring: ScoringConfig = field(default_factory=ScoringConfig)

    def _rules(self) -> list[tuple[str, bool, str]]:
        already = 'to be false for evidence "networks", which is trained on the series anyway'
        return [
            ("max_channels", self.max_channels >= 1, "to be at least 1"),
            ("pair", self.pair != "", 'to be "shipped" or a file'),
            ("pair", self.pair is None or self.evidence == "retrieval", 'to be left out for evidence "networks"'),
            ("finetune", not (self.finetune and self.evidence == "networks"), already),
        ]

    def to_mapping(self) -> dict[str, Any]:
        """The configuration as nested dictionaries and lists, ready for JSON."""
        plain: dict[str, Any] = _plain(dataclasses.asdict(self))
        return plain

    def with_settings(self, changes: Mapping[str, Any]) -> DetectorConfig:
        """A copy in which single values, named as "training.batch", are others.

        Raises:
            ConfigError: as `from_mapping`.
        """
        values = self.to_mapping()
        for dotted, value in changes.items():
            *path, last = dotted.split(".")
            group: Any = values
            for step in path:
                if not isinstance(group, dict) or not isinstance(group.get(step), dict):
                    raise unknown_name("setting", dotted, setting_names())
                group = group[step]
            if last not in group or isinstance(group[last], dict):
                raise unknown_name("setting", dotted, setting_names())
            group[last] = value
        return DetectorConfig.from_mapping(values)


def setting_names() -> list[str]:
    """Every setting by its dotted name, in the order of the dataclasses."""
    names: list[str] = []
    for key, value in DetectorConfig().to_mapping().items():
        if isinstance(value, dict):
            names += [f"{key}.{inner}" for inner in value]
        elif key != "preset":
            names.append(key)
    return names


def _plain(value: Any) -> Any:
    """Tuples as lists, all the way down: what JSON would give back."""
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, list | tuple) else value
