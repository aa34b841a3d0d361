# Needs Python 3.11 or later, make and a package registry; everything else goes into .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: setup refresh report picture test lint types bench lock clean

setup: $(READY)

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or later is needed; name one with make PYTHON=..."; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes --no-deps -r requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

refresh: $(READY)
	@$(BIN)/gapstudy refresh

report: $(READY)
	@$(BIN)/gapstudy publish

# The README's picture is the report's figure of the same study.
picture: refresh
	cp reports/_site/figures/incidence.svg docs/headline.svg

lint: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: $(READY)
	$(BIN)/mypy

test: lint types
	$(BIN)/python -m pytest -n 2 --dist worksteal

bench: $(READY)
	$(BIN)/python -m benchmarks
	$(BIN)/python -m benchmarks.oracles

# Pin anew what pyproject.toml allows; hashes, no index address.
lock: $(READY)
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile pyproject.toml --extra test --universal --python-version 3.11 \
		--generate-hashes --no-emit-index-url --no-annotate --no-header --upgrade \
		--output-file requirements.lock

clean:
	rm -rf $(VENV) data/processed reports/_site reports/_editions data/raw/*/archive \
		.pytest_cache .mypy_cache .ruff_cache .hypothesis dist
