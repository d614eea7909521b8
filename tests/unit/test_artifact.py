"""The artefact: whole, strict, and never half of one."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from anomalyllm import AnomalyLLM
from anomalyllm.artifact import MANIFEST, read_manifest
from anomalyllm.errors import ArtefactError, StorageError
from conftest import FINETUNED, fitted_scorer, sine, small_detector


@pytest.fixture
def saved(fitted: AnomalyLLM, tmp_path: Path) -> Path:
    fitted.save(tmp_path / "model")
    return tmp_path / "model"


def tensor_file(folder: Path) -> Path:
    (path,) = folder.glob("tensors-*.safetensors")
    return path


def test_round_trip(fitted_pair: AnomalyLLM, tmp_path: Path) -> None:
    fitted_pair.save(tmp_path / "model")
    loaded = AnomalyLLM.load(tmp_path / "model")
    X = sine(300, 2, seed=4)
    assert loaded.decision_function(X).tobytes() == fitted_pair.decision_function(X).tobytes()
    for name in (
        "threshold_",
        "window_",
        "period_",
        "channels_",
        "n_features_in_",
        "config_",
        "teacher_",
        "record_",
        "notes_",
    ):
        assert getattr(loaded, name) == getattr(fitted_pair, name), name
    loaded.save(tmp_path / "again")
    for path in (tmp_path / "model").iterdir():
        assert (tmp_path / "again" / path.name).read_bytes() == path.read_bytes(), path.name


def test_a_new_process_gives_the_same_bytes(fitted: AnomalyLLM, saved: Path, tmp_path: Path) -> None:
    X = sine(300, seed=4)
    np.save(tmp_path / "X.npy", X)
    code = (
        "import sys, numpy, torch; torch.set_num_threads(1)\n"
        "from anomalyllm import AnomalyLLM\n"
        "scores = AnomalyLLM.load(sys.argv[1]).decision_function(numpy.load(sys.argv[2]))\n"
        "sys.stdout.buffer.write(scores.tobytes())"
    )
    command = [sys.executable, "-c", code, str(saved), str(tmp_path / "X.npy")]
    done = subprocess.run(command, capture_output=True, check=True)
    assert done.stdout == fitted.decision_function(X).tobytes()


def test_no_pickle_and_no_code(saved: Path) -> None:
    assert sorted(path.suffix for path in saved.iterdir()) == [".json", ".safetensors"]
    json.loads((saved / MANIFEST).read_text())
    load_file(tensor_file(saved))


def test_the_manifest_tells_what_it_is(saved: Path, fitted: AnomalyLLM) -> None:
    manifest = read_manifest(saved)
    assert manifest["schema"] == 2
    assert manifest["seed"] == 0
    assert manifest["threshold"] == fitted.threshold_
    assert len(manifest["training"]["sha256"]) == 64
    assert {"anomalyllm", "torch", "numpy", "python"} <= set(manifest["versions"])
    assert set(manifest["tensors"]) == set(load_file(tensor_file(saved)))


def test_saving_over_replaces_and_leaves_nothing_behind(saved: Path) -> None:
    other = small_detector(seed=1, max_steps=2).fit(sine(300))
    other.save(saved)
    assert len(list(saved.iterdir())) == 2
    assert AnomalyLLM.load(saved).seed == 1


@pytest.mark.parametrize("failing", ["tensors", MANIFEST])
def test_a_full_disk_leaves_the_old_detector(
    saved: Path, fitted: AnomalyLLM, failing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whichever file the disk fills up in, the folder still holds the detector that was there."""
    other = small_detector(seed=1, max_steps=2).fit(sine(300))
    before = fitted.decision_function(sine(200))
    replace = Path.replace

    def full(self: Path, target: Path) -> Path:
        if Path(target).name.startswith(failing):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(StorageError, match="no space left on device; make room or choose another place"):
        other.save(saved)
    monkeypatch.undo()
    assert AnomalyLLM.load(saved).decision_function(sine(200)).tobytes() == before.tobytes()
    assert not list(saved.glob(".*"))


def test_a_first_save_that_was_killed_can_be_repeated(saved: Path, fitted: AnomalyLLM) -> None:
    (saved / MANIFEST).unlink()
    fitted.save(saved)
    AnomalyLLM.load(saved)


