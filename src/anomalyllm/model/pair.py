"""The universal pair: a teacher and a student, trained once on generated series, that judge a window of any series.

A window of any length is averaged to 32 points and comes with the 4 nearest normal windows of its own series (see
`retrieval.nearest_rows`). The teacher reads the window alone, the student reads what the series' own normal windows say
of it; where the two disagree, patch by patch, something is wrong. Nothing is trained on the series at hand. Its weights
come from `anomalyllm pretrain`. No detector asks it yet: docs/pretraining.md says why.

Letters: B batch, K prototypes, N patches, P points of a patch, D width, O output.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from anomalyllm.errors import ArtefactError
from anomalyllm.files import write_atomically
from anomalyllm.model.chance import torch_chance
from anomalyllm.model.language_models import COMPACT, COMPACT_SHAPE, LanguageModel, load_language_model, rebuild
from anomalyllm.model.losses import discrepancy
from anomalyllm.model.nearest import Overlap
from anomalyllm.model.retrieval import nearest_distance
from anomalyllm.windows.views import POINTS, SHAPE_FLOOR

PATCH = 4  # points
PATCHES = POINTS // PATCH
PROTOTYPES = 4  # normal windows that a window is shown with: one would not tell what is usual
OUTPUT = 32  # numbers that describe a patch
STUDENT_WIDTH = 64
LARGEST = 10.0  # of a scaled value: a prototype beside a nearly flat window grows without bound
LEVELS = 7  # numbers in the level token
LEAST_DISTANCE = 1e-2  # of a standardised window: below it two windows are the same
NO_LANGUAGE_MODEL = "none"
BLOCKS = COMPACT_SHAPE["n_layer"]
FORMAT = "anomalyllm-pair-2"
TRAIN_IT = "make the file with: anomalyllm pretrain"


class Sight(NamedTuple):
    """What the networks see of windows and their prototypes."""

    window: Tensor  # (B, 32) free of its mean, by its own deviation
    prototypes: Tensor  # (B, K, 32) each free of its mean, all by the deviation of the window
    levels: Tensor  # (B, 7) what the scaling took away, and how far the nearest is beside how far is usual


def seen(windows: Tensor, prototypes: Tensor, usual: Tensor) -> Sight:
    """Windows (B, 32) and prototypes (B, K, 32), in deviations of the training part, as the networks see them.

    The prototypes are divided by the deviation of the *window*: a beat of double height stays one. `usual` (B, K) is
    how far each prototype is from its own nearest normal window (see `usual_distances`).
    """
    level, levels = windows.mean(-1, keepdim=True), prototypes.mean(-1, keepdim=True)
    window, others = windows - level, prototypes - levels
    deviation = (window.square().mean(-1, keepdim=True) + SHAPE_FLOOR).sqrt()  # (B, 1)
    theirs = (others.square().mean(-1, keepdim=True) + SHAPE_FLOOR).sqrt()  # (B, K, 1)
    distance = (window / deviation - others[:, 0] / theirs[:, 0]).square().mean(-1, keepdim=True).sqrt()
    near, nearer = (distance + LEAST_DISTANCE).log(), (usual + LEAST_DISTANCE).log().mean(-1, keepdim=True)
    facts = [
        torch.asinh(level - levels.mean(-2)),
        torch.asinh((levels - levels.mean(-2, keepdim=True)).square().mean(-2).sqrt()),
        deviation.log(),
        theirs.mean(-2).log(),
        near,
        nearer,
        near - nearer,
    ]
    scaled = (others / deviation[:, None]).clamp(-LARGEST, LARGEST)
    return Sight(window / deviation, scaled, torch.cat(facts, dim=-1))


def patches(window: Tensor) -> Tensor:
    """(B, 32) -> (B, N, P)."""
    return window.reshape(*window.shape[:-1], PATCHES, PATCH)


class PatchTeacher(nn.Module):
    """A language model, or none, over the patches of the window alone: (B, 32) -> (B, N, O).

    Args:
        language: its module takes `inputs_embeds` (B, N, D). With None each patch is read by itself, linearly.
    """

    def __init__(self, language: LanguageModel | None) -> None:
        super().__init__()
        self.language = language
        width = COMPACT_SHAPE["n_embd"]
        if language is not None:
            width = int(language.module.config.hidden_size)  # type: ignore[union-attr, arg-type]
            self.language_model = language.module.eval()  # no dropout
        self.embedding = nn.Linear(PATCH, width)
        self.head = nn.Linear(width, OUTPUT)
        if language is not None:
            self.following = nn.Linear(width, PATCH)  # the next patch: what the blocks are pretrained to say

    @property
    def label(self) -> str:
        """How to speak of it before its blocks are trained."""
        return "no language model" if self.language is None else self.language.label

    def hidden(self, window: Tensor) -> Tensor:
        """blocks(embedding(patches)), each patch knowing those before it; (B, 32) -> (B, N, D)."""
        tokens: Tensor = self.embedding(patches(window))
        if self.language is None:
            return tokens
        states: Tensor = self.language_model(inputs_embeds=tokens, use_cache=False).last_hidden_state
        return states

    def forward(self, window: Tensor) -> Tensor:
        """head(hidden)."""
        vectors: Tensor = self.head(self.hidden(window))
        return vectors

    def train(self, mode: bool = True) -> PatchTeacher:
        """The blocks never drop anything: a frozen teacher says the same thing twice."""
        super().train(mode)
        if self.language is not None:
            self.language_model.eval()
        return self


class PatchStudent(nn.Module):
    """Reads the window beside its prototypes: tokens of four kinds, a patch each, and one of levels; -> (B, N, O)."""

    def __init__(self) -> None:
        super().__init__()
        kinds = 4
        self.embeddings = nn.ModuleList(nn.Linear(PATCH, STUDENT_WIDTH) for _ in range(kinds))
        self.level = nn.Linear(LEVELS, STUDENT_WIDTH)
        self.places = nn.Parameter(0.02 * torch.randn(kinds * PATCHES + 1, STUDENT_WIDTH))
        layer = nn.TransformerEncoderLayer(
            STUDENT_WIDTH, 4, 2 * STUDENT_WIDTH, dropout=0.0, activation="gelu", batch_first=True, norm_first=True
        )
        self.body = nn.TransformerEncoder(layer, 2, nn.LayerNorm(STUDENT_WIDTH), enable_nested_tensor=False)
        self.head = nn.Linear(STUDENT_WIDTH, OUTPUT)

    def forward(self, sight: Sight) -> Tensor:
        """head of the input's tokens, after body([input; input − nearest; prototypes' mean; their spread; levels])."""
        mean = sight.prototypes.mean(1)
        spread = (sight.prototypes - mean[:, None]).square().mean(1).sqrt()
        kinds = [sight.window, sight.window - sight.prototypes[:, 0], mean, spread]
        tokens = [embedding(patches(kind)) for embedding, kind in zip(self.embeddings, kinds, strict=True)]
        tokens.append(self.level(sight.levels)[:, None])
        vectors: Tensor = self.head(self.body(torch.cat(tokens, dim=1) + self.places)[:, :PATCHES])
        return vectors


class Pair(nn.Module):
    """Both networks; their discrepancy says how little a patch is explained by what is normal in its series.

    Args:
        seed: draws what is not pretrained.
        teacher: "compact", "none", whatever `load_language_model` finds under a name, or a language model itself.
        blocks: of a language model that is found by name.

    Raises:
        TeacherError: no language model under this name, or one with fewer blocks.
    """

    def __init__(self, seed: int = 0, teacher: str | LanguageModel = COMPACT, blocks: int = BLOCKS) -> None:
        super().__init__()
        if isinstance(teacher, str):
            language = None if teacher == NO_LANGUAGE_MODEL else load_language_model(teacher, blocks, seed)
        else:
            language = teacher
        with torch_chance(seed):
            self.teacher = PatchTeacher(language)
            self.student = PatchStudent()

    def forward(self, windows: Tensor, prototypes: Tensor, usual: Tensor) -> Tensor:
        """d = ‖teacher(window) − student(window, prototypes)‖₂ of each patch; (B, 32), (B, 4, 32) -> (B, 8), ≥ 0.

        Args:
            windows: averaged to 32 points, in deviations of the series' training part.
            prototypes: the nearest normal windows of the same series, alike, nearest first.
            usual: (B, 4) how far each prototype is from its own nearest normal window.
        """
        sight = seen(windows, prototypes, usual)
        return discrepancy(self.teacher(sight.window), self.student(sight))


def usual_distances(shapes: NDArray[np.float32], starts: NDArray[np.int64], length: int) -> NDArray[np.float32]:
    """How far each normal window is from the nearest that shares no point with it; (B, 32), (B,) -> (B,).

    Where there is none the mean of the others stands, or 1: as far as windows that have nothing in common.
    """
    distance = nearest_distance(shapes, shapes, Overlap(starts, starts, length))
    there = np.isfinite(distance)
    return np.where(there, distance, distance[there].mean() if there.any() else np.float32(1))


def points(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Averaged windows (W, P) of fewer points brought to the 32 that the pair reads, by saying points again."""
    there = rows.shape[1]
    return rows if there == POINTS else np.ascontiguousarray(rows[:, np.arange(POINTS) * there // POINTS])


def save_pair(path: Path, pair: Pair) -> None:
    """Writes the weights, those of the frozen blocks too, and the teacher's shape; whole or not at all.

    Raises:
        StorageError: nothing was written.
    """
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in pair.state_dict().items()}
    told = json.dumps(described_teacher(pair), sort_keys=True)
    # one entry: several are written in any order, and the same pair must be the same bytes
    write_atomically(path, save(tensors, {"format": f"{FORMAT} {told}"}))


def described_teacher(pair: Pair) -> dict[str, Any]:
    """What rebuilds the teacher's blocks, and how to speak of them; ready for JSON."""
    language = pair.teacher.language
    return {"label": pair.teacher.label, "shape": None if language is None else language.config}


def load_pair(path: Path) -> Pair:
    """The pretrained pair in `path`, asleep: nothing in it is trained on.

    Raises:
        ArtefactError: absent, damaged, of another kind, or tensors that do not fit (the first is named).
    """
    tensors, told = _read(path)
    return rebuilt(tensors, _teacher(path, told), str(path))


def rebuilt(tensors: dict[str, Tensor], teacher: str | LanguageModel, where: str) -> Pair:
    """A pair from its tensors, asleep.

    Raises:
        ArtefactError: a tensor is absent or does not fit; it is named.
    """
    pair = Pair(teacher=teacher)
    for name, tensor in pair.state_dict().items():
        there = tuple(tensors[name].shape) if name in tensors else "no such tensor"
        if there != tuple(tensor.shape):
            raise ArtefactError(f"{name} of shape {tuple(tensor.shape)} in {where}", str(there), TRAIN_IT)
    pair.load_state_dict(tensors, strict=False)
    return pair.eval().requires_grad_(False)


def teacher_of(described: dict[str, Any]) -> str | LanguageModel:
    """The teacher that `described_teacher` speaks of, its weights yet to be loaded."""
    label, shape = str(described["label"]), described["shape"]
    return NO_LANGUAGE_MODEL if shape is None else LanguageModel(rebuild(shape), dict(shape), label)


def _teacher(path: Path, told: str) -> str | LanguageModel:
    """From what a file says of its teacher; one that says nothing was written when there was only `compact`."""
    if not told:
        return COMPACT
    try:
        return teacher_of(json.loads(told))
    except Exception as error:  # a wrong shape fails in as many ways as there are architectures
        raise ArtefactError(f"the shape of a teacher in {path}", told[:80], TRAIN_IT) from error


def _read(path: Path) -> tuple[dict[str, Tensor], str]:
    """The tensors, and what the file says of its teacher (JSON, or nothing)."""
    if not path.is_file():
        raise ArtefactError(f"the weights of the pair at {path}", "no such file", TRAIN_IT)
    try:
        with safe_open(path, framework="pt") as file:
            kind, _, told = (file.metadata() or {}).get("format", "").partition(" ")
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a dictionary
    except (SafetensorError, OSError) as error:
        raise ArtefactError(f"whole weights of the pair at {path}", str(error), TRAIN_IT) from error
    if kind != FORMAT:
        raise ArtefactError(f"the weights of a pair at {path}", "a file of another kind", "name the right file")
    return tensors, told
