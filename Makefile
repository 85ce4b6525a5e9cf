# Two commands matter: `make run` (the sample, end to end) and `make test` (every check).
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# The day as of which the sample is billed.
AS_OF = $(or $(shell cat sample/AS_OF 2>/dev/null),2026-05-05)

.PHONY: help setup run check test browser nightly fuzz bench bench-large mutants lint rules lock clean

help:  ## Show what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: $(READY)  ## Create .venv with the locked dependencies, and have dbt plan the builds
	@$(BIN)/python -m cx_billing.plan_ahead

$(READY): requirements.lock pyproject.toml
	@echo "Setting up $(VENV) (about a minute, once) ..."
	@$(PYTHON) -m venv --clear $(VENV)
	@$(BIN)/pip install -qq --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	@$(BIN)/pip install -qq --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

run: setup  ## Land, build, test, publish and show the sample in ./warehouse
	@$(BIN)/cx-billing land sample/inbox
	@$(BIN)/cx-billing build --as-of $(AS_OF)
	@$(BIN)/cx-billing show invoices
	@$(BIN)/cx-billing show telco

check: $(READY)  ## Check what a change is most likely to break (1 min)
	@$(BIN)/python tests/python/check_changes.py $(if $(SINCE),--since $(SINCE))

test: lint browser  ## Run every check: lint, conventions, unit and data tests, pytest (10 min)
	@$(BIN)/pytest --numprocesses auto --dist loadfile

CHROMIUM = $(shell command -v chromium || command -v chromium-browser || command -v google-chrome)

browser:  ## Install the Chromium that the tests of pages run, where it is missing (Debian, as root)
	@$(if $(CHROMIUM),:,{ apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq --yes \
		--no-install-recommends install chromium fonts-dejavu-core >/dev/null; } || \
		echo "Chromium cannot be installed here: the tests of pages in a browser will fail.")

# One batch after the other, each of a seed and a process of its own: memory stays bounded.
NIGHTLY_SEEDS = $(shell seq 101 125)
NIGHTLY_ORGS = 400

# What cannot be installed here is named in the summary (-rs).
nightly: $(READY)  ## Try other Pythons and versions, hold 10,000 random organizations against the oracle (4 h)
	@failed=; $(BIN)/pytest -m nightly -rs || failed=" other versions"; \
	for seed in $(NIGHTLY_SEEDS); do \
		echo "Seed $$seed of $(firstword $(NIGHTLY_SEEDS)) to $(lastword $(NIGHTLY_SEEDS)):" \
			"$(NIGHTLY_ORGS) organizations"; \
		CX_BILLING_RANDOM_ORGS=$(NIGHTLY_ORGS) CX_BILLING_RANDOM_SEED=$$seed \
			$(BIN)/pytest tests/python/test_random_organizations.py || failed="$$failed seed $$seed"; \
	done; \
	CX_BILLING_DIRTY_ORGS=160 CX_BILLING_DIRTY_ROUNDS=50 \
		$(BIN)/pytest tests/python/test_dirty_cells.py || failed="$$failed dirty cells"; \
	CX_BILLING_CREDIT_ORGS=200 $(BIN)/pytest tests/python/test_random_credits.py || failed="$$failed credits"; \
	CX_BILLING_FAULT_STEP=1 $(BIN)/pytest tests/python/test_faults.py || failed="$$failed faults"; \
	CX_BILLING_LEDGER_ORGS=200 $(BIN)/pytest tests/python/test_ledger_schedules.py || failed="$$failed ledger"; \
	if [ -n "$$failed" ]; then echo "Failed:$$failed"; exit 1; fi

FUZZ_SEEDS = $(shell seq 1001 1005)
FUZZ_FILES = 2000

fuzz: $(READY)  ## Land 10,000 odd and damaged files: nothing lost, changed or fatal (3 min)
	@failed=; for seed in $(FUZZ_SEEDS); do \
		CX_BILLING_FUZZ_FILES=$(FUZZ_FILES) CX_BILLING_FUZZ_SEED=$$seed \
			$(BIN)/pytest tests/python/test_fuzz_landing.py -k no_delivery || failed="$$failed $$seed"; \
	done; \
	if [ -n "$$failed" ]; then echo "Landing failed for seed$$failed"; exit 1; fi

bench: $(READY)  ## What builds cost: all new, nothing new, one more day; 20 organizations (5 min)
	@$(BIN)/python benchmarks/scale.py --orgs 20 --months 3

bench-large: $(READY)  ## The same with 200 organizations, 19 million rows (40 min)
	@$(BIN)/python benchmarks/scale.py --orgs 200 --months 3

mutants: $(READY)  ## Change one thing of a model at a time: do the tests notice? (20 min)
	@$(BIN)/python benchmarks/mutation.py

# The checks that run dbt have a home of their own, not the user's.
lint: export CX_BILLING_HOME := target/lint
lint: $(READY)  ## Check style and that dbt parses the project without a warning
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --quiet --check .
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/dbt --quiet --warn-error parse --profiles-dir profiles
	@$(BIN)/yamllint --strict .
	@$(BIN)/sqlfluff lint --disable-progress-bar --processes 2 models tests/dbt
	@$(BIN)/sqlfluff lint --disable-progress-bar --templater placeholder \
		--exclude-rules structure.using,structure.column_order,references.consistent \
		src/cx_billing

rules: $(READY)  ## Draw docs/rules.md: the models and tests of every rule
	@$(BIN)/python tests/python/rule_coverage.py

# The output names no host. A lock keeps its versions; delete it first to have the newest.
LOCK = uv pip compile --quiet --generate-hashes --no-header --no-emit-index-url --python-version 3.11

lock:  ## Pin what pyproject.toml asks for, and of that what the image needs (needs uv)
	@$(LOCK) pyproject.toml --extra build --extra dev --output-file requirements.lock
	@$(LOCK) pyproject.toml --extra build --constraint requirements.lock --output-file requirements-image.lock

clean:  ## Delete environment and caches; ./warehouse stays
	@rm -rf $(VENV) target logs .mypy_cache .pytest_cache .ruff_cache .hypothesis
