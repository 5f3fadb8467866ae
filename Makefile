# Every target sets up its own environment in .venv; nothing is downloaded twice.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SERVERS := .venv-servers/bin/python
# Small models run fastest on one thread; several only wait for each other.
export OMP_NUM_THREADS ?= 1
export TOKENIZERS_PARALLELISM ?= false
# Each process that a test starts would compile every module again.
unexport PYTHONDONTWRITEBYTECODE

# Test processes; each trains its own small adapters.
WORKERS ?= 2

.PHONY: help demo test coverage test-slow test-long lint docs bench clean

help:
	@echo "make demo        train an adapter on the embedded model, gate it, write the report"
	@echo "make test        run the tests (under 15 minutes)"
	@echo "make coverage    the same, with the lines that they reach"
	@echo "make test-slow   run the simulations of the decision engine"
	@echo "make test-long   run the long tests: killed checks, real servers, memory"
	@echo "make lint        ruff, mypy, import-linter"
	@echo "make docs        build the documentation site into site/"
	@echo "make bench       run the benchmarks and print their tables"

$(VENV)/.installed: locks/cpu.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "EvalGuard needs Python 3.11 or newer: make PYTHON=python3.11 …"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing the environment into $(VENV) (about 3 minutes, once) …"
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps -r locks/cpu.txt
	@# Where the index serves a CUDA build of torch, it needs the packages that --no-deps left out.
	@$(BIN)/python -c 'import torch' 2>/dev/null \
		|| $(BIN)/pip install --quiet --disable-pip-version-check torch==2.13.0
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

demo: $(VENV)/.installed
	@$(BIN)/evalguard demo

test: $(VENV)/.installed
	$(BIN)/python -m pytest -m "not slow" -n $(WORKERS) --dist worksteal

coverage: $(VENV)/.installed
	$(BIN)/python -m pytest -m "not slow" -n $(WORKERS) --dist worksteal \
		--cov --cov-report=term:skip-covered --cov-report=xml

test-slow: $(VENV)/.installed
	$(BIN)/python -m pytest -m slow tests/stats tests/gates
	$(BIN)/python -m pytest -n $(WORKERS) --doctest-modules evalguard

test-long: $(VENV)/.installed .venv-servers/.installed
	LITELLM_PYTHON=$(SERVERS) LLAMA_SERVER_PYTHON=$(SERVERS) \
		$(BIN)/python -m pytest -m slow --ignore=tests/stats --ignore=tests/gates

lint: $(VENV)/.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# Servers that the long tests ask, with versions of their own of what they share with the other environment.
.venv-servers/.installed: locks/servers.txt
	@test -x $(SERVERS) || $(PYTHON) -m venv .venv-servers
	@$(SERVERS) -m pip install --quiet --disable-pip-version-check --no-deps -r locks/servers.txt
	@touch $@

# Apart from the other environment: the site needs no torch, and neither does it change what tests run in.
.venv-docs/.installed: locks/docs.txt
	@test -x .venv-docs/bin/python || $(PYTHON) -m venv .venv-docs
	@.venv-docs/bin/pip install --quiet --disable-pip-version-check --no-deps -r locks/docs.txt
	@touch $@

docs: .venv-docs/.installed
	NO_MKDOCS_2_WARNING=1 .venv-docs/bin/mkdocs build --strict

bench: $(VENV)/.installed
	$(BIN)/python -m benchmarks

clean:
	rm -rf $(VENV) .venv-docs .venv-servers site .evalguard
