"""Work in pieces: all of it is done, on no more threads than the caller allows, and what goes wrong is told."""

from __future__ import annotations

import sys
import threading
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from anomalyllm.model import threads
from anomalyllm.model.threads import divided, one_thread


@pytest.mark.parametrize("allowed", [1, 2, 8])
@pytest.mark.parametrize("count", [0, 1, 30])
def test_every_piece_is_done_once(count: int, allowed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "allowed_threads", lambda: allowed)
    done: list[int] = []
    divided(done.append, range(count))
    assert sorted(done) == list(range(count))


def test_one_thread_is_the_callers_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who has given the library one thread, as a bench with many processes does, gets no second one."""
    monkeypatch.setattr(threads, "allowed_threads", lambda: 1)
    names: list[str] = []
    divided(lambda _: names.append(threading.current_thread().name), range(5))
    assert set(names) == {threading.current_thread().name}


@pytest.mark.parametrize("allowed", [1, 2])
def test_what_a_piece_raises_is_raised(allowed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "allowed_threads", lambda: allowed)

    def refuse(piece: int) -> None:
        if piece == 3:
            raise MemoryError("no room for piece 3")

    with pytest.raises(MemoryError, match="piece 3"):
        divided(refuse, range(6))


@pytest.mark.parametrize(("said", "allowed"), [("1", 1), ("3", 3), ("2,1", 2), ("0", 1)])
def test_without_torch_the_environment_is_asked(said: str, allowed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "torch", raising=False)
    monkeypatch.setenv("OMP_NUM_THREADS", said)
    assert threads.allowed_threads() == allowed


def test_without_any_word_all_cores_are_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "torch", raising=False)
    for said in ("", "many"):
        monkeypatch.setenv("OMP_NUM_THREADS", said)
        assert threads.allowed_threads() == threads.cores() >= 1


def test_torch_has_the_word_where_it_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", SimpleNamespace(get_num_threads=lambda: 5))
    assert threads.allowed_threads() == 5


def test_one_thread_inside_and_as_before_afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.set_num_threads(2)
    try:
        with one_thread():
            assert torch.get_num_threads() == 1
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(1)
    monkeypatch.setitem(sys.modules, "torch", None)
    with one_thread():
        assert np.ones(1).sum() == 1


def test_who_goes_first_does_not_take_the_one_thread_from_who_stays() -> None:
    """Two fits in two threads of a program: the number is the process's."""
    torch.set_num_threads(2)
    try:
        first, second = one_thread(), one_thread()
        first.__enter__()
        second.__enter__()
        first.__exit__(None, None, None)
        assert torch.get_num_threads() == 1
        second.__exit__(None, None, None)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(1)
