"""The page: whole, self-contained, true to the detection, and safe against the names in the data."""

from __future__ import annotations

import base64
import errno
import os
import re
from dataclasses import replace

import numpy as np
import pytest

from anomalyllm.errors import StorageError
from anomalyllm.reporting import save_report
from anomalyllm.reporting.page import report
from anomalyllm.scoring.events import Event
from outline import Outline
from unit.reporting.builders import HOSTILE, context, detection, series


def curve(outline: Outline, index: int) -> tuple[np.ndarray, np.ndarray]:
    packed = outline.data["curves"][index]
    rows = np.frombuffer(base64.b64decode(packed["rows"]), dtype="<u4")
    small = np.frombuffer(base64.b64decode(packed["values"]), dtype="<f4").astype(float)
    return rows, packed["offset"] + packed["factor"] * small


@pytest.mark.parametrize("channels", [1, 2, 9])
@pytest.mark.parametrize("times", [False, True])
def test_the_page_is_well_formed_and_says_the_facts(channels, times):
    outline = Outline(report(detection(series(channels=channels, times=times, labelled=times)), context()))
    for fact in (
        "2 events in 600 rows; 3.5 % of points flagged",
        "plant.csv",
        "rows 0 to 299",
        "64 rows",
        "31 rows",
        "default",
        "gpt2 (untrained)",
        "Two missing values were filled.",
        "One channel is constant.",
        "model.views",
        "jitter, warp",
        "step 40",
        "Validation",
        "nearest normal prototype",
    ):
        assert fact in outline.text
    assert ("labels in the source" in outline.text) == times
    assert ("2024-03-09 12:00:00" in outline.text) == times  # the first event's first row
    assert ("Channels" in outline.text.split("Severity")[1]) == (channels > 1)
    assert ("3 more are not drawn" in outline.text) == (channels == 9)


def test_a_detector_without_a_teacher_has_no_line_for_one():
    assert "Teacher" in Outline(report(detection(), context())).text
    assert "Teacher" not in Outline(report(detection(), context(teacher="none"))).text


def test_every_event_is_in_the_table_and_in_the_data():
    spans = tuple((start, start + 2) for start in range(5, 590, 10))
    outline = Outline(report(detection(spans=spans), context()))
    assert outline.values("data-event") == [str(index + 1) for index in range(len(spans))]
    assert [event[0] for event in outline.data["events"]] == list(range(1, len(spans) + 1))
    for start, _ in spans:
        assert str(start) in outline.words
    assert sum(name.startswith("event-") for name in outline.values("id")) == 30
    assert "29 less severe events are not drawn" in outline.text


def test_a_very_long_list_of_events_says_what_it_leaves_out(monkeypatch):
    monkeypatch.setattr("anomalyllm.reporting.sections.MOST_ROWS", 1)
    outline = Outline(report(detection(), context()))
    assert outline.values("data-event") == ["2"]  # the more severe one
    assert "1 less severe event is not listed" in outline.text


def test_no_events_is_said():
    outline = Outline(report(detection(spans=()), context(history=[], notes=())))
    assert "No events in 600 rows; no point is flagged" in outline.text
    assert "No stretch of the series reached the threshold." in outline.text
    assert "What it should have looked like" not in outline.text
    assert "Training" not in outline.text
    assert outline.data["events"] == []


def test_nothing_handled_is_said():
    plain = detection(replace(series(), notes=()), notes=())
    outline = Outline(report(plain, context(settings={}, versions={})))
    assert "Nothing: the series was used as it came." in outline.text
    assert "Show all settings" not in outline.text
    assert "Versions" not in outline.text


def test_hostile_names_stay_words():
    scored = replace(series(channels=2), channels=(HOSTILE, "a&b"), source=HOSTILE)
    hostile = context(
        source=HOSTILE,
        teacher=HOSTILE,
        notes=[HOSTILE],
        settings={HOSTILE: HOSTILE},
        versions={HOSTILE: HOSTILE},
    )
    page = report(detection(scored), hostile)
    assert "<script>alert" not in page
    assert "<b>" not in page
    outline = Outline(page)
    assert outline.tags.count("script") == 3
    assert outline.text.count("<script>alert('x')</script>") >= 6


def test_nothing_is_fetched():
    page = report(detection(series(channels=3, times=True)), context())
    page = page.replace("http://www.w3.org/2000/svg", "")
    assert not re.search(r"https?:|//cdn|url\((?!#)|@import|\bfetch\(|XMLHttpRequest|import\(", page)
    outline = Outline(page)
    assert not outline.values("src")
    assert all(target.startswith("#") for target in outline.values("href"))
    assert any("default-src 'none'" in content for content in outline.values("content"))


def test_missing_values_are_gaps_in_the_paths_and_nan_is_never_written():
    scored = series(channels=3)
    values = scored.values.copy()
    values[200:300, 0] = np.nan
    values[250, 0] = 0.25
    values[:, 1] = np.nan
    scores = detection(scored).scores.copy()
    scores[:30] = np.nan
    found = detection(replace(scored, values=values), scores=scores)
    outline = Outline(report(found, context()))
    paths = outline.values("d")
    assert not any("nan" in d.lower() or "inf" in d.lower() for d in paths)
    assert any("h0" in d and d.count("M") == 3 for d in paths)  # a dot between two gaps
    assert "no values" in outline.text
    assert "NaN" not in outline.scripts[0]
    rows, sent = curve(outline, 3)
    assert rows.tolist() == list(range(600))
    assert np.flatnonzero(np.isnan(sent)).tolist() == list(range(30))


