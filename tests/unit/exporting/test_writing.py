"""The exported folder: the same bytes each time, nothing of this machine, never half of one; and int8."""

from __future__ import annotations

import getpass
import json
from pathlib import Path

import pytest

from anomalyllm.errors import ArtefactError, ConfigError
from anomalyllm.exporting import export_onnx
from anomalyllm.runtime import Scorer
from command import contents
from conftest import fitted_scorer, sine


def test_the_same_detector_is_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "other"):
        export_onnx(fitted_scorer("default")._fitted, tmp_path / name)
    assert contents(tmp_path / "one") == contents(tmp_path / "other")


def test_a_new_export_replaces_the_old_one(tmp_path: Path) -> None:
    fitted = fitted_scorer("default")._fitted
    export_onnx(fitted, tmp_path)
    before = set(contents(tmp_path))
    from anomalyllm import AnomalyLLM

    export_onnx(AnomalyLLM(seed=1).fit(sine(700, 2))._fitted, tmp_path)
    after = set(contents(tmp_path))
    assert len(after) == len(before)
    assert after & before == {"detector.json"}
    assert Scorer(tmp_path).n_features_in_ == 2


def test_other_peoples_files_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("dear")
    with pytest.raises(ArtefactError, match="an empty folder or an exported detector, got other files"):
        export_onnx(fitted_scorer("default")._fitted, tmp_path)
    fitted_scorer("default").save(tmp_path / "saved")
    with pytest.raises(ArtefactError, match="choose another folder"):
        export_onnx(fitted_scorer("default")._fitted, tmp_path / "saved")
    with pytest.raises(ArtefactError, match="a folder to export to, got a file"):
        export_onnx(fitted_scorer("default")._fitted, tmp_path / "letter.txt")


def test_matrices_in_eight_bits_are_smaller_and_say_what_they_cost(tmp_path: Path) -> None:
    fitted = fitted_scorer("trained")._fitted
    whole = export_onnx(fitted, tmp_path / "whole")
    eighth = export_onnx(fitted, tmp_path / "eighth", int8=True)
    assert whole.largest < 1e-5
    assert (whole.flags, whole.events) == (0, True)
    assert whole.largest < eighth.largest < 0.5
    manifest = json.loads((tmp_path / "eighth" / "detector.json").read_text())
    assert manifest["precision"] == "int8"
    assert manifest["measured"]["largest"] == eighth.largest
    sizes = [sum(len(content) for content in contents(tmp_path / name).values()) for name in ("eighth", "whole")]
    assert sizes[0] < 0.6 * sizes[1]
    assert Scorer(tmp_path / "eighth").decision_function(sine(200, 2)).shape == (200,)
    for content in contents(tmp_path / "whole").values():  # places in source files were in it once
        assert b"site-packages" not in content
        assert b".py" not in content
        assert f"/home/{getpass.getuser()}".encode() not in content


def test_what_is_lacking_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "onnx", None)
    with pytest.raises(ConfigError, match=r"pip install 'anomalyllm\[export\]'"):
        export_onnx(fitted_scorer("default")._fitted, tmp_path / "exported")
    assert not (tmp_path / "exported").exists()
