"""Limits: what binds, and that what is measured is what is said."""

from __future__ import annotations

import pytest

from anomalyllm.evaluation.speed.clock import quickest
from anomalyllm.evaluation.speed.limits import COPIED, COPY, Limits, Shape, limit_actions, limits_from

SHAPES = (Shape(8, 16, 32), Shape(64, 64, 64))


def test_operations_of_a_product_by_hand() -> None:
    """Each of 2 x 4 numbers is a sum of three products: three multiplications, three additions."""
    assert Shape(2, 3, 4).flops == 2 * 4 * (3 + 3)


def test_what_takes_longer_binds() -> None:
    limits = Limits({"float32": 100.0, "bfloat16": 200.0}, copying=10.0)
    assert limits.seconds(1000, 50, "float32") == 10.0
    assert limits.binding(1000, 50, "float32") == "float32"
    assert limits.seconds(1000, 70, "bfloat16") == 7.0
    assert limits.binding(1000, 70, "bfloat16") == COPY


def test_the_best_shape_counts_and_a_copy_is_read_and_written() -> None:
    names = list(limit_actions(SHAPES, ["float32"], "cpu"))
    times = dict(zip(names, (1.0, 2.0, 0.5), strict=True))
    limits = limits_from(times, SHAPES, ["float32"])
    assert limits.products == {"float32": max(SHAPES[0].flops / 1.0, SHAPES[1].flops / 2.0)}
    assert limits.copying == 2 * COPIED / 0.5


def test_every_precision_is_measured() -> None:
    actions = limit_actions(SHAPES, ["float32", "bfloat16"], "cpu")
    limits = limits_from(quickest(actions, 0.0), SHAPES, ["float32", "bfloat16"])
    assert set(limits.products) == {"float32", "bfloat16"}
    assert all(value > 0 for value in (*limits.products.values(), limits.copying))
    assert actions["float32 8 x 16 x 32"]().shape == (8, 32)


def test_no_such_precision() -> None:
    with pytest.raises(KeyError):
        Limits({"float32": 1.0}, 1.0).seconds(1, 1, "bfloat16")
