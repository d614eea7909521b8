"""From a series to windows and back: slicing and lifting, scaling, period, synthetic anomalies.

Arithmetic on NumPy arrays, no torch, no files. Windows are views (W, C, L): time last, because a network reads a
channel at a time. To add a kind of synthetic anomaly, write one function in `augment.py` and name it in `KINDS`.
"""
