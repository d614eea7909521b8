"""The three signatures of failure that the method has, with their limits: no gap, prototypes off the data, cost.

Each limit says why it is where it is; between "good" and "failed" lies "weak". To change one, measure first
(docs/lab-notes.md).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

Verdict = Literal["good", "weak", "failed", "unknown", "does not apply"]


@dataclass(frozen=True)
class Limit:
    """Where good ends and failure begins; which of the two is larger says which way is better.

    Args:
        good: at least as good as this is good.
        failed: worse than this has failed.
        reason: why there.
    """

    good: float
    failed: float
    reason: str

    def verdict(self, figure: float) -> Verdict:
        """Of a figure; NaN is unknown."""
        if math.isnan(figure):
            return "unknown"
        sign = 1 if self.good > self.failed else -1
        if sign * figure >= sign * self.good:
            return "good"
        return "failed" if sign * figure < sign * self.failed else "weak"

    def __str__(self) -> str:
        way = ("from", "below") if self.good > self.failed else ("up to", "above")
        return f"good {way[0]} {self.good:g}, failed {way[1]} {self.failed:g}"


DISCREPANCY = Limit(
    0.75,
    0.65,
    "area under the curve: .5 is chance, and some of what is drawn hardly changes a window, so 1 is out of reach. "
    "On ten series of the UCR archive networks that were not trained reach .51 to .59 and all fail, trained ones .70 "
    "to .89 and none does. Most of those (.73 in the middle) are weak: distances alone reach .71 to .98 there",
)
SCORE = Limit(
    0.75,
    0.6,
    "area under the curve: .5 is chance. Sizes are drawn from 0.2 deviations up, so some cannot be seen by anyone",
)
NEAREST = Limit(
    1.25,
    2.0,
    "1: prototypes lie as near as as many normal windows would, which cost nothing; a quarter more is what a drift "
    "between two parts makes; from twice as far on, any normal window is the better prototype",
)
UNUSED = Limit(
    0.25,
    0.5,
    "share of trained prototypes that no normal window chooses: with more than half idle, half as many would do",
)
SECONDS = Limit(
    1.0,
    10.0,
    "seconds of one core for 1,000 points: a millisecond a point keeps up with a thousand sensors that speak once a "
    "second; a hundredth of a second with a hundred",
)
SLOWER = Limit(
    3.0,
    20.0,
    "times what retrieval alone takes: a compact teacher takes 1 to 3 times as long, the pretrained pair 4 to 10; "
    "beyond 20, one more detector that retrieves on each of twenty other series would cost as little",
)
LARGER = Limit(
    5.0,
    30.0,
    "times the memory of a detector that retrieves, a few megabytes: a compact teacher adds three, six blocks of GPT-2 "
    "170",
)


@dataclass(frozen=True)
class Reading:
    """A figure beside its limit.

    Args:
        name: what was measured, in words.
        figure: NaN where it could not be.
        limit: None where it is told and not judged.
        unit: behind the figure.
    """

    name: str
    figure: float
    limit: Limit | None
    unit: str = ""

    @property
    def verdict(self) -> Verdict | None:
        """None where it is not judged."""
        return None if self.limit is None else self.limit.verdict(self.figure)

    def as_json(self) -> dict[str, Any]:
        """Ready for JSON, which has no NaN."""
        limit = self.limit
        return {
            "name": self.name,
            "figure": self.figure if math.isfinite(self.figure) else None,
            "unit": self.unit,
            "good": None if limit is None else limit.good,
            "failed": None if limit is None else limit.failed,
            "reason": None if limit is None else limit.reason,
            "verdict": self.verdict,
        }


@dataclass(frozen=True)
class Signature:
    """One way to fail.

    Args:
        name: of the failure.
        readings: what was measured.
        change: what to change, a setting by its dotted name in each; told where the verdict is not good.
        left_out: which questions do not apply to this detector, and why.
    """

    name: str
    readings: tuple[Reading, ...]
    change: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """The worst of the readings that are judged and known."""
        found = [reading.verdict for reading in self.readings if reading.verdict is not None]
        worst: tuple[Verdict, ...] = ("failed", "weak", "good", "unknown")
        return next((verdict for verdict in worst if verdict in found), "does not apply")

    @property
    def advice(self) -> tuple[str, ...]:
        """What to change, if anything."""
        return self.change if self.verdict in ("weak", "failed") else ()

    def as_json(self) -> dict[str, Any]:
        """Ready for JSON."""
        return {
            "name": self.name,
            "verdict": self.verdict,
            "readings": [reading.as_json() for reading in self.readings],
            "change": list(self.advice),
            "left_out": list(self.left_out),
        }
