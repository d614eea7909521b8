"""The universal pair: what its networks see, that they are blind to the right things, and the file it comes from."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from anomalyllm.errors import ArtefactError
from anomalyllm.model.language_models import LanguageModel, rebuild
from anomalyllm.model.pair import FORMAT, LARGEST, PATCHES, Pair, load_pair, points, save_pair, seen, usual_distances

SMALL = {"model_type": "gpt2", "vocab_size": 1, "n_layer": 1, "n_embd": 16, "n_head": 2, "n_positions": 8}
SMALL |= {"bos_token_id": None, "eos_token_id": None}


@pytest.fixture(scope="module")
def pair() -> Pair:
    return Pair(seed=1).eval()


def batch(count: int = 5, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    chance = torch.Generator().manual_seed(seed)
    windows, prototypes = torch.randn(count, 32, generator=chance), torch.randn(count, 4, 32, generator=chance)
    return windows, prototypes, torch.rand(count, 4, generator=chance)


def test_a_discrepancy_per_patch_that_is_not_negative(pair: Pair) -> None:
    found = pair(*batch())
    assert found.shape == (5, PATCHES)
    assert (found >= 0).all()


def test_windows_are_judged_one_by_one(pair: Pair) -> None:
    """A score must not depend on which windows happen to be in a batch."""
    given = batch()
    alone = torch.cat([pair(*(field[[row]] for field in given)) for row in range(5)])
    assert torch.allclose(pair(*given), alone, atol=1e-5)


def test_it_is_its_seed() -> None:
    one, same, other = (Pair(seed).state_dict() for seed in (3, 3, 4))
    assert all(torch.equal(one[name], same[name]) for name in one)
    assert not torch.equal(one["student.head.weight"], other["student.head.weight"])


def test_training_drops_nothing(pair: Pair) -> None:
    """A frozen teacher that says two things of one window cannot be agreed with."""
    given = batch()
    asleep = pair(*given)
    awake = pair.train()(*given)
    pair.eval()
    assert torch.allclose(awake, asleep, atol=1e-5)


def test_the_teacher_reads_the_window_alone_and_forwards_only(pair: Pair) -> None:
    windows, _, _ = batch()
    changed = windows.clone()
    changed[:, 16:20] += 3  # patch 4
    hidden, other = pair.teacher(windows), pair.teacher(changed)
    assert torch.allclose(hidden[:, :4], other[:, :4], atol=1e-5)
    assert not torch.allclose(hidden[:, 4:], other[:, 4:], atol=1e-2)


def test_each_kind_of_token_counts(pair: Pair) -> None:
    windows, prototypes, usual = batch()
    found = pair(windows, prototypes, usual)
    level = pair(windows + 2, prototypes, usual)
    farther = prototypes.clone()
    farther[:, 3] += torch.randn(32, generator=torch.Generator().manual_seed(1))
    assert not torch.allclose(found, level, atol=1e-4), "a level that is new must be seen"
    assert not torch.allclose(found, pair(windows, farther, usual), atol=1e-4)
    assert not torch.allclose(found, pair(windows, prototypes, 3 * usual), atol=1e-4), "what is usual must be seen"


def test_what_is_seen_has_no_level_and_the_windows_own_scale() -> None:
    windows, prototypes, usual = batch()
    sight = seen(3 * windows + 7, prototypes, usual)
    assert sight.window.mean(-1).abs().max() < 1e-5
    assert sight.prototypes.mean(-1).abs().max() < 1e-5
    assert sight.window.std(-1, unbiased=False).max() < 1
    deviation = (9 * windows.var(-1, unbiased=False) + 0.1).sqrt()
    expected = (prototypes - prototypes.mean(-1, keepdim=True)) / deviation[:, None, None]
    assert torch.allclose(sight.prototypes, expected, atol=1e-5)


@pytest.mark.parametrize("value", [0.0, 1e3, -1e3])
def test_flat_and_huge_windows_are_judged(pair: Pair, value: float) -> None:
    """A flat window beside prototypes of thousands: scaled values are bounded, nothing is NaN."""
    windows = torch.full((1, 32), value)
    _, small, usual = batch(1)
    prototypes = 1000 * small
    assert seen(windows, prototypes, usual).prototypes.abs().max() <= LARGEST
    assert pair(windows, prototypes, usual).isfinite().all()
    assert pair(windows, windows[:, None].expand(1, 4, 32), 0 * usual).isfinite().all()


def test_how_far_is_usual_comes_from_windows_that_share_no_point() -> None:
    """Three windows side by side and one that overlaps the first: its own shadow is not what is usual."""
    shapes = np.array([[0.0, 0.0], [0.1, 0.1], [3.0, 3.0], [4.0, 4.0]], dtype=np.float32)
    starts = np.array([0, 1, 10, 20])
    assert usual_distances(shapes, starts, 8).tolist() == pytest.approx([3.0, 2.9, 1.0, 1.0])
    alone = usual_distances(shapes[:2], starts[:2], 8)
    assert alone.tolist() == [1, 1], "nothing to compare with"


def test_few_points_are_said_again() -> None:
    short = np.arange(16, dtype=np.float32)[None]
    assert points(short).tolist() == [np.repeat(np.arange(16), 2).tolist()]
    whole = np.zeros((3, 32), dtype=np.float32)
    assert points(whole) is whole


def test_what_is_saved_is_loaded_and_asleep(pair: Pair, tmp_path: Path) -> None:
    save_pair(tmp_path / "pair.safetensors", pair)
    loaded = load_pair(tmp_path / "pair.safetensors")
    assert torch.allclose(loaded(*batch()), pair(*batch()), atol=1e-5)
    assert not any(weight.requires_grad for weight in loaded.parameters())
    assert not loaded.training


@pytest.mark.parametrize("teacher", ["none", "compact", "foreign"])
def test_the_file_says_what_teacher_it_holds(teacher: str, tmp_path: Path) -> None:
    """It must be rebuilt where the folder that its blocks came from is not."""
    given = LanguageModel(rebuild(SMALL), SMALL, "small") if teacher == "foreign" else teacher
    saved = Pair(2, given, 1).eval()
    for name in ("pair.safetensors", *map(str, range(6))):
        save_pair(tmp_path / name, saved)
        assert (tmp_path / name).read_bytes() == (tmp_path / "pair.safetensors").read_bytes()
    loaded = load_pair(tmp_path / "pair.safetensors")
    assert loaded.teacher.label == saved.teacher.label
    assert loaded.state_dict().keys() == saved.state_dict().keys()
    assert all(torch.equal(tensor, saved.state_dict()[name]) for name, tensor in loaded.state_dict().items())
    assert torch.allclose(loaded(*batch()), saved(*batch()), atol=1e-5)


def test_without_a_language_model_each_patch_is_read_by_itself() -> None:
    windows, _, _ = batch()
    changed = windows.clone()
    changed[:, 16:20] += 3  # patch 4
    alone = Pair(1, "none").teacher
    same = [torch.allclose(alone(windows)[:, patch], alone(changed)[:, patch]) for patch in range(PATCHES)]
    assert same == [patch != 4 for patch in range(PATCHES)]


def test_a_file_that_says_nothing_of_its_teacher_is_of_the_compact_one(pair: Pair, tmp_path: Path) -> None:
    path = tmp_path / "pair.safetensors"
    save_file(pair.state_dict(), path, {"format": FORMAT})
    assert torch.allclose(load_pair(path)(*batch()), pair(*batch()), atol=1e-5)


def confused(path: Path) -> None:
    save_file(load_file(path), path, {"format": FORMAT + ' {"label": "x"}'})


def impossible(path: Path) -> None:
    told = json.dumps({"label": "small", "shape": {**SMALL, "n_layer": "x"}})
    save_file(load_file(path), path, {"format": f"{FORMAT} {told}"})


def other_shape(path: Path) -> None:
    told = json.dumps({"label": "small", "shape": SMALL})
    save_file(load_file(path), path, {"format": f"{FORMAT} {told}"})


def broken(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:1000])


def foreign(path: Path) -> None:
    save_file({"weight": torch.zeros(3)}, path)


def lacking(path: Path) -> None:
    tensors = load_file(path)
    del tensors["student.level.weight"]
    save_file(tensors, path, {"format": FORMAT})


def misshapen(path: Path) -> None:
    save_file({**load_file(path), "student.level.weight": torch.zeros(64, 9)}, path, {"format": FORMAT})


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (Path.unlink, "the weights of the pair at .*no such file; .*anomalyllm pretrain"),
        (broken, "whole weights of the pair at .*anomalyllm pretrain"),
        (foreign, "a file of another kind"),
        (lacking, r"student.level.weight of shape \(64, 7\) in .*no such tensor"),
        (confused, "the shape of a teacher in .*anomalyllm pretrain"),
        (impossible, "the shape of a teacher in .*anomalyllm pretrain"),
        (other_shape, r"teacher.language_model.*of shape .* in .*got \("),
        (misshapen, r"student.level.weight of shape \(64, 7\) in .*got \(64, 9\)"),
    ],
)
def test_a_bad_file_is_told(pair: Pair, tmp_path: Path, damage: object, said: str) -> None:
    path = tmp_path / "pair.safetensors"
    save_pair(path, pair)
    damage(path)  # type: ignore[operator]
    with pytest.raises(ArtefactError, match=said):
        load_pair(path)
