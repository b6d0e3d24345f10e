# make demo: see it run.  make test: prove it.  make check: lint, types, the import fence.
PYTHON ?= python3
BIN := .venv/bin

demo: .venv/demo.stamp
	$(BIN)/robofleet demo

test: .venv/dev.stamp
	$(BIN)/pytest -n 2

check: .venv/dev.stamp
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

lock: ## write the lock files anew (needs uv)
	uv export --quiet --format requirements-txt --no-emit-project --no-dev --no-annotate --no-header -o requirements.lock
	uv export --quiet --format requirements-txt --no-emit-project --all-extras --group dev --no-annotate --no-header -o requirements-dev.lock
	rm -f uv.lock

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/demo.stamp: .venv/bin/python requirements.lock pyproject.toml
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --editable .
	touch $@

.venv/dev.stamp: .venv/demo.stamp requirements-dev.lock
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements-dev.lock
	touch $@

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache

.PHONY: demo test check lock clean
