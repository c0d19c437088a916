# Everything happens in .venv, set up from requirements.lock the first time and again when that file or pyproject.toml changes.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
STAMP := .venv/.installed
CASE ?= base

.PHONY: help install solve check test lint types bench pages docs pictures lock wheel clean
.DEFAULT_GOAL := help

help: ## list what can be made
	@grep -E '^[a-z]+:.*##' Makefile | sed -E 's/:.*## /\t/' | expand -t 12

$(STAMP): requirements.lock pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $(STAMP)

install: $(STAMP) ## set up .venv

solve: $(STAMP) ## solve a bundled case: make solve CASE=base
	$(BIN)/paxsilica solve $(CASE)

check: $(STAMP) ## check tables and a bundled case without solving
	$(BIN)/paxsilica check $(CASE)

test: $(STAMP) ## run the tests, the fast ones first
	$(BIN)/python -m pytest
	$(BIN)/python -m pytest -m slow

lint: $(STAMP) ## check style
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: $(STAMP) ## check types
	$(BIN)/mypy

bench: $(STAMP) ## print speed: our whole run against raw HiGHS, time to a gap, prices against one solve
	$(BIN)/python benchmarks/bench.py $(CASE)
	$(BIN)/python benchmarks/prices.py $(CASE)

pages: $(STAMP) ## renew what is generated: the formulation page, the reference pages, the guide and description of the data
	$(BIN)/python -m paxsilica.model.formulation
	$(BIN)/python -m paxsilica.cli.reference
	$(BIN)/paxsilica data describe --write

docs: $(STAMP) ## build the documentation into docs/_build: html and the manual page
	$(BIN)/python -m sphinx -W --keep-going -n -q -b html docs docs/_build/html
	$(BIN)/python -m sphinx -W --keep-going -n -q -b man docs docs/_build/man

pictures: $(STAMP) ## renew the pictures of the documentation from real plans; needs Chromium and LibreOffice
	$(BIN)/python docs/pictures.py

wheel: $(STAMP) ## build a wheel into dist
	$(BIN)/python -m pip wheel . --quiet --disable-pip-version-check --no-deps --no-build-isolation --wheel-dir dist

lock: ## write requirements.lock anew from pyproject.toml: newest versions, with hashes
	$(PYTHON) -m venv .venv-lock
	.venv-lock/bin/python -m pip install --quiet --disable-pip-version-check pip-tools
	.venv-lock/bin/pip-compile --quiet --upgrade --generate-hashes --no-header --no-annotate --no-emit-options --strip-extras \
		--allow-unsafe --all-extras --build-deps-for editable --build-deps-for wheel --output-file requirements.lock pyproject.toml
	rm -rf .venv-lock

clean: ## remove .venv and all that was built
	rm -rf .venv .venv-lock build dist docs/_build .pytest_cache .mypy_cache .ruff_cache .hypothesis
