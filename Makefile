# The front door. Each verb is a script in scripts/, which can be called alone.
.DEFAULT_GOAL := help
.PHONY: help up down cluster cluster-down logs build test torture-engines fuzz check bench bench-push install-deps clean

help: ## list these verbs
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{printf "  make %-15s %s\n", $$1, $$2}'

up: ## install what is missing, build, start a portal with demo data, print its address (EMPTY=1, PORT=, HTTPS_PORT=)
	@scripts/up

down: ## stop the portal that `make up` started
	@scripts/down

cluster: ## install, build, start a whole cluster on this machine (root): 17 hosts, TOPOLOGY=classic|galera|single, WEB=3
	@scripts/install-deps --cluster
	@scripts/build release stoa
	@scripts/build-ui
	@$(if $(filter 0,$(shell id -u)),,sudo) build/release/stoa lab up --topology $(or $(TOPOLOGY),classic) --web $(or $(WEB),3)

cluster-down: ## stop that cluster and remove all of it
	@$(if $(filter 0,$(shell id -u)),,sudo) build/release/stoa lab down

logs: ## follow its log
	@tail -n 50 -F run/portal.log

build: ## compile the server and the web pages
	@scripts/install-deps --run
	@scripts/build release
	@scripts/build-ui

test: ## build and run every test (FUZZ_SECONDS=10; scripts/test --quick runs the unit tests only)
	@scripts/test

torture-engines: ## kill, freeze and delay real engines under load, hundreds of times (ROUNDS=100); an hour or so
	@scripts/install-deps --test
	@scripts/build release
	@STOA_BIN=$(CURDIR)/build/release/stoa tests/engines/run torture

fuzz: ## feed every parser with random input, ten minutes each (FUZZ_SECONDS=600)
	@scripts/fuzz

check: ## format, layers, lint, static analysis
	@scripts/check

bench: ## run the benchmarks and print a table
	@scripts/bench

bench-push: ## the push server beside nchan: cost, nodes, connections, storms, posts (ROUNDS=3, JSON=FILE); ten minutes
	@scripts/install-deps --all
	@scripts/build release stoa stoa_push_bench
	@bench/push/run $(if $(JSON),--json $(JSON))

install-deps: ## install all packages for building, testing and measuring
	@scripts/install-deps --all

clean: ## remove what was built; keeps run/portal, your data
	@rm -rf build ui/dist ui/node_modules tests/*/node_modules tests/*/out
