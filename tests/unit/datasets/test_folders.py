"""Folders are looked through near before deep; files that cannot be read are named."""

from __future__ import annotations

from pathlib import Path

import pytest

from anomalyllm.datasets.folders import content_of, folders_below, json_of
from anomalyllm.errors import ReadError


def test_the_nearest_folder_comes_first_and_hidden_ones_are_left_out(tmp_path: Path) -> None:
    for name in ("b/deep", "a", ".git", "__MACOSX", "1/2/3/4/5"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "file").write_text("x")
    found = [path.relative_to(tmp_path).as_posix() for path in folders_below(tmp_path)]
    assert found == [".", "1", "a", "b", "1/2", "b/deep", "1/2/3", "1/2/3/4"]
    assert list(folders_below(tmp_path / "file")) == list(folders_below(tmp_path / "nothing")) == []


def test_files_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    (tmp_path / "list").write_text("[1")
    (tmp_path / "deep").write_text("[" * 100_000)
    sentences = {
        "absent": "expected a file that can be read, got {} (no such file or directory); fetch the set again",
        "": "expected a file that can be read, got {} (is a directory); fetch the set again",
        "empty": "expected a file with at least one value, got an empty file: {}; fetch the set again",
        "list": "expected a JSON document, got something else in {}; fetch the set again",
        "deep": "expected a JSON document, got something else in {}; fetch the set again",
    }
    for name, sentence in sentences.items():
        with pytest.raises(ReadError) as caught:
            json_of(tmp_path / name)
        assert str(caught.value) == sentence.format(tmp_path / name)
    (tmp_path / "list").write_text("[1]")
    assert json_of(tmp_path / "list") == [1]
    assert content_of(tmp_path / "list") == b"[1]"
