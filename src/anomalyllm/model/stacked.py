"""Several distillers of one shape as one: what is awake is stacked, what sleeps is shared, and one pass serves all.

A short series gives a card too little to do; the products of many fill it. Each member's numbers are its own: no sum
runs over members but that of their losses, whose gradients do not meet.
"""

from __future__ import annotations

import copy
import warnings
from collections.abc import Sequence
from typing import TypeVar

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn.attention import SDPBackend, sdpa_kernel

from anomalyllm.config import LossConfig
from anomalyllm.model.distiller import Distiller
from anomalyllm.model.losses import loss_terms

PROTOTYPES = "student.prototypes"

Network = TypeVar("Network", bound=nn.Module)


class Stacked:
    """M distillers side by side.

    Args:
        members: alike in all shapes but the number of prototypes; their sleeping weights are equal.
        changing: names of the tensors that training changes; others, but for the prototypes, are the first member's.

    Attributes:
        state: stacked tensors by name, (M, …); they require gradients as they do in a member.
        absent: (M, K) marks prototypes that are there only to make banks equally long; None where none is.
    """

    def __init__(self, members: Sequence[Distiller], changing: Sequence[str]) -> None:
        own = [{**dict(member.named_parameters()), **dict(member.named_buffers())} for member in members]
        self.template = _template(members[0])
        self.state: dict[str, Tensor] = {}
        for name in dict.fromkeys([*changing, PROTOTYPES]):
            tensors = [tensors[name].detach() for tensors in own]
            stacked = _stacked_banks(tensors) if name == PROTOTYPES else torch.stack(tensors)
            self.state[name] = stacked.requires_grad_(own[0][name].requires_grad)
        counts = torch.tensor([member.student.prototypes.shape[1] for member in members])
        most = int(counts.max())
        absent = torch.arange(most) >= counts[:, None]
        self.absent = absent.to(members[0].student.prototypes.device) if bool(absent.any()) else None

    def __len__(self) -> int:
        return len(self.state[PROTOTYPES])

    @property
    def device(self) -> torch.device:
        """Where all of it is."""
        return self.state[PROTOTYPES].device

    @property
    def awake(self) -> list[Tensor]:
        """The stacked tensors that are trained."""
        return [tensor for tensor in self.state.values() if tensor.requires_grad]

    def vectors(self, windows: Tensor, forbidden: Tensor | None, channels: Tensor | None) -> tuple[Tensor, Tensor]:
        """What teacher and student say, two of (M, V, B, G, O).

        Args:
            windows: (M, V, B, C, L), a batch and, where V is 3, two views of it.
            forbidden: (M, B, K) marks prototypes that may not be chosen; those that are absent need not be marked.
            channels: (C,) which channels these are, the same for all; None: all, in order.
        """
        barred = self._barred(forbidden, windows.shape[2])

        def of_one(state: dict[str, Tensor], batch: Tensor, barred: Tensor | None) -> tuple[Tensor, Tensor]:
            repeated = None if barred is None else barred.repeat(len(batch), 1)
            pair = functional_call(self.template, state, (batch.flatten(0, 1), repeated, channels))
            return pair.teacher.unflatten(0, batch.shape[:2]), pair.student.unflatten(0, batch.shape[:2])

        over = (0, 0, None if barred is None else 0)
        # Attention is written out: the fused kernel of a processor cannot be stacked.
        with sdpa_kernel(SDPBackend.MATH), warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="There is a performance drop")  # small parts, one after another
            both: tuple[Tensor, Tensor] = torch.vmap(of_one, over, randomness="same")(self.state, windows, barred)
        return both

    @staticmethod
    def terms(teacher: Tensor, student: Tensor, config: LossConfig) -> Tensor:
        """The losses of every member from `vectors` (M, V, B, G, O), (M, 3): both terms and their sum."""

        def of_one(teacher: Tensor, student: Tensor) -> Tensor:
            return torch.stack(loss_terms(teacher.flatten(0, 2), student.flatten(0, 2), config))

        terms: Tensor = torch.vmap(of_one)(teacher, student)
        return terms

    def keep(self, places: Sequence[int]) -> None:
        """Goes on with the members at `places` alone; the tensors in `state` are new ones."""
        chosen = torch.tensor(places, device=self.device)
        self.state = {
            name: stacked.detach()[chosen].requires_grad_(stacked.requires_grad) for name, stacked in self.state.items()
        }
        if self.absent is not None:
            self.absent = self.absent[chosen]

    def _barred(self, forbidden: Tensor | None, batch: int) -> Tensor | None:
        if self.absent is None:
            return forbidden
        absent = self.absent[:, None].expand(-1, batch, -1)
        return absent if forbidden is None else forbidden | absent


class DropoutByMemory(nn.Module):
    """Dropout that draws, for a member of a stack, what torch's own would draw for it alone.

    Alone, numbers are drawn in the order in which they lie in memory; in a stack torch draws them in the order of the
    axes. On a card a network alone draws by another kernel, and the two are alike in their odds only.
    """

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = p

    def forward(self, numbers: Tensor) -> Tensor:
        """The numbers, some of them zero; all as they are where nothing is trained."""
        if not self.training or self.p == 0:
            return numbers
        strides = numbers.stride()
        order = sorted(range(numbers.dim()), key=lambda axis: -int(strides[axis]))
        sizes = [numbers.shape[axis] for axis in order]
        kept = torch.empty(sizes, dtype=numbers.dtype, device=numbers.device).bernoulli_(1 - self.p)
        back = sorted(range(len(order)), key=order.__getitem__)
        return numbers * kept.div_(1 - self.p).permute(back)


def sharing_what_sleeps(module: Network) -> Network:
    """A copy whose sleeping parameters are the very same tensors: what nobody changes need not be there twice."""
    asleep = {id(parameter): parameter for parameter in module.parameters() if not parameter.requires_grad}
    return copy.deepcopy(module, asleep)


def _template(member: Distiller) -> Distiller:
    """A copy of a member that is only ever called with the tensors of others in its place."""
    template = sharing_what_sleeps(member)
    for module in list(template.modules()):
        for name, part in module.named_children():
            if isinstance(part, nn.Dropout):
                setattr(module, name, DropoutByMemory(part.p))
    return template


def _stacked_banks(banks: Sequence[Tensor]) -> Tensor:
    """Banks (C, K, L) side by side, (M, C, most K, L); a shorter one says its last prototype again."""
    most = max(bank.shape[1] for bank in banks)
    places = [torch.arange(most, device=bank.device).clamp(max=bank.shape[1] - 1) for bank in banks]
    return torch.stack([bank[:, place] for bank, place in zip(banks, places, strict=True)])
