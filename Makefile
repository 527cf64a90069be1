# The targets a person needs; `make help` lists them. Everything runs from .venv, which is made on first use.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
PUBLISHING := build/publishing
RUN := . $(VENV)/bin/activate &&
CLOUD = $(filter-out local,$(STACK))
# The first word of a model's name in capitals, set to anything, is short for WITH=<model>: every model has one.
short = $(shell echo $(firstword $(subst -, ,$(1))) | tr a-z A-Z)
WITH ?= $(strip $(foreach model,$(notdir $(wildcard models/*)),$(if $($(call short,$(model))),$(model))))
CHECKED := __main__.py bench components models policies scripts stacks tests
MODELS := $(wildcard models/*)

# A user's value is one word for the shell, whatever is in it. An empty value is no word.
quoted = $(if $(1),'$(subst ','\'',$(1))')
option = $(if $(2),$(1) $(call quoted,$(2)))

empty :=
# Each model's folder is a root of packages (scripts/model_folders.py).
export MYPYPATH := $(subst $(empty) $(empty),:,$(MODELS))

$(if $(filter command,$(origin SERVICE)),$(error SERVICE= is MODEL_NAME=<name of the model in the stack file> now))

# Images of development machines set it, and then every engine run compiles the SDKs and the program anew: seconds each time.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: acceptance bench bench-preview cache-pull cache-push help up down doctor preview load accuracy publish rollout rollback test check lint types unit test-node test-engine prices lock outdated mirror-list schema format packages clean deploy drift comment model-images lint-workflows test-provider

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

$(VENV)/.installed: requirements.txt
	@echo "installing the Python packages of requirements.txt into $(VENV) ..."
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "error: Python 3.11 or newer is needed; set PYTHON=/path/to/python3.11"; exit 1; }
	@# Debian has venv's other half in a package of its own.
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || { echo "installing the Debian package python3-venv"; apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends python3-venv >/dev/null; } \
		|| { echo "error: $(PYTHON) cannot make a virtual environment; as root: apt-get install python3-venv"; exit 1; }
	@$(PYTHON) -m venv $(VENV)
	@# Not compiled: of millions of lines, most of them pulumi-aws, few are ever imported, and those are compiled then.
	@$(VENV)/bin/pip install --quiet --no-compile --requirement requirements.txt
	@touch $@

$(PUBLISHING)/.installed: scripts/publish/requirements.txt | $(VENV)/.installed
	@echo "installing the Python packages of scripts/publish/requirements.txt into $(PUBLISHING) ..."
	@rm -rf $(PUBLISHING) && mkdir -p $(PUBLISHING)
	@# pip compares them with those of $(VENV), which this folder does not meet: its words are shown only if it fails.
	@$(VENV)/bin/pip install --quiet --no-compile --target $(PUBLISHING) --upgrade --requirement scripts/publish/requirements.txt >$(PUBLISHING).log 2>&1 || { cat $(PUBLISHING).log; exit 1; }
	@touch $@

packages: $(VENV)/.installed ## Install the Debian packages of bench/apt-packages.txt that are missing (root)
	@[ -n "$$KUBECONFIG" ] || missing=$$(for name in $$(grep -v '^#' bench/apt-packages.txt); do dpkg -s $$name >/dev/null 2>&1 || echo $$name; done); \
	if [ -n "$$missing" ]; then \
		echo "installing Debian packages:" $$missing; \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing >/dev/null; \
	fi

up: packages ## From a bare machine to a running platform and one real answer of each model; WITH=<model>: and models/<model>/local.yaml, until WITHOUT=<model>
	@# exec: a SIGTERM of make reaches the program that passes it on.
	@$(RUN) exec python -m scripts.local up$(foreach each,$(WITH), $(call option,--with,$(each)))$(foreach each,$(WITHOUT), $(call option,--without,$(each)))

cache-push: $(VENV)/.installed ## Write everything that was built for the bench to TO=cache.tar.gz, for machines that shall not build it
	@$(RUN) python -m bench cache-push $(call quoted,$(or $(TO),$(error TO=cache.tar.gz is missing)))

cache-pull: $(VENV)/.installed ## Take it FROM=cache.tar.gz or https://...#sha256=DIGEST: the first `make up` takes minutes then, not an hour
	@$(RUN) python -m bench cache-pull $(call quoted,$(or $(FROM),$(error FROM=<file or URL> is missing)))

down: $(VENV)/.installed ## Remove the platform and the bench's node
	@$(RUN) python -m scripts.local down

doctor: $(VENV)/.installed ## What this machine lacks for a node; STACK=dev|prod: what the AWS account and this machine lack for that stack
	@$(RUN) python -m $(if $(CLOUD),scripts.cloud doctor $(call quoted,$(CLOUD)),bench doctor)

preview: $(VENV)/.installed ## What `pulumi up` of STACK (default: local) would do, what policies say, what it costs; SUMMARY=only, ARGS=--diff for less or more
	@$(RUN) python -m scripts.preview $(if $(SUMMARY),--summary )$(call quoted,$(or $(STACK),local)) $(ARGS)

comment: $(VENV)/.installed ## In a workflow: the last preview of STACK as the one comment of that stack on the pull request
	@$(RUN) python -m scripts.cloud.comment $(call quoted,$(STACK))

deploy: $(VENV)/.installed ## `pulumi up` of STACK=dev|prod with nobody to ask
	@$(RUN) python -m scripts.cloud deploy $(call quoted,$(STACK))

drift: $(VENV)/.installed ## Fails where STACK=dev|prod is not what the program and its state say
	@$(RUN) python -m scripts.preview $(call quoted,$(STACK)) --refresh --expect-no-changes

load: $(VENV)/.installed ## 10 clients on a model of the running platform, MODEL_NAME=<name> or the first; ARGS="--rate 100 --settle 120 --png load.png --help" for more
	@$(RUN) python -m scripts.local.load $(ARGS)

accuracy: $(VENV)/.installed ## Accuracy, success rate and latency of a model of the running platform, MODEL_NAME=<name> or the first; ARGS="--rate 100 --help" for more
	@$(RUN) python -m scripts.local.accuracy $(ARGS)

publish: $(PUBLISHING)/.installed ## Bring FILE=model.pt (or a folder) to the model store of STACK (local) as TO=s3://models/<key>; a published key never changes
	@$(RUN) python -m scripts.publish --stack $(call quoted,$(or $(STACK),local)) --file $(call quoted,$(or $(FILE),$(error FILE=<file or folder> is missing))) --to $(call quoted,$(or $(TO),$(error TO=s3://<bucket>/<key> is missing)))

rollout: $(VENV)/.installed ## Bring a new version of MODEL_NAME=<name> SOURCE=s3://... to the users of STACK (local) step by step, or back where it is worse; ARGS="--dry-run" first, --help
	@$(call respelled,rollout)
	@$(RUN) python -m scripts.mlops.rollout --stack $(call quoted,$(or $(STACK),local)) $(call option,--model-name,$(MODEL_NAME)) $(call option,--source,$(SOURCE)) $(ARGS)

rollback: $(VENV)/.installed ## Take the candidate of MODEL_NAME=<name> in STACK (local), or its last promotion, back
	@$(call respelled,rollback)
	@$(RUN) python -m scripts.mlops.rollout --stack $(call quoted,$(or $(STACK),local)) $(call option,--model-name,$(MODEL_NAME)) --rollback $(ARGS)

# An old spelling must not be taken for the default.
respelled = $(if $(MODEL)$(SERVICE),echo $(call quoted,error: write make $(1) MODEL_NAME=<key of models: in the stack file>$(if $(filter rollout,$(1)), SOURCE=$(or $(MODEL),s3://<bucket>/<key>)) in place of MODEL= and SERVICE=) >&2; exit 2,:)

test: packages ## Everything: check, then the real engine and the real node (nodes of its own; your platform is not touched)
	@$(RUN) python -m tests.suites

check: $(VENV)/.installed ## Lint, types, unit, graph and structure: no root, no tools, a minute; ALL=yes for the slow ones too, as in make test
	@$(MAKE) --no-print-directory --jobs lint types unit

lint: $(VENV)/.installed
	@$(RUN) ruff format --check $(CHECKED) && ruff check $(CHECKED)

types: $(VENV)/.installed
	@# One run for each model: two folders may have modules of the same name, such as questions.
	@$(RUN) mypy $(filter-out models,$(CHECKED)) && for folder in $(MODELS); do mypy $$folder || exit 1; done

unit: $(VENV)/.installed $(PUBLISHING)/.installed
	@# One process more than processors, because some tests wait; long files first, so that short ones fill the end.
	@$(RUN) python -m pytest -q -n $$(($$(nproc) + 1)) --dist loadfile$(if $(ALL),, -m "not slow") tests/graph tests/policies tests/structure tests/unit bench/tests

test-engine: packages ## Only the tests on the real Pulumi engine
	@$(RUN) python -m pytest -m engine tests/engine

model-images: ## In a workflow: every image that the folders of models/ build, as a matrix; MODEL_NAME=<name> for one model
	@$(PYTHON) -m scripts.model_folders

lint-workflows: $(VENV)/.installed ## actionlint over .github/workflows; needs Go
	@$(RUN) python -m pytest -m engine tests/engine/test_workflows.py

test-provider: packages ## Only the contract with the kubernetes provider: the one on PATH, in the cluster of KUBECONFIG
	@$(RUN) python -m pytest -m engine tests/engine/provider_contract.py

test-node: packages ## Only the tests on the real node
	@$(RUN) python -m pytest -m "node and not acceptance" tests/node

acceptance: packages ## The long tests on the real node: shares of a canary, rollbacks under load, killed parts, cold starts
	@$(RUN) python -m pytest -s -m acceptance tests/node

bench: packages ## Times of previews and of make check beside the last record (docs/bench.json); ARGS=--record keeps them, with a picture
	@$(RUN) python -m tests.bench.figures $(ARGS)

bench-preview: packages ## A preview of 50, 100 and 200 models beside the same objects written by hand (docs/measurements.md)
	@$(RUN) python -m tests.bench.many_models $(ARGS)

prices: $(VENV)/.installed ## Ask AWS for every price in policies/prices.json; REGION=... for one region. Any account's credentials will do
	@$(RUN) python -m scripts.cloud.prices $(foreach each,$(REGION),$(call quoted,$(each)))

lock: $(VENV)/.installed ## Ask every pin's source for its digest: components/artifacts.lock.json; what changed: build/lock.md
	@$(RUN) python -m scripts.supply.lock

outdated: $(VENV)/.installed ## How many releases each pin of components/versions.py is behind its source
	@$(RUN) python -m scripts.supply.outdated

mirror-list: $(VENV)/.installed ## Everything third-party that STACK=dev|prod downloads, for a copy tool
	@$(RUN) python -m scripts.supply.mirror_list $(call quoted,$(or $(STACK),prod)) $(ARGS)

schema: $(VENV)/.installed ## Write what is generated: the JSON Schema that editors use for Pulumi.<stack>.yaml, the tables of docs/models.md, and docs/policies.md
	@$(RUN) python -m stacks.schema && python -m stacks.reference && python -m policies.document

format: $(VENV)/.installed ## Format the code
	@$(RUN) ruff format $(CHECKED) && ruff check --fix $(CHECKED)
