# Every target stands on `setup`: a virtual environment with locked dependencies.
.DEFAULT_GOAL := help
.PHONY: help setup test test-long coverage faults lint demo pictures gallery cage lab bench catalogues soak soak-camera lock clean

BIN := .venv/bin
# Arguments of `make demo`, for example ARGS="--auto --candidates 8"; of `make soak`: ARGS="--moves 2000".
ARGS ?=

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 18

setup: ## Make the virtual environment (instant when it is there)
	@tools/setup.sh

test: lint ## Check everything: style, types, layers, tests; covered lines of the core
	$(BIN)/pytest -q -n 3 --ignore=tests/exam_packages
	$(BIN)/pytest -q -n 3 tests/exam_packages --cov=exam_packages --cov-report=term:skip-covered

coverage: setup ## Report all lines that tests cover, in other processes too, where these end in order
	COVER_ALSO=subprocess $(BIN)/pytest -q -n 3 --cov-report=term:skip-covered \
	    $(addprefix --cov=,exam_packages sync provisioning kiosk scoring)

test-long: setup ## Run the long campaigns too: every bit of every file, six times the examples
	$(BIN)/pytest -q -n 2 -m slow
	$(BIN)/pytest -q -n 2 --hypothesis-profile=long tests/exam_packages

faults: setup ## Run the long fault campaigns: halls killed, power cut at every write, bad networks
	$(BIN)/pytest -q -m slow tests/faults

lint: setup ## Check style, types and layers
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

demo: setup ## Sit an exam, there and back (ARGS="--auto" needs no hands)
	@$(BIN)/exam-kiosk demo $(ARGS)

pictures: setup ## Make the pictures of screens and pages in docs/pictures
	$(BIN)/python tools/pictures.py
	$(BIN)/python tools/board_pictures.py

gallery: setup ## Draw every screen in four themes and three sizes, as one page
	$(BIN)/python tools/gallery.py $(ARGS)

cage: setup ## Walk the sample in foot under cage and take pictures (ARGS="OUT STEP…")
	$(BIN)/python tools/lab/cage.py $(or $(ARGS),build/cage)

lab: setup ## Boot a machine in QEMU and press real keys at it, as root (ARGS="--only keys")
	$(BIN)/python tools/lab/station.py $(ARGS)

bench: setup ## Run the benchmarks, each beside the bare engine
	@for each in tests/benchmarks/*.py; do echo "== $$each"; $(BIN)/python $$each || exit 1; done

catalogues: setup ## Make the catalogues of every language anew
	$(BIN)/python tools/catalogues.py

soak: setup ## Sit a long scripted attempt: is memory flat, is nothing slower at the end?
	$(BIN)/python tools/soak.py $(ARGS)

soak-camera: setup ## Unplug a camera 50 times and fill the disk twice: is every picture there?
	$(BIN)/python tools/soak_camera.py $(ARGS)

lock: ## Lock the dependencies anew (needs uv)
	uv pip compile -q --universal --python-version 3.11 --generate-hashes \
	    --extra demo --group dev --no-emit-index-url --no-emit-find-links \
	    --custom-compile-command "make lock" -o requirements.lock pyproject.toml

clean: ## Remove what was made here: environment, caches, demo site
	rm -rf .venv build *.egg-info .coverage* htmlcov .pytest_cache .mypy_cache .ruff_cache \
	    .hypothesis .import_linter_cache demo-site
