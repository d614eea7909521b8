"""The stream beyond the contract: when scores leave it, and what it refuses."""

from __future__ import annotations

import numpy as np
import pytest

from anomalyllm import AnomalyLLM, Stream
from anomalyllm.errors import ChannelError, DataError
from conftest import sine


def test_scores_leave_as_soon_as_they_are_final(fitted: AnomalyLLM) -> None:
    """A row is final when the last window that covers it has been seen: window_ - 1 rows later at most."""
    stream, sent = Stream(fitted), 0
    for row in sine(300):
        sent += len(stream.push(row[None]))
        final = max(0, stream.rows - fitted.window_ + fitted.config_.window.stride)
        assert final - fitted.config_.window.stride < sent <= final
    assert sent + len(stream.finish()) == 300


def test_memory_does_not_grow(fitted: AnomalyLLM) -> None:
    stream = Stream(fitted)
    for _ in range(30):
        stream.push(sine(200))
        assert all(len(part._values) <= part._judge.window + 2 * part._judge.stride for part in stream._parts)
    assert stream.rows == 6000


def test_streams_do_not_disturb_each_other(fitted: AnomalyLLM) -> None:
    X = sine(300, seed=2)
    one, other = Stream(fitted), Stream(fitted)
    first = [one.push(X[:150])]
    other.push(100 * X)
    first += [one.push(X[150:]), one.finish()]
    np.testing.assert_allclose(np.concatenate(first), fitted.decision_function(X), rtol=1e-5)


def test_refusals(fitted: AnomalyLLM) -> None:
    stream = Stream(fitted)
    with pytest.raises(ChannelError):
        stream.push(sine(10, 3))
    assert stream.finish().shape == (0,)
    assert stream.finish().shape == (0,)
    with pytest.raises(DataError, match="open a new Stream"):
        stream.push(sine(10))
