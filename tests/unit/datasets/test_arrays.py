"""`.npy` files: numbers in, nothing executed."""

from __future__ import annotations

import contextlib
from pathlib import Path

import numpy as np
import pytest

from anomalyllm.datasets.arrays import npy_array
from anomalyllm.errors import ReadError

VALUES = np.arange(12.0).reshape(4, 3)


def test_an_array_comes_back(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", VALUES)
    np.testing.assert_array_equal(npy_array(tmp_path / "x.npy"), VALUES)


def test_headers_that_python_2_wrote_are_read_without_a_warning(tmp_path: Path) -> None:
    """Warnings are errors here, so one would fail."""
    np.save(tmp_path / "x.npy", VALUES)
    content = (tmp_path / "x.npy").read_bytes().replace(b"(4, 3), }  ", b"(4L, 3L), }")
    assert b"4L" in content
    (tmp_path / "x.npy").write_bytes(content)
    np.testing.assert_array_equal(npy_array(tmp_path / "x.npy"), VALUES)


def test_objects_and_foreign_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.npy"
    np.save(path, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    for content in (path.read_bytes(), b"no array", b"\x80\x04N."):
        path.write_bytes(content)
        with pytest.raises(ReadError) as caught:
            npy_array(path)
        assert str(caught.value) == (
            "expected an .npy file of plain numbers, got one that is damaged or something else: "
            f"{path}; fetch the set again"
        )


def test_a_file_cut_short_or_damaged_anywhere_is_refused_or_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "x.npy"
    np.save(path, VALUES)
    whole = path.read_bytes()
    for place in range(0, len(whole), 5):
        path.write_bytes(whole[:place])
        with pytest.raises(ReadError):
            npy_array(path)
        damaged = bytearray(whole)
        damaged[place] ^= 0xFF
        path.write_bytes(bytes(damaged))
        with contextlib.suppress(ReadError):  # any other kind of error fails
            npy_array(path)
