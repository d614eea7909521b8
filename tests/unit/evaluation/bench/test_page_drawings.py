"""What the script draws is what was measured, to a byte, and the page stays small."""

from __future__ import annotations

import base64

import numpy as np
import pytest

from anomalyllm.evaluation.bench.page_attempts import Attempt, Case, Envelope, Recorded, cases
from anomalyllm.evaluation.bench.page_boards import boards
from anomalyllm.evaluation.bench.page_cases import case_list
from anomalyllm.evaluation.bench.page_drawings import (
    ROOM,
    coarser,
    drawings,
    heights,
    joined_by,
    liveliest,
    marks,
)
from anomalyllm.reporting.axes import Scale
from anomalyllm.reporting.chart import safe_json
from outline import Outline
from unit.evaluation.bench.page_builders import keep, labelled, row


def curve(low, high=None, size=1):
    low = np.array(low, dtype=float)
    high = low if high is None else np.array(high, dtype=float)
    return Envelope(len(low) * size, size, low, high)


def attempt(place=1, scores=None, hit=True, **cells):
    return Attempt(place, row(method=f"method {place}", **cells), hit, scores)


def drawn(*attempts, channels=(), spans=()):
    recorded = Recorded(channels[0].rows, tuple(channels), spans) if channels else None
    (only,) = drawings([Case("UCR", "a", tuple(attempts), recorded)]).values()
    return only


def bytes_of(panel):
    return np.frombuffer(base64.b64decode(panel["heights"]), np.uint8)


def test_heights_give_the_values_back_to_half_a_step_and_keep_gaps():
    values = np.append(np.random.default_rng(0).normal(size=300), [np.nan, 1e9])
    scale = Scale(-4.0, 4.0)
    found = heights(curve(values), scale)[:302].astype(float)
    back = scale.low + (found - 1) / 254 * (scale.high - scale.low)
    assert np.abs(back - values)[:300].max() <= 8 / 254 / 2 + 1e-9
    assert found[300:].tolist() == [0, 255]  # missing; beyond the scale


@pytest.mark.parametrize("step", [1, 2, 4])
def test_joined_stretches_keep_every_extreme(step):
    chance = np.random.default_rng(0)
    low = chance.random(37)
    low[5] = np.nan
    fine = curve(low, low + 1, size=3)
    joined = coarser(fine, step)
    assert joined.size == 3 * step
    assert len(joined.low) == -(-37 // step)
    assert np.nanmin(joined.low) == np.nanmin(low)
    assert np.nanmax(joined.high) == np.nanmax(low) + 1
    assert joined.low[-1] == np.nanmin(low[(len(joined.low) - 1) * step :])


@pytest.mark.parametrize(("size", "step"), [(0, 1), (ROOM, 1), (ROOM + 1, 2), (4 * ROOM, 4), (4 * ROOM + 1, 8)])
def test_no_more_is_joined_than_must_be(size, step):
    assert joined_by(size) == step


def test_the_channels_that_vary_most_are_drawn_in_their_order():
    spreads = [1.0, 0.0, 5.0, 2.0, 3.0, 4.0]
    channels = [curve([0.0, spread]) for spread in spreads] + [curve([np.nan, np.nan])]
    assert liveliest(channels) == [2, 3, 4, 5]
    panels = drawn(channels=channels, spans=((0, 1),))["panels"]
    assert [panel["name"] for panel in panels] == [f"channel {index} (of 7)" for index in (2, 3, 4, 5)]
    assert drawn(channels=channels[:1])["panels"][0]["name"] == "series"


def test_bands_marks_and_thresholds_stand_where_they_belong():
    scores = curve([0.0, 1.0, 0.5, 0.0])
    found = drawn(
        attempt(1, scores, location=1, threshold=0.75),
        attempt(2, scores, hit=False),
        channels=[curve([0.0, 1.0, 2.0, 3.0])],
        spans=((1, 3),),
    )
    assert found["bands"] == [[0.25, 0.75]]
    assert found["marks"] == [[0.375, "1"]]
    series, first, second = found["panels"]
    assert series["kind"] == "series"
    assert (first["name"], first["hit"], first["mark"]) == ("1 method 1", True, 0.375)
    assert first["note"] == "threshold 0.75"
    low, high = 0 - 0.06, 1 + 0.06
    assert first["threshold"] == pytest.approx((0.75 - low) / (high - low), abs=1e-6)
    assert (second["hit"], second["mark"], second["threshold"], second["note"]) == (False, None, None, "no threshold")
    assert bytes_of(first).tolist() == bytes_of(second).tolist()
    assert bytes_of(first)[1] == bytes_of(first).max()


def test_a_threshold_far_above_is_told_and_does_not_press_the_scores_flat():
    (panel,) = drawn(attempt(1, curve([0.0, 1.0]), threshold=1e6))["panels"]
    assert panel["threshold"] is None
    assert panel["note"] == "threshold 1,000,000, far above"
    assert bytes_of(panel).max() > 230
    (panel,) = drawn(attempt(1, curve([0.0, 1.0]), threshold="inf"))["panels"]
    assert panel["note"].endswith("far above")


def test_a_peak_far_above_the_threshold_is_drawn_on_a_logarithmic_scale():
    (panel,) = drawn(attempt(1, curve([0.1, 1e6]), threshold=1.0))["panels"]
    assert panel["name"] == "1 method 1 (log)"
    assert 0 < panel["threshold"] < 1


def test_near_marks_share_their_words():
    places = [(1, 500), (2, 505), (3, 900), (4, 501), (5, 510), (6, "")]
    case = Case("UCR", "a", tuple(attempt(place, location=location) for place, location in places), None)
    assert marks(case, 1000) == [[0.5055, "1,2,4+1"], [0.9005, "3"]]


def test_cases_without_curves_are_not_drawn():
    assert drawings([Case("UCR", "a", (attempt(),), None)]) == {}


def test_a_hundred_and_nine_cases_of_twelve_methods_stay_small():
    """Everything that grows with cases: the drawings and the sentences of nine misses on each."""
    chance = np.random.default_rng(0)
    rows = [
        row(f"{case:03d}_UCR_Anomaly_a_name_of_usual_length_{case}", f"method-{place}", accuracy=int(place % 4 == 0))
        for case in range(109)
        for place in range(12)
    ]
    (board,) = boards(rows)
    names = sorted({each["case"] for each in rows})
    found = []
    for name in names:
        scores = [curve(low, low + 1, size=100) for low in chance.random((12, 600))]
        attempts = tuple(
            Attempt(
                place, row(name, f"method-{place}", location=59_000, threshold=2, family="ECG"), place % 4 == 0, each
            )
            for place, each in enumerate(scores)
        )
        low = chance.random(600)
        series = Recorded(60_000, (curve(low, low + 1, size=100),), ((30_000, 30_100),))
        found.append(Case("UCR", name, attempts, series))
    size = len(safe_json(drawings(found)).encode()) + len(case_list(board, found).encode())
    assert 1_000_000 < size < 3_700_000


def test_huge_values_and_missing_ones_are_drawn_without_a_warning(tmp_path):
    scores = np.full(1000, 1e30)
    scores[7] = 3e37
    keep(tmp_path, "a", labelled(), {"random": scores})
    (board,) = boards([row(location=7, threshold=1e30, accuracy=0)])
    found = cases(board, tmp_path)
    assert "NaN" not in safe_json(drawings(found))
    assert Outline(case_list(board, found)).open == []
