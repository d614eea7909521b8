"""A part of a preset: what is timed, how much it computes and how much it must at least read and write."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode, sdpa_backward_flop_count, sdpa_flop_count

from anomalyllm.evaluation.speed.limits import Shape

Size = tuple[int, ...]


@dataclass(frozen=True)
class Part:
    """One part.

    Args:
        name: as the table has it.
        work: does it once; may be called any number of times.
        moved: bytes that must be read or written, each once, however well caches are used.
        flops: of matrix products and convolutions; None: counted while `work` runs in torch.
        precision: of those products.
    """

    name: str
    work: Callable[[], Any]
    moved: int
    flops: int | None = None
    precision: str = "float32"

    def counted_flops(self) -> int:
        """`flops`, counted where they are not known."""
        return flops_of(self.work) if self.flops is None else self.flops


@dataclass(frozen=True)
class Plan:
    """The parts of a preset, and the products that its machine is measured by.

    Args:
        parts: in the order of the work.
        shapes: the products that the parts are made of.
        about: what was built for them, for a reader.
    """

    parts: tuple[Part, ...]
    shapes: tuple[Shape, ...]
    about: str


def flops_of(work: Callable[[], Any]) -> int:
    """Floating-point operations of the matrix products, attentions and convolutions that torch does in `work`."""
    with FlopCounterMode(display=False, custom_mapping=_ON_PROCESSORS) as counter:
        work()
    return int(counter.get_total_flops())


def _attention(query: Size, key: Size, value: Size, *_: object, **__: object) -> int:
    return int(sdpa_flop_count(query, key, value))  # type: ignore[no-untyped-call]


def _attention_backward(gradient: Size, query: Size, key: Size, value: Size, *_: object, **__: object) -> int:
    return int(sdpa_backward_flop_count(gradient, query, key, value))  # type: ignore[no-untyped-call]


_ON_PROCESSORS: dict[Any, Any] = {  # attentions that torch's counter knows on graphics processors only
    torch.ops.aten._scaled_dot_product_flash_attention_for_cpu: _attention,
    torch.ops.aten._scaled_dot_product_flash_attention_for_cpu_backward: _attention_backward,
}


def bytes_of(*things: NDArray[Any] | Tensor | nn.Module | None) -> int:
    """Of arrays, tensors, and the parameters of modules."""
    return sum(tensor.nbytes for thing in things for tensor in _tensors(thing))


def _tensors(thing: NDArray[Any] | Tensor | nn.Module | None) -> Iterable[NDArray[Any] | Tensor]:
    if thing is None:
        return ()
    return thing.parameters() if isinstance(thing, nn.Module) else (thing,)
