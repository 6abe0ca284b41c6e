# Every target makes .venv with what it needs; a fresh machine wants Python 3.11 or newer and no more.
PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/.installed
LOWEST := .venv-lowest/bin
export OMP_NUM_THREADS ?= 1
export HF_HUB_OFFLINE ?= 1

.PHONY: install demo test test-lowest test-onnx golden check format bench docs
install: $(INSTALLED)

# facenet-pytorch bundles a good face detector (MTCNN) but pins a torch of 2024: without its dependencies.
$(INSTALLED): pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip install --quiet --python $(BIN)/python -c constraints.txt -e '.[dev]'
	$(BIN)/uv pip install --quiet --python $(BIN)/python -c constraints.txt --no-deps facenet-pytorch
	touch $@

# make demo PHOTO=photo.jpg also predicts on a photograph, with detected heads.
demo: $(INSTALLED)
	OMP_NUM_THREADS=2 $(BIN)/python examples/demo.py $(if $(PHOTO),--photo '$(PHOTO)')

test: $(INSTALLED)
	$(BIN)/python -m pytest -n 2 --dist loadfile

# The lowest versions that pyproject.toml allows, on Python 3.11; what those need in turn is the newest,
# as old packages that nothing here names allow versions that no longer build.
test-lowest: .venv-lowest/.installed
	$(LOWEST)/python -m pytest -n 2 --dist loadfile

.venv-lowest/.installed: pyproject.toml
	$(PYTHON) -m venv --clear .venv-lowest
	$(LOWEST)/python -m pip install --quiet uv
	$(LOWEST)/uv pip install --quiet --python $(LOWEST)/python --resolution lowest-direct -e '.[dev]'
	$(LOWEST)/uv pip install --quiet --python $(LOWEST)/python --no-deps facenet-pytorch
	touch $@

# Every kind of exported model against torch, and two in a fresh environment without torch.
test-onnx: $(INSTALLED)
	SIGHTLINE_EXPORT=all $(BIN)/python -m pytest tests/export
	$(BIN)/python tests/export/without_torch.py

golden: $(INSTALLED)
	$(BIN)/python -m pytest -m golden -v

check: $(INSTALLED)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	$(BIN)/pyright

format: $(INSTALLED)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# Every benchmark, and at the end one table of them all; some twenty minutes.
bench: $(INSTALLED)
	$(BIN)/python bench/all.py

# The site in build/docs, from these sources alone and without a network; a warning is an error.
docs: $(INSTALLED)
	$(BIN)/python -m sphinx -q -W --keep-going -E -c docs -d build/doctrees . build/docs
	@echo "build/docs/index.html"
