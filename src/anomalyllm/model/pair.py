"""The universal pair: a teacher and a student, trained once on generated series, that judge a window of any series.

A window of any length is averaged to 32 points and comes with the 4 nearest normal windows of its own series (see
`retrieval.nearest_rows`). The teacher reads the window alone, the student reads what the series' own normal windows say
of it; where the two disagree, patch by patch, something is wrong. Nothing is trained on the series at hand. Its weights
come from `anomalyllm pretrain`. No detector asks it yet: docs/pretraining.md says why.

Letters: B batch, K prototypes, N patches, P points of a patch, D width, O output.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from anomalyllm.errors import ArtefactError
from anomalyllm.files import write_atomically
from anomalyllm.model.chance import torch_chance
from anomalyllm.model.language_models import COMPACT, COMPACT_SHAPE, load_language_model
from anomalyllm.model.losses import discrepancy
from anomalyllm.windows.views import POINTS, SHAPE_FLOOR

PATCH = 4  # points
PATCHES = POINTS // PATCH
PROTOTYPES = 4  # normal windows that a window is shown with: one would not tell what is usual
OUTPUT = 32  # numbers that describe a patch
STUDENT_WIDTH = 64
LARGEST = 10.0  # of a scaled value: a prototype beside a nearly flat window grows without bound
LEVELS = 4  # numbers in the level token
FORMAT = "anomalyllm-pair-1"
TRAIN_IT = "make the file with: anomalyllm pretrain"


class Sight(NamedTuple):
    """What the networks see of windows and their prototypes."""

    window: Tensor  # (B, 32) free of its mean, by its own deviation
    prototypes: Tensor  # (B, K, 32) each free of its mean, all by the deviation of the window
    levels: Tensor  # (B, 4) what the scaling took away


def seen(windows: Tensor, prototypes: Tensor) -> Sight:
    """Windows (B, 32) and prototypes (B, K, 32), in deviations of the training part, as the networks see them.

    The prototypes are divided by the deviation of the *window*: a beat of double height stays one.
    """
    level, levels = windows.mean(-1, keepdim=True), prototypes.mean(-1, keepdim=True)
    window, others = windows - level, prototypes - levels
    deviation = (window.square().mean(-1, keepdim=True) + SHAPE_FLOOR).sqrt()  # (B, 1)
    usual = (others.square().mean((-2, -1), keepdim=True) + SHAPE_FLOOR).sqrt()  # (B, 1, 1)
    facts = [
        torch.asinh(level - levels.mean(-2)),
        torch.asinh((levels - levels.mean(-2, keepdim=True)).square().mean(-2).sqrt()),
        deviation.log(),
        usual[:, 0].log(),
    ]
    scaled = (others / deviation[:, None]).clamp(-LARGEST, LARGEST)
    return Sight(window / deviation, scaled, torch.cat(facts, dim=-1))


def patches(window: Tensor) -> Tensor:
    """(B, 32) -> (B, N, P)."""
    return window.reshape(*window.shape[:-1], PATCHES, PATCH)


class PatchTeacher(nn.Module):
    """A language model over the patches of the window alone: (B, 32) -> (B, N, O)."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        width = COMPACT_SHAPE["n_embd"]
        self.language_model = load_language_model(COMPACT, COMPACT_SHAPE["n_layer"], seed).module.eval()  # no dropout
        self.embedding = nn.Linear(PATCH, width)
        self.head = nn.Linear(width, OUTPUT)
        self.following = nn.Linear(width, PATCH)  # the next patch: what the blocks are pretrained to say

    def hidden(self, window: Tensor) -> Tensor:
        """blocks(embedding(patches)), each patch knowing those before it; (B, 32) -> (B, N, D)."""
        tokens = self.embedding(patches(window))
        states: Tensor = self.language_model(inputs_embeds=tokens, use_cache=False).last_hidden_state
        return states

    def forward(self, window: Tensor) -> Tensor:
        """head(hidden)."""
        vectors: Tensor = self.head(self.hidden(window))
        return vectors

    def train(self, mode: bool = True) -> PatchTeacher:
        """The blocks never drop anything: a frozen teacher says the same thing twice."""
        super().train(mode)
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
    """Both networks; their discrepancy says how little a patch is explained by what is normal in its series."""

    def __init__(self, seed: int = 0) -> None:
        super().__init__()
        with torch_chance(seed):
            self.teacher = PatchTeacher(seed)
            self.student = PatchStudent()

    def forward(self, windows: Tensor, prototypes: Tensor) -> Tensor:
        """d = ‖teacher(window) − student(window, prototypes)‖₂ of each patch; (B, 32), (B, 4, 32) -> (B, 8), ≥ 0.

        Args:
            windows: averaged to 32 points, in deviations of the series' training part.
            prototypes: the nearest normal windows of the same series, alike, nearest first.
        """
        sight = seen(windows, prototypes)
        return discrepancy(self.teacher(sight.window), self.student(sight))


def points(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Averaged windows (W, P) of fewer points brought to the 32 that the pair reads, by saying points again."""
    there = rows.shape[1]
    return rows if there == POINTS else np.ascontiguousarray(rows[:, np.arange(POINTS) * there // POINTS])


def save_pair(path: Path, pair: Pair) -> None:
    """Writes the weights, whole or not at all.

    Raises:
        StorageError: nothing was written.
    """
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in pair.state_dict().items()}
    write_atomically(path, save(tensors, {"format": FORMAT}))


def load_pair(path: Path) -> Pair:
    """The pretrained pair in `path`, asleep: nothing in it is trained on.

    Raises:
        ArtefactError: absent, damaged, of another kind, or tensors that do not fit (the first is named).
    """
    tensors = _read(path)
    pair = Pair()
    for name, tensor in pair.state_dict().items():
        there = tuple(tensors[name].shape) if name in tensors else "no such tensor"
        if there != tuple(tensor.shape):
            raise ArtefactError(f"{name} of shape {tuple(tensor.shape)} in {path}", str(there), TRAIN_IT)
    pair.load_state_dict(tensors, strict=False)
    return pair.eval().requires_grad_(False)


def _read(path: Path) -> dict[str, Tensor]:
    if not path.is_file():
        raise ArtefactError(f"the weights of the pair at {path}", "no such file", TRAIN_IT)
    try:
        with safe_open(path, framework="pt") as file:
            kind = (file.metadata() or {}).get("format")
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a dictionary
    except (SafetensorError, OSError) as error:
        raise ArtefactError(f"whole weights of the pair at {path}", str(error), TRAIN_IT) from error
    if kind != FORMAT:
        raise ArtefactError(f"the weights of a pair at {path}", "a file of another kind", "name the right file")
    return tensors
