# Two commands matter: `make run` and `make test`. Both make .venv the first time: `make run` with
# what a run needs, `make test` and the others with what developers need beside it.

PYTHON ?= python3
BIN := .venv/bin
READY := .venv/ready
RUNS := .venv/runs

# Packages are compiled once, when installed, and not at every start.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: run develop test test-all identity mutants bench lint docs pages tutorials pictures lock

run: $(RUNS)
	$(BIN)/xiancheng run plan
	@printf '%s\n' '' \
	  '命令在 $(BIN)/xiancheng；先运行 source $(BIN)/activate，其后可直接写 xiancheng，例如 xiancheng run plan --draws 40' \
	  'The command is $(BIN)/xiancheng; after source $(BIN)/activate it is xiancheng, as in xiancheng --lang en run plan --draws 40'

# All that is locked: also for the page, documents, calibration and clusters.
develop: $(READY)

# Tests read and write text; what a terminal can show is a matter of its own, which they set.
test test-all identity mutants: export PYTHONUTF8 := 1
test test-all identity mutants: export PYTHONIOENCODING := utf-8

test: $(READY)
	$(BIN)/python -m tests

# Keys, digests and results: on this processor, and on an older one that is imitated.
identity: $(READY)
	$(BIN)/python -m pytest -m identity
	$(BIN)/python -m tests.processor -m pytest -m identity

# With the tools of docs/examples beside what make test needs.
test-all: $(READY)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-examples.lock
	$(BIN)/python -m pytest

# Breaks a seeded sample of the source, a rule at a time, and runs the tests that should notice;
# takes about half an hour, and longer the first time. More: python -m tests.mutants --help
mutants: $(READY)
	$(BIN)/python -m tests.mutants

bench: $(READY)
	$(BIN)/python -m benchmarks

# mypy follows no `__path__`: it checks a folder of links, the package as it is installed.
lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	mkdir -p build/typed/xiancheng
	ln -sfn $(foreach part,$(wildcard xiancheng/*.py xiancheng/py.typed) sim calibration scenarios results,../../../$(part)) build/typed/xiancheng/
	$(BIN)/mypy

docs: $(READY)
	$(BIN)/sphinx-build --quiet --fail-on-warning --keep-going docs build/site
	@echo build/site/index.html

# Pages of docs/ that follow from the code and from what is installed.
pages: $(READY)
	$(BIN)/python docs/equations.py
	$(BIN)/python docs/licences.py
	$(BIN)/python docs/data_dictionary.py
	$(BIN)/python docs/commands.py

# Execute the notebooks anew and keep what they show (make test-all installs what they need).
tutorials: $(READY)
	$(BIN)/python docs/notebooks.py

# Pictures of the page and of the documents (need Chromium, LibreOffice and poppler).
pictures: $(READY)
	$(BIN)/python docs/pictures.py

# Whether the environment is there, and younger than what it was made from.
runs = [ $(RUNS) -nt requirements-run.lock ] && [ $(RUNS) -nt pyproject.toml ]
develops = [ $(READY) -nt requirements.lock ] && [ $(READY) -nt pyproject.toml ]

define new_enough
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "需要 Python 3.11 或更高版本，当前为 `$(PYTHON) --version 2>&1`；可用 make PYTHON=… 指定。"; \
	  echo "Python 3.11 or later is needed, found `$(PYTHON) --version 2>&1`; choose one with make PYTHON=..."; \
	  exit 2; }
endef

export PIP_DISABLE_PIP_VERSION_CHECK := 1
VENV := PYTHONUTF8=1 $(PYTHON) -m venv --clear .venv
INSTALL := PYTHONUTF8=1 $(BIN)/python -m pip install --quiet
PROJECT := $(INSTALL) --no-deps --no-build-isolation --editable .
# Python 3.11 reads path files in the encoding of the locale, so the folder's name is not written there.
PATH_LINE := import os, sys; sys.path.append(os.path.dirname(sys.prefix))
PATHS = for f in .venv/lib/python3*/site-packages/_xiancheng.pth; do printf '%s\n' '$(PATH_LINE)' >"$$f"; done
# What the first run would have to make; where it cannot be kept each run makes it, and all is well.
FIRST := $(BIN)/python -m xiancheng.scenarios.first_run

# An environment for developers runs as it is, and one for running becomes theirs.
$(RUNS): requirements-run.lock pyproject.toml
	$(new_enough)
	@{ $(develops); } || { set -ex; $(VENV); $(INSTALL) --require-hashes -r $<; $(PROJECT); $(PATHS); \
	  $(FIRST) || true; }
	@touch $@

$(READY): requirements.lock pyproject.toml
	$(new_enough)
	@{ $(runs); } || { set -x; $(VENV); }
	$(INSTALL) --require-hashes -r $<
	$(PROJECT)
	@$(PATHS)
	-$(FIRST)
	@touch $@

# Maintainers: renew the pinned versions, for every platform and Python from 3.11 on (needs uv).
LOCK := uv pip compile --quiet --universal --python-version 3.11 --fork-strategy fewest \
	--generate-hashes --no-emit-index-url --no-annotate --custom-compile-command "make lock" pyproject.toml
lock:
	$(LOCK) --upgrade --extra dev --output-file requirements.lock
	$(LOCK) --upgrade --group build --constraints requirements.lock --output-file requirements-run.lock
	$(LOCK) --upgrade --extra dev --extra examples --constraints requirements.lock \
	  --output-file requirements-examples.lock
