"""Pretraining: the pair that judges any series (`model.pair`) is trained here, once, on generated series only.

`normal` (what series do) → `anomalies` (what goes wrong) → `sampling` (windows, their nearest normal windows, labels)
→ `loop` (both stages on one page), with its settings in `settings`. No real series is read, so none can be a test of
what it was trained on. To teach the pair a new kind of series or of anomaly, write one function and add it to the
dictionary `normal.FAMILIES` or `anomalies.KINDS`.
"""
