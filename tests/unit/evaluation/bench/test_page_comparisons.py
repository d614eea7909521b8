"""Paired comparisons on the page: who is compared with whom, and that many comparisons cost something."""

from __future__ import annotations

import numpy as np
import pytest

from anomalyllm.evaluation.bench.page_boards import boards
from anomalyllm.evaluation.bench.page_comparisons import comparison_table, pairings, reference
from anomalyllm.evaluation.bench.page_markup import signed
from anomalyllm.evaluation.bench.summary import compared
from outline import Outline
from unit.evaluation.bench.page_builders import row

METHODS = ("sub-pca", "default", "k-means", "random")


def board(methods=METHODS, cases=12):
    chance = np.random.default_rng(0)
    rows = [
        row(str(case), method, "MSL", vus_pr=0.9 - 0.2 * index + 0.1 * chance.random())
        for index, method in enumerate(methods)
        for case in range(cases)
    ]
    (only,) = boards(rows)
    return only


def test_the_project_is_compared_with_every_other_method_and_not_the_best():
    found = board()
    ours = reference(found)
    assert ours.method == "default"
    assert [pairing.other.method for pairing in pairings(found, ours)] == ["sub-pca", "k-means", "random"]
    assert "stands first because" not in Outline(comparison_table(found)).text


def test_without_it_the_best_is_and_its_luck_is_told():
    outline = Outline(comparison_table(board(("sub-pca", "random"))))
    assert "sub-pca against every other method" in outline.text
    assert "chance favours it, and p is too small" in outline.text


def test_numbers_are_those_of_the_test_and_the_correction_only_raises_them():
    found = board()
    ours = reference(found)
    pairs = pairings(found, ours)
    for pairing in pairs:
        assert pairing.comparison == compared(ours.rows, pairing.other.rows, "vus_pr")
        assert pairing.comparison.p_value <= pairing.corrected <= 1
    outline = Outline(comparison_table(found))
    said = [line[1] for line in outline.tables[0][1:]]
    assert said == [signed(pairing.comparison.difference.mean) for pairing in pairs]
    assert [words[0] for words in said] == ["−", "+", "+"]  # sub-pca is better, the others are worse


def test_two_comparisons_of_equal_p_stay_what_they_are_and_a_weak_one_costs_the_strong():
    """By hand: Benjamini and Hochberg give min over ranks of p m / rank."""
    found = board()
    pairs = pairings(found, reference(found))
    p = np.array([pairing.comparison.p_value for pairing in pairs])
    order = np.argsort(p)
    by_hand = np.empty(3)
    by_hand[order] = np.minimum.accumulate((p[order] * 3 / np.arange(1, 4))[::-1])[::-1]
    assert [pairing.corrected for pairing in pairs] == pytest.approx(np.minimum(by_hand, 1))


def test_methods_that_share_no_series_are_not_tested():
    (found,) = boards([row("a", "default", accuracy=1), row("b", "random", accuracy=0)])
    assert pairings(found, reference(found))[0].corrected is None
    assert Outline(comparison_table(found)).tables[0][1] == ["random", "–", "–", "0", "–", "–"]


def test_one_series_has_no_interval():
    (found,) = boards([row("a", "default", accuracy=1), row("a", "random", accuracy=0)])
    assert Outline(comparison_table(found)).tables[0][1] == ["random", "+1.000", "one series", "1", "1", "1"]


def test_one_method_is_compared_with_nothing():
    assert comparison_table(board(("default",))) == ""
    (dishonest,) = boards([row(protocol="paper")])
    assert reference(dishonest) is None
    assert comparison_table(dishonest) == ""