def test_what_the_script_gets_is_what_was_measured():
    scored = series(channels=2, times=True)
    scored.values[:, 0] = 1e9 + np.arange(600)  # a counter keeps its last digits
    scored.values[:, 1] = 1e-40 * np.arange(600)
    found = detection(scored)
    outline = Outline(report(found, context()))
    rows, tiny = curve(outline, 0)  # the last channel leads the events
    assert rows.tolist() == list(range(600))
    np.testing.assert_allclose(tiny, scored.values[:, 1], rtol=1e-5, atol=1e-44)
    np.testing.assert_allclose(curve(outline, 1)[1], scored.values[:, 0], rtol=1e-12)
    np.testing.assert_allclose(curve(outline, 2)[1], found.scores, rtol=1e-6)
    assert outline.data["knots"] == [[0, 0.0], [599, 599 * 3_600_000.0]]


def test_irregular_times_keep_their_places_and_breaks_lift_the_pen():
    scored = series(5_000, times=True)
    generator = np.random.default_rng(0)
    times = scored.times + generator.integers(0, 10**12, 5_000) * np.timedelta64(1, "ns")
    times[3_000:] += np.timedelta64(30, "D")
    outline = Outline(report(detection(replace(scored, times=times)), context()))
    assert 100 < len(outline.data["knots"]) <= 4_002
    rows, values = curve(outline, 0)
    assert np.isnan(values[rows == 3_000]).tolist() == [True, False]


def test_a_large_file_stays_small_and_keeps_the_rows_around_events():
    generator = np.random.default_rng(0)
    scored = replace(series(200_000, channels=38, times=True), values=generator.normal(size=(200_000, 38)))
    scored.values[77_777, 37] = 50.0
    scored.values[5_000:5_100, 37] = np.nan
    found = detection(scored, tuple((start, start + 50) for start in range(1_000, 199_000, 3_000)))
    page = report(found, context())
    assert len(page.encode()) < 3_000_000
    rows, values = curve(Outline(page), 0)
    assert values.max(initial=0, where=np.isfinite(values)) == pytest.approx(50.0)
    assert set(range(196_000, 196_050)) <= set(rows.tolist())
    assert {4_999, 5_000, 5_100} <= set(rows.tolist())
    assert "not every row" in page


def test_a_logarithmic_score_tells_the_script_its_floor():
    found = detection()
    scores = found.scores.copy()
    scores[110] = 4_000.0
    outline = Outline(report(replace(found, scores=scores), context()))
    assert outline.data["floor"] == pytest.approx(0.02)
    assert "score (logarithmic)" in outline.text


def test_a_threshold_that_cannot_be_drawn_is_left_out():
    outline = Outline(report(replace(detection(spans=()), threshold=float("inf")), context()))
    assert outline.data["threshold"] is None
    assert "above" not in outline.values("id")


def test_numbers_of_events_side_by_side_do_not_lie_on_each_other():
    spans = tuple((start, start + 1) for start in range(100, 160, 3))
    page = report(detection(spans=spans), context())
    numbers = re.search(r'<div class="numbers">(.*?)</div>', page).group(1)
    assert re.findall(r">(\d+)<", numbers) == ["1", "6", "11", "16"]


def test_events_without_channels_or_windows_are_still_told():
    found = detection(series(channels=8))
    many = Event(100, 120, 110, 1.6, found.series.channels)
    bare = Event(400, 401, 400, 1.5, ())
    outline = Outline(report(replace(found, events=(many, bare)), context(best_step=None)))
    assert "and 3 more" in outline.text
    assert "Marked" not in outline.text
    without = Outline(report(detection(explain=False), context()))
    assert "What it should have looked like" not in without.text


@pytest.mark.parametrize("rows", [1, 2])
def test_a_very_short_series_has_a_page(rows):
    for times in (False, True):
        one_step = [{"step": 3, "total": 0.5}, {"step": 3}]
        outline = Outline(
            report(detection(series(rows, times=times), ((0, 1),)), context(history=one_step, period=None))
        )
        assert "none found" in outline.text
        assert "Total (training)" in outline.text
        assert "Contrastive (training)" not in outline.text


def test_the_file_is_written_whole_and_a_full_disk_leaves_the_old_one(tmp_path, monkeypatch):
    path = save_report(detection(), tmp_path / "report.html", context=context())
    before = path.read_bytes()
    assert before.decode("utf-8").startswith("<!DOCTYPE html>")

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageError, match="no space left"):
        save_report(detection(spans=()), path, context=context())
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_name_that_is_no_text_does_not_stop_the_page(tmp_path):
    save_report(detection(), tmp_path / "report.html", context=context(source="bad\udc80name.csv"))
    assert b"bad?name.csv" in (tmp_path / "report.html").read_bytes()
