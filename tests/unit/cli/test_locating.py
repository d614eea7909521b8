"""`anomalyllm locate`: the strangest places as a table or as JSON, in rows of the file and in its times."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from anomalyllm import AnomalyLLM
from command import ANOMALY, KINDS, ROWS, done, refused, times, wave

MIDDLE = ANOMALY.start + 7
HEADS = ["#", "start", "end", "peak", "evidence", "seen", "in"]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`plain.csv` without times and `timed.csv` with them, in the current folder; the second half has a jump."""
    monkeypatch.chdir(tmp_path)
    pd.DataFrame({"v": wave()}).to_csv("plain.csv", index=False)
    pd.DataFrame({"time": times(), "v": wave()}).to_csv("timed.csv", index=False)


def places(*words: object) -> list[dict[str, Any]]:
    """What `locate --json` names."""
    found: list[dict[str, Any]] = json.loads(done("locate", *words, "--json", "-q").out)["places"]
    return found


@pytest.mark.parametrize("name", KINDS)
def test_a_table_with_the_strangest_place_first(name: str) -> None:
    """Of either kind of detector: the place of the jump, in rows of the whole file."""
    ran = done("locate", "plain.csv", *_preset(name))
    title, heads, *rows = ran.out.splitlines()
    assert title == "The strangest places"
    assert heads.split() == HEADS
    cells = [row.split() for row in rows]
    assert [row[0] for row in cells] == ["1", "2", "3"]  # three, where no count is given
    start, end, peak = map(int, cells[0][1:4])
    assert ANOMALY.start - 64 < start <= peak < end < ANOMALY.stop + 64
    evidence = [float(row[4]) for row in cells]
    assert evidence == sorted(evidence, reverse=True)
    assert ran.err.startswith("trained on the first 300 rows, the first half (--train-end sets it): period 40, window")
    assert ran.written == set()


def _preset(name: str) -> tuple[str, ...]:
    """The preset with the settings that make it quick; `locate` has no option for the number of steps."""
    return (
        () if name == "default" else ("--preset", name, "--set", "training.max_steps=2", "--set", "training.batch=16")
    )


def test_json_is_one_document_and_nothing_else() -> None:
    ran = done("locate", "plain.csv", "--json", "--quiet", "--train-end", "40%")
    found = json.loads(ran.out, parse_constant=pytest.fail)
    assert ran.err == ""
    assert (found["source"], found["rows"], len(found["places"])) == ("plain.csv", ROWS - 240, 3)
    first = found["places"][0]
    assert set(first) == {"start", "end", "peak", "evidence", "view"}
    assert first["start"] <= MIDDLE < first["end"]


def test_places_are_those_of_the_library_in_rows_of_the_file() -> None:
    """A row of the part that was searched is of no use to whoever opens the file."""
    values = wave()
    expected = AnomalyLLM().fit(values[:300]).locate(values[300:], 2)
    found = places("plain.csv", "--count", "2")
    for place, (inside, view) in zip(found, ((one, one.view) for one in expected), strict=True):
        assert [place[key] - 300 for key in ("start", "end", "peak")] == [inside.start, inside.end, inside.peak]
        assert place["view"] == view
        assert place["evidence"] == pytest.approx(inside.evidence, abs=1e-3)  # the file holds what was printed of them


def test_times_stand_beside_rows() -> None:
    """The last time is that of the last row of the place, not of the first one after it."""
    stamps = times()
    found = places("timed.csv", "-k", "2")
    assert [place["start"] for place in found] == [place["start"] for place in places("plain.csv", "-k", "2")]
    for place in found:
        told = [pd.Timestamp(place[f"{name}_time"]) for name in ("start", "last", "peak")]
        assert told == [stamps[place["start"]], stamps[place["end"] - 1], stamps[place["peak"]]]
    _, heads, first, _ = done("locate", "timed.csv", "-k", "2").out.splitlines()
    assert heads.split() == ["last" if head == "end" else head for head in HEADS]
    cells = first.split()
    assert pd.Timestamp(" ".join(cells[1:3])) == stamps[found[0]["start"]]
    assert pd.Timestamp(" ".join(cells[3:5])) == stamps[found[0]["end"] - 1]


def test_more_places_go_on_where_fewer_end() -> None:
    one, four = places("plain.csv", "-k", "1"), places("plain.csv", "-k", "4")
    assert len(one) == 1
    assert four[:1] == one
    spans = sorted((place["start"], place["end"]) for place in four)
    assert all(before[1] <= after[0] for before, after in itertools.pairwise(spans))  # and none twice


@pytest.mark.parametrize("count", ["0", "-2"])
def test_a_count_below_1_is_told_before_the_work(count: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(AnomalyLLM, "fit")
    refused(
        "locate", "plain.csv", "-k", count, said=f"--count to be at least 1, got {count}; ask for one place or more"
    )


def test_networks_that_no_place_would_be_asked_of_are_refused_before_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(AnomalyLLM, "fit")
    said = "expected places, which distances alone decide, got finetune = true; leave it out of the settings"
    refused("locate", "plain.csv", "--set", "finetune=true", said=said)


def test_no_place_where_nothing_is_strange() -> None:
    """A still series: rather no answer than any row."""
    pd.DataFrame({"v": np.full(ROWS, 3.0)}).to_csv("still.csv", index=False)
    assert done("locate", "still.csv", "-q").out == "No strange place\n"
    assert places("still.csv") == []


def test_settings_reach_the_detector() -> None:
    ran = done("locate", "plain.csv", "--window", "20")
    assert ran.err.endswith(": period 40, windows of 20 rows\n")
    refused(
        "locate", "plain.csv", "--set", "training.batch=3", said="for training.batch, got a detector that trains none"
    )
