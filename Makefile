# Two commands do everything on a fresh machine with python3 and make: `make run` and `make test`.
PYTHON ?= python3
PORT ?= 8000
BIN := .venv/bin

.PHONY: run setup dev test check bench chaos lock clean

run: setup
	@$(BIN)/smsbot serve --port $(PORT) --print-key

setup: .venv/.runtime
dev: .venv/.dev

# Half an environment would be taken for a whole one the next time, so it goes.
.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "smsbot needs Python 3.11 or newer; name one with PYTHON=…" >&2; exit 1; }
	@$(PYTHON) -m venv .venv \
		|| { rm -rf .venv; echo "Python's venv is missing (Debian: apt install python3-venv)." >&2; exit 1; }

.venv/.runtime: requirements.txt pyproject.toml | .venv/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

.venv/.dev: .venv/.runtime requirements-dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@

# Most tests wait for a database or another process, so there are more of them under way than cores.
WORKERS ?= 3
test: dev
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder

check: dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/smsbot flow check
	$(BIN)/python -m smsbot.text.audit

bench: dev
	$(BIN)/python -m benchmarks

# Every fault, at length: about half an hour. CHAOS="--rounds 1 --only sqlite" for less of it.
chaos: dev
	$(BIN)/python -m tests.chaos $(CHAOS)

# Needs uv; writes versions and hashes, never where they come from.
COMPILE := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate
lock:
	$(COMPILE) pyproject.toml --group pyproject.toml:build -o requirements.txt
	$(COMPILE) -c requirements.txt pyproject.toml --group pyproject.toml:build --group pyproject.toml:dev -o requirements-dev.txt

clean:
	rm -rf .venv
