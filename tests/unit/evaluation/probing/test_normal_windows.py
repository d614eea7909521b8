"""Windows to ask about: none of them trained on, none of a round sharing a point, altered ones where they were."""

from __future__ import annotations

import dataclasses
import itertools

import numpy as np
import pytest

from anomalyllm.evaluation.probing.evidence import distances
from anomalyllm.evaluation.probing.normal_windows import (
    held_out,
    labelled,
    normal_among,
    shows_anomaly,
    synthetic,
)
from anomalyllm.judges import Prepared
from anomalyllm.windows.augment import KINDS
from conftest import FINETUNED
from unit.evaluation.probing.probed import case, detector


def prepared(rows: int = 700, *gaps: slice) -> Prepared:
    values = np.random.default_rng(0).standard_normal((rows, 2)).astype(np.float32)
    missing = np.zeros((rows, 2), bool)
    for gap in gaps:
        missing[gap] = True
    return Prepared(values, missing if gaps else None)


def test_windows_of_a_round_share_no_point_and_are_whole() -> None:
    """Else an altered window would change its neighbour, and a gap would be called normal."""
    series = prepared(700, slice(200, 230))
    normal = normal_among(series, np.arange(100, 660), 40, own=False)
    for starts in normal.rounds:
        assert (np.diff(starts) >= 40).all()
    assert len(np.unique(normal.starts)) > 100
    assert series.missing is not None
    assert max(series.missing[start : start + 40].mean() for start in normal.starts) <= 0.1


@pytest.mark.parametrize("preset", ["trained", "paper", FINETUNED])
def test_no_network_was_trained_on_what_is_held_out(preset: str) -> None:
    fitted = detector(preset)._fitted
    normal = held_out(fitted, fitted.prepare(case().train))
    assert len(normal.starts) > 20
    assert normal.starts.min() >= round(1600 * 0.8)
    assert normal.starts.max() + normal.window <= 1600


def test_altered_windows_stand_where_they_were_and_nothing_else_changes() -> None:
    fitted = detector("trained")._fitted
    series = fitted.prepare(case().train)
    before = series.values.copy()
    normal = held_out(fitted, series)
    altered = normal.altered("level", fitted.config.augment, 3)
    assert (altered != normal.windows).any(axis=(1, 2)).all()
    seen = 0
    for changed, starts in normal.with_windows(altered):
        rows = (starts[:, None] + np.arange(normal.window)).reshape(-1)
        assert changed.values[rows].reshape(len(starts), normal.window, -1) == pytest.approx(
            altered[seen : seen + len(starts)].transpose(0, 2, 1)
        )
        others = np.setdiff1d(np.arange(len(before)), rows)
        assert (changed.values[others] == before[others]).all()
        seen += len(starts)
    assert seen == len(altered)
    assert (series.values == before).all()


def test_what_is_said_of_altered_windows_is_said_of_each_by_itself() -> None:
    """Window by window, each in a series of its own: the slow way."""
    fitted = detector("trained")._fitted
    normal = held_out(fitted, fitted.prepare(case().train))
    altered = normal.altered("flatten", fitted.config.augment, 0)
    said = normal.asked_altered(fitted, altered)
    for place in (0, 3, len(altered) - 1):
        start = normal.starts[place]
        values = normal.prepared.values.copy()
        values[start : start + normal.window] = altered[place].T
        alone = distances(fitted, dataclasses.replace(normal.prepared, values=values), np.array([start]), own=True)
        assert said.discrepancy[place] == pytest.approx(alone.discrepancy[0], rel=1e-4)
        assert said.mismatch[place] == pytest.approx(alone.mismatch[0], rel=1e-4)


@pytest.mark.parametrize("kind", KINDS)
def test_a_seed_decides_what_is_altered(kind: str) -> None:
    fitted = detector("trained")._fitted
    normal = held_out(fitted, fitted.prepare(case().train))
    first, again, other = (normal.altered(kind, fitted.config.augment, seed) for seed in (1, 1, 2))
    assert (first == again).all()
    assert (first != other).any()


def test_detectors_are_compared_on_the_same_anomalies_whatever_they_were_trained_with() -> None:
    """Else the variant that was taught with faint ones would be asked about faint ones."""
    fitted = detector("trained")._fitted
    taught = dataclasses.replace(fitted.config.augment, level=0.1, jitter=0.01, local=False)
    other = dataclasses.replace(fitted, config=dataclasses.replace(fitted.config, augment=taught))
    normal = held_out(fitted, fitted.prepare(case().train))
    usual, same, own = (synthetic(fitted, normal, 0), synthetic(other, normal, 0), synthetic(other, normal, 0, taught))
    for kind in KINDS:
        assert (usual[kind].windows == same[kind].windows).all()
        assert (usual[kind].said.discrepancy == same[kind].said.discrepancy).all()
        assert (usual[kind].windows != own[kind].windows).any()


def test_labelled_windows_beside_a_count_by_hand() -> None:
    """A window with a corner of an anomaly is neither normal nor an example of it."""
    labels = np.zeros(200, np.int8)
    labels[60:63] = labels[120:170] = 1
    window = 40
    found = labelled(Prepared(np.zeros((200, 1), np.float32), None), labels, window)
    runs = [(60, 63), (120, 170)]
    for start in range(200 - window + 1):
        inside = labels[start : start + window].any()
        shares = [len(set(range(start, start + window)) & set(range(*run))) for run in runs]
        shown = any(share >= min(run[1] - run[0], 5) for share, run in zip(shares, runs, strict=True))
        assert (start in found.normal) == (not inside)
        assert (start in found.real) == shown
    assert list(shows_anomaly(labels, np.array([20, 22, 23]), window)) == [False, False, True]


def test_a_test_part_shorter_than_a_window_has_none() -> None:
    found = labelled(Prepared(np.zeros((10, 1), np.float32), None), np.zeros(10, np.int8), 40)
    assert not list(itertools.chain(*found))
