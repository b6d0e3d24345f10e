# make demo: see it run.  make test: prove it.  make check: lint, types, the import fence.
PYTHON ?= python3
BIN := .venv/bin

demo: .venv/demo.stamp
	$(BIN)/robofleet demo

test: .venv/dev.stamp clients
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

clients: .venv/clients/roombapy-1.stamp .venv/clients/node.stamp ## other people's libraries that drive real robots

.venv/clients/roombapy-1.stamp: .venv/bin/python tests/end_to_end/home_clients/roombapy-1.txt
	rm -rf .venv/clients/roombapy-1
	$(BIN)/pip install --quiet --disable-pip-version-check --target .venv/clients/roombapy-1 -r tests/end_to_end/home_clients/roombapy-1.txt
	touch $@

.venv/clients/node.stamp: .venv/bin/python tests/end_to_end/home_clients/package.json
	@command -v npm >/dev/null || { echo "dorita980 needs npm: apt-get install nodejs npm"; exit 1; }
	mkdir -p .venv/clients/node
	cp tests/end_to_end/home_clients/package.json .venv/clients/node/
	npm install --prefix .venv/clients/node --silent --no-audit --no-fund --no-package-lock --ignore-scripts
	touch $@

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache

.PHONY: demo test check lock clients clean
