"""Where training ends, said in words: a count, a share or a time."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import numpy as np

from anomalyllm.data.series import Series
from anomalyllm.data.wording import short
from anomalyllm.errors import DataError

FORMS = 'give a number of rows ("5000"), a share ("0.3" or "30%") or a time ("2024-01-31T12:00")'


def parse_train_end(text: str, series: Series) -> int:
    """The number of rows before the split that `text` describes; at least one row is left on both sides.

    Args:
        text: a row count, a fraction or percentage of the rows, or an ISO 8601 time; the rows before it are
            for fitting.
        series: the rows to split.

    Raises:
        DataError: none of the three forms, a time for a series without times, or nothing left on one side.
    """
    end = _rows_before(text.strip(), series)
    if not 1 <= end < len(series):
        came = f"{short(repr(text))}, which is {end} of them"
        raise DataError(f"a split that leaves rows on both sides of {len(series)}", came, FORMS)
    return end


def _rows_before(text: str, series: Series) -> int:
    if re.fullmatch(r"[+-]?\d+", text):
        return int(text[:18])
    if re.fullmatch(r"\d*\.\d*%?|\d+%", text) and any(sign.isdigit() for sign in text):
        share = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
        return round(share * len(series))
    moment = _moment(text)
    if series.times is None:
        raise DataError("a series with times, to split it at one", f"none in {short(series.source, 120)}", FORMS)
    return int(np.searchsorted(series.times, moment, side="left"))


def _moment(text: str) -> np.datetime64:
    """An ISO 8601 time, in UTC where it names a zone."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise DataError("the end of training", short(repr(text)), FORMS) from error
    if not 1680 < moment.year < 2260:  # what datetime64[ns] can hold
        raise DataError("a time between the years 1680 and 2260", short(repr(text)), FORMS)
    plain = moment if moment.tzinfo is None else moment.astimezone(UTC).replace(tzinfo=None)
    return np.datetime64(plain, "ns")
