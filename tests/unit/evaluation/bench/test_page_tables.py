"""Tables of the bench's page: every measure has its place, and what is not comparable is said to be so."""

from __future__ import annotations

import pytest

from anomalyllm.evaluation.bench.page_boards import boards
from anomalyllm.evaluation.bench.page_markup import signed, value
from anomalyllm.evaluation.bench.page_tables import (
    GROUPS,
    family_table,
    group_of,
    headline_table,
    measure_tables,
    protocol_tables,
    short_title,
)
from anomalyllm.evaluation.judging import MEASURES
from outline import Outline
from unit.evaluation.bench.page_builders import row


def board(rows):
    (only,) = boards(rows)
    return only


def test_every_measure_has_a_group_and_a_head_of_its_own():
    grouped = {key: [short_title(each.name) for each in MEASURES if group_of(each) == key] for key in GROUPS}
    assert sum(map(len, grouped.values())) == len(MEASURES)
    for names in grouped.values():
        assert len(set(names)) == len(names) > 0
    assert {each.name for each in MEASURES if each.inflated} <= {
        each.name for each in MEASURES if group_of(each) == "inflated"
    }


def test_an_inflated_value_has_the_level_of_chance_beside_it():
    """A reader must not see 0.9 without seeing that random scores reach 0.85."""
    outline = Outline(measure_tables(board([row(pa_f1=0.9, pa_f1_random=0.85)])))
    (heads, line) = outline.tables[0]
    assert heads == ["method", "PA-F1 inflated", "PA-F1 of random scores"]
    assert line[1:] == ["0.900", "0.850"]
    assert "Inflated: point-adjusted" in outline.text


def test_an_oracle_is_called_one():
    outline = Outline(measure_tables(board([row(oracle_f1=0.9)])))
    assert "Oracle: threshold chosen on the test labels" in outline.text
    assert len(outline.tables) == 1


def test_a_mean_over_fewer_series_says_so():
    rows = [row("a", vus_pr=0.5, detection_delay=3), row("b", vus_pr=0.6, detection_delay=5), row("c", vus_pr=0.7)]
    outline = Outline(measure_tables(board(rows)))
    assert outline.cell(1, "random", short_title("detection_delay")) == "4|[3, 5] n=2"
    assert outline.cell(0, "random", "VUS-PR").startswith("0.600|[0.5")
    assert "n=" not in outline.cell(0, "random", "VUS-PR")


def test_one_series_has_no_interval():
    outline = Outline(headline_table(board([row(accuracy=1, peak_memory_mib=200.4, teacher="compact (untrained)")])))
    assert outline.tables[0][1] == ["random|compact (untrained)", "1.000", "one series", "1", "1", "0", "0.75", "200"]


def test_the_published_protocol_stands_beside_the_honest_figure():
    rows = [row(case, accuracy=0) for case in "abcd"] + [row(case, accuracy=1, protocol="paper") for case in "abc"]
    outline = Outline(protocol_tables(board(rows)))
    heads, line = outline.tables[0]
    assert heads[:4] == [
        "method",
        "accuracy of the location, protocol paper",
        "accuracy of the location, honest",
        "inflation (same series)",
    ]
    assert [cell.split("|")[0] for cell in line] == ["random", "1.000", "0.000", "+1.000", "3", "0"]
    assert line[3].endswith("on 3 series")
    assert "chosen" not in outline.text
    assert "best on the test labels is kept; labels are widened by 100 points" in outline.text
    assert "not comparable" in outline.text


def test_a_protocol_of_somebody_elses_is_not_compared_either():
    outline = Outline(protocol_tables(board([row(protocol="other", accuracy=1)])))
    assert "Another protocol: not comparable" in outline.text
    assert outline.tables[0][1][2:4] == ["not run", "–"]


def test_families_are_told_with_their_numbers():
    rows = [row("a", accuracy=1), row("b", accuracy=0), row("c", accuracy=1, family="Gait")]
    rows += [row("a", "sub-pca", accuracy=1)]
    outline = Outline(family_table(board(rows)))
    assert outline.cell(0, "random", "ECG (n=2)") == "0.500|[0.000, 1.000]"
    assert outline.cell(0, "random", "Gait (n=1)") == "1.000"
    assert outline.cell(0, "sub-pca", "ECG (n=2)") == "1.000|n=1"
    assert outline.cell(0, "sub-pca", "Gait (n=1)") == "–"


def test_sets_without_families_have_no_such_table():
    assert family_table(board([row("a", accuracy=1)])) == ""
    assert family_table(board([row("a", dataset="MSL"), row("b", dataset="MSL", family="Gait")])) == ""


@pytest.mark.parametrize(
    ("difference", "words"),
    [(0.25, "+0.250"), (-0.25, "−0.250"), (-0.0001, "0.000"), (0.0, "0.000"), (float("nan"), "–")],
)
def test_differences_have_signs(difference, words):
    assert signed(difference) == words


def test_values_have_as_many_digits_as_they_deserve():
    assert value(0.12345, "vus_pr") == "0.123"
    assert value(1234.5, "detection_delay") == "1,234"  # half to even
    assert value(0.12345, "false_alarm_events") == "0.123"
