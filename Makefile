# `make run` and `make test` do all the set-up on a machine with python3, python3-venv and make.

VENV := .venv
BIN := $(VENV)/bin
INSTANCE ?= instance
BIND ?= 127.0.0.1:8000
# The demonstration's passphrase is no secret; an instance in earnest gets its own from outside.
export EXAM_PASSPHRASE ?= demonstration
WORKERS ?= auto

.PHONY: run test lint bench tamper images tours pictures clean

run: $(VENV)/.run $(INSTANCE)/config.toml
	$(BIN)/exam --instance $(INSTANCE) serve --bind $(BIND)

$(INSTANCE)/config.toml: | $(VENV)/.run
	$(BIN)/exam --instance $(INSTANCE) demo --base-url http://$(BIND)
	$(BIN)/exam --instance $(INSTANCE) oversight check

test: lint
	EXAM_PASSPHRASE=tests $(BIN)/python -m pytest -n $(WORKERS) --dist worksteal

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy --strict -p exam_system -p proctoring -p scoring -p seating

bench: $(VENV)/.dev
	$(BIN)/python -m tests.benchmarks

# Changes every column of a copy of the database and counts what fsck and audit notice.
tamper: $(VENV)/.dev $(INSTANCE)/config.toml
	$(BIN)/python -m tests.tamper $(INSTANCE)

$(VENV)/.run: pyproject.toml
	python3 -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[postgres]'
	touch $@

$(VENV)/.dev: pyproject.toml
	python3 -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	touch $@ $(VENV)/.run

# The pictures of the README are taken by the browser test on its way.
images: $(VENV)/.dev
	mkdir -p docs/images
	EXAM_IMAGES=docs/images $(BIN)/python -m pytest -n 0 tests/browser/test_road.py

# The pictures of the help in the app, and docs/TOURS*.md with them.
tours: $(VENV)/.dev
	EXAM_PASSPHRASE=tests $(BIN)/python -m tests.help.guide

# Every page on a phone and a desktop in both languages, to be looked at: test-output/contact.
pictures: $(VENV)/.dev
	EXAM_PASSPHRASE=tests $(BIN)/python -m tests.browser.contact

clean:
	rm -rf $(VENV) .cache test-output
