# Everything that Gradus does, by name. `make` alone sets up a fresh machine and does it all; `make help` lists the rest.

PYTHON ?= python3
BIN := .venv/bin
SAMPLE := _build/sample-class
COURSE ?= autograder/course
PAGE ?= book/01-preliminaries/02-tensors.ipynb
WORKERS ?= 2
PS ?= ps4
COSTS := _build/test-costs.tsv
# The files in the order of tests/costs.py: the longest first.
PYTEST := OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder

# Two torch processes that spin on two cores slow each other fifty-fold; waiting threads sleep instead.
export OMP_WAIT_POLICY := PASSIVE
# Whatever a recipe starts (jupyter-book, nbgrader, alembic) is the virtual environment's.
export PATH := $(CURDIR)/$(BIN):$(PATH)
export PYTHONUTF8 := 1

.DEFAULT_GOAL := all
.NOTPARALLEL:
.PHONY: all help hub install data exercises book links prose page question mutants sample grade check test thorough processors lint format lock bench serve pdf epub lab student workflows reach clean packages attack gpu

all: install data exercises book sample  ## set up, build the book, grade a sample class, say where everything is
	@$(BIN)/python tools/verdict.py $(SAMPLE)

help:  ## list the targets
	@awk -F ':.*##' '/^[a-z]+:.*##/ { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

packages:
	@tools/system_packages.sh course

install: packages  ## make .venv and install everything into it
	@$(PYTHON) tools/bootstrap.py

data: install  ## fetch and verify the data sets
	@$(BIN)/gradus data

exercises: install  ## make the student notebooks in exercises/ from solutions/
	@$(BIN)/gradus release

book: data exercises  ## execute the chapters and build the site in _build/html
	@$(BIN)/python tools/build_book.py

thorough: install data  ## run every cell again, every solution to its end, and train the students' networks of ps8
	@GRADUS_THOROUGH=1 $(BIN)/python tools/execute_chapters.py
	@GRADUS_THOROUGH=1 $(BIN)/python -m pytest -q tests/test_cells_again.py
	@GRADUS_THOROUGH=1 $(BIN)/python -m pytest -q tests/test_honest_students.py -k ps8

processors: install data  ## run every chapter as processors of other kinds would compute it
	@$(BIN)/python tools/other_processors.py

links: book  ## ask every page that the course links to whether it is still there
	@$(BIN)/jupyter-book build . --builder linkcheck --all -q

prose: install  ## check style and spelling of all prose; links within the book are checked whenever it is built
	@$(BIN)/python tools/lint_prose.py && $(BIN)/python tools/lint_spelling.py

page: install  ## execute and show one chapter: make page PAGE=book/01-preliminaries/02-tensors.ipynb
	@$(BIN)/python tools/preview.py $(PAGE)

question: install  ## after a change to a question: release it, and ask every variant: make question PS=ps4
	@$(BIN)/gradus release $(PS)
	@$(BIN)/gradus variants $(PS)

mutants: install data  ## make small mistakes in the solutions by rule, and count those that the hidden tests catch
	@$(BIN)/gradus mutants

sample: data exercises  ## grade a generated class of twelve
	@$(BIN)/python -m autograder.sample_class $(SAMPLE)
	@$(BIN)/gradus grade ps4 --course $(SAMPLE) --json $(SAMPLE)/marks.json

grade: install data  ## grade your class: make grade PS=ps4 COURSE=autograder/course
	@$(BIN)/gradus grade $(PS) --course $(COURSE)

check: lint data  ## format, lint, types and unit tests: a minute
	@$(PYTEST) --unit
	@echo "Gradus: every check passed."

test: install data  ## run all tests, the hostile class among them
	@tools/system_packages.sh test
	@mkdir -p _build && rm -f $(COSTS)
	@$(PYTEST) --costs $(COSTS)
	@$(BIN)/python tests/costs.py
	@echo "Gradus: every test passed."

reach: install data  ## open every page, light, dark, on a phone and from a file: accessibility, focus, links, weight
	@tools/system_packages.sh test
	@GRADUS_REACH=1 $(BIN)/python -m pytest -q tests/test_reach.py
	@$(BIN)/python tools/page_weights.py

attack: install data exercises  ## only this: grade two hundred hostile submissions and kill the grader, again and again
	@$(PYTEST) tests/adversarial

lint: install  ## check the form of code and notebooks, and the types
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/python tools/lint_variants.py && $(BIN)/mypy && $(BIN)/python tools/canonical.py --check

format: install  ## put code and notebooks into the committed form
	@$(BIN)/ruff check --fix --quiet . ; $(BIN)/ruff format --quiet . && $(BIN)/python tools/canonical.py

lock: install  ## write requirements.txt and environment.yml from pyproject.toml
	@$(BIN)/python tools/lock.py

bench: install data  ## measure, and print the ratios
	@for name in chapters training grading mixed_class adversarial; do $(BIN)/python benchmarks/$$name.py || exit 1; done

gpu:  ## test and measure on the GPU that is there; takes torch, NumPy, matplotlib, pandas and pytest, and no network
	@$(if $(wildcard $(BIN)/python),$(BIN)/python,$(PYTHON)) benchmarks/gpu.py

serve: book  ## show the site at http://localhost:8000
	@$(BIN)/python -m http.server 8000 --bind 127.0.0.1 --directory _build/html

pdf: book  ## print the course, one document with all solutions, into _build/gradus.pdf
	@$(BIN)/python tools/make_pdf.py

epub: book  ## pack the course for readers of EPUB into _build/gradus.epub
	@$(BIN)/python tools/make_epub.py

lab: install data  ## open the course in JupyterLab
	@$(BIN)/jupyter lab

hub: data exercises  ## start a JupyterHub for one course, to try it on this machine
	@$(BIN)/python -m autograder.hub _build/hub

student: exercises  ## make the repository that students open, without solutions: _build/student, and the same as a zip
	@$(BIN)/python tools/student_bundle.py
	@$(BIN)/python tools/hidden_text.py _build/student _build/gradus-student.zip

workflows: install  ## check the form of what continuous integration runs, with programs that are fetched for it
	@$(BIN)/uv tool run --quiet zizmor@1.32.0 --quiet --offline .github/workflows
	@$(BIN)/uv tool run --quiet check-jsonschema@0.39.0 --builtin-schema vendor.github-workflows .github/workflows/*.yml
	@$(BIN)/uv tool run --quiet check-jsonschema@0.39.0 --builtin-schema vendor.gitlab-ci --data-transform gitlab-ci .gitlab-ci.yml

clean:  ## remove .venv and everything that was built (never your course folder)
	@rm -rf .venv _build *.egg-info .pytest_cache .ruff_cache .mypy_cache
