# Everything happens in .venv; a stamp file inside it remembers what is installed, so that a second run needs no network.

STUDY ?= studies/castle_doctrine
PYTHON ?=
ARGS ?=

PYTHONS := $(if $(PYTHON),"$(PYTHON)",python3.14 python3.13 python3.12 python3 python)
BIN := .venv/bin
PIP := PIP_DISABLE_PIP_VERSION_CHECK=1 $(BIN)/python -m pip install --quiet -c constraints.txt

.DEFAULT_GOAL := report
.PHONY: report test check docs benchmarks clean help
.DELETE_ON_ERROR:
# two targets would install into one .venv at the same time
.NOTPARALLEL:

report: .venv/.installed ## evaluate STUDY and say where the report is
	@$(BIN)/evalkit run "$(STUDY)"
	@echo "the report: $(STUDY)/report/report.html"

test: .venv/.installed-test ## run every test; ARGS go to pytest: make test ARGS="-m 'not slow'"
	@OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadgroup $(ARGS)

check: .venv/.installed-dev ## lint, formatting, types
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

docs: .venv/.installed-docs ## build the manual into docs/_build/html
	@$(BIN)/python -m sphinx -W --keep-going -b html docs docs/_build/html

benchmarks: .venv/.installed-peers ## run every script in benchmarks/, beside the peers
	@for script in $(wildcard benchmarks/*.py); do echo "$$script"; $(BIN)/python "$$script" || exit 1; done

clean: ## remove .venv and everything that was built
	@rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis build dist *.egg-info docs/_build
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

help: ## show this
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 20
	@echo "variables:"
	@echo "  STUDY=FOLDER      the study that 'make report' runs (studies/castle_doctrine)"
	@echo "  PYTHON=COMMAND    the Python to make .venv with (the newest found, 3.12 or later)"
	@echo "  ARGS=...          further arguments to pytest"

# A candidate counts once it has run: a version manager leaves commands on the path that only fail.
.venv/.made:
	@for python in $(PYTHONS); do \
	  if "$$python" -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 12))' >/dev/null 2>&1; then \
	    "$$python" -m venv --clear .venv && touch $@; exit; \
	  fi; \
	done; \
	echo 'evalkit needs Python 3.12 or newer (with venv): none of [$(PYTHONS)] is; install one, or name it: make PYTHON=/path/to/python' >&2; \
	exit 1

# The larger installations hold the smaller ones, so they stamp those too.
.venv/.installed: .venv/.made pyproject.toml constraints.txt
	@echo "installing evalkit into .venv"
	@$(PIP) -e .
	@touch $@

.venv/.installed-test: .venv/.made pyproject.toml constraints.txt
	@echo "installing evalkit and its test tools into .venv"
	@$(PIP) -e ".[test]"
	@touch .venv/.installed $@

.venv/.installed-dev: .venv/.made pyproject.toml constraints.txt
	@echo "installing evalkit and its development tools into .venv"
	@$(PIP) -e ".[dev]"
	@touch .venv/.installed .venv/.installed-test $@

.venv/.installed-peers: .venv/.made pyproject.toml constraints.txt
	@echo "installing evalkit and the peers it is measured beside into .venv"
	@$(PIP) -e ".[peers]"
	@touch .venv/.installed .venv/.installed-test .venv/.installed-dev $@

.venv/.installed-docs: .venv/.made pyproject.toml constraints.txt
	@echo "installing evalkit and its documentation tools into .venv"
	@$(PIP) -e ".[docs]"
	@touch .venv/.installed $@
