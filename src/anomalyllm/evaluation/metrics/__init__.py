"""Metrics of anomaly detection, one idea per file; NumPy alone, and no randomness but in `random_level`.

`inputs` checks scores and labels once and sorts the scores once; `segments` turns flags into runs and tells which runs
meet. On these stand `ranking` (AUC-PR, AUC-ROC, Standard-F1), `volume` (VUS), and those that are the best over 100
thresholds (`sweep`): `adjusted`, `eventwise`, `ranges`, `affiliation`. `nine` computes all of them together, with
TSB-AD's values. Not in TSB-AD: `location` (the UCR archive's rule), `delay`, `random_level`, and in `adjusted` and
`affiliation` the values at one set of flags. `lag` finds the period that TSB-AD takes as the window of VUS.

To add a metric, write a function of scores and labels in a file of its own, with a slow version in the tests; one
that judges flags is a function of a `Comparison`, and `sweep.highest` makes it one of scores.
"""
