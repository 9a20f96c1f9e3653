# make demo: see it work · make test: everything that CI runs · make bench: how fast it is
# make matrix: which rule catches which faulty tracker (build/matrix.md, build/matrix.json)
# make docs: write docs/rules.md from the rules' docstrings
# make mutation: which changes of the rules and of the reference merge no test notices (about 40 minutes on one core)
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin

.PHONY: demo test lint docs bench matrix mutation clean
.DELETE_ON_ERROR:

$(VENV)/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev]'
	touch $@

demo: $(VENV)/installed
	@echo '== The reference tracker on SQLite'
	$(BIN)/jobstatus check reference_tracker.adapter:sqlite
	@echo
	@echo '== A faulty tracker'
	$(BIN)/jobstatus demo
	@echo
	@echo '== The tracker that this project descends from, without its delays (violations are expected: exit code 1)'
	@$(BIN)/jobstatus check --effort quick --rules TRACK-1,TERM-1,CANC-4,STALL-1 tests.ancestor.adapter:hurried; \
	test $$? -eq 1
	@echo
	@echo "== Celery's own database result backend on SQLite (violations are expected: exit code 1)"
	@folder=$$(mktemp -d) && trap 'rm -rf "$$folder"' EXIT && \
	$(BIN)/jobstatus check --effort quick "celery:db+sqlite:///$$folder/jobs.db"; test $$? -eq 1

lint: $(VENV)/installed
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

test: lint
	$(BIN)/pytest -n 2 --dist worksteal

docs: $(VENV)/installed
	$(BIN)/python -m tests.rules_page

bench: $(VENV)/installed
	$(BIN)/python -m tests.benchmarks

matrix: $(VENV)/installed
	$(BIN)/python -m tests.matrix build

mutation: $(VENV)/installed
	$(BIN)/python -m tests.mutation build/mutation

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis
