"""One file over HTTP: what has come is kept in `NAME.part`, and a download that broke off goes on from there.

`NAME.part.json` says which version of the file the part belongs to (size, ETag, Last-Modified). If the server has
another one by now, cannot tell, or ignores the wish to go on in the middle, the download starts anew.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from anomalyllm.errors import ConfigError, ReadError
from anomalyllm.files import storage_errors, write_atomically

BLOCK = 1 << 16
LONGEST_PAUSE = 60.0  # seconds between two attempts
PASSING = (408, 425, 429)  # HTTP statuses that may be gone the next time, beside those of 500 and more
UNSATISFIABLE = 416  # the range that was asked for is not in the file

Progress = Callable[[int, int | None], None]  # bytes so far, and in all where the server says


@dataclass(frozen=True)
class Patience:
    """How long a server is waited for.

    Attributes:
        attempts: requests in all.
        pause: seconds before the second attempt; doubled before each further one.
        timeout: seconds without a byte after which an attempt is given up.
    """

    attempts: int = 5
    pause: float = 1.0
    timeout: float = 30.0


def fetch(
    address: str,
    target: Path,
    *,
    check: Callable[[Path], None] | None = None,
    progress: Progress | None = None,
    patience: Patience | None = None,
) -> None:
    """Fetches `address` to `target`, which appears when it is whole and `check` has passed.

    Args:
        address: of http or https.
        target: the file; its folder is made.
        check: raises an error if the bytes are not those expected; the part is then removed.
        progress: told bytes so far and in all.
        patience: attempts and pauses.

    Raises:
        ReadError: the server refuses, does not answer or keeps breaking off; what has come is kept.
        StorageError: the disk refuses; what has come is kept.
    """
    if urlsplit(address).scheme not in ("http", "https"):
        raise ConfigError("an address of http or https", address, "mend the table of sources")
    patience = patience or Patience()
    part = _Part(target)
    with storage_errors(target):
        target.parent.mkdir(parents=True, exist_ok=True)
    _with_patience(address, patience, lambda: _attempt(address, part, progress, patience.timeout))
    if check is not None:
        try:
            check(part.path)
        except ReadError:
            part.remove()
            raise
    with storage_errors(target):
        part.path.replace(target)
        part.remove()


class _BrokenError(Exception):
    """An attempt that failed and may succeed the next time; the text says why."""


def _with_patience(address: str, patience: Patience, attempt: Callable[[], None]) -> None:
    reason = ""
    for number in range(patience.attempts):
        if number:
            time.sleep(min(patience.pause * 2 ** (number - 1), LONGEST_PAUSE))
        try:
            attempt()
        except _BrokenError as error:
            reason = str(error)
        else:
            return
    came = f"{reason} ({patience.attempts} attempts)"
    remedy = "try again later: what has come is kept, and the download goes on from there"
    raise ReadError(f"the whole of {address}", came, remedy)


# --- the part that is there ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Version:
    """What tells one version of a remote file from another."""

    address: str
    total: int | None
    etag: str | None
    modified: str | None

    def is_known(self) -> bool:
        return self.etag is not None or self.modified is not None or self.total is not None


class _Part:
    """What has come of a file, and of which version it is."""

    def __init__(self, target: Path) -> None:
        self.path = target.with_name(f"{target.name}.part")
        self.stamp = target.with_name(f"{target.name}.part.json")

    def remove(self) -> None:
        with storage_errors(self.path):
            self.path.unlink(missing_ok=True)
            self.stamp.unlink(missing_ok=True)

    def kept(self, address: str) -> tuple[int, _Version | None]:
        """Bytes to go on from, and their version; 0 and None where there is nothing to go on from."""
        try:
            version = _Version(**json.loads(self.stamp.read_bytes()))
            size = self.path.stat().st_size
        except (OSError, ValueError, TypeError):
            return 0, None
        goes_on = version.address == address and version.is_known() and size
        return (size, version) if goes_on else (0, None)

    def begin(self, version: _Version) -> None:
        """An empty part of this version."""
        self.remove()
        write_atomically(self.stamp, json.dumps(asdict(version)).encode())


# --- one attempt --------------------------------------------------------------------------------------------


def _attempt(address: str, part: _Part, progress: Progress | None, timeout: float) -> None:
    """Goes on from what is there if the server agrees that it is the same file, else from the beginning."""
    offset, version = part.kept(address)
    if version is not None and version.total == offset:  # it was whole when the machine was stopped
        return
    if version is not None:
        with _answer(address, offset, timeout) as answer:
            if answer is not None and answer.status == 206 and _goes_on(answer, offset, version):
                _receive(answer, part, offset, version.total, progress, timeout)
                return
            if answer is not None and answer.status == 200:  # it ignores ranges: this is the whole file
                _receive_anew(answer, address, part, progress, timeout)
                return
    with _answer(address, 0, timeout) as answer:
        if answer is None or answer.status != 200:
            raise _BrokenError(f"status {answer.status if answer else UNSATISFIABLE} to a plain request")
        _receive_anew(answer, address, part, progress, timeout)


@contextlib.contextmanager
def _answer(address: str, offset: int, timeout: float) -> Iterator[http.client.HTTPResponse | None]:
    """The server's answer to a request from byte `offset`; None where it says that there is no such byte."""
    headers = {"User-Agent": "anomalyllm", "Accept-Encoding": "identity"}
    if offset:
        headers["Range"] = f"bytes={offset}-"
    request = urllib.request.Request(address, headers=headers)  # noqa: S310 - the scheme was checked
    with _network(timeout):
        try:
            answer: Any = urllib.request.urlopen(request, timeout=timeout)  # noqa: S310
        except urllib.error.HTTPError as error:
            error.close()
            if error.code != UNSATISFIABLE:
                raise _refusal(address, error) from error
            answer = None
    try:
        yield answer
    finally:
        if answer is not None:
            answer.close()


