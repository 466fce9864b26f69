# Two commands do everything, on a machine with git, make, a C++ compiler and Python 3.12 or newer:
#   make reproduce   set up and run the main job: biology, MNIST, figures, a report page
#   make test        set up, check style, imports and types, and run the tests
# Set PYTHON=/path/to/python to choose the interpreter.

VENV := .venv
BIN := $(VENV)/bin
OUT ?= results
SEED ?= 0
MUTANTS ?= 150
READY := $(VENV)/.ready

.PHONY: reproduce test test-slow browser coverage mutation lint format imports types tables campaign clean distclean setup

reproduce: $(READY)
	$(BIN)/sbp reproduce --quick --out $(OUT)

test: lint imports types
	$(BIN)/python -m pytest -n auto --dist loadfile

test-slow: $(READY)
	$(BIN)/python -m pytest -m slow

# The report page in a real browser; says what is lacking for it, and installs nothing.
browser: $(READY)
	@$(BIN)/python -m tests.helpers.browser
	$(BIN)/python -m pytest -n 0 -m browser

# Lines and branches of the library that the tests run, to campaigns/results/coverage.json; those marked slow are left out.
coverage: $(READY)
	$(BIN)/python -m pytest -n auto --dist loadfile --cov --cov-report=
	$(BIN)/coverage report
	$(BIN)/python tools/covered.py

# Whether the tests notice changes of rules, retrograde, scores and encoding: MUTANTS of each group, drawn by SEED.
# A few seconds a mutant; what was found is written to campaigns/results/mutation.json.
mutation: $(READY)
	$(BIN)/python tools/mutation.py --n $(MUTANTS) --seed $(SEED)

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: $(READY)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# Which room may import which (setup.cfg, [importlinter]), on the package as it is installed.
imports: $(READY)
	@$(BIN)/python tools/as_installed.py build/installed
	cd build/installed && $(CURDIR)/$(BIN)/lint-imports --config $(CURDIR)/setup.cfg --no-cache

# The public face for type checkers (setup.cfg, [mypy]).
types: $(READY)
	@$(BIN)/python tools/as_installed.py build/installed
	$(BIN)/mypy

# The search for faults (docs/reliability.md): under an hour on two cores. SEED=1 tries other cases.
campaign: $(READY)
	$(BIN)/python -m campaigns --seed $(SEED)

# The tables of README and docs, from the results in recipes/results.
tables: $(READY)
	$(BIN)/python tools/tables.py

setup: $(READY)

# An environment of its own, from whatever Python 3.12+ there is: on the PATH, or under pyenv.
$(READY): setup.cfg pyproject.toml tools/find_python.sh tools/setup_cuda.sh
	@python="$(PYTHON)"; [ -n "$$python" ] || python=$$(sh tools/find_python.sh) || exit 1; \
	  echo "Setting up $(VENV) with $$("$$python" --version)"; \
	  "$$python" -m venv --clear $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[test]'
	@sh tools/setup_cuda.sh $(BIN)/python
	@touch $@

clean:
	rm -rf build dist .coverage* *.egg-info .pytest_cache .hypothesis .ruff_cache .mypy_cache

distclean: clean
	rm -rf $(VENV) $(OUT)
