"""Who may import whom: a module imports only from what stands to its left in `ORDER`."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import NamedTuple

import pytest

import anomalyllm

PACKAGE = Path(anomalyllm.__file__).parent
ORDER = [
    "errors",
    "extras",
    "settings",
    "config",
    "presets",
    "seeding",
    "files",
    "weights",
    "data",
    "datasets",
    "windows",
    "scoring",
    "model",
    "training",
    "pretraining",
    "judges",
    "network_judge",
    "fitted",
    "locating",
    "banking",
    "trainable",
    "pairing",
    "thresholding",
    "stretches",
    "teaching",
    "teaching_together",
    "injecting",
    "finetuning",
    "fitting",
    "surveying",
    "long_teaching",
    "long_fitting",
    "choosing",
    "packing_networks",
    "packing",
    "artifact",
    "result",
    "explaining",
    "detector",
    "fitting_together",
    "streaming",
    "chunking",
    "runtime",
    "exporting",
    "reporting",
    "evaluation",
    "cli",
    "__main__",
]
WITHOUT_TORCH = [
    "errors",
    "extras",
    "settings",
    "config",
    "presets",
    "seeding",
    "files",
    "data",
    "datasets",
    "windows",
    "scoring",
    "reporting",
]
RETRIEVING = [
    *("model.nearest", "model.retrieval", "model.bank", "model.threads", "judges", "fitted", "locating", "banking"),
    *("trainable", "thresholding", "fitting", "choosing", "packing", "artifact", "result", "detector", "streaming"),
]
"""What the default detector is made of: it runs where there is no torch."""


class Import(NamedTuple):
    """One name that a file imports: `target` is dotted, `at_once` unless it stands inside a function."""

    target: str
    line: int
    at_once: bool


def files() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def module_name(path: Path) -> str:
    """anomalyllm/data/series.py as "data.series", anomalyllm/data/__init__.py as "data", the root as ""."""
    parts = list(path.relative_to(PACKAGE).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_name(path): path for path in files()}


def is_for_type_checkers(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING")


def found_in(node: ast.AST, *, at_once: bool = True) -> Iterator[Import]:
    """Every import below `node`, but not those that only a type checker reads."""
    for child in ast.iter_child_nodes(node):
        if is_for_type_checkers(child):
            continue
        if isinstance(child, ast.Import):
            yield from (Import(alias.name, child.lineno, at_once) for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            assert child.level == 0, f"line {child.lineno}: write imports in full, not with dots"
            yield from (Import(f"{child.module}.{alias.name}", child.lineno, at_once) for alias in child.names)
        else:
            inside = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            yield from found_in(child, at_once=at_once and not inside)


def imports(path: Path) -> list[Import]:
    return list(found_in(ast.parse(path.read_text(encoding="utf-8"))))


def our_module(target: str) -> str | None:
    """The module of ours that "anomalyllm.data.series.Series" is in ("data.series"), or None."""
    if target.split(".")[0] != "anomalyllm":
        return None
    parts = target.split(".")[1:]
    while parts and ".".join(parts) not in MODULES:
        parts.pop()
    return ".".join(parts)


def fault(path: Path, found: Import) -> str | None:
    """Why `path` must not import this, or None."""
    target = our_module(found.target)
    here = module_name(path).split(".")[0]
    if target is None or target.split(".")[0] == here != "":
        return None
    where = f"{path.relative_to(PACKAGE.parent)}, line {found.line}: imports {found.target}"
    if target == "":
        return None if found.target == "anomalyllm.__version__" else f"{where}: only __version__ comes from the root"
    if here == "":
        return f"{where}: the root loads its names on first use"
    if ORDER.index(target.split(".")[0]) > ORDER.index(here):
        return f"{where}, which stands to the right of {here}"
    return None


def test_every_module_has_its_place_in_the_order() -> None:
    places = {name.split(".")[0] for name in MODULES} - {""}
    assert sorted(places) == sorted(ORDER), "give the new module its place in ORDER and in the picture under docs/"


@pytest.mark.parametrize("path", files(), ids=module_name)
def test_a_module_imports_only_what_stands_to_its_left(path: Path) -> None:
    faults = [said for found in imports(path) if (said := fault(path, found))]
    assert not faults, "; ".join(faults)


def test_the_rule_sees_what_it_should() -> None:
    """The guard, seen to fail: in a module, in a function, through the root; and not where it should not."""
    path = PACKAGE / "windows" / "slicing.py"

    def said(code: str) -> list[str | None]:
        return [fault(path, found) for found in found_in(ast.parse(code))]

    assert said("from anomalyllm.model.layers import x") == [
        "anomalyllm/windows/slicing.py, line 1: imports anomalyllm.model.layers.x, which stands to the right of windows"
    ]
    assert said("def f():\n    import anomalyllm.detector")[0] is not None
    assert said("from anomalyllm import detector")[0] is not None
    assert said("from anomalyllm import AnomalyLLM")[0] is not None
    assert said("if TYPE_CHECKING:\n    from anomalyllm.detector import AnomalyLLM") == []
    assert said("import numpy\nfrom anomalyllm.config import x\nfrom anomalyllm.windows import y") == [None] * 3


def test_no_module_needs_itself_to_be_imported() -> None:
    """Only imports that run at once count; a package's own `__init__` runs before each of its modules."""
    graph = {
        name: {
            target
            for found in imports(path)
            if found.at_once and (target := our_module(found.target)) not in (None, "", name)
        }
        for name, path in MODULES.items()
    }
    try:
        order = list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        pytest.fail(f"these modules import each other: {' ← '.join(error.args[1])}")
    assert set(order) == set(graph)


@pytest.mark.parametrize("path", files(), ids=module_name)
def test_arithmetic_and_reports_do_not_name_torch(path: Path) -> None:
    if module_name(path).split(".")[0] not in WITHOUT_TORCH:
        return
    named = [found for found in imports(path) if found.target.split(".")[0] in ("torch", "transformers", "safetensors")]
    assert not named, f"{path.relative_to(PACKAGE.parent)}, line {named[0].line}: imports {named[0].target}"


def test_arithmetic_and_reports_do_not_load_torch() -> None:
    """Not by way of another library either: they serve doors that never train, or a detector that retrieves."""
    names = [f"anomalyllm.{name}" for name in MODULES if name.split(".")[0] in WITHOUT_TORCH]
    names += [f"anomalyllm.{name}" for name in RETRIEVING]
    code = f"import sys\nfor name in {names}:\n    __import__(name)\nprint('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert len(names) >= len(WITHOUT_TORCH)
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize("path", files(), ids=module_name)
def test_only_the_command_line_prints(path: Path) -> None:
    """stdout is data, and the library does not know whose."""
    if module_name(path).split(".")[0] == "cli":
        return
    tree = ast.parse(path.read_text(encoding="utf-8"))
    lines = [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and (
            (isinstance(node.func, ast.Name) and node.func.id == "print")
            or ast.unparse(node.func) in ("sys.stdout.write", "sys.stderr.write")
        )
    ]
    assert not lines, f"{path.relative_to(PACKAGE.parent)}, line {lines[0]}: prints"


@pytest.mark.parametrize("path", files(), ids=module_name)
def test_every_module_says_what_it_is_for(path: Path) -> None:
    said = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    assert len(said.split()) >= 5, f"{path.relative_to(PACKAGE.parent)} begins without a sentence on its purpose"
