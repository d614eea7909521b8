"""The bench's page: whole, self-contained, the same each time, and with no number that the summary does not have."""

from __future__ import annotations

import errno
import json
import os
import re

import numpy as np
import pytest

from anomalyllm.errors import StorageError
from anomalyllm.evaluation.bench.journal import key_of
from anomalyllm.evaluation.bench.naming import reproducer_name
from anomalyllm.evaluation.bench.page import page, save_page
from anomalyllm.evaluation.bench.page_markup import value
from anomalyllm.evaluation.bench.page_tables import GROUPS, group_of, short_title
from anomalyllm.evaluation.bench.rows import MEASURED
from anomalyllm.evaluation.bench.summary import summarise
from anomalyllm.evaluation.bench.work import leave_reproducer
from anomalyllm.evaluation.judging import MEASURES
from outline import Outline
from unit.evaluation.bench.page_builders import HOSTILE, failed, keep, labelled, row, task

FULL = [
    row(case, method, family=family, seed=seed, location=location, threshold=0.5, accuracy=hit, vus_pr=hit / 2)
    for case, family in (("a", "ECG"), ("b", "ECG"), ("c", "Gait"))
    for method, hit, location in (("random", 0, 100), ("sub-pca", 1, 610), ("constant", 0, ""))
    for seed in (0, 1)
]


@pytest.fixture
def folder(tmp_path):
    """A bench's folder with curves of two methods on case a."""
    noise = np.random.default_rng(0).random(1000)
    keep(tmp_path, "a", labelled(), {"random": noise, "sub-pca": noise})
    return tmp_path


def test_the_page_is_well_formed_and_says_what_was_run(folder):
    outline = Outline(page(folder, FULL))
    for fact in (
        "UCR (3 series)",
        "constant, random, sub-pca",
        "0, 1",
        "honest",
        "9.9",
        "18, of which 0 failed",
        "Failures None.",
    ):
        assert fact in outline.text
    assert "No curves were kept" not in outline.text
    assert list(json.loads(outline.scripts[0])) == ["UCR/a"]


def test_the_same_rows_give_the_same_bytes(folder):
    save_page(folder, FULL)
    first = (folder / "report.html").read_bytes()
    save_page(folder, [dict(each) for each in FULL])
    assert (folder / "report.html").read_bytes() == first


def test_nothing_is_fetched(folder):
    written = page(folder, FULL)
    assert not re.search(r"https?:|//cdn|url\(|@import|\bfetch\(|XMLHttpRequest|import\(", written)
    outline = Outline(written)
    assert not outline.values("src")
    assert all(target.startswith("#") for target in outline.values("href"))
    assert any("default-src 'none'" in content for content in outline.values("content"))


def test_hostile_names_stay_words(tmp_path):
    named = {"family": HOSTILE, "teacher": HOSTILE, "version": HOSTILE, "accuracy": 1, "location": 3}
    rows = [row(HOSTILE, method, dataset=HOSTILE, vus_pr=0.5, **named) for method in ("random", HOSTILE)]
    rows += [row("a", HOSTILE, accuracy=0, protocol=HOSTILE), failed(HOSTILE, HOSTILE, error=HOSTILE)]
    written = page(tmp_path, rows)
    assert "<script>alert" not in written
    assert '<b>"' not in written
    outline = Outline(written)
    assert outline.tags.count("script") == 2
    assert outline.text.count("<script>alert('x')</script>") > 10


def test_every_mean_of_the_tables_is_the_summarys(tmp_path):
    """All measures of all methods, on both kinds of data sets; one measure is not defined anywhere."""
    chance = np.random.default_rng(1)
    rows = [
        row(case, method, dataset, **{name: chance.random() for name in MEASURED if name != "recall"})
        for dataset in ("MSL", "UCR")
        for case in ("a", "b", "c")
        for method in ("random", "sub-pca")
    ]
    summary, outline = summarise(rows), Outline(page(tmp_path, rows))
    per_set = len(outline.tables) // 2
    assert "recall" not in outline.tables[2][0]
    for index, dataset in enumerate(("MSL", "UCR")):
        groups = {key: per_set * index + 2 + place for place, key in enumerate(GROUPS)}
        for method in ("random", "sub-pca"):
            figures = summary[method][dataset]
            best = figures["headline"]
            assert outline.cell(per_set * index, method, short_title(best)) == value(figures[best], best)
            for measure in MEASURES:
                if measure.name == "recall":
                    continue
                head = short_title(measure.name) + (" inflated" if measure.inflated else "")
                said, bounds = outline.cell(groups[group_of(measure)], method, head).split("|")
                low, high = figures["intervals"][measure.name]
                assert said == value(figures[measure.name], measure.name)
                assert bounds == f"[{value(low, measure.name)}, {value(high, measure.name)}]"


def test_better_methods_stand_higher_and_those_without_figures_last(tmp_path):
    rows = [row("a", "random", accuracy=0), row("a", "sub-pca", accuracy=1), failed("a", "k-means")]
    outline = Outline(page(tmp_path, rows))
    assert [line[0] for line in outline.tables[0][1:]] == ["sub-pca", "random", "k-means"]
    assert outline.cell(0, "k-means", "failed") == "1"
    assert outline.cell(0, "k-means", short_title("accuracy")) == "–"
    assert "left out of its mean" in outline.text


def test_a_page_of_nothing_and_of_failures_alone(tmp_path):
    assert "Nothing was run." in Outline(page(tmp_path, [])).text
    outline = Outline(page(tmp_path, [failed("a"), failed("a", "sub-pca", error="TooShortError: 3 rows")]))
    assert "sub-pca on UCR a, seed 0, protocol honest: TooShortError: 3 rows" in outline.text
    assert "No method could be carried out here." in outline.text
    assert "svg" in outline.tags  # the script's template
    assert "scatter wide" not in outline.values("class")


def test_without_curves_the_page_says_so_and_draws_nothing(tmp_path):
    outline = Outline(page(tmp_path, FULL))
    assert "No curves were kept" in outline.text
    assert json.loads(outline.scripts[0]) == {}
    assert "random looked at row 100; its curve was not kept" in outline.text


def test_a_failure_names_the_file_that_was_left(tmp_path):
    """The page and the worker must agree on the name, or a reader finds nothing."""
    leave_reproducer(task(tmp_path, "a/b", "random"), "what happened")
    (left,) = (tmp_path / "failures").iterdir()
    assert reproducer_name(key_of(failed("a/b"))) == left.name
    assert f"failures/{left.name}" in Outline(page(tmp_path, [failed("a/b")])).text


def test_only_dishonest_rows_are_not_compared(tmp_path):
    outline = Outline(page(tmp_path, [row(protocol="paper", accuracy=1)]))
    assert "Nothing was run under the honest protocol" in outline.text
    assert "not run" in outline.text
    assert "Case by case" not in outline.text


def test_a_full_disk_leaves_the_old_page(tmp_path, monkeypatch):
    save_page(tmp_path, FULL)
    before = (tmp_path / "report.html").read_bytes()

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageError, match="no space left"):
        save_page(tmp_path, [])
    assert (tmp_path / "report.html").read_bytes() == before
