# make gate        sets everything up and gates the shipped example (prints ragguard's exit code)
# make test        sets everything up and runs every test
# make gate-full   the same gate with every perturbation of every query and every intent attacked
SHELL := /bin/bash
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
EXTRAS := models,offline,train,judge,mteb,dev
export HF_HUB_DISABLE_TELEMETRY = 1
export HF_HUB_OFFLINE ?= 1
export TOKENIZERS_PARALLELISM ?= false

.PHONY: venv gate gate-full test test-fast lint bench example clean

venv: $(STAMP)

# The environment is made again only when the pins or the dependencies change.
$(STAMP): constraints.txt pyproject.toml
	@key=$$( (echo $(EXTRAS); cat constraints.txt; sed -n '/^\[project/,/^\[tool/p' pyproject.toml) | sha256sum | cut -d' ' -f1); \
	if [ "$$(cat $(STAMP) 2>/dev/null)" = "$$key" ]; then touch $(STAMP); exit 0; fi; \
	set -e; rm -rf $(VENV); $(PYTHON) -m venv $(VENV); \
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt "torch==$$(sed -n 's/^torch==//p' constraints.txt)"; \
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[$(EXTRAS)]'; \
	echo "$$key" > $(STAMP)

gate: venv
	@$(BIN)/ragguard gate gate.yaml; code=$$?; echo "ragguard exit code: $$code"; exit $$code

gate-full: venv
	@$(BIN)/ragguard gate gate.yaml --full; code=$$?; echo "ragguard exit code: $$code"; exit $$code

# A file's tests stay in one process, for they share what is slow to make; each process computes on one thread.
PYTEST := OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder

test: venv
	$(PYTEST)

test-fast: venv
	$(PYTEST) -m "not slow"

lint: venv
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: venv
	@for script in benchmarks/*.py; do echo "== $$script"; $(BIN)/python $$script || exit 1; done

example: venv
	$(BIN)/python examples/make_report.py

clean:
	rm -rf .ragguard reports/payments
