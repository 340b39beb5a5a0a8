# Every target sets up what it needs: Python ≥ 3.11 and pip are enough.
#   make run  [SCALE=smoke|default|evening|paper] [CORES=4] [ARGS="fig_pt_nodes"]
PYTHON ?= python3
SCALE ?= default
CORES ?= all
ARGS ?=
VENV := .venv
BIN := $(VENV)/bin
# Targets come before --config, which takes all words that follow it.
WORKFLOW := $(BIN)/python scripts/run_workflow.py --cores $(CORES) $(ARGS) --config scale=$(SCALE)

# Without its advice to move to another program; never --quiet, which lets no warning be an error.
MKDOCS := NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs

.PHONY: run test bench bench-energyflow lint format figures yields cost docs site lock clean

run: $(VENV)/run.stamp ## the whole study at one scale
	$(WORKFLOW)

test: $(VENV)/dev.stamp ## every test
	$(BIN)/python -m pytest -n $(if $(filter all,$(CORES)),auto,$(CORES)) --dist loadgroup

bench: .venv-bench/stamp ## speed against named peers → results/benchmarks.csv
	.venv-bench/bin/python benchmarks/run.py --output results/benchmarks.csv

bench-energyflow: .venv-energyflow/stamp ## EnergyFlow's code (1.6 GB), for `make bench` to compare with

lint: $(VENV)/dev.stamp ## style, formatting and links of the documentation, changes nothing
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/snakefmt --check Snakefile workflow
	$(BIN)/snakemake --lint
	$(BIN)/hadolint envs/Dockerfile
	$(MKDOCS) build --strict --site-dir .cache/site

format: $(VENV)/dev.stamp ## put code into the house style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/snakefmt Snakefile workflow

figures: $(VENV)/run.stamp ## list the figures: each name is a target
	@$(BIN)/python scripts/list_figures.py --scale $(SCALE)

cost: $(VENV)/run.stamp ## what a scale takes: jobs, events, trainings, hours, disk
	@$(BIN)/python scripts/estimate_cost.py --scale $(SCALE) $(ARGS)

yields: $(VENV)/run.stamp ## measure what config/yields.yaml lacks
	$(BIN)/python scripts/measure_yields.py --scale $(SCALE)

docs: $(VENV)/run.stamp ## generate the schema and config/README.md from the typed config
	$(BIN)/python scripts/write_config_reference.py

site: $(VENV)/dev.stamp ## the documentation as a site → site/index.html
	$(MKDOCS) build --strict

lock: $(VENV)/dev.stamp ## pin every package anew from pyproject.toml
	$(BIN)/python scripts/lock_packages.py

clean: ## remove environments and caches; results stay
	rm -rf $(VENV) .venv-bench .venv-energyflow .pytest_cache .ruff_cache .hypothesis .cache site

# A lock newer than its stamp makes the environment stale; pip then mends it in place.
$(VENV)/run.stamp: envs/pip/run.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.12 …")'
	@echo "setting up $(VENV): gigabytes of packages, some minutes, once"
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --requirement envs/pip/run.txt
	touch $@

$(VENV)/dev.stamp: envs/pip/dev.txt $(VENV)/run.stamp
	$(BIN)/python -m pip install --quiet --requirement envs/pip/dev.txt
	touch $@

.venv-bench/stamp: envs/pip/bench.txt
	$(PYTHON) -m venv .venv-bench
	.venv-bench/bin/python -m pip install --quiet --requirement envs/pip/bench.txt
	touch $@

# Without dependencies: the lock has them all, and tf_keras would bring tensorflow beside tensorflow-cpu.
.venv-energyflow/stamp: envs/pip/energyflow.txt
	$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 13) and "EnergyFlow needs numpy < 2, hence Python 3.11 or 3.12: make PYTHON=python3.12 …")'
	$(PYTHON) -m venv .venv-energyflow
	.venv-energyflow/bin/python -m pip install --quiet --no-deps --requirement envs/pip/energyflow.txt
	touch $@
