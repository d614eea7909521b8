"""What a detector answers with, as plain JSON."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest

from anomalyllm.data.series import Series
from anomalyllm.result import Detection, Explanation
from anomalyllm.scoring.events import Event

HOUR = np.timedelta64(3_600_000_000_000, "ns")


def detection(*, times: bool = False, first_row: int = 0) -> Detection:
    scores = np.array([0.5, 4.0, 6.123456, 0.1])
    stamps = np.datetime64("2024-03-05T08:00", "ns") + np.arange(4) * HOUR if times else None
    series = Series(scores[:, None] * [1.0, 2.0], ("a", "b"), stamps, None, ("One note.",), "plant.csv")
    return Detection(
        scores=scores,
        labels=np.array([0, 1, 1, 0], dtype=np.int8),
        threshold=2.0,
        events=(Event(1, 3, 2, 3.061728, ("b", "a")),),
        channel_scores=scores[:, None] * [1.0, 2.0],
        notes=("One note.", "Another."),
        series=dataclasses.replace(series, first_row=first_row),
    )


def test_the_summary_says_everything_but_the_points() -> None:
    summary = detection().to_mapping()
    assert summary == {
        "source": "plant.csv",
        "rows": 4,
        "first_row": 0,
        "channels": ["a", "b"],
        "threshold": 2.0,
        "flagged": 2,
        "events": [{"start": 1, "end": 3, "peak": 2, "severity": 3.0617, "channels": ["b", "a"]}],
        "notes": ["One note.", "Another."],
    }
    assert json.loads(json.dumps(summary)) == summary


def test_rows_are_counted_from_the_first_row_that_is_asked_for() -> None:
    """Where only the part after training was scored, rows are called as in the file."""
    summary = detection(first_row=1000).to_mapping()
    event = summary["events"][0]
    assert summary["first_row"] == 1000
    assert (event["start"], event["end"], event["peak"]) == (1001, 1003, 1002)


def test_an_event_bears_its_times_where_the_series_has_them() -> None:
    """The last time is that of the event's own last row: the row after it may not exist."""
    whole = detection(times=True, first_row=500)
    event = whole.event_mapping(whole.events[0])
    assert event["start_time"] == "2024-03-05T09:00:00.000000000"
    assert event["last_time"] == event["peak_time"] == "2024-03-05T10:00:00.000000000"
    to_the_end = dataclasses.replace(whole.events[0], end=4)
    assert whole.event_mapping(to_the_end)["last_time"] == "2024-03-05T11:00:00.000000000"
    json.dumps(whole.to_mapping())


def test_without_times_no_times_are_invented() -> None:
    assert not [key for key in detection().to_mapping()["events"][0] if "time" in key]


def test_results_cannot_be_changed_by_accident() -> None:
    assert detection().explanations == ()
    for result, name in (
        (detection(), "threshold"),
        (Explanation(0, np.zeros((2, 1)), np.zeros((2, 1))), "start"),
    ):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(result, name, 1)