def _refusal(address: str, error: urllib.error.HTTPError) -> Exception:
    said = f"HTTP {error.code} ({error.reason})"
    if error.code >= 500 or error.code in PASSING:
        return _BrokenError(said)
    remedy = "look for the new address on the set's page, and fetch it by hand"
    return ReadError(f"a file at {address}", said, remedy)


def _version(answer: http.client.HTTPResponse, address: str) -> _Version:
    headers = answer.headers
    total = headers.get("Content-Range", "").rpartition("/")[2] or headers.get("Content-Length", "")
    return _Version(address, int(total) if total.isdigit() else None, headers["ETag"], headers["Last-Modified"])


def _goes_on(answer: http.client.HTTPResponse, offset: int, version: _Version) -> bool:
    begins = answer.headers.get("Content-Range", "").startswith(f"bytes {offset}-")
    return begins and _version(answer, version.address) == version


def _receive_anew(
    answer: http.client.HTTPResponse, address: str, part: _Part, progress: Progress | None, timeout: float
) -> None:
    version = _version(answer, address)
    part.begin(version)
    _receive(answer, part, 0, version.total, progress, timeout)


def _receive(
    answer: http.client.HTTPResponse,
    part: _Part,
    offset: int,
    total: int | None,
    progress: Progress | None,
    timeout: float,
) -> None:
    """Appends the answer's bytes to the part, to the end that the server promised."""
    so_far = offset
    with storage_errors(part.path), part.path.open("ab") as file:
        while so_far != total:
            with _network(timeout):
                block = answer.read1(BLOCK)
            if not block:
                break
            file.write(block)
            so_far += len(block)
            if progress is not None:
                progress(so_far, total)
        file.flush()
        os.fsync(file.fileno())
    if total is not None and so_far < total:
        raise _BrokenError(f"{so_far} of {total} bytes, then the end of the connection")


@contextlib.contextmanager
def _network(timeout: float) -> Iterator[None]:
    """Faults of the network as what they are: not the disk's, and often gone the next time."""
    try:
        yield
    except TimeoutError as error:
        raise _BrokenError(f"no byte for {timeout:g} s") from error
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", error)
        if isinstance(reason, TimeoutError):
            raise _BrokenError(f"no answer for {timeout:g} s") from error
        raise _BrokenError(str(reason) or type(reason).__name__) from error
