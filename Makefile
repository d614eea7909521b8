# make demo   anomalies in the bundled sample, with a chart and a report in out/demo
# make test   the whole test suite (COVERAGE=1 make test: with coverage of src)
# make check  what CI checks beside the tests: style, types, documentation
# Each brings up .venv from nothing the first time and starts at once the second.

PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.ready

.PHONY: setup demo test check clean
setup: $(STAMP)

$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev]'
	@touch $(STAMP)

demo: setup
	$(BIN)/anomalyllm detect examples/multibeat.csv --train-end 0.4 \
		--plot out/demo/multibeat.png --report out/demo/multibeat.html --scores out/demo/scores.csv

test: setup
	scripts/test

check: setup
	scripts/check

clean:
	rm -rf .venv out .pytest_cache .mypy_cache .ruff_cache .coverage*
