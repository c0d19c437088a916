# Every target runs in .venv. Make creates it from requirements.lock, and again when that file or pyproject.toml changes.

# The first of these commands that starts Python 3.11 or newer; override with make PYTHON=...
PYTHON ?= $(shell for name in python3.14 python3.13 python3.12 python3.11 python3; do \
	$$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && { echo $$name; break; }; done)
VENV = $(or $(PYTHON),$(error Python 3.11 or newer is required and was not found)) -m venv
BIN := .venv/bin
STAMP := .venv/.installed
PIP := -m pip --quiet --disable-pip-version-check
CASE ?= base

# The tests start the program often. Without compiled files on disk each start compiles all of it again and takes twice as long.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help install solve cases check test coverage lint types bench pages docs pictures wheel lock upgrade clean
.DEFAULT_GOAL := help

help: ## list the targets
	@grep -E '^[a-z]+:.*##' Makefile | sed -E 's/:.*## /\t/' | expand -t 12

$(BIN)/python:
	$(VENV) .venv

$(STAMP): requirements.lock pyproject.toml | $(BIN)/python
	$(BIN)/python $(PIP) install --require-hashes --requirement requirements.lock
	$(BIN)/python $(PIP) install --no-deps --no-build-isolation --editable .
	touch $(STAMP)

install: $(STAMP) ## set up .venv with the program, all extras and the development tools

solve: $(STAMP) ## solve a bundled case: make solve CASE=base
	$(BIN)/paxsilica solve $(CASE)

cases: $(STAMP) ## run every bundled case in full through solve, prices, report and export; takes long
	PAXSILICA_FULL_CASES=1 $(BIN)/python -m pytest -m slow tests/faults/test_bundled_as_used.py

check: $(STAMP) ## check tables and a bundled case without solving
	$(BIN)/paxsilica check $(CASE)

test: $(STAMP) ## run the tests, the fast ones first
	$(BIN)/python -m pytest
	$(BIN)/python -m pytest --dist loadfile --no-loadscope-reorder -m slow

coverage: $(STAMP) ## run the fast tests and list the lines that they do not reach
	$(BIN)/python -m pytest --cov --cov-report=term-missing:skip-covered

lint: $(STAMP) ## check style and format
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: $(STAMP) ## check types
	$(BIN)/mypy

bench: $(STAMP) ## measure speed: a whole run and the search against HiGHS alone, time to a gap, prices, many scenarios
	$(BIN)/python benchmarks/bench.py $(CASE)
	$(BIN)/python benchmarks/search.py $(CASE)
	$(BIN)/python benchmarks/prices.py $(CASE)
	$(BIN)/python benchmarks/scenarios.py $(CASE)

pages: $(STAMP) ## write the generated pages: formulation, reference, guide to the data and its description
	$(BIN)/python -m paxsilica.model.formulation
	$(BIN)/python -m paxsilica.cli.reference
	$(BIN)/paxsilica data describe --write

docs: $(STAMP) ## build the documentation into docs/_build: HTML, with the notebooks run, and the manual page
	$(BIN)/python -m sphinx -W --keep-going -n -q -D nb_execution_mode=force -b html docs docs/_build/html
	$(BIN)/python -m sphinx -W --keep-going -n -q -b man docs docs/_build/man

pictures: $(STAMP) ## draw the pictures of the documentation from real plans; needs Chromium and LibreOffice
	$(BIN)/python docs/pictures.py

wheel: $(STAMP) ## build the wheel and the source archive into dist
	$(BIN)/python -m hatchling build -d dist

lock: ## write requirements.lock from pyproject.toml; keep the locked versions that still fit
	$(VENV) .venv-lock
	.venv-lock/bin/python $(PIP) install uv
	.venv-lock/bin/uv pip compile pyproject.toml --quiet $(UPGRADE) --universal --fork-strategy fewest --all-extras --group dev \
		--generate-hashes --no-header --no-annotate --output-file requirements.lock
	rm -rf .venv-lock

upgrade: UPGRADE := --upgrade
upgrade: lock ## write requirements.lock with the newest versions

clean: ## remove .venv and everything that was built
	rm -rf .venv .venv-lock build dist docs/_build docs/notebooks/*.ipynb .pytest_cache .mypy_cache .ruff_cache .hypothesis
