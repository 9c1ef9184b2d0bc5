# make test   everything that the tests need, then all tests
# make quick  tests that need no training, no browser and no other process
# make app    everything that the app needs, then the app
# make check  format, lint, types, directions of imports, spelling; of the page's scripts too where npm is
# make docs   the pages of docs/ as a site in build/site; a dead link is an error
# make tables the generated tables of the README and of docs/, written anew
# make bench  measure speed and memory, into tests/benchmarks/results
# make wheel  the package, built, installed on its own and tried
PYTHON ?= python3
BIN := .venv/bin

.PHONY: test quick app check docs tables wheel bench clean

# As many at once as there are cores, up to four: each may run a browser. A file's tests run one after the other.
test: .venv/dev
	$(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile

quick: .venv/dev
	$(BIN)/python -m pytest -m "not slow" --ignore tests/browser --ignore tests/test_benchmarks.py

app: .venv/app
	$(BIN)/python app.py

# Gradio writes stubs beside its components, which grow stale.
check: .venv/dev
	find dgvae/ui -name "*.pyi" -delete
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/pyright
	$(BIN)/lint-imports --no-cache --no-logo
	$(BIN)/codespell
ifneq ($(or $(CI),$(shell command -v npm)),)
	$(MAKE) node_modules/.package-lock.json
	npm run --silent check
else
	@echo "The page's scripts were not checked: npm is missing."
endif

wheel: .venv/dev
	rm -rf build/wheel
	$(BIN)/pip wheel --quiet --disable-pip-version-check --no-deps --wheel-dir build/wheel .
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --target build/wheel/site build/wheel/*.whl
	$(BIN)/python -P tests/wheel.py build/wheel/site

# Not --quiet: with it, mkdocs counts no warnings, and a dead link passes.
docs: .venv/dev
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

tables: .venv/dev
	$(BIN)/python -m tests.docs.tables

bench: .venv/dev
	$(BIN)/python -m tests.benchmarks.density_gap
	$(BIN)/python -m tests.benchmarks.training_step
	$(BIN)/python -m tests.benchmarks.training_run
	$(BIN)/python -m tests.benchmarks.measures
	$(BIN)/python -m tests.benchmarks.page
	$(BIN)/python -m tests.benchmarks.lab
	$(BIN)/python -m tests.benchmarks.load

clean:
	rm -rf .venv node_modules .pytest_cache .ruff_cache .hypothesis

$(BIN)/python:
	$(PYTHON) -m venv .venv

node_modules/.package-lock.json: package-lock.json
	npm ci --silent
	touch $@

.venv/app: requirements.txt | $(BIN)/python
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements.txt
	touch $@

.venv/dev: requirements.txt requirements-dev.txt | $(BIN)/python
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	touch $@ .venv/app
