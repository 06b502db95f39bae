# One command to begin: `make demo`. Everything is installed into .venv in this folder; a machine needs
# git, make, ps and Python 3.11 or newer with venv. Node and the database come with pip.
#
#   make demo    install, then run the example pipeline
#   make lab     open JupyterLab on the example's workspace (LAB_ARGS=--allow-root and the like)
#   make check   the fast checks: lint, types, unit tests
#   make test    every check, browser included
#   make clean   remove everything that was installed or built here

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo lab check test clean constraints

# Our own Node and tools win over what the machine has.
export PATH := $(CURDIR)/.venv/bin:$(PATH)
export PIP_DISABLE_PIP_VERSION_CHECK := 1

WORKSPACE := demo-workspace
PIP := .venv/bin/python -m pip install --constraint constraints.txt
LAB_SOURCES := pm_server/openapi.yaml \
    $(shell find labextension/src labextension/style labextension/schema -type f ! -name schema.ts 2>/dev/null)

help:
	@sed -n 's/^#   //p' Makefile

demo: .venv/.demo lib/.built
	.venv/bin/pm demo

lab: .venv/.demo lib/.built
	@test -d $(WORKSPACE) || { echo "There is no $(WORKSPACE) yet: run 'make demo' first."; exit 1; }
	cd $(WORKSPACE) && exec ../.venv/bin/jupyter lab $(LAB_ARGS)

check: .venv/.dev lib/.built
	dev/suites fast

test: .venv/.dev lib/.built
	dev/suites everything

clean:
	rm -rf .venv node_modules lib pm_server/labextension dist test-results
	rm -rf .mypy_cache .ruff_cache .pytest_cache

# After a dependency changed: run this in a fresh .venv, then commit the file.
constraints: .venv/.dev
	@.venv/bin/python -m pip install --quiet --editable '.[marimo]' --no-build-isolation
	@{ sed -n '/^#/p' constraints.txt; .venv/bin/python -m pip freeze --exclude-editable; } > constraints.new
	@mv constraints.new constraints.txt

# Stamps: each step runs again only when what it depends on has changed. The built Lab extension is
# linked into .venv, so that building it again needs no installing again.

.venv/.python:
	@python=$$(dev/prerequisites) && echo "Making .venv with $$python" && "$$python" -m venv .venv
	@touch $@

.venv/.tools: .venv/.python pyproject.toml constraints.txt
	@echo "Installing the build tools"
	@.venv/bin/python dev/build-requirements > .venv/build-requirements.txt
	$(PIP) --quiet --requirement .venv/build-requirements.txt
	@touch $@

node_modules/.installed: .venv/.tools package.json yarn.lock .yarnrc.yml
	@echo "Fetching what builds the Lab extension (half a minute the first time)"
	jlpm install --immutable
	@touch $@

lib/.built: node_modules/.installed tsconfig.json $(LAB_SOURCES)
	@echo "Building the Lab extension"
	jlpm build
	@touch $@

.venv/.demo: .venv/.tools install.json jupyter-config/jupyter_server_config.d/pm_server.json | lib/.built
	@echo "Installing JupyterLab and what the example needs (a minute or two the first time)"
	$(PIP) --no-build-isolation --editable '.[demo,notebook]'
	jupyter-builder develop . --overwrite
	@touch $@

.venv/.dev: .venv/.tools install.json jupyter-config/jupyter_server_config.d/pm_server.json | lib/.built
	@echo "Installing JupyterLab and what the tests need (a minute or two the first time)"
	$(PIP) --no-build-isolation --editable '.[dev]'
	jupyter-builder develop . --overwrite
	@touch $@ .venv/.demo
