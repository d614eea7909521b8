"""Fetching one file from servers that answer well, badly, late, or not at all."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path

import pytest

from anomalyllm.datasets import fetching
from anomalyllm.datasets.fetching import Patience, fetch
from anomalyllm.errors import ConfigError, ReadError, StorageError
from unit.datasets.serving import Handler, Reply, broken, ranged, redirect, serving, silent, status, whole

CONTENT = bytes(range(256)) * 1000
HALF = 100_000
QUICK = Patience(attempts=3, pause=0.01, timeout=0.4)


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "sets" / "x.bin"


def assert_whole_and_alone(target: Path) -> None:
    assert target.read_bytes() == CONTENT
    assert [path.name for path in target.parent.iterdir()] == [target.name]


def part_of(target: Path) -> Path:
    return target.with_name("x.bin.part")


def test_a_file_comes_whole_and_progress_is_told(target: Path) -> None:
    told: list[tuple[int, int | None]] = []
    with serving(whole(CONTENT)) as server:
        fetch(server.address, target, progress=lambda so_far, total: told.append((so_far, total)), patience=QUICK)
        assert server.ranges == [None]
    assert_whole_and_alone(target)
    assert told[-1] == (len(CONTENT), len(CONTENT))
    assert told == sorted(told)


def test_a_download_that_breaks_off_goes_on_from_there(target: Path) -> None:
    """Large sets over bad lines would otherwise never come."""
    with serving(broken(CONTENT, HALF, ETag='"1"'), ranged(CONTENT)) as server:
        fetch(server.address, target, patience=QUICK)
        assert server.ranges == [None, f"bytes={HALF}-"]
    assert_whole_and_alone(target)


def test_the_next_run_goes_on_too(target: Path) -> None:
    with serving(broken(CONTENT, HALF, ETag='"1"'), ranged(CONTENT)) as server:
        with pytest.raises(ReadError) as caught:
            fetch(server.address, target, patience=Patience(1, 0, 1))
        assert str(caught.value) == (
            f"expected the whole of {server.address}, got {HALF} of {len(CONTENT)} bytes, then the end of the "
            "connection (1 attempts); try again later: what has come is kept, and the download goes on from there"
        )
        assert not target.exists()
        assert part_of(target).stat().st_size == HALF
        fetch(server.address, target, patience=QUICK)
        assert server.ranges == [None, f"bytes={HALF}-"]
    assert_whole_and_alone(target)


CHANGED = bytes(reversed(CONTENT))


@pytest.mark.parametrize(
    "second",
    [
        ranged(CONTENT, etag='"2"'),
        ranged(CONTENT + b"more"),
        ranged(CONTENT, total=1),
        whole(CONTENT),
        status(416),
    ],
    ids=["another ETag", "another size", "a lie about the size", "ranges ignored", "no such range"],
)
def test_a_file_that_changed_or_a_server_without_ranges_means_a_new_start(second: Reply, target: Path) -> None:
    """Two halves of two files are no file. The first half here is wrong, so that keeping it would show."""
    with serving(broken(CHANGED, HALF, ETag='"1"'), second, ranged(CONTENT)) as server:
        fetch(server.address, target, patience=QUICK)
        assert server.ranges[:2] == [None, f"bytes={HALF}-"]
        assert set(server.ranges[2:]) <= {None}
    assert_whole_and_alone(target)


@pytest.mark.parametrize("stamp", [b"", b"[]", b"{}", b'{"address": "x"}'])
def test_a_part_whose_version_is_not_known_is_not_gone_on_with(stamp: bytes, target: Path) -> None:
    target.parent.mkdir()
    part_of(target).write_bytes(CHANGED[:HALF])
    target.with_name("x.bin.part.json").write_bytes(stamp)
    with serving(ranged(CONTENT)) as server:
        fetch(server.address, target, patience=QUICK)
        assert server.ranges == [None]
    assert_whole_and_alone(target)


def stamped(target: Path, address: str, total: int | None, content: bytes) -> None:
    target.parent.mkdir()
    part_of(target).write_bytes(content)
    stamp = {"address": address, "total": total, "etag": None, "modified": None}
    target.with_name("x.bin.part.json").write_text(json.dumps(stamp))


def test_a_part_from_another_address_is_not_gone_on_with(target: Path) -> None:
    with serving(ranged(CONTENT)) as server:
        stamped(target, server.address + "other", len(CONTENT), CHANGED[:HALF])
        fetch(server.address, target, patience=QUICK)
        assert server.ranges == [None]
    assert_whole_and_alone(target)


def test_a_part_that_was_already_whole_is_not_asked_for_again(target: Path) -> None:
    with serving(status(404)) as server:
        stamped(target, server.address, len(CONTENT), CONTENT)
        fetch(server.address, target, patience=QUICK)
        assert server.ranges == []
    assert_whole_and_alone(target)


def test_a_server_that_is_overloaded_is_asked_again(target: Path) -> None:
    with serving(status(503), status(429), whole(CONTENT)) as server:
        fetch(server.address, target, patience=QUICK)
        assert len(server.ranges) == 3
    assert_whole_and_alone(target)


def test_pauses_double_up_to_a_limit(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr(fetching.time, "sleep", slept.append)
    with serving(status(500)) as server, pytest.raises(ReadError, match=r"got HTTP 500 .* \(9 attempts\)"):
        fetch(server.address, target, patience=Patience(9, 1.0, 1.0))
    assert slept == [1, 2, 4, 8, 16, 32, 60, 60]


def test_a_file_that_is_not_there_is_not_asked_for_again(target: Path) -> None:
    with serving(status(404)) as server:
        with pytest.raises(ReadError) as caught:
            fetch(server.address, target, patience=QUICK)
        assert len(server.ranges) == 1
        assert str(caught.value) == (
            f"expected a file at {server.address}, got HTTP 404 (Not Found); "
            "look for the new address on the set's page, and fetch it by hand"
        )


@pytest.mark.parametrize("reply", [silent(), silent(CONTENT[:HALF], len(CONTENT))], ids=["at once", "in the middle"])
def test_a_server_that_hangs_is_given_up(reply: Reply, target: Path) -> None:
    with serving(reply) as server, pytest.raises(ReadError, match=r"no (byte|answer) for 0.2 s \(2 attempts\)"):
        fetch(server.address, target, patience=Patience(2, 0.01, 0.2))


def test_what_came_before_a_server_hung_is_gone_on_with(target: Path) -> None:
    with serving(silent(CONTENT[:HALF], len(CONTENT)), ranged(CONTENT)) as server:
        fetch(server.address, target, patience=QUICK)
        assert server.ranges == [None, f"bytes={HALF}-"]
    assert_whole_and_alone(target)


def test_a_name_that_does_not_exist_is_one_line(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def nowhere(*arguments: object, **options: object) -> object:
        raise fetching.urllib.error.URLError(TimeoutError("timed out"))

    with serving(whole(CONTENT)) as server:
        address = server.address
    with pytest.raises(ReadError, match=r"refused \(2 attempts\)"):  # nobody listens there any more
        fetch(address, target, patience=Patience(2, 0.01, 1))
    monkeypatch.setattr(fetching.urllib.request, "urlopen", nowhere)
    with pytest.raises(ReadError, match=r"no answer for 1 s \(2 attempts\)"):
        fetch(address, target, patience=Patience(2, 0.01, 1))


def test_redirects_are_followed_and_keep_the_range(target: Path) -> None:
    with serving(broken(CONTENT, HALF, ETag='"1"'), redirect("/there"), ranged(CONTENT)) as server:
        fetch(server.address, target, patience=QUICK)
        assert server.paths == ["/", "/", "/there"]
        assert server.ranges[2] == f"bytes={HALF}-"
    assert_whole_and_alone(target)


def test_a_part_of_a_file_that_nobody_asked_for_is_not_taken(target: Path) -> None:
    def part(handler: Handler) -> None:
        handler.head(206, Content_Length=1, Content_Range="bytes 0-0/9")
        handler.wfile.write(b"x")

    with serving(part) as server, pytest.raises(ReadError, match="status 206 to a plain request"):
        fetch(server.address, target, patience=QUICK)


def test_a_file_of_unknown_length_ends_with_the_connection(target: Path) -> None:
    def reply(handler: Handler) -> None:
        handler.head(200)
        handler.wfile.write(CONTENT)

    told: list[int | None] = []
    with serving(reply) as server:
        fetch(server.address, target, progress=lambda _, total: told.append(total), patience=QUICK)
    assert_whole_and_alone(target)
    assert set(told) == {None}


def test_wrong_bytes_are_removed(target: Path) -> None:
    def check(path: Path) -> None:
        raise ReadError("other bytes", path.name, "try again")

    with serving(whole(b"no such page, but status 200")) as server, pytest.raises(ReadError, match="other bytes"):
        fetch(server.address, target, check=check, patience=QUICK)
    assert list(target.parent.iterdir()) == []


def test_a_full_disk_is_the_disk_s_fault_and_keeps_what_came(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(handle: int) -> None:
        if part_of(target).exists():
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(fetching.os, "fsync", full)
    with serving(whole(CONTENT)) as server:
        with pytest.raises(StorageError) as caught:
            fetch(server.address, target, patience=QUICK)
        assert len(server.ranges) == 1
    assert str(caught.value) == (
        f"expected to write {part_of(target)}, got no space left on device; make room or choose another place"
    )
    assert part_of(target).exists()


def test_other_schemes_are_refused(target: Path) -> None:
    """An address must not make the program read a local file."""
    with pytest.raises(ConfigError, match="expected an address of http or https, got file:///etc/passwd"):
        fetch("file:///etc/passwd", target)
