"""Where series come from: files, arrays and data frames in, one checked `Series` out.

`series` (the type and every check of its input) → `moments`, `times` (columns of times) → `tables` (which
column plays which part) → `frames` (pandas, Polars, Arrow), `delimited` (CSV), `archives` (Parquet, NPZ,
UCR) → `readers` (a path in, a recording out) · `split` (where training ends) · `synthetic` (labelled samples
to try things on) · `wording` (short phrases for notes and errors).

It is not the place where values change: nothing is scaled, filled or resampled here. What had to be handled
(missing values, rows out of order) is told in the series' notes. To add a kind of file, write a function
from bytes to `Recording` and name its extension in `readers`; to add a check, write a small function in
`series` and call it in `build_series`.
"""

from __future__ import annotations

from anomalyllm.data.readers import read_recording
from anomalyllm.data.series import Recording, Series, as_series
from anomalyllm.data.split import parse_train_end
from anomalyllm.data.synthetic import Anomaly, Sample, machines, multibeat

__all__ = [
    "Anomaly",
    "Recording",
    "Sample",
    "Series",
    "as_series",
    "machines",
    "multibeat",
    "parse_train_end",
    "read_recording",
]
