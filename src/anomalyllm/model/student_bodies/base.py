"""What a body is: the part of a student that mixes tokens. Everything around it is `model.student`."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar

from torch import Tensor, nn


class Body(nn.Module):
    """Tokens in, tokens out, for each channel [level; its prototype's N; the window's own N]; (B, C, M, D) both.

    The student reads the last N. A body is made of a `StudentConfig` and M. What it says of one window must not depend
    on the others in its batch.
    """

    across_channels: ClassVar[bool] = False
    """Whether a channel's tokens depend on other channels': such a body is refused where each is judged alone."""

    gradient_in_onnx: ClassVar[bool] = True
    """Whether ONNX has the operations of its gradient, by which an event is laid to channels that share one vector."""

    stackable: ClassVar[bool] = True
    """Whether many such bodies can be trained as one (`torch.vmap`); recurrent kernels take one network at a time."""

    @abstractmethod
    def forward(self, tokens: Tensor) -> Tensor:  # (B, C, M, D) -> (B, C, M, D)
        """The tokens, each knowing of the others."""
