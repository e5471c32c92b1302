# Tapedeck. Each target is one line of shell or one script; `make help` lists them.

SHELL := /bin/bash
.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help run build test sanitize fuzz lint format check bench bench-peers soak test-faults test-airflow doctor setup clean distclean docs

# Passed on by run, bench, test and sanitize, for example: make run ARGS='--listen 127.0.0.1:9000'
ARGS ?=
# The scenario of make bench; without one the program lists them.
NAME ?=

TAPEDECK := .build/release/tapedeck

help: ## List the targets
	@echo 'Usage: make TARGET'
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1\t\2/p' Makefile | expand -t 14

run: setup ## Set up, build, and play a simulated market with its dashboard
	@scripts/build --if-stale
	@$(TAPEDECK) demo $(ARGS) || { code=$$?; [ $$code -eq 130 ] || exit $$code; }

build: setup ## Build the release program
	@scripts/build

test: ## Set up, build and run every test
	@scripts/setup --test
	@scripts/test $(ARGS)

sanitize: ## Run the Swift tests under Thread, Address and undefined-behaviour sanitizers (20 minutes)
	@scripts/setup --test
	@scripts/sanitize $(ARGS)

fuzz: setup ## Feed made-up input to all that reads bytes from outside, ten minutes each: make fuzz ARGS='journal'
	@scripts/fuzz $(ARGS)

lint: setup ## Check format and syntax
	@scripts/lint

format: ## Format the Swift sources in place
	@swift format --in-place --parallel --recursive $(wildcard Package.swift Sources Tests Benchmarks Fuzzing)

check: lint test ## Lint and test, as CI does

bench: setup ## Run a benchmark scenario: make bench NAME=bars
	@scripts/build --if-stale
	@$(TAPEDECK) bench $(NAME) $(ARGS)

bench-peers: setup ## Measure Tapedeck beside what else there is, into docs/performance.md (1.3 GB to fetch)
	@Benchmarks/peers/run $(ARGS)

soak: setup ## Run under load for an hour and judge what grows, into docs/performance.md
	@Benchmarks/soak $(ARGS)

test-faults: ## Kill the program 200 times, damage its journal, fill its disk; compare row by row
	@scripts/setup --test
	@scripts/build --if-stale
	@.deps/test-venv/bin/python Tests/Peers/run_crash.py --count 200 $(ARGS)

test-airflow: ## Run the DAGs of deploy/airflow with the real Airflow (110 MB to fetch the first time)
	@scripts/setup --test --airflow
	@scripts/build --if-stale
	@.deps/test-venv/bin/python Tests/Peers/run_airflow.py $(ARGS)

doctor: ## Say what is installed, which versions, what is missing and how to get it
	@scripts/setup --check
	@scripts/build --if-stale
	@$(TAPEDECK) doctor

docs: setup ## Write docs/reference from the declarations in the code
	@scripts/build --if-stale
	@$(TAPEDECK) reference docs/reference

setup: ## Install Debian packages and pinned libraries, if any are missing
	@scripts/setup

clean: ## Remove what was built
	@rm -rf .build

distclean: clean ## Remove what was built and what was fetched
	@rm -rf .deps
