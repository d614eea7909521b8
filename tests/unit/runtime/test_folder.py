"""What a damaged folder is told: one clear sentence, before anything is scored with it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from anomalyllm.errors import ArtefactError, ConfigError
from anomalyllm.exporting import export_onnx
from anomalyllm.runtime import Scorer
from conftest import fitted_scorer


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    export_onnx(fitted_scorer("default")._fitted, tmp_path)
    return tmp_path


def rewritten(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    path = folder / "detector.json"
    manifest = json.loads(path.read_text())
    change(manifest)
    path.write_text(json.dumps(manifest))


def test_a_flipped_byte_in_any_file_is_seen(folder: Path) -> None:
    """Graphs too, though they serve other runtimes: a folder is whole or it is not."""
    files = sorted(path for path in folder.iterdir() if path.suffix != ".json")
    assert {path.suffix for path in files} == {".onnx", ".safetensors"}
    for path in files:
        whole = path.read_bytes()
        damaged = bytearray(whole)
        damaged[len(damaged) // 2] ^= 1
        path.write_bytes(damaged)
        with pytest.raises(ArtefactError, match=f"expected the hash of .*{path.name}.* got another; export the"):
            Scorer(folder)
        path.write_bytes(whole[:-1])
        with pytest.raises(ArtefactError, match=f"expected {len(whole)} bytes in .*{path.name}"):
            Scorer(folder)
        path.unlink()
        with pytest.raises(ArtefactError, match=f"{path.name}, got no such file"):
            Scorer(folder)
        path.write_bytes(whole)
    assert Scorer(folder).n_features_in_ == 2


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda manifest: manifest.update(schema=99), "schema 1 .* got schema 99"),
        (lambda manifest: manifest.update(format="other"), "a detector of this library"),
        (lambda manifest: manifest.pop("files"), "files described .* no entry 'files'"),
        (lambda manifest: manifest.pop("unit"), "a whole description .* KeyError: 'unit'"),
        (lambda manifest: manifest["judges"][0].update(kind="oracle"), "oracle"),
    ],
)
def test_a_description_that_is_not_ours(folder: Path, change: Callable[[dict[str, Any]], object], said: str) -> None:
    rewritten(folder, change)
    with pytest.raises((ArtefactError), match=said):
        Scorer(folder)


def test_a_folder_without_a_description(tmp_path: Path) -> None:
    with pytest.raises(ArtefactError, match=r"got no detector.json there"):
        Scorer(tmp_path)
    (tmp_path / "detector.json").write_text("{")
    with pytest.raises(ArtefactError, match="expected JSON in"):
        Scorer(tmp_path)


def test_networks_without_onnxruntime_are_told_what_to_install(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "onnxruntime", None)
    assert Scorer(folder).n_features_in_ == 2  # retrieval needs none
    rewritten(folder, lambda manifest: manifest["judges"][0].update(kind="networks"))
    with pytest.raises(ConfigError, match=r"pip install 'anomalyllm\[onnx\]'"):
        Scorer(folder)
