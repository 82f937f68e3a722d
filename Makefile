# SPDX-License-Identifier: GPL-3.0-or-later
#
# Every entry into the project. `make` alone lists the targets. CI calls these
# targets and nothing else.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

VERSION := $(shell sed -n 's/^version: *//p' galaxy.yml)
BUILD := build
STAGE := $(BUILD)/ansible_collections/hardened/docker
ARCHES := amd64 arm64 riscv64 loong64
NATIVE := $(shell go env GOHOSTARCH)
SIZE_BUDGET := 3500000

# Set-up is kept outside the clone, so that the next clone has it too.
CACHE := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/hardened.docker
VENV := $(CACHE)/venv-$(shell sha256sum requirements-dev.txt | cut -c1-12)
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
GOVULNCHECK := golang.org/x/vuln/cmd/govulncheck@v1.9.0

GO_SOURCES := $(shell find modules -name '*.go' -not -name '*_test.go') go.mod
# Without inlining (-l) the binary is a tenth smaller and no slower to notice: a
# module's time goes to the host's commands.
GO_BUILD := CGO_ENABLED=0 go build -trimpath -buildvcs=false -gcflags=all=-l -ldflags '-s -w -funcalign=16 -X main.version=$(VERSION)'

export ANSIBLE_COLLECTIONS_PATH := $(CURDIR)/$(BUILD)
export PATH := $(VENV)/bin:$(PATH)
export HARDENED_DOCKER_PYTHON := $(VENV)/bin/python

say = @printf '\033[1m==> %s\033[0m\n' "$(1)"

.PHONY: help
help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 24

# --- what the targets need ---------------------------------------------------

$(VENV)/.complete: requirements-dev.txt
	$(call say,Installing Ansible and its tools into $(VENV))
	@python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "missing Python 3.11 or newer: python3 is $$(python3 --version 2>&1)" >&2; exit 1; }
	@mkdir -p $(CACHE); rm -rf $(VENV).part; \
		python3 -m venv $(VENV).part 2>/dev/null || { apt-get install -y -q python3-venv && python3 -m venv $(VENV).part; }; \
		rm -rf $(VENV) && python3 -m venv $(VENV) && rm -rf $(VENV).part
	@$(VENV)/bin/pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

.PHONY: setup
setup: $(VENV)/.complete ## install what the other targets need (they do it themselves)
	$(call say,Looking for the tools that boot a disposable host)
	@molecule/shared/host check >/dev/null 2>&1 || molecule/shared/host install-tools

# --- building ----------------------------------------------------------------

$(BUILD)/bin/linux_%/hardened-docker: $(GO_SOURCES) galaxy.yml
	$(call say,Building the modules for linux_$*)
	@mkdir -p $(@D)
	@GOOS=linux GOARCH=$* $(GO_BUILD) -o $@ ./modules

# stage ARCHES=... puts the collection together. It is made anew each time, in
# a second, so that nothing of yesterday stays in it.
.PHONY: stage
stage: $(foreach arch,$(ARCHES),$(BUILD)/bin/linux_$(arch)/hardened-docker)
	@rm -rf $(STAGE)
	@mkdir -p $(STAGE)/bin $(STAGE)/plugins/modules
	@cp -a README.md CHANGELOG.rst LICENSE galaxy.yml meta roles playbooks plugins $(STAGE)/
	@find $(STAGE) -name __pycache__ -prune -exec rm -rf {} +
	@mkdir -p $(STAGE)/plugins/modules
	@for doc in modules/*/*.py; do cp $$doc $(STAGE)/plugins/modules/; done
	@for arch in $(ARCHES); do cp -a $(BUILD)/bin/linux_$$arch $(STAGE)/bin/; done
	@# The action plugin reads the digests here and need not compute them.
	@cd $(STAGE)/bin && sha256sum linux_*/hardened-docker > sha256sums

.PHONY: stage-native
stage-native:
	@$(MAKE) --no-print-directory stage ARCHES=$(NATIVE)

