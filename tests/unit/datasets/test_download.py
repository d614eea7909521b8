"""Fetching a set: checked, recorded, unpacked, and not fetched twice."""

from __future__ import annotations

import hashlib
import io
import zipfile
from pathlib import Path

import pytest

from anomalyllm.datasets.catalogue import open_dataset
from anomalyllm.datasets.checksums import recorded
from anomalyllm.datasets.download import download
from anomalyllm.datasets.fetching import Patience
from anomalyllm.datasets.sources import SOURCES, RemoteFile, Source
from anomalyllm.errors import ConfigError, ReadError
from unit.datasets.serving import broken, ranged, serving, whole

QUICK = Patience(attempts=2, pause=0.01, timeout=1)


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")


def archive() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as opened:
        opened.writestr("a/b/001_UCR_Anomaly_ECG1_5_9_11.txt", " ".join(map(str, range(20))))
        opened.writestr("a/b/readme.pdf", b"x" * 999)
    return stream.getvalue()


ZIP = archive()


def source(*files: RemoteFile) -> Source:
    return Source("UCR", "title", "https://home", "licence", "citation", files)


def test_a_set_is_fetched_unpacked_recorded_and_can_be_opened(tmp_path: Path) -> None:
    told: list[tuple[str, int, int | None]] = []
    with serving(broken(ZIP, 100, ETag='"1"'), ranged(ZIP)) as server:
        wanted = source(RemoteFile(server.address, "x_UCR.zip", ("*.txt",)))
        place = download(wanted, tmp_path, watch=lambda *words: told.append(words), patience=QUICK)
        assert server.ranges == [None, "bytes=100-"]
        entry = recorded(place)["x_UCR.zip"]
        assert (entry.bytes, entry.sha256) == (len(ZIP), hashlib.sha256(ZIP).hexdigest())
        assert entry.address == server.address
        download(wanted, tmp_path, patience=QUICK)
        assert len(server.ranges) == 2, "what is there and as recorded is not fetched again"
        (place / "x_UCR.zip").write_bytes(b"changed")
        download(wanted, tmp_path, patience=QUICK)
        assert len(server.ranges) == 3
    assert place == tmp_path / "UCR"
    assert told[-1] == ("x_UCR.zip", len(ZIP), len(ZIP))
    assert not list(place.rglob("*.pdf"))
    dataset = open_dataset("ucr", tmp_path)
    assert dataset.folder == place
    assert dataset.cases[0].read().labels.sum() == 3


@pytest.mark.parametrize(
    ("file", "sentence"),
    [
        ({"bytes": 3}, f"expected 3 bytes in x.zip, got {len(ZIP)}; the part was removed; try again,"),
        ({"sha256": "0" * 64}, f"expected SHA-256 {'0' * 64} of x.zip, got {hashlib.sha256(ZIP).hexdigest()};"),
    ],
)
def test_wrong_bytes_are_removed(file: dict[str, object], sentence: str, tmp_path: Path) -> None:
    with serving(whole(ZIP)) as server, pytest.raises(ReadError, match=sentence):
        download(source(RemoteFile(server.address, "x.zip", **file)), tmp_path, patience=QUICK)  # type: ignore[arg-type]
    assert list((tmp_path / "UCR").iterdir()) == []


def test_a_page_in_place_of_an_archive_is_not_recorded(tmp_path: Path) -> None:
    with (
        serving(whole(b"<html>log in</html>")) as server,
        pytest.raises(ReadError, match=r"expected a zip archive at \S+"),
    ):
        download(source(RemoteFile(server.address, "x.zip")), tmp_path, patience=QUICK)
    assert list((tmp_path / "UCR").iterdir()) == []


def test_known_sums_are_accepted_and_plain_files_kept_as_they_are(tmp_path: Path) -> None:
    with serving(whole(b"1,2\n")) as server:
        known = RemoteFile(server.address, "x.csv", bytes=4, sha256=hashlib.sha256(b"1,2\n").hexdigest().upper())
        place = download(source(known), tmp_path, patience=QUICK)
    assert sorted(path.name for path in place.iterdir()) == ["checksums.json", "x.csv"]


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("SWaT", "whose licence forbids it; ask iTrust, Singapore University of Technology and Design: https://itrust"),
        ("WADI", "whose licence forbids it; ask iTrust, Singapore University of Technology and Design: https://itrust"),
        ("Yahoo-S5", "whose licence forbids it; fill in the request form of Yahoo Webscope: https://webscope"),
        (
            "SWAN",
            "expected a set with an address to fetch it from, got SWAN; see https://doi.org/10.7910/DVN/EBCFKM: put",
        ),
        ("MSCloud", "expected a set with an address to fetch it from, got MSCloud; see https://github.com/microsoft"),
    ],
)
def test_sets_that_may_or_can_not_be_fetched_say_where_to_ask(name: str, sentence: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=sentence):
        download(SOURCES[name], tmp_path)
    assert list(tmp_path.iterdir()) == []
