# Everything runs in .venv, which `setup` makes from a bare Python >= 3.11. All paths are relative and
# quoted where a shell sees them, so that a checkout works in any folder, spaces included.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PY := .venv/bin/python
# One thread per process: two pytest workers fill two cores, and readings do not depend on the machine.
# Bytecode is written whatever the shell says: else each process would compile the whole package.
ONE_THREAD := PYTHONDONTWRITEBYTECODE= OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1

# A copied or moved checkout must not go on using the environment of its origin.
ifneq ("$(shell cat .venv/.setup-path 2>/dev/null)","$(shell pwd)")
MOVED := moved
endif

.PHONY: help setup demo test oracles frames lint types notebooks docs benchmark atlas atlastest screenshots clean distclean moved

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

setup: .venv/.setup-stamp ## create .venv and install the package with its extras (SINGLAB_PIP=1: by pip alone)

.venv/.setup-stamp: pyproject.toml constraints.txt requirements-cas.txt scripts/setup.sh $(MOVED)
	@sh scripts/setup.sh all,dev
	@pwd > .venv/.setup-path
	@touch $@

.venv/.docs-stamp: .venv/.setup-stamp
	@sh scripts/setup.sh docs
	@touch $@

demo: setup ## the main job: prove the catalog, calibrate the devices, write the report into out/
	.venv/bin/singlab demo --out out

test: setup ## tests and doctests on two processes; warnings are errors
	$(ONE_THREAD) $(PY) -m pytest -n 2

oracles: setup ## compare with Singular and with Macaulay2, which this installs (330 MB)
	$(PY) -m pip install --quiet --no-deps -r requirements-oracles.txt
	$(ONE_THREAD) $(PY) -m pytest -m oracle

frames: setup ## tables handed to polars and pyarrow, which this installs (335 MB)
	@sh scripts/setup.sh frames
	$(ONE_THREAD) $(PY) -m pytest -q tests/dictionary/test_tables.py tests/calibration/test_record_store.py tests/catalog/test_answer_key.py

lint: setup ## ruff: rules and format
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .

types: setup ## mypy, strict for algebra and exact
	$(PY) -m mypy

notebooks: setup ## execute every notebook
	$(ONE_THREAD) $(PY) -m pytest tests/test_notebooks.py -m notebook

docs: .venv/.docs-stamp ## build the site, and the atlas that it links to, into out/docs
	$(PY) -m sphinx -W --keep-going -q -b html docs out/docs
	.venv/bin/singlab atlas build --out out/docs/atlas
	@echo "docs: out/docs/index.html"

benchmark: setup ## run benchmarks/bench_*.py: ratios measured in one run
	@set -e; found=; for file in benchmarks/bench_*.py; do \
	  [ -e "$$file" ] || continue; found=1; echo "== $$file"; $(ONE_THREAD) $(PY) "$$file"; \
	done; [ -n "$$found" ] || { echo "benchmark: no benchmarks/bench_*.py in this checkout"; exit 1; }

atlas: ## bundle the page of the dictionary into singularity_lab/atlas/static (needs Node 20)
	cd atlas && npm ci --no-audit --no-fund && npx tsc --noEmit && node --test test/unit.test.mjs && node build.mjs

atlastest: setup ## build an atlas and read it in Chromium (after `make atlas`)
	$(ONE_THREAD) $(PY) -m pytest -m slow tests/atlas

screenshots: docs ## pictures of pages, made into docs/figures (needs Node 20 and Chromium)
	.venv/bin/singlab atlas build --out out/atlas
	.venv/bin/singlab calibrate --device volume --rows quick --set particles=32 --set replicates=8 --set depth=30 --workers 0 --out out/quick
	cd atlas && npm ci --no-audit --no-fund && node test/screenshots.mjs ../out/docs ../out/atlas ../out/quick/report.html ../docs/figures

clean: ## remove what runs have made, keep the environment
	rm -rf out build dist docs/notebooks docs/families docs/jupyter_execute .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -path ./.venv -prune -o -name __pycache__ -type d -exec rm -rf {} +

distclean: clean ## remove the environment too
	rm -rf .venv
