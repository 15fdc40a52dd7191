# What each target needs is installed by the target itself. See README.md.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.stamp

.PHONY: run test check bench soak assets lock clean parts

run: $(STAMP) assets
	$(BIN)/hub run config.yaml

# Many tests wait, so one process more than there are cores. In one, to debug: PYTEST_ARGS="-n 0".
test: $(STAMP) assets parts check
	$(BIN)/python -m pytest -m "not soak" -n $$(($$(getconf _NPROCESSORS_ONLN) + 1)) $(PYTEST_ARGS)

check: $(STAMP) assets
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(STAMP) assets parts
	$(BIN)/python -m benchmarks.peers.environments
	$(BIN)/python -m benchmarks

soak: $(STAMP) assets parts
	$(BIN)/python -m pytest -m soak $(PYTEST_ARGS)

# The virtual environment: every package by its hash.
$(STAMP): requirements.lock pyproject.toml hatch_build.py
	scripts/venv $(PYTHON) $(VENV)
	touch $@

# Translations and third-party scripts, built once.
assets: $(STAMP)
	@$(BIN)/python scripts/assets.py

# System packages that tests use: installed where missing and allowed, else those tests skip.
parts:
	@scripts/parts

lock:
	$(BIN)/python -m uv pip compile --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-header --all-extras pyproject.toml -o requirements.lock
	$(BIN)/python -m benchmarks.peers.environments --lock

clean:
	rm -rf $(VENV) .bench node_modules hub/web/static/vendor build dist
