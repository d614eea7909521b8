"""The tables of one data set: the headline, all other measures in named groups, families, and other protocols.

A new measure in `judging.MEASURES` finds its group by its name and marks (`group_of`); nothing has to be added here.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from anomalyllm.data.wording import plural
from anomalyllm.evaluation.bench.page_boards import Board, Entry
from anomalyllm.evaluation.bench.page_markup import (
    ABSENT,
    bounds,
    cell,
    heads,
    hint,
    mean_cell,
    method_cell,
    seconds,
    signed,
    table,
    value,
)
from anomalyllm.evaluation.bench.summary import HONEST, LOCATED, compared, maximised
from anomalyllm.evaluation.judging import MEASURES, Measure
from anomalyllm.evaluation.metrics.nine import NAMES
from anomalyllm.evaluation.protocol import PAPER_WIDENING
from anomalyllm.reporting.axes import number

AREAS = frozenset(name.lower().replace("-", "_") for name in NAMES)  # and oracles, which are told apart before
LOCATIONS = frozenset({"accuracy", "accuracy_scores"})
GROUPS = {  # title, and what a reader must know of it
    "scores": (
        "Without a threshold",
        "The location is the place that a method names, or where it names none by itself, that of its highest score. "
        "All else is of the scores alone. The areas are TSB-AD's; its five F-measures take the threshold that is best "
        "on the test labels and stand among the oracles and the inflated measures.",
    ),
    "threshold": (
        "At the method's own threshold",
        "The threshold comes from training scores alone; this is what a user would get. Flagged points and false "
        "alarms are per 10,000 normal points.",
    ),
    "oracle": (
        "Oracle: threshold chosen on the test labels",
        "Nobody can choose a threshold so; these figures say what the scores would allow.",
    ),
    "inflated": (
        "Inflated: point-adjusted",
        "One flagged point counts for a whole anomaly. Beside each value stands what random scores reach on the same "
        "labels: only what lies above that says anything.",
    ),
}
OPEN = frozenset({"scores", "threshold"})
SHORT = {
    "accuracy": "accuracy of the location",
    "accuracy_scores": "accuracy of the highest score",
    "detected": "anomalies with an alarm (share)",
    "detection_delay": "delay of the first alarm (points)",
    "false_alarm_points": "flagged per 10k",
    "false_alarm_events": "false alarms per 10k",
}
PAPER = (
    "What the published evaluation does: the test part is scored after every epoch of training and the epoch that does "
    f"best on the test labels is kept; labels are widened by {PAPER_WIDENING} points on each side. These figures are "
    "not comparable with any in the tables above; inflation is how much the same method gains by it on the same series."
)


def group_of(measure: Measure) -> str:
    """The key in `GROUPS` of a measure."""
    if measure.inflated or measure.name.endswith("_random"):
        return "inflated"
    if measure.oracle:
        return "oracle"
    return "scores" if measure.name in LOCATIONS | AREAS else "threshold"


def short_title(name: str) -> str:
    """How a measure is called above a column: without the words that the title of its group says."""
    measure = next(measure for measure in MEASURES if measure.name == name)
    if group_of(measure) == "inflated":  # of all kinds of thresholds
        return measure.title
    return SHORT.get(name, measure.title.removesuffix(" at the own threshold").removeprefix("oracle: "))


def sentence_case(words: str) -> str:
    """Words as a heading begins; abbreviations stay as they are."""
    return words[:1].upper() + words[1:]


def headline_table(board: Board) -> str:
    """The honest entries by the headline measure, with what they cost."""
    measure = board.headline
    names = [short_title(measure), "95 % interval", "series", "seeds", "failed", "seconds (median)", "memory (MiB)"]
    lines = [[method_cell(entry), *_headline_cells(entry, measure)] for entry in board.honest]
    words = [
        "Means over series, seeds averaged first; intervals are by bootstrap over series. One without width means "
        "that all series agree, not that nothing is uncertain."
    ]
    if any(entry.figures["failed"] for entry in board.honest):
        words.append("Series on which a method failed are left out of its mean, which then is over other series.")
    return table(heads(["method", *names]), lines) + hint(" ".join(words))


def _headline_cells(entry: Entry, measure: str) -> list[str]:
    figures = entry.figures
    mean, memory = entry.best, figures["peak_memory_mib"]
    shown = [ABSENT, ABSENT] if mean is None else [cell(value(mean, measure), kind="first"), _interval(entry, measure)]
    return [
        *shown,
        cell(
            f"{figures['counts'][measure]:,}",
            "" if figures["counts"][measure] == figures["n"] else f"of {figures['n']:,}",
        ),
        cell(str(figures["seeds"])),
        cell(f"{figures['failed']:,}", kind="alarm" if figures["failed"] else ""),
        cell(seconds(figures["seconds_median"])),
        cell("–" if memory is None else number(memory, 3)),
    ]


def _interval(entry: Entry, measure: str) -> str:
    return cell("one series" if entry.figures["ci95"] is None else bounds(entry.figures["ci95"], measure))


def _known(entry: Entry, measure: str) -> int:
    """The series on which a measure is defined."""
    return int(entry.figures["counts"][measure])


def measure_tables(board: Board) -> str:
    """All measures of the honest entries, one folded table for each group."""
    return "".join(_group(board, key) for key in GROUPS)


def _group(board: Board, key: str) -> str:
    title, words = GROUPS[key]
    measures = [
        measure
        for measure in MEASURES
        if group_of(measure) == key and any(entry.figures[measure.name] is not None for entry in board.honest)
    ]
    if not measures:
        return ""
    lines = [
        [method_cell(entry), *(mean_cell(entry, name, _known(entry, name)) for name, *_ in measures)]
        for entry in board.honest
    ]
    content = table([*heads(["method"]), *(_measure_head(measure) for measure in measures)], lines)
    state = " open" if key in OPEN else ""
    return f'<details class="group {key}"{state}><summary>{escape(title)}</summary>{hint(words)}{content}</details>'


def _measure_head(measure: Measure) -> str:
    mark = " <em>inflated</em>" if measure.inflated else ""
    kind = ' class="chance"' if measure.name.endswith("_random") else ""
    return f'<th scope="col" title="{escape(measure.title)}"{kind}>{escape(short_title(measure.name))}{mark}</th>'


def family_table(board: Board) -> str:
    """The headline measure by family, for sets that have them; nothing for others."""
    rows = [row for entry in board.honest for row in entry.rows]
    families = sorted({row["family"] for row in rows})
    if board.dataset not in LOCATED or len(families) < 2:
        return ""
    sizes = {family: len({row["case"] for row in rows if row["family"] == family}) for family in families}
    names = [f"{family} (n={sizes[family]})" for family in families]
    lines = [
        [method_cell(entry), *(_family_cell(entry, board.headline, family, sizes[family]) for family in families)]
        for entry in board.honest
    ]
    title = f"{sentence_case(short_title(board.headline))} by family"
    return f"<h3>{escape(title)}</h3>{table(heads(['method', *names]), lines)}"


def _family_cell(entry: Entry, measure: str, family: str, size: int) -> str:
    found = entry.figures["families"].get(family)
    if found is None or found[measure] is None:
        return ABSENT
    notes = [*([bounds(found["ci95"], measure)] if found["ci95"] else [])]
    notes += [] if found["n"] == size else [f"n={found['n']}"]
    return cell(value(found[measure], measure), " ".join(notes))


def protocol_tables(board: Board) -> str:
    """What each other protocol gives, beside the honest figure of the same method."""
    return "".join(_protocol_table(board, name) for name in board.protocols if name != HONEST)


def _protocol_table(board: Board, protocol: str) -> str:
    chosen_by = maximised(board.dataset)  # what the protocol did not choose by could not be inflated by it
    title = short_title(chosen_by)
    names = [f"{title}, protocol {protocol}", f"{title}, {HONEST}", "inflation (same series)", "series", "failed"]
    ours = {entry.method: entry for entry in board.honest}
    lines = [_protocol_cells(entry, ours.get(entry.method), chosen_by) for entry in board.under(protocol)]
    words = PAPER if protocol == "paper" else "Another protocol: not comparable with the tables above."
    return f"<h3>Protocol {escape(protocol)}</h3>{hint(words)}{table(heads(['method', *names]), lines)}"


def _protocol_cells(entry: Entry, honest: Entry | None, measure: str) -> Sequence[str]:
    cells = [method_cell(entry), mean_cell(entry, measure)]
    if honest is None:
        cells += [cell("not run"), ABSENT]
    else:
        gained = compared(entry.rows, honest.rows, measure).difference
        shared = f"[{signed(gained.low)}, {signed(gained.high)}] on {plural(gained.count, 'series', 'series')}"
        cells += [mean_cell(honest, measure), cell(signed(gained.mean), shared, "alarm" if gained.mean > 0 else "")]
    return [*cells, cell(f"{entry.figures['n']:,}"), cell(f"{entry.figures['failed']:,}")]
