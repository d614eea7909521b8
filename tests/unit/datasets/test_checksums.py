"""What was downloaded is recorded, and a later change is noticed."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from anomalyllm.datasets.checksums import FILE, Record, record, recorded, sha256_of, wrong_files
from anomalyllm.errors import ReadError


def write(folder: Path, name: str, content: bytes) -> Record:
    (folder / name).write_bytes(content)
    entry = Record(len(content), sha256_of(folder / name), f"https://x/{name}")
    record(folder, name, entry)
    return entry


def test_a_record_is_kept_beside_the_others(tmp_path: Path) -> None:
    assert recorded(tmp_path) == {}
    entries = {name: write(tmp_path, name, name.encode()) for name in ("b.zip", "a.csv")}
    assert recorded(tmp_path) == entries
    assert entries["a.csv"].sha256 == hashlib.sha256(b"a.csv").hexdigest()
    assert list(wrong_files(tmp_path)) == []


@pytest.mark.parametrize("change", [b"B.zip", b"b.zip and more", None])
def test_a_change_is_noticed(change: bytes | None, tmp_path: Path) -> None:
    for name in ("a.csv", "b.zip"):
        write(tmp_path, name, name.encode())
    (tmp_path / "b.zip").unlink() if change is None else (tmp_path / "b.zip").write_bytes(change)
    assert list(wrong_files(tmp_path)) == ["b.zip"]


@pytest.mark.parametrize(
    "text", ["[]", "{}", '{"files": 1}', '{"files": {"a": {"sha256": "x"}}}', '{"files": {"a": 1}}']
)
def test_a_damaged_record_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(text)
    with pytest.raises(ReadError) as caught:
        recorded(tmp_path)
    assert str(caught.value) == (
        f"expected bytes, sha256 and address of each file, got something else in {tmp_path / FILE}; "
        "delete it and fetch the set again"
    )


def test_a_record_cannot_point_outside_its_folder(tmp_path: Path) -> None:
    record(tmp_path, "../x", Record(1, "", ""))
    with pytest.raises(ReadError, match=r"expected names of files in this folder, got '../x' in "):
        recorded(tmp_path)
