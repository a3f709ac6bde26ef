# Every target is idempotent and quick when there is nothing to do. `make help` lists them.
# JOBS is the number of compilers at once; a compiler of this project takes up to 1.5 GB.
JOBS ?= 2
SHELL := /bin/bash
.DEFAULT_GOAL := help

ENV := source tools/env.sh
NINJA := nice -n 5 ninja -j$(JOBS)

.PHONY: help run deps web build bench bench-nab test test-peers test-frameworks test-sanitizers fuzz format tidy clean

help: ## This list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  \1 \2/' \
	  | awk '{name=$$1; $$1=""; printf "  make %-16s%s\n", name, $$0}'

deps: ## Install Debian packages, the Python environment, Node and Go where missing
	@tools/install_deps.sh

web: deps ## Build the web page into web/dist (the binary embeds it)
	@tools/build_web.sh

build: deps web ## Build the release binary: build/release/honeyguide
	@$(ENV) && { [ -f build/release/build.ninja ] || cmake --preset release >/dev/null; }
	@$(NINJA) -C build/release honeyguide

run: build ## Build, start the server with a live demo swarm, print the URL
	@tools/run.sh

test: ## All tests: unit, whole binary, Python package, web page
	@JOBS=$(JOBS) tools/run_tests.sh

test-peers: build ## Jaeger's own suite and its collector against a server (builds Jaeger once)
	@HG_BINARY=$${HG_BINARY:-build/release/honeyguide} tools/test_peers.sh

test-frameworks: build ## Real agent frameworks, live against a server, scored (NAMES=… for some)
	@HG_BINARY=$${HG_BINARY:-build/release/honeyguide} tools/test_frameworks.sh $(NAMES)

test-sanitizers: deps ## Unit tests under ASan+UBSan, then under TSan
	@JOBS=$(JOBS) tools/test_sanitizers.sh

bench: deps ## Storage budgets beside what this machine does; BENCH_FLAGS="--spans 1000000"
	@JOBS=$(JOBS) tools/bench.sh $(BENCH_FLAGS)

bench-nab: ## NAB scores of the detector over ../shared/data/nab, beside the published table
	@$(ENV) && { [ -f build/bench/build.ninja ] || cmake --preset bench >/dev/null; }
	@$(NINJA) -C build/bench bench_nab >/dev/null
	@mkdir -p build/nab && tar -xf $${HG_SHARED_DATA:-../shared/data}/nab/nab.tar.xz -C build/nab
	@build/bench/bench_nab build/nab

fuzz: deps ## Fuzz each parser for FUZZ_SECONDS (default 60) with its corpus
	@JOBS=$(JOBS) tools/fuzz.sh

format: deps ## clang-format over all sources
	@find src include tools bench examples python -name '*.h' -o -name '*.cc' | xargs -r clang-format -i

tidy: ## The rules that no compiler enforces
	@python3 tools/tidy.py

clean: ## Remove what was built (installed dependencies stay)
	@rm -rf build web/dist
