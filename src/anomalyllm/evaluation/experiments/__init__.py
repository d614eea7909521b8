"""Questions asked of the method by changing one thing at a time: `anomalyllm experiment NAME`.

A question is a file in `configs/experiments`: a grid of variants of one preset, the data, and what was found. `grid`
reads it, `shipped` finds it, `selecting` chooses the series, `sample` makes some up for `--smoke`, `running` turns all
of it into tasks of the bench, which does the work. `findings` compares each variant with the reference on the same
series, `left_out` chooses settings on other data sets, `chart`, `writing` and `indexing` put that on pages. To ask
something new, write a file; code is needed only for a new probe (`evaluation.probing`).
"""
