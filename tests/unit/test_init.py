"""The package itself: names that are loaded when they are asked for."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import anomalyllm


def test_the_version_is_one() -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+(\.?(dev|a|b|rc)\d+)?", anomalyllm.__version__)


def test_an_unknown_name_is_an_attribute_error() -> None:
    """`hasattr`, `from anomalyllm import x` and pickling rely on the kind of the error."""
    with pytest.raises(AttributeError, match="module 'anomalyllm' has no attribute 'Detektor'"):
        _ = anomalyllm.Detektor
    assert not hasattr(anomalyllm, "_nothing")


def test_every_public_name_is_told_to_type_checkers_from_where_it_is_loaded() -> None:
    """Type checkers read the imports, Python reads the table: both must say the same."""
    tree = ast.parse(Path(anomalyllm.__file__).read_text(encoding="utf-8"))
    guarded = next(node for node in tree.body if isinstance(node, ast.If))
    told = {
        alias.name: node.module.removeprefix("anomalyllm.")
        for node in guarded.body
        if isinstance(node, ast.ImportFrom) and node.module
        for alias in node.names
    }
    assert told == anomalyllm._HOME
