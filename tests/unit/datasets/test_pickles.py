"""Pickled arrays are read; what else a pickle can ask for is not done."""

from __future__ import annotations

import contextlib
import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from anomalyllm.datasets.pickles import pickled_array
from anomalyllm.errors import ReadError

VALUES = np.arange(12.0).reshape(4, 3)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "omi-1_test.pkl"


@pytest.mark.parametrize("protocol", [3, 4, 5])
@pytest.mark.parametrize("kind", ["f8", "f4", ">f8", "i8", "u1", "bool"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_an_array_comes_back_whatever_its_type_and_the_protocol(
    protocol: int, kind: str, order: Any, path: Path
) -> None:
    values = np.asarray(VALUES, kind, order=order)
    path.write_bytes(pickle.dumps(values, protocol))
    found = pickled_array(path)
    np.testing.assert_array_equal(found, values)
    assert found.dtype == values.dtype


def test_both_names_of_numpy_s_core_are_known(path: Path) -> None:
    """NumPy 2 moved what pickles name."""
    content = pickle.dumps(VALUES, 3)
    assert b"numpy._core" in content or b"numpy.core" in content
    for name in (b"numpy.core", b"numpy._core"):
        path.write_bytes(content.replace(b"numpy._core", b"numpy.core").replace(b"numpy.core", name))
        np.testing.assert_array_equal(pickled_array(path), VALUES)


def test_a_pickle_of_python_2_is_read(path: Path) -> None:
    """It kept an array's bytes as text."""
    values = np.array([0, 1, 40, 127, 128, 200, 254, 255], np.uint8)  # above 127 the coding shows
    content = (
        b"\x80\x02cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R"
        b"(K\x01K\x08\x85cnumpy\ndtype\nU\x02u1K\x00K\x01\x87R(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
        b"\x89U\x08" + values.tobytes() + b"tb."
    )
    path.write_bytes(content)
    np.testing.assert_array_equal(pickled_array(path), values)


class Calls:
    """A pickle that runs a command when it is read."""

    def __init__(self, function: Any, *arguments: Any) -> None:
        self.what = function, arguments

    def __reduce__(self) -> Any:
        return self.what


@pytest.mark.parametrize(
    ("content", "asked"),
    [
        (lambda mark: Calls(os.mkdir, mark), rf"{os.mkdir.__module__}\.mkdir"),
        (lambda mark: Calls(eval, f"__import__('os').mkdir({mark!r})"), r"builtins\.eval"),
        (lambda mark: Calls(np.load, mark), r"numpy\.load"),
        (lambda mark: np.datetime64("2020-01-01"), r"numpy\.(_core|core)\.multiarray\.scalar"),
        (lambda mark: [VALUES, Calls(os.mkdir, mark)], rf"{os.mkdir.__module__}\.mkdir"),
    ],
)
def test_nothing_that_a_pickle_names_is_called(content: Any, asked: str, path: Path, tmp_path: Path) -> None:
    mark = str(tmp_path / "it ran")
    path.write_bytes(pickle.dumps(content(mark)))
    sentence = (
        rf"^expected a pickle of a NumPy array and nothing else, got one that asks for {asked}: \S+; "
        "do not open it otherwise, for pickles can run code; save the array as .npy$"
    )
    with pytest.raises(ReadError, match=sentence):
        pickled_array(path)
    assert not (tmp_path / "it ran").exists()


@pytest.mark.parametrize("protocol", [4, 5])
def test_arrays_of_objects_are_refused(protocol: int, path: Path) -> None:
    path.write_bytes(pickle.dumps(np.array([{"a": 1}, None], dtype=object), protocol))
    with pytest.raises(ReadError, match="got one that is damaged or something else"):
        pickled_array(path)


@pytest.mark.parametrize(("content", "kind"), [({"a": VALUES}, "dict"), (VALUES.dtype, "_Type"), ([1, 2], "list")])
def test_anything_but_an_array_is_refused(content: Any, kind: str, path: Path) -> None:
    path.write_bytes(pickle.dumps(content))
    with pytest.raises(ReadError) as caught:
        pickled_array(path)
    assert str(caught.value) == f"expected a pickle of a NumPy array, got a {kind}: {path}; save the array as .npy"


def test_a_file_cut_short_or_damaged_anywhere_is_refused_or_read_whole(path: Path) -> None:
    for protocol in (4, 5):
        whole = pickle.dumps(VALUES, protocol)
        for place in range(1, len(whole)):
            path.write_bytes(whole[:place])
            with pytest.raises(ReadError):
                pickled_array(path)
            for flip in (0x01, 0xFF):
                damaged = bytearray(whole)
                damaged[place] ^= flip
                path.write_bytes(bytes(damaged))
                with contextlib.suppress(ReadError):  # any other kind of error fails
                    pickled_array(path)
