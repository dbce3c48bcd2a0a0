# The two commands a newcomer needs: make demo, make test.
SHELL := /bin/bash
PYTHON ?= $(shell command -v /usr/bin/python3.11 || command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
PORT ?= 8000

.PHONY: demo test lint bench docs e2e vendor system clean help
.DEFAULT_GOAL := help

help:  ## list the commands
	@grep -E '^[a-z0-9]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

$(STAMP): requirements.lock requirements-data.lock pyproject.toml hatch_build.py web/package.json web/package-lock.json
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed (apt-get install python3)"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { echo "The venv module is missing: apt-get install python3-venv"; exit 1; }
	$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/pip install -q --disable-pip-version-check --no-deps --require-hashes -r requirements-data.lock
	$(BIN)/python hatch_build.py
	$(BIN)/pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

demo: $(STAMP)  ## build the demo city and open it on http://127.0.0.1:8000
	$(BIN)/xunge demo --port $(PORT)

vendor: $(STAMP)  ## fetch the browser libraries again
	$(BIN)/python hatch_build.py

system:  ## Debian packages for the browser and PostGIS tests (as root)
	@bash .ci/system

lint: $(STAMP)  ## ruff, import-linter, mypy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-cache
	$(BIN)/mypy

test: $(STAMP) system  ## every test, the pages in a browser too
	$(BIN)/pytest -n 2 --dist loadfile

e2e: $(STAMP) system  ## only the pages in a browser
	$(BIN)/pytest tests/e2e

bench: $(STAMP)  ## ratios against named peers, in one run
	$(BIN)/pip install -q --disable-pip-version-check --no-deps --require-hashes -r requirements-bench.lock
	$(BIN)/python -m benchmarks all

docs: $(STAMP)  ## build the documentation, warnings are errors
	$(BIN)/sphinx-build -W --keep-going -q -b html docs docs/_build/html

clean:  ## remove what the commands made
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache docs/_build web/static/vendor web/node_modules .xunge test-results