def test_places_that_cannot_be_saved_to(fitted: AnomalyLLM, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(ArtefactError, match="a folder to save to, got a file"):
        fitted.save(tmp_path / "file")
    with pytest.raises(ArtefactError, match="an empty folder or a saved detector, got other files"):
        fitted.save(tmp_path)
    with pytest.raises(StorageError):
        fitted.save(tmp_path / "file" / "below")


# --- folders that are damaged or foreign: each error names the file and, where there is one, the tensor


def test_absent_and_foreign_folders(tmp_path: Path) -> None:
    with pytest.raises(ArtefactError, match="no folder at"):
        AnomalyLLM.load(tmp_path / "nowhere")
    with pytest.raises(ArtefactError, match=f"no {MANIFEST} there"):
        AnomalyLLM.load(tmp_path)
    for content, said in (
        (b"{", "JSON in"),
        (b"[]", "another kind of file"),
        (b'{"format": "x"}', "another kind of file"),
    ):
        (tmp_path / MANIFEST).write_bytes(content)
        with pytest.raises(ArtefactError, match=said):
            AnomalyLLM.load(tmp_path)


def edited(folder: Path, change) -> None:
    manifest = json.loads((folder / MANIFEST).read_text())
    change(manifest)
    (folder / MANIFEST).write_text(json.dumps(manifest))


def test_another_schema(saved: Path) -> None:
    edited(saved, lambda manifest: manifest.update(schema=99))
    with pytest.raises(
        ArtefactError, match="schema 2 in .* got schema 99; use the version of anomalyllm that wrote it"
    ):
        AnomalyLLM.load(saved)


@pytest.mark.parametrize("key", ["config", "tensors", "file", "training", "threshold", "teacher", "channels"])
def test_a_manifest_without_an_entry(saved: Path, key: str) -> None:
    edited(saved, lambda manifest: manifest.pop(key))
    with pytest.raises(ArtefactError, match=MANIFEST):
        AnomalyLLM.load(saved)


def test_a_manifest_with_an_unknown_setting(saved: Path) -> None:
    edited(saved, lambda manifest: manifest["config"]["student"].update(witdh=3))
    with pytest.raises(ArtefactError, match="did you mean 'width'"):
        AnomalyLLM.load(saved)


def test_a_manifest_of_another_network(saved: Path) -> None:
    edited(saved, lambda manifest: manifest["config"]["student"].update(layers=3))
    with pytest.raises(ArtefactError, match="a whole description"):
        AnomalyLLM.load(saved)


def test_a_detector_that_is_older_than_finetuning_still_loads(fitted_pair: AnomalyLLM, tmp_path: Path) -> None:
    if fitted_pair.config_.finetune:
        return
    fitted_pair.save(tmp_path / "old")
    edited(tmp_path / "old", lambda manifest: (manifest.pop("networks_unit"), manifest["config"].pop("finetune")))
    X = sine(200, 2, seed=4)
    loaded = AnomalyLLM.load(tmp_path / "old")
    assert loaded.decision_function(X).tobytes() == fitted_pair.decision_function(X).tobytes()


def test_a_finetuned_detector_is_whole_only_with_both_kinds_of_judges(tmp_path: Path) -> None:
    """A manifest that has lost one of them would load, and score otherwise, if nobody looked."""
    detector: AnomalyLLM = fitted_scorer(FINETUNED)
    detector.save(tmp_path / "model")
    kinds = {type(judge).__name__ for judge in AnomalyLLM.load(tmp_path / "model")._fitted.judges}
    assert kinds == {"RetrievalJudge", "NetworkJudge"}
    for change in (
        lambda manifest: manifest["teacher"].update(shape={}),
        lambda manifest: manifest["config"].update(finetune=False),
    ):
        detector.save(tmp_path / "model")
        edited(tmp_path / "model", change)
        with pytest.raises(ArtefactError, match="do not agree on whether there are networks"):
            AnomalyLLM.load(tmp_path / "model")


def test_networks_that_are_promised_and_not_there(saved: Path, tmp_path: Path) -> None:
    edited(saved, lambda manifest: manifest["teacher"].update(shape={}))
    with pytest.raises(ArtefactError, match="do not agree on whether there are networks"):
        AnomalyLLM.load(saved)
    fitted_scorer("default").save(tmp_path / "other")
    edited(tmp_path / "other", lambda manifest: manifest["teacher"].update(shape={"n_layer": 3}))
    with pytest.raises(ArtefactError, match="do not agree on whether there are networks"):
        AnomalyLLM.load(tmp_path / "other")


def test_a_tensor_file_that_is_absent(saved: Path) -> None:
    tensor_file(saved).unlink()
    with pytest.raises(ArtefactError, match="the tensor file .*safetensors, got no such file"):
        AnomalyLLM.load(saved)


def test_a_tensor_file_cut_short_names_the_first_tensor_that_is_not_whole(saved: Path) -> None:
    path = tensor_file(saved)
    content = path.read_bytes()
    for length in (len(content) - 1, len(content) // 2, 100, 4, 0):
        path.write_bytes(content[:length])
        with pytest.raises(ArtefactError, match=f"got {length} bytes; the first tensor that is not whole is '.+'"):
            AnomalyLLM.load(saved)


def test_flipped_bytes_are_found_and_named(saved: Path) -> None:
    path = tensor_file(saved)
    content = bytearray(path.read_bytes())
    content[-3] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(ArtefactError, match="the saved values of tensor '.+' in .*got other values"):
        AnomalyLLM.load(saved)
    content[2] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(ArtefactError, match="a damaged header"):
        AnomalyLLM.load(saved)


def test_tensors_that_are_missing_misshapen_or_too_many(saved: Path) -> None:
    path = tensor_file(saved)
    tensors = load_file(path)
    name = "networks.student.head.linear2.bias"

    def replaced(changed: dict[str, np.ndarray]) -> None:
        save_file(changed, path)
        edited(saved, lambda manifest: manifest["file"].update(bytes=path.stat().st_size))

    replaced({key: value for key, value in tensors.items() if key != name})
    with pytest.raises(ArtefactError, match=f"tensor '{name}' in .* got no such tensor"):
        AnomalyLLM.load(saved)
    replaced({**tensors, name: tensors[name][:-1]})
    with pytest.raises(ArtefactError, match=rf"tensor '{name}' of shape \[32\] in .* got \[31\]"):
        AnomalyLLM.load(saved)
    replaced({**tensors, name: tensors[name].astype(np.float64)})
    with pytest.raises(ArtefactError, match=f"tensor '{name}' of dtype float32 in .* got float64"):
        AnomalyLLM.load(saved)
    replaced({**tensors, "more": np.ones(1)})
    with pytest.raises(ArtefactError, match="got 'more' as well"):
        AnomalyLLM.load(saved)
    replaced(tensors)
    edited(saved, lambda manifest: manifest["file"].update(sha256="0" * 64))
    with pytest.raises(ArtefactError, match="the hash of"):
        AnomalyLLM.load(saved)
