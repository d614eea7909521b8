"""Many methods on many cases: planned, run in parallel, killed and resumed, summed up.

`tasks` says what is to be done, `work` does one task in a worker process, `pool` keeps the workers, `journal` is the
file of rows that survives a kill, `running` joins them, `summary` turns rows into `summary.json`, and `page` (with
`charts`) into `report.html`. Rows are the only thing that passes between them.
"""
