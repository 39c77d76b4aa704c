# Three commands to know:
#
#   make demo     a helpdesk with sample tickets on http://127.0.0.1:8000 (PORT=8080 picks another port)
#   make test     the tests of core and plugins (ARGS="-k reply" narrows them down)
#   make check    format, lint, types, import rules, texts, pins, hooks, catalogues
#
# Each prepares .venv by itself, from the pinned lists in requirements/, and does so again only when those change.
# For the maintainers: `make format` rewrites the layout of the code; `make messages` takes new texts into the
# catalogues; `make lock` pins dependencies that were added (UPGRADE=--upgrade takes the newest of all); `make clean`
# removes .venv and the caches.

PYTHON ?= python3
PORT ?= 8000
ARGS ?=

BIN := .venv/bin
CODE := helpdesk_core $(wildcard plugins/*/helpdesk_*)
TESTS := tests $(wildcard plugins/*/tests)
PROJECTS := pyproject.toml $(wildcard plugins/*/pyproject.toml)
VERSIONS := $(wildcard helpdesk_core/__init__.py plugins/*/helpdesk_*/__init__.py)
PIP := $(BIN)/python -m pip -qq --no-input --disable-pip-version-check

.DELETE_ON_ERROR:
.PHONY: demo test check format messages lock clean

demo: .venv/runtime.stamp
	$(BIN)/helpdesk demo --port $(PORT)

test: .venv/dev.stamp
	$(BIN)/pytest -n auto $(ARGS)

check: .venv/dev.stamp
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy $(CODE) tools
	$(BIN)/mypy --explicit-package-bases $(TESTS)
	$(BIN)/lint-imports
	$(BIN)/python tools/requirements.py check
	$(BIN)/python tools/check_text.py
	$(BIN)/python tools/check_hooks.py
	$(BIN)/python tools/messages.py check

format: .venv/dev.stamp
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

messages: .venv/dev.stamp
	$(BIN)/python tools/messages.py update

lock: .venv/dev.stamp
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python tools/requirements.py lock $(UPGRADE)

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

.venv/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.11 …")'
	$(PYTHON) -m venv .venv

.venv/%.stamp: requirements/%.txt $(PROJECTS) $(VERSIONS) | .venv/bin/python
	@echo "Installing what requirements/$*.txt pins into .venv; this takes a minute."
	$(PIP) install --require-hashes -r requirements/$*.txt
	$(PIP) install --no-deps --no-build-isolation $(foreach project,$(PROJECTS),-e ./$(dir $(project)))
	@touch $@
