# `make` prints what there is. Every target makes the environment it needs by itself.

VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
# The first Python on this machine that is new enough; PYTHON=... chooses another.
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
PIP := $(BIN)/python -m pip --disable-pip-version-check

.DEFAULT_GOAL := help
.PHONY: help install demo ui test test-long bench torture distributed check lint types imports format pins clean

help:  ## what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: $(STAMP)  ## the environment in .venv, and once .env and Dagster's home
	@$(BIN)/python -m ipaas_dagster.dagster_home

$(STAMP): pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed; install it, or name it: make PYTHON=..." >&2; exit 2; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing the environment into $(VENV) (once; about a minute)"
	@$(PIP) install --quiet --constraint constraints.txt --editable '.[dev]'
	@touch $(STAMP)

demo: install  ## sandbox, the main job through Dagster, the balance; exits 0 if all is accounted for
	@$(BIN)/ipaas demo

ui: install  ## the demo, then the Dagster UI and the sandbox until Ctrl-C
	@$(BIN)/ipaas demo --ui

test: check  ## everything that must be green: checks and tests, under ten minutes on two cores
	@$(BIN)/pytest -n 3 --dist worksteal

test-long: install  ## the tests that take minutes
	@$(BIN)/pytest -m slow

bench: install  ## the product's speed beside its peers', into docs/results.md; under 20 minutes. BENCH=... chooses less
	@$(BIN)/python -m ipaas_dagster_tests.bench $(BENCH)

torture: install  ## try to lose a record by every means, into docs/results.md; under 20 minutes. TORTURE=... chooses less
	@$(BIN)/python -m ipaas_dagster_tests.torture $(TORTURE)

distributed: install  ## redis, PostgreSQL and two Celery workers on this machine: backfill, killed workers
	@$(BIN)/pytest -m slow ipaas_dagster_tests/orchestration/test_celery.py

check: lint types imports  ## ruff, mypy, import-linter

lint: install  ## style and common mistakes
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: install  ## mypy, strict
	@$(BIN)/mypy

imports: install  ## imports point down only
	@$(BIN)/lint-imports --no-logo

format: install  ## write all files in the one style
	@$(BIN)/ruff check --fix --quiet .
	@$(BIN)/ruff format .

pins: install  ## write constraints.txt anew from .venv, after a deliberate upgrade
	@{ sed -n 1p constraints.txt; $(PIP) freeze --exclude-editable | grep -v ' @ '; } > constraints.new
	@mv constraints.new constraints.txt

clean:  ## remove the environment and caches; what was synced (data/state) stays
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache *.egg-info
