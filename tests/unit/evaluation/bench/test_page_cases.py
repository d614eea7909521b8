"""The list of cases, as it reads without script."""

from __future__ import annotations

import numpy as np

from anomalyllm.evaluation.bench.page_attempts import cases
from anomalyllm.evaluation.bench.page_boards import boards
from anomalyllm.evaluation.bench.page_cases import case_list
from outline import Outline
from unit.evaluation.bench.page_builders import failed, keep, labelled, row


def listed(folder, rows):
    (board,) = boards(rows)
    return case_list(board, cases(board, folder))


def dots(words):
    return [kind for kind in Outline(words).values("class") if kind in ("hit", "miss", "failed", "unknown")]


def test_each_case_has_a_dot_for_each_method_in_the_order_of_the_table(tmp_path):
    rows = [row("a", "sub-pca", accuracy=1), row("b", "sub-pca", accuracy=1), row("a", "random", accuracy=0)]
    rows += [failed("b", "random"), row("a", "k-means")]
    words = listed(tmp_path, rows)
    assert dots(words) == ["hit", "miss", "unknown", "hit", "failed", "unknown"]
    outline = Outline(words)
    assert outline.values("data-right") == ["1", "1"]
    assert "right: sub-pca; wrong: random" in outline.values("title")
    assert "right: sub-pca; failed: random" in outline.values("title")
    assert "1 of 2" in outline.words
    assert "1 of 1" in outline.words
    assert "random failed: ValueError: no" in outline.words


def test_sentences_stand_there_without_script(tmp_path):
    outline = Outline(listed(tmp_path, [row("a", accuracy=0), row("b", accuracy=1)]))
    assert "random found no row the strangest" in outline.text
    assert "No method missed it." in outline.text
    assert outline.attributes.count(("hidden", None)) == 1  # the controls, until the script works them


def test_nobody_judged(tmp_path):
    outline = Outline(listed(tmp_path, [row("a")]))
    assert "not judged" in outline.words
    assert "No method missed it." not in outline.text


def test_families_can_be_chosen_where_there_are_several(tmp_path):
    several = Outline(listed(tmp_path, [row("a"), row("b", family="Gait")]))
    assert several.values("data-family") == ["ECG", "Gait"]
    assert {"ECG", "Gait"} < set(several.values("value"))
    assert "family-of" in several.values("class")
    assert "family-of" not in Outline(listed(tmp_path, [row("a"), row("b")])).values("class")


def test_sizes_and_anomalies_are_told(tmp_path):
    many = np.zeros(1000)
    many[:200:20] = 1
    keep(tmp_path, "a", many, {"random": np.arange(1000.0)})
    keep(tmp_path, "b", labelled(), {"random": np.arange(1000.0)})
    text = Outline(listed(tmp_path, [row("a", anomalies=10, location=999), row("b", location=999), row("c")])).text
    assert "500 rows to train on, 1,000 to judge, 1 channel, 10 anomalies (rows 0 to 0, 20 to 20" in text
    assert "140 to 140 and 2 more)." in text
    assert "1 anomaly (rows 600 to 619)." in text
    assert "1 channel, 1 anomaly." in text
