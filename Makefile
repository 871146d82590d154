# Needs Python 3.11, 3.12 or 3.13 and nothing else: `make install` puts the rest into .venv, at the versions pinned in constraints/.
SHELL = /bin/bash
PYTHON ?= python3
PINS = constraints/constraints-3.11.txt constraints/constraints-3.12.txt constraints/constraints-3.13.txt
PIP = PIP_DISABLE_PIP_VERSION_CHECK=1 .venv/bin/python -m pip
NO_SERVER = not service and not spark and not system
INSTALLED = .venv/.installed

.PHONY: help install install-services install-spark demo up test test-services test-spark test-system screenshot coverage check lint types imports docs pins clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "%-18s %s\n", $$1, $$2 }' Makefile

install: $(INSTALLED) ## Make .venv with everything the other targets need

$(INSTALLED): pyproject.toml $(PINS)
	@set -e; \
	interpreter=.venv/bin/python; \
	test -x $$interpreter || interpreter='$(PYTHON)'; \
	version=$$($$interpreter -c 'import sys; print("%d.%d" % sys.version_info[:2])') || { \
	  echo "make: '$(PYTHON)' does not run. Name an interpreter: make install PYTHON=python3.12" >&2; exit 1; }; \
	pins=constraints/constraints-$$version.txt; \
	test -f $$pins || { \
	  echo "make: '$$interpreter' is Python $$version; this project supports 3.11, 3.12 and 3.13." >&2; \
	  echo "      Name another interpreter: make install PYTHON=python3.12 (after make clean where .venv exists)" >&2; exit 1; }; \
	test -x .venv/bin/python || '$(PYTHON)' -m venv .venv || { \
	  rm -rf .venv; echo "make: '$(PYTHON) -m venv' failed, see above. On Debian: apt-get install python3-venv" >&2; exit 1; }; \
	echo "Installing into .venv what $$pins pins: about three minutes the first time."; \
	PIP_CONSTRAINT=$$pins $(PIP) install --quiet --editable '.[arrow,polars,postgres,demo,dev]'; \
	touch $(INSTALLED)

install-services: $(INSTALLED) ## Add the MySQL client, which is compiled: needs libmariadb-dev, pkg-config and gcc
	@set -e; \
	.venv/bin/python -c 'import MySQLdb' 2>/dev/null && exit 0; \
	pkg-config --exists libmariadb 2>/dev/null || pkg-config --exists mysqlclient 2>/dev/null || { \
	  echo "make: the MySQL client is compiled and its headers were not found." >&2; \
	  echo "      On Debian: apt-get install libmariadb-dev pkg-config gcc" >&2; exit 1; }; \
	version=$$(.venv/bin/python -c 'import sys; print("%d.%d" % sys.version_info[:2])'); \
	PIP_CONSTRAINT=constraints/constraints-$$version.txt $(PIP) install --quiet --editable '.[mysql]'

install-spark: $(INSTALLED) ## Add Spark, 450 MB: needs Java 17 or newer
	@set -e; \
	java -version >/dev/null 2>&1 || { \
	  echo "make: Spark needs Java, and none was found. On Debian: apt-get install openjdk-17-jre-headless" >&2; exit 1; }; \
	.venv/bin/python -c 'import pyspark' 2>/dev/null && exit 0; \
	version=$$(.venv/bin/python -c 'import sys; print("%d.%d" % sys.version_info[:2])'); \
	PIP_CONSTRAINT=constraints/constraints-$$version.txt $(PIP) install --quiet --editable '.[spark]'

demo: $(INSTALLED) ## Run the example DAG through a real Airflow and print what each gate decided
	@.venv/bin/python demo/run.py

up: $(INSTALLED) ## Start Airflow with its UI and the example DAGs; ctrl-C stops it
	@.venv/bin/python demo/up.py

# What measures runs after the rest, with nothing beside it. Pytest exits with 5 where it found no test.
define pytest
@failed=0; \
.venv/bin/pytest -m '$(1) and not alone' --numprocesses logical --dist worksteal $(PATHS) || test $$? = 5 || failed=1; \
.venv/bin/pytest -m '$(1) and alone' $(PATHS) || test $$? = 5 || failed=1; \
exit $$failed
endef

test: $(INSTALLED) ## Run the tests that need no server; PATHS=tests/ui runs a part
	$(call pytest,$(NO_SERVER))

test-services: $(INSTALLED) ## Run the tests on PostgreSQL, MariaDB and Redis
	$(call pytest,service)

test-spark: install-spark ## Run the tests in a Spark session on this machine
	.venv/bin/pytest -m spark

test-system: $(INSTALLED) ## Run the tests that boot a real Airflow
	.venv/bin/pytest -m system

screenshot: $(INSTALLED) ## Take the documentation's pictures of the UI anew
	.venv/bin/pytest -m system tests/system/test_airflow.py --screenshots docs/images

coverage: install-spark ## Run the tests that need no server and demand that they cover 95% of the core's lines
	.venv/bin/pytest -m 'not service and not system' --cov=airflow_provider_dpq.core --cov-report=term --cov-fail-under=95

check: lint types imports ## Lint, types and import contracts

lint: $(INSTALLED) ## Check style and formatting
	.venv/bin/ruff check
	.venv/bin/ruff format --check

types: $(INSTALLED) ## Check types
	.venv/bin/mypy

imports: $(INSTALLED) ## Check that imports go in one direction
	.venv/bin/lint-imports --no-logo

docs: $(INSTALLED) ## Write the parts of the documentation that come from the code
	.venv/bin/python -m docs._generate

pins: ## Resolve constraints/ anew after a change of pyproject.toml; what still fits keeps its version
	@set -e; \
	'$(PYTHON)' -m venv .cache/uv; \
	PIP_DISABLE_PIP_VERSION_CHECK=1 .cache/uv/bin/pip install --quiet uv; \
	for version in 3.11 3.12 3.13; do \
	  printf '%s\n' hatchling setuptools 'apache-airflow[celery,redis]' | .cache/uv/bin/uv pip compile --quiet pyproject.toml - --all-extras \
	    --python-version $$version --no-annotate --no-emit-index-url --no-emit-find-links \
	    --custom-compile-command 'make pins' --output-file constraints/constraints-$$version.txt; \
	done

clean: ## Remove .venv, caches and what the demonstration left
	rm -rf .venv .demo .airflow .cache .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis .coverage .coverage.* htmlcov dist build
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
