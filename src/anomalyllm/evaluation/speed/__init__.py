"""What each part of a preset costs beside what the machine can do: `anomalyllm bench speed`.

`clock` takes times, `limits` measures the machine, `parts` holds what a part is, `networks` and `retrieving` make the
parts of a preset of either kind, `measuring` puts limits and parts into one run. Times of a machine that others use too
mean nothing by themselves; beside a matrix product timed in the same run they do. A new part is one more `Part`.
"""
