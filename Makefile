# The commands of this project. `make run` and `make test` prepare what they need; a second call prepares nothing.
.DEFAULT_GOAL := help
.PHONY: help run test check format bench train screenshots lock
PY := .venv/bin/python
ARGS ?=

help: ## what can be done here
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## start the office on this machine, with a recorded feed (ARGS="--live" and others are passed on)
	@scripts/setup run
	@exec .venv/bin/scrutineer run $(ARGS)

test: ## run the tests (ARGS="-k outbox" and others are passed to pytest)
	@scripts/setup dev
	@exec $(PY) -m pytest $(ARGS)

check: ## lint, format and types, without changing anything
	@scripts/setup dev
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy

format: ## format and fix what can be fixed by itself
	@scripts/setup dev
	$(PY) -m ruff format .
	$(PY) -m ruff check --fix .

bench: ## measure speed and memory (about five minutes)
	@scripts/setup dev
	@exec $(PY) -m bench $(ARGS)

screenshots: ## take the pictures in docs/images anew, from a fresh practice office (needs scripts/test-servers)
	@scripts/setup dev
	@exec $(PY) -m scripts.screenshots

train: ## train the models for matching again (about two hours on two idle cores, in a place of its own)
	@training/setup
	@exec var/training/venv/bin/python -m training $(ARGS)

lock: ## after a change of dependencies in pyproject.toml: lock them again (needs uv)
	@scripts/lock
