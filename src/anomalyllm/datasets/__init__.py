"""Benchmark sets in the forms they are published in: which series there are, where they are fetched, what is in them.

`open_dataset("smd", folder)` finds which form lies in a folder and gives a `Dataset`: its cases by name, none of them
read yet. `case` (one labelled series, read when asked) · `catalogue` (the table of sets and forms) · one file per form:
`ucr`, `smd`, `telemanom` (MSL, SMAP), `asd`, `nips_ts` (SWAN, GECCO), `gecco`, `nab`, `tsb_ad`, `indexed` (a folder of
NPZ files with `index.json`) · `assembling` (the checks that all of them share), `folders`, `tables`, `arrays`,
`pickles` (files) · `sources` (addresses, licences, citations), `fetching`, `unpacking`, `checksums`, `download`,
`verifying`.

It is not the place where values change: nothing is scaled or filled, and what could not be taken as it is, is told in
a case's notes. To add a set, write one function that takes a folder and gives its cases (none where the form is not
there), and name it in one line of `catalogue.FORMS`; where it may be fetched, add a line to `sources.SOURCES`.
"""

from __future__ import annotations

from anomalyllm.datasets.case import Case, CaseData
from anomalyllm.datasets.catalogue import FORMS, Dataset, open_dataset

__all__ = ["FORMS", "Case", "CaseData", "Dataset", "open_dataset"]
