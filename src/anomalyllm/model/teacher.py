"""The teacher: a language model that reads patches of a series, and the policy that keeps it asleep.

Source: arXiv 2401.15123, §4; the freeze policy follows Zhou et al., One Fits All, arXiv 2302.11939.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from anomalyllm.config import TeacherConfig
from anomalyllm.model.layers import PatchEmbedding
from anomalyllm.model.packed import never_packed
from anomalyllm.model.precision import halve, in_bfloat16

POSITION_TABLES = ("wpe", "embed_positions", "position_embeddings")
FEED_FORWARD = ("mlp", "feed_forward", "ffn")


class Teacher(nn.Module):
    """Maps windows (B, C, L) to vectors (B, G, O): patches, embedding, language model, head, mean over patches.

    Args:
        config: `patch` and `patch_stride` must be set.
        language_model: takes `inputs_embeds` (R, N, D), gives `last_hidden_state` (R, N, D).
        channels: C.
        joint: a patch holds all channels and there is one vector (G = 1), else each channel is read alone (G = C).
    """

    def __init__(self, config: TeacherConfig, language_model: nn.Module, *, channels: int, joint: bool) -> None:
        super().__init__()
        assert config.patch is not None
        assert config.patch_stride is not None
        width = int(language_model.config.hidden_size)  # type: ignore[union-attr, arg-type]
        self.config = config
        self.joint = joint
        self.patch = config.patch
        self.patch_stride = config.patch_stride
        self.kept = min(config.kept_features or width, width)
        self.patch_embedding = PatchEmbedding(config.patch * (channels if joint else 1), width)
        self.dropout = nn.Dropout(config.dropout)
        self.language_model, self.width = language_model, width
        self.head = nn.Linear(self.kept, config.output)
        freeze(language_model, train_feed_forward=config.train_feed_forward)
        never_packed(language_model)
        self.halved = config.precision == "bfloat16"  # "auto" has been settled by whoever fits, else it is float32
        if self.halved:
            halve(language_model)

    def forward(self, windows: Tensor) -> Tensor:  # (B, C, L) -> (B, G, O)
        """Mean over patches of head(language_model(embedding(patches)))."""
        grouped = windows if self.joint else windows.flatten(0, 1)[:, None]  # (B·G, C or 1, L)
        tokens = self.dropout(self.patch_embedding(self.patches(grouped)))
        with in_bfloat16(tokens.device, wanted=self.halved):
            hidden = self.language_model(inputs_embeds=tokens, use_cache=False).last_hidden_state.to(tokens.dtype)
        vectors = self.head(hidden[..., : self.kept]).mean(dim=1)
        grouped_vectors: Tensor = vectors.reshape(windows.shape[0], -1, vectors.shape[-1])
        return grouped_vectors

    def patches(self, windows: Tensor) -> Tensor:
        """Patches of windows padded by one stride of their last value; (B, C, L) -> (B, N, P·C), time first."""
        padding = windows[..., -1:].expand(*windows.shape[:-1], self.patch_stride)
        cut = torch.cat([windows, padding], dim=-1).unfold(-1, self.patch, self.patch_stride)  # (B, C, N, P)
        return cut.permute(0, 2, 3, 1).flatten(2)


def freeze(language_model: nn.Module, *, train_feed_forward: bool) -> None:
    """The one freeze policy: position table and LayerNorms are trained, the rest sleeps.

    `train_feed_forward` wakes the feed-forward matrices too (an option of the paper).
    """
    for name, module in language_model.named_modules():
        path = name.split(".")
        awake = (
            "norm" in type(module).__name__.lower()
            or path[-1] in POSITION_TABLES
            or (train_feed_forward and any(part in FEED_FORWARD for part in path))
        )
        for parameter in module.parameters(recurse=False):
            parameter.requires_grad_(awake)
