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

.PHONY: reproduce test test-slow browser coverage mutation lint format imports types tables pictures docs docs-check \
  links notebooks campaign gallery clean distclean setup

reproduce: $(READY)
	$(BIN)/sbp reproduce --quick --out $(OUT)

test: lint imports types docs-check
	$(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder

test-slow: $(READY)
	$(BIN)/python -m pytest -m slow

# The report page in a real browser; says what is lacking for it, and installs nothing.
browser: $(READY)
	@$(BIN)/python -m tests.helpers.browser
	$(BIN)/python -m pytest -n 0 -m browser

# Lines and branches of the library that the tests run, to campaigns/results/coverage.json; those marked slow are left out.
coverage: $(READY)
	$(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder --cov --cov-report=
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

# The site, build/docs/index.html: networks of the gallery and notebooks are run, figures drawn from RECORDS (first those
# of BIOLOGY are made where they lack). Minutes; what was run before is not run again. Nothing is fetched.
BIOLOGY := bi-poo-1998 tao-2000 fitzsimonds-1997 zhang-1998 bi-poo-1999 du-poo-2004 du-2009 tsodyks-1998 \
  turrigiano-1998 sbp-predictions
RECORDS ?= $(CURDIR)/build/records
SPHINX := $(BIN)/python -m sphinx -W --keep-going -q

docs: $(READY)
	@for name in $(BIOLOGY); do \
	  [ -d $(RECORDS)/$$name ] || $(BIN)/sbp run $$name --out $(RECORDS) || exit 1; done
	SBP_DOCS_RECORDS=$(RECORDS) $(SPHINX) -b html docs build/docs

# The same pages, read and not written, without running anything: every page, link and public name. Seconds.
docs-check: $(READY)
	@SBP_DOCS_RUN=0 $(SPHINX) -b dummy -d build/docs-check docs build/docs-check

# Every link and DOI of the pages to other places, asked one by one: needs the network, takes minutes.
links: $(READY)
	@SBP_DOCS_RUN=0 $(BIN)/python -m sphinx --keep-going -q -b linkcheck -d build/docs-check docs build/links

# The notebooks, each in a kernel of its own; `make test` runs them, too.
notebooks: $(READY)
	$(BIN)/python -m pytest -n0 tests/project/test_notebooks.py

# The README's pictures, its example's among them.
pictures: $(READY)
	$(BIN)/python tools/pictures.py

# The search for faults (docs/reliability.md): under an hour on two cores. SEED=1 tries other cases.
campaign: $(READY)
	$(BIN)/python -m campaigns --seed $(SEED)

# The networks of the gallery on compiled targets, to campaigns/results/gallery.json; about twenty minutes of one core.
gallery: $(READY)
	$(BIN)/python tools/gallery.py

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