.PHONY: build
build: stage ## the collection for all architectures, in build/ansible_collections
	@echo "built $(STAGE), version $(VERSION), for $(ARCHES)"

.PHONY: collection
collection: build $(VENV)/.complete ## build/hardened-docker-<version>.tar.gz, reproducible bit for bit
	$(call say,Packing the collection)
	@ansible-galaxy collection build $(STAGE) --output-path $(BUILD)/unsorted --force >/dev/null
	@python3 tools/reproducible.py $(BUILD)/unsorted/hardened-docker-$(VERSION).tar.gz $(BUILD)/hardened-docker-$(VERSION).tar.gz
	@rm -rf $(BUILD)/unsorted
	@ls -l $(BUILD)/hardened-docker-$(VERSION).tar.gz

.PHONY: library
library: $(BUILD)/bin/linux_$(NATIVE)/hardened-docker ## build/library/<module>: plain binary modules, without the collection
	@rm -rf $(BUILD)/library && mkdir -p $(BUILD)/library
	@for dir in modules/*/; do name=$$(basename $$dir); \
		test $$name = internal || cp $< $(BUILD)/library/$$name; done
	@ls $(BUILD)/library

# --- testing -----------------------------------------------------------------

.PHONY: test
test: setup stage-native lint test-go size test-delivery ## all tests that fit this machine
	@$(MAKE) --no-print-directory molecule SCENARIO=default
	$(call say,All tests passed)

.PHONY: test-go
test-go: $(VENV)/.complete stage-native
	$(call say,Go tests with the race detector)
	@go test -race ./...

.PHONY: test-delivery
test-delivery: setup stage-native
	$(call say,Delivery to hosts on the oldest and the newest ansible-core)
	@tests/delivery/run

.PHONY: lint
lint: $(VENV)/.complete stage-native ## gofmt, vet, staticcheck, govulncheck, shellcheck, yamllint, ansible-lint
	$(call say,Linting)
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { gofmt -l $$(git ls-files '*.go'); echo "invalid format: run gofmt -w on these files" >&2; exit 1; }
	@go vet ./...
	@go run $(STATICCHECK) ./...
	@tools/govulncheck $(GOVULNCHECK)
	@shellcheck -x $$(git grep -lE '^#!.*(bash|/sh)')
	@yamllint --strict .
	@ansible-lint --offline -q $(STAGE)

.PHONY: size
size: $(BUILD)/bin/linux_amd64/hardened-docker ## fail if the amd64 binary is over its budget
	@bytes=$$(stat -c %s $<); echo "hardened-docker for amd64: $$bytes bytes, $$(gzip -9c $< | wc -c) compressed, budget $(SIZE_BUDGET)"; \
		test $$bytes -le $(SIZE_BUDGET) || { echo "cannot accept a binary over its budget; see docs/design/size.md" >&2; exit 1; }

FUZZTIME := 30s
.PHONY: fuzz
fuzz: ## run every fuzz target for FUZZTIME (30s)
	@for package in $$(git grep -l '^func Fuzz' -- '*_test.go' | xargs -n1 dirname | sort -u); do \
		for target in $$(sed -n 's/^func \(Fuzz[A-Za-z]*\).*/\1/p' $$package/*_test.go); do \
			echo "fuzzing $$package $$target"; \
			go test ./$$package -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME); done; done

SCENARIO := default
.PHONY: molecule
molecule: setup stage-native ## run one Molecule scenario: SCENARIO=default
	$(call say,Molecule scenario $(SCENARIO))
	@molecule test -s $(SCENARIO)

# --- seeing it work ----------------------------------------------------------

.PHONY: demo
demo: setup stage-native ## install and harden Docker on a disposable host, twice
	@molecule/shared/demo up

.PHONY: demo-down
demo-down: ## remove the demo's host
	@molecule/shared/demo down

.PHONY: bench
bench: setup stage-native ## 30 tasks beside raw, ping, lineinfile, copy, on one host
	@tests/bench/run

.PHONY: clean
clean: ## remove build/ (caches of set-up stay in $(CACHE))
	@rm -rf $(BUILD)
