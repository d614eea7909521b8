"""The words and the choices that the picture and the page share."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from anomalyllm.reporting.view import (
    channel_shares,
    headline,
    hidden_words,
    labelled_spans,
    length_words,
    row_words,
    ruler,
    shown_channels,
    shown_events,
)
from anomalyllm.scoring.events import Event
from unit.reporting.builders import detection, series


@pytest.mark.parametrize(
    ("rows", "spans", "words"),
    [
        (600, ((100, 120), (400, 401)), "2 events in 600 rows; 3.5 % of points flagged"),
        (600, ((0, 600),), "1 event in 600 rows; 100.0 % of points flagged"),
        (3600, ((7, 8),), "1 event in 3,600 rows; less than 0.1 % of points flagged"),
        (1, (), "No events in 1 row; no point is flagged"),
    ],
)
def test_headline(rows, spans, words):
    assert headline(detection(series(rows), spans, explain=False)) == words


def test_channels_of_severe_events_come_first_then_those_with_high_scores():
    found = detection(series(channels=9))
    events = (Event(0, 5, 1, 2.0, ("sensor 4",)), Event(9, 12, 9, 9.0, ("sensor 2", "sensor 7")))
    found = replace(found, events=events)
    # sensor 2: 9, sensor 7: 9 / 2, sensor 4: 2; the rest by score, which rises with the number
    assert shown_channels(found) == [2, 7, 4, 8, 6, 5]


def test_channel_scores_that_are_missing_do_not_lead():
    found = detection(series(channels=3), ())
    scores = found.channel_scores.copy()
    scores[:, 2] = np.nan
    assert shown_channels(replace(found, channel_scores=scores)) == [1, 0, 2]


def test_the_most_severe_events_are_kept_in_order_of_time():
    spans = tuple((10 * index, 10 * index + 2) for index in range(1, 9))
    assert shown_events(detection(spans=spans), 3) == [5, 6, 7]


def test_places_are_rows_without_times_and_milliseconds_with():
    assert ruler(series(5)).places.tolist() == [0, 1, 2, 3, 4]
    hourly = ruler(series(3, times=True))
    assert hourly.places.tolist() == [0, 3_600_000, 7_200_000]
    assert hourly.shares(np.array([0, 1, 2])).tolist() == [0, 0.5, 1]
    assert ruler(series(1, times=True)).limits == (-0.5, 0.5)


def test_a_long_step_in_time_is_a_break():
    scored = series(10, times=True)
    times = scored.times.copy()
    times[6:] += np.timedelta64(3, "D")
    assert ruler(replace(scored, times=times)).breaks.tolist() == [6]


def test_labels_as_spans():
    scored = replace(series(6), labels=np.array([1, 0, 1, 1, 0, 1], dtype=np.int8))
    assert labelled_spans(scored) == [(0, 1), (2, 4), (5, 6)]
    assert labelled_spans(series(6)) == []


def test_rows_and_lengths_in_words():
    hourly, plain = series(times=True), series()
    event = Event(10, 13, 11, 2.0, ("sensor 0",))
    assert row_words(plain, 1234) == "row 1,234"
    assert row_words(hourly, 1) == "2024-03-05 09:00:00"
    assert length_words(plain, event) == "3 rows"
    assert length_words(hourly, event) == "3 rows (3 h)"
    assert length_words(series(1, times=True), Event(0, 1, 0, 2.0, ())) == "1 row"
    assert hidden_words(6, 1).endswith("1 more is not drawn")


def test_shares_of_channels_add_up_over_all_channels():
    found = detection(series(channels=3))  # channel scores in the ratio 1 : 2 : 3
    assert channel_shares(found, found.events[0]) == [
        ("sensor 2", pytest.approx(1 / 2)),
        ("sensor 0", pytest.approx(1 / 6)),
    ]
    silent = replace(found, channel_scores=np.zeros_like(found.channel_scores))
    assert channel_shares(silent, found.events[0]) == [("sensor 2", None), ("sensor 0", None)]
