"""Training: the loop on one page (`loop`), what it needs and leaves (`data`, `record`), and its checkpoint.

It sees the training part of a series and nothing else. To add a rule for stopping, change `loop.Run.finished`.
"""
