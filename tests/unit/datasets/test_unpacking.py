"""Unpacking: what is wanted, inside the folder, and no more than was promised."""

from __future__ import annotations

import contextlib
import stat
import zipfile
from pathlib import Path

import pytest

from anomalyllm.datasets import unpacking
from anomalyllm.datasets.unpacking import changed_members, unpack
from anomalyllm.errors import ReadError


def packed(tmp_path: Path, *members: tuple[str | zipfile.ZipInfo, bytes]) -> Path:
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("top/", b"")
        for name, content in members:
            archive.writestr(name, content)
    return path


def files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


MEMBERS = (("top/data/a.csv", b"a" * 5000), ("top/data/deep/b.csv", b"b"), ("top/code.py", b"c"))


def test_wanted_files_are_unpacked_and_no_others(tmp_path: Path) -> None:
    archive = packed(tmp_path, *MEMBERS)
    assert unpack(archive, tmp_path / "out", ("*/data/*.csv",)) == 2
    assert files(tmp_path / "out") == dict(MEMBERS[:2])
    assert unpack(archive, tmp_path / "all") == 3


def test_files_already_there_are_left_and_changed_ones_are_mended(tmp_path: Path) -> None:
    archive = packed(tmp_path, *MEMBERS)
    unpack(archive, tmp_path / "out")
    assert unpack(archive, tmp_path / "out") == 0
    assert changed_members(archive, tmp_path / "out") == []
    (tmp_path / "out" / "top" / "data" / "a.csv").write_bytes(b"a" * 4999 + b"b")
    (tmp_path / "out" / "top" / "code.py").unlink()
    assert changed_members(archive, tmp_path / "out") == ["top/data/a.csv", "top/code.py"]
    assert unpack(archive, tmp_path / "out") == 2
    assert files(tmp_path / "out") == dict(MEMBERS)


def link(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return info


@pytest.mark.parametrize(
    ("name", "came"),
    [
        ("../evil", "'../evil'"),
        ("a/../../evil", "'a/../../evil'"),
        ("/tmp/evil", "'/tmp/evil'"),
        ("..\\evil", r"'..\\evil'"),
        ("C:evil", "'C:evil'"),
        (".", "'.'"),
        (link("evil"), "the link 'evil'"),
    ],
    ids=str,
)
def test_a_path_that_leaves_the_folder_stops_everything(name: str | zipfile.ZipInfo, came: str, tmp_path: Path) -> None:
    """Before the first file is written: an archive that tries it once is not to be trusted with the rest."""
    archive = packed(tmp_path, ("good", b"1"), (name, b"2"))
    with pytest.raises(ReadError) as caught:
        unpack(archive, tmp_path / "out")
    assert str(caught.value) == (
        f"expected plain files that stay in their folder, got {came} in {archive}; do not unpack this archive"
    )
    assert files(tmp_path) == {"x.zip": archive.read_bytes()}


def test_an_archive_that_would_fill_the_disk_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpacking, "FREE_GROWTH", 1000)
    archive = packed(tmp_path, ("zeros", bytes(1_000_000)))
    with pytest.raises(
        ReadError, match=r"expected an archive of at most 100000 files and \d+ bytes, got 1 files of 1000000"
    ):
        unpack(archive, tmp_path / "out")
    monkeypatch.undo()
    assert unpack(archive, tmp_path / "out") == 1
    monkeypatch.setattr(unpacking, "MOST_FILES", 0)
    with pytest.raises(ReadError, match="unpack it by hand if you trust it"):
        unpack(archive, tmp_path / "out")


def test_an_archive_cut_short_or_damaged_anywhere_is_refused_or_unpacked_whole(tmp_path: Path) -> None:
    path = packed(tmp_path, *MEMBERS)
    whole = path.read_bytes()
    refused = 0
    for place in range(0, len(whole), 3):
        damaged = bytearray(whole)
        damaged[place] ^= 0xFF
        path.write_bytes(bytes(damaged))
        with contextlib.suppress(ReadError):  # any other kind of error fails
            refused += 1
            unpack(path, tmp_path / f"out{place}")
            refused -= 1
        if place:
            path.write_bytes(whole[:place])
            with pytest.raises(ReadError, match="expected a zip archive, got one that is damaged or something else"):
                unpack(path, tmp_path / f"cut{place}")
    assert refused > 10


def test_a_damaged_member_is_named_and_leaves_no_half_file(tmp_path: Path) -> None:
    path = packed(tmp_path, ("a.csv", b"1,2\n"), ("b.csv", bytes(range(256)) * 40))
    content = bytearray(path.read_bytes())
    content[content.index(b"b.csv") + 30] ^= 0xFF
    path.write_bytes(bytes(content))
    with pytest.raises(ReadError) as caught:
        unpack(path, tmp_path / "out")
    assert str(caught.value) == (
        f"expected an archive that is whole, got 'b.csv' damaged in {path}; fetch the set again"
    )
    assert files(tmp_path / "out") == {"a.csv": b"1,2\n"}
