# midterm: `make evaluation` runs the shipped evaluation, `make test` passes the tests; `make help` lists the rest.
PYTHON ?= python3
BIN := .venv/bin
UV := 0.13.9
export SOURCE_DATE_EPOCH := 1735689600

.DEFAULT_GOAL := help
.PHONY: help evaluation test lab lint lock notebooks docs example bench calibrate fuzz clean

help: ## list what can be made
	@grep -E '^[a-z]+:.*## ' Makefile | sed -E 's/:.*## /\t/' | expand -t 14

evaluation: .venv/ready ## run the shipped evaluation from data/raw/ to reports/report.nl.html
	@echo "midterm: bringing the shipped evaluation up to date"
	@$(BIN)/midterm run .

test: evaluation ## check code, tables, notebooks and documents
	@echo "midterm: checking style and types"
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy
	@echo "midterm: running the notebooks against their stored tables (nbval)"
	@$(BIN)/pytest -q -p no:cacheprovider --nbval-lax notebooks -n 2 --dist loadscope
	@echo "midterm: running the tests"
	@$(BIN)/pytest -q -n 2 --dist loadfile --no-loadscope-reorder

lab: .venv/lab ## open JupyterLab with the kernel that the notebooks name
	@$(BIN)/jupyter lab notebooks

lint: .venv/ready ## format the code and strip the notebooks
	@$(BIN)/ruff check --fix . && $(BIN)/ruff format . && $(BIN)/nbstripout --keep-count notebooks/*.ipynb

lock: .venv/uv ## pin every dependency anew, with hashes
	@$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --extra test pyproject.toml -o requirements.txt
	@$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --extra test --extra lab -c requirements.txt pyproject.toml -o requirements-lab.txt
	@$(MAKE) --no-print-directory .venv/ready
	@$(BIN)/pyproject2conda yaml -e test -e lab --python-include "python>=3.11" --name midterm -c conda-forge --no-header -o environment.yml --overwrite force

notebooks: evaluation ## run the notebooks by hand and store their compared tables anew
	@$(BIN)/jupyter execute --inplace notebooks/*.ipynb && $(BIN)/nbstripout --keep-count notebooks/*.ipynb

docs: .venv/ready ## make the data dictionary, the index of methods, the measured rates and the JSON Schemas anew
	@$(BIN)/python tools/document.py

example: .venv/ready ## make the synthetic example data anew (the same bytes each time)
	@$(BIN)/python tools/synthesise.py

bench: .venv/ready ## time reading and computing beside plain pandas, tests beside scipy and statsmodels, the batch beside papermill, publishing beside drawing, as ratios (some forty-five minutes)
	@$(BIN)/python tools/benchmark.py && $(BIN)/python tools/benchmark_change.py && $(BIN)/python tools/benchmark_batch.py && $(BIN)/python tools/benchmark_publish.py

calibrate: .venv/ready ## measure false alarms, coverage and power of every method (some fifteen minutes on two cores), then the pages that show them
	@$(BIN)/python tools/calibrate.py && $(BIN)/python tools/document.py

SECONDS := 60
fuzz: .venv/fuzz/ready ## fuzz decoding, numbers, dates, names, headings, text and YAML (SECONDS=60 in all)
	@PYTHONPATH=.venv/fuzz $(BIN)/python tools/fuzz.py $(SECONDS)

clean: ## remove results and environment
	@rm -rf .venv data/processed/* reports/*

# Where the network has a certificate of its own, the system knows it and uv's own list does not: try both.
install = VIRTUAL_ENV=.venv $(BIN)/uv pip install --quiet $(1) || VIRTUAL_ENV=.venv UV_SYSTEM_CERTS=1 $(BIN)/uv pip install --quiet $(1)

.venv/uv:
	@echo "midterm: making the environment in .venv/"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "midterm needs Python 3.11 or later; set PYTHON=path/to/python"; exit 2; }
	@$(PYTHON) -m venv .venv
	@$(BIN)/pip install --quiet --disable-pip-version-check uv==$(UV)
	@touch $@

.venv/ready: .venv/uv requirements.txt pyproject.toml
	@echo "midterm: installing the pinned libraries"
	@$(call install,--require-hashes --compile-bytecode -r requirements.txt)
	@$(call install,--no-deps --editable .)
	@touch $@

.venv/lab: .venv/ready requirements-lab.txt
	@echo "midterm: installing JupyterLab"
	@$(call install,--require-hashes --compile-bytecode -r requirements-lab.txt)
	@touch $@

.venv/fuzz/ready: .venv/ready requirements-fuzz.txt
	@echo "midterm: installing the fuzzer"
	@$(call install,--require-hashes --no-deps --target .venv/fuzz -r requirements-fuzz.txt)
	@touch $@
