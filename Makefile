# fairlead: `make help` lists what can be done. Every target sets up what it needs.

.DEFAULT_GOAL := help

BIN := node_modules/.bin
# Named after the lock file's content, so that packages are installed again when it changes and only then.
PACKAGES := node_modules/.installed-$(shell cksum <package-lock.json | cut -d ' ' -f 1)
SOURCES := $(shell find src -name '*.ts')
# Programs of their own: the command line, and what it starts as worker threads.
ENTRIES := ./src/main.ts $(addprefix ./,$(filter %-worker.ts,$(SOURCES)))
# Set for the recipes that start Envoys, so that all of them use the one that was set up.
USE_ENVOY := FAIRLEAD_ENVOY=$$(scripts/envoy.sh) && export FAIRLEAD_ENVOY
# It goes by a file's own text, but a rule that needs types looks at other files too: good for editing, not for `check`.
LINT_CACHE := --cache --cache-location node_modules/.cache/fairlead/eslint/

##@ Use

.PHONY: help
help: ## show this list
	@awk 'BEGIN { FS = ":.*## " } \
	  /^##@ / { printf "\n%s\n", substr($$0, 5) } \
	  /^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

.PHONY: run
run: setup ## start a whole mesh from examples/shop (ARGS= is passed on)
	@$(USE_ENVOY) && exec node dist/main.js up examples/shop $(ARGS)

.PHONY: test
test: setup ## run all tests (ARGS= is passed to vitest)
	@$(USE_ENVOY) && exec $(BIN)/vitest run --update=none $(ARGS)

##@ Set up

.PHONY: setup
setup: build ## install packages and Envoy, generate types, build

.PHONY: packages
packages: $(PACKAGES) ## install the npm packages of package-lock.json

.PHONY: envoy
envoy: ## find Envoy 1.40, or install it into .tools
	@scripts/envoy.sh

.PHONY: gen
gen: packages ## read Envoy's API out of Envoy, write its types
	@$(USE_ENVOY) && scripts/generate.sh "$$FAIRLEAD_ENVOY"

.PHONY: build
build: gen dist/main.js ## bundle src into dist

.PHONY: clean
clean: ## remove all that was built and generated; packages and Envoy stay
	rm -rf dist gen coverage node_modules/.cache

$(PACKAGES): | preflight
	@echo "packages: npm ci"
	@npm ci --include=dev --no-audit --no-fund --loglevel=error
	@touch $@

.PHONY: preflight
preflight:
	@scripts/preflight.sh

dist/main.js: scripts/bundle.ts scripts/compile.ts $(SOURCES) $(PACKAGES) | gen
	@rm -rf dist
	@$(BIN)/tsx scripts/bundle.ts $(ENTRIES)
	@$(BIN)/tsx scripts/compile.ts dist/long-running.script.js examples/shop
	@chmod +x $@
	@echo "build: $@"

##@ Work

.PHONY: check
check: LINT_CACHE :=
check: format-check lint types imports dead test ## all of the following, then the tests

.PHONY: format-check
format-check: packages ## is everything formatted?
	@$(BIN)/biome check --log-level=warn .

.PHONY: lint
lint: packages gen ## ESLint, with types
	@$(BIN)/eslint $(LINT_CACHE) --max-warnings 0 .

.PHONY: types
types: packages gen ## TypeScript
	@$(BIN)/tsc --project .

.PHONY: imports
imports: packages gen ## which folder may import which (.dependency-cruiser.js)
	@$(BIN)/depcruise --config .dependency-cruiser.js --output-type err src test scripts bench

.PHONY: dead
dead: packages gen ## unused files, exports and packages
	@$(BIN)/knip --no-progress --no-config-hints
	@$(BIN)/knip --no-progress --no-config-hints --production --exclude binaries

.PHONY: format
format: packages ## format all files
	@$(BIN)/biome check --write --log-level=warn .

.PHONY: golden
golden: setup ## write the golden files again; read the difference before you commit it
	@$(USE_ENVOY) && exec $(BIN)/vitest run --update --project unit $(ARGS)

.PHONY: conformance
conformance: packages gen ## how much of SUITE=FOLDER, cases of Istio's own, comes out right (V=1 shows what does not)
	@$(BIN)/tsx scripts/conformance.ts "$(SUITE)" $(if $(V),--verbose)

.PHONY: bench
bench: setup ## measure what fairlead costs, beside a server without logic (ARGS=--help shows the sizes)
	@$(USE_ENVOY) && exec $(BIN)/tsx bench/main.ts $(ARGS)

.PHONY: edits
edits: EDITS ?= 500
edits: SEED ?= 2
edits: setup ## edit a mesh at random under load, EDITS=500 times by SEED=2, and see that nothing fails by it
	@$(USE_ENVOY) && FAIRLEAD_EDITS=$(EDITS) FAIRLEAD_SEED=$(SEED) exec $(BIN)/vitest run --project mesh test/mesh/random-edits.test.ts

.PHONY: fuzz
fuzz: RUNS ?= 2000
fuzz: SEED ?= 1
fuzz: setup ## change files at random, RUNS=2000 times by SEED=1, and see that nothing breaks and Envoy takes what comes of it
	@$(USE_ENVOY) && FAIRLEAD_RUNS=$(RUNS) FAIRLEAD_SEED=$(SEED) exec $(BIN)/vitest run --testTimeout 0 --project unit --project 'mesh*' test/unit/golden/spoilt-cases.property.test.ts test/mesh/envoy-refuses.test.ts

.PHONY: coverage
coverage: setup ## run all tests and say which lines they reach
	@$(USE_ENVOY) && exec $(BIN)/vitest run --update=none --coverage $(ARGS)
