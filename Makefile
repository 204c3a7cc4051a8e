# Every target sets up what it needs. `make` alone lists them.

PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
PORT ?= 8000

export PYTHONUNBUFFERED := 1
export TF_CPP_MIN_LOG_LEVEL := 3

# Two chapters or tests share the machine. More threads each would wait for one another.
refresh reseed book pdf test: export OMP_NUM_THREADS := 1
refresh reseed book pdf test: export TF_NUM_INTRAOP_THREADS := 1
refresh reseed book pdf test: export TF_NUM_INTEROP_THREADS := 1

.DEFAULT_GOAL := help
.PHONY: help book test serve pdf archive site refresh reseed lint speed study pins repository clean

help:  ## list these targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

book: $(READY)  ## build the book into _build/html, executing only what is not stored
	@$(BIN)/python tools/build.py

test: lint  ## check everything: style, outputs, build, then chapters, each framework alone, pages, mathematics
	@$(BIN)/pytest -q tests/book/test_notebooks.py
	@$(BIN)/python tools/build.py
	@$(BIN)/pytest -q -rs --durations=20 -n 2 --dist loadscope --no-loadscope-reorder --nbval \
	    --doctest-modules --ignore-glob "*conftest.py" --ignore tests/book/test_notebooks.py \
	    tests/book tests/site book/*.ipynb tests/math mdn_utils book/mdn_book

serve: book  ## build the book and open it at http://localhost:8000
	@(sleep 1; $(BIN)/python -m webbrowser -n http://localhost:$(PORT) >/dev/null 2>&1) &
	@$(BIN)/python -m http.server $(PORT) --bind localhost --directory _build/html

pdf: $(READY)  ## print the book into one PDF (FRAMEWORK=pytorch or tensorflow for one of them)
	@$(BIN)/python tools/pdf.py $(FRAMEWORK)

archive: book  ## pack the pages into one archive for reading offline
	@$(BIN)/python tools/archive.py

site: pdf archive  ## make the folder to publish: the pages, with PDF and archive to download
	@$(BIN)/python tools/site_to_publish.py

refresh: $(READY)  ## execute chapters and store their outputs, where those do not hold (or CHAPTERS="book/02*.ipynb")
	@$(BIN)/python tools/refresh.py $(CHAPTERS)
	@$(BIN)/python tools/readme_chapters.py

reseed: $(READY)  ## execute chapters with all seeds shifted, and list what fails (SHIFTS="1000 2000", CHAPTERS="book/02*.ipynb")
	@$(BIN)/python tools/reseed.py $(SHIFTS) $(CHAPTERS)

lint: $(READY)  ## check style of code and notebooks, and the workflows if actionlint is there
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@if command -v actionlint >/dev/null; then actionlint; else echo "actionlint not found: workflows not linted"; fi

speed: book  ## measure mdn_utils beside what you would use otherwise, for the page "How fast it is"; time the pages
	@$(BIN)/python benchmarks/speed.py
	@$(BIN)/python benchmarks/first_sight.py

study: $(READY)  ## make the runs that the tables of chapters 9 and 12 to 15 lack (all of them: two hours on two cores)
	@$(BIN)/python tools/study.py
	@$(BIN)/python tools/study_dream.py

pins: $(READY)  ## resolve again what the direct dependencies in requirements.txt bring along
	@$(BIN)/python tools/pins.py

repository:  ## write where the book lies (URL=https://github.com/account/name, for a release REF=v0.2.0)
	@$(PYTHON) tools/repository.py "$$URL" "$$REF"

clean:  ## remove .venv and everything built
	rm -rf .venv _build build mdn_utils.egg-info .pytest_cache .ruff_cache .hypothesis

$(READY): requirements.txt pyproject.toml tools/check_python.py
	@command -v $(PYTHON) >/dev/null || { echo "No $(PYTHON) found: install Python 3.10 to 3.13, or name yours with make PYTHON=..."; exit 1; }
	@$(PYTHON) tools/check_python.py
	@echo "Setting up .venv. TensorFlow and PyTorch are large, so this takes some minutes."
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile -r requirements.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@
