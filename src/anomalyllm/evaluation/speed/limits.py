"""What a machine can do at most: matrix products and copies, measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import torch

from anomalyllm.evaluation.speed.clock import Action

COPIED = 64 * 2**20  # bytes of one copy: more than any processor's cache holds
COPY = "copy"
TYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}


class Shape(NamedTuple):
    """A matrix product (rows, inner) · (inner, columns)."""

    rows: int
    inner: int
    columns: int

    @property
    def flops(self) -> int:
        """Multiplications and additions."""
        return 2 * self.rows * self.inner * self.columns


@dataclass(frozen=True)
class Limits:
    """The most that was seen of a machine.

    Args:
        products: floating-point operations in a second, by precision: the best of all shapes.
        copying: bytes in a second, read and written together.
    """

    products: Mapping[str, float]
    copying: float

    def seconds(self, flops: float, moved: float, precision: str) -> float:
        """The least time for so many operations and bytes: of products or of copying, whichever is more."""
        return max(flops / self.products[precision], moved / self.copying)

    def binding(self, flops: float, moved: float, precision: str) -> str:
        """Which of the two it is: "float32", "bfloat16" or "copy"."""
        return precision if flops / self.products[precision] >= moved / self.copying else COPY


def limit_actions(shapes: Sequence[Shape], precisions: Sequence[str], device: str) -> dict[str, Action]:
    """What to time: a product for each shape and precision, and a copy."""
    actions: dict[str, Action] = {}
    for precision in precisions:
        for shape in shapes:
            left = torch.randn(shape.rows, shape.inner).to(device, TYPES[precision])
            right = torch.randn(shape.inner, shape.columns).to(device, TYPES[precision])
            actions[_name(precision, shape)] = partial(torch.mm, left, right)
    source = torch.ones(COPIED // 4, device=device)
    actions[COPY] = partial(torch.empty_like(source).copy_, source)
    return actions


def limits_from(times: Mapping[str, float], shapes: Sequence[Shape], precisions: Sequence[str]) -> Limits:
    """The limits that the seconds of `limit_actions` tell."""
    products = {
        precision: max(shape.flops / times[_name(precision, shape)] for shape in shapes) for precision in precisions
    }
    return Limits(products, 2 * COPIED / times[COPY])


def _name(precision: str, shape: Shape) -> str:
    return f"{precision} {shape.rows} x {shape.inner} x {shape.columns}"
