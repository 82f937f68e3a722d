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
SIZE_BUDGET := 6036000

# The machine's own, also where the virtual environment is on PATH already.
PYTHON := $(shell python3 -c 'import sys; print(sys._base_executable)' 2>/dev/null || echo python3)

# Set-up is kept outside the clone, so that the next clone has it too.
CACHE := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/hardened.docker
VENV := $(CACHE)/venv-$(shell sha256sum requirements-dev.txt | cut -c1-12)
ECOSYSTEM := $(CACHE)/ecosystem-$(shell sha256sum requirements-ecosystem.txt | cut -c1-12)
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
GOVULNCHECK := golang.org/x/vuln/cmd/govulncheck@v1.9.0

# With what is embedded: pages, units and scripts.
GO_SOURCES := $(shell find modules -type f -not -name '*_test.go' -not -name '*.py' -not -path '*/testdata/*') go.mod
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

.PHONY: tools
tools:
	@tools/install-tools

# Its name has the digest of its requirements. Their file's age says nothing: a
# fresh clone's is always new, and other clones may be using what is there.
$(VENV)/.complete: | tools
	$(call say,Installing Ansible and its tools into $(VENV))
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "missing Python 3.11 or newer: python3 is $$($(PYTHON) --version 2>&1)" >&2; exit 1; }
	@PYTHON=$(PYTHON) tools/venv $(VENV) -r requirements-dev.txt
	@touch $@

# What Galaxy and its neighbours check with, which only these checks need.
$(ECOSYSTEM)/.complete: | tools
	@PYTHON=$(PYTHON) tools/venv $(ECOSYSTEM) -r requirements-ecosystem.txt
	@touch $@

# Which kind of disposable host: container, or vm.
HOST := container

# The parts of make test run side by side (tests/run) on one staged collection:
# STAGED=1 keeps each from setting up and staging again.
ifndef STAGED
.PHONY: setup
setup: $(VENV)/.complete ## install what the other targets need (they do it themselves)
	$(call say,Looking for what boots a disposable host)
	@molecule/shared/host check --kind $(HOST) >/dev/null 2>&1 || molecule/shared/host install-tools --kind $(HOST)
	@molecule/shared/host check --kind $(HOST)
else
.PHONY: setup stage-native
setup stage-native: ;
endif

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
	@for doc in modules/*/*.py; do cp $$doc $(STAGE)/plugins/modules/; \
		cp tools/action.py $(STAGE)/plugins/action/$${doc##*/}; done
	@# Galaxy wants a README of each role; what it would say is in the argument specs.
	@for role in $(STAGE)/roles/*/; do test -e $$role/README.md || { name=hardened.docker.$$(basename $$role); \
		printf '<!-- SPDX-License-Identifier: GPL-3.0-or-later -->\n# %s\n\n%s.\n\nIts variables: `ansible-doc -t role %s`.\n' \
			$$name "$$(sed -n 's/^ *short_description: *//p' $$role/meta/argument_specs.yml | sed -n 1p)" $$name >$$role/README.md; }; done
	@mkdir -p $(STAGE)/tests $(STAGE)/changelogs
	@cp -a tests/sanity $(STAGE)/tests/
	@cp -a changelogs/. $(STAGE)/changelogs/
	@for arch in $(ARCHES); do cp -a $(BUILD)/bin/linux_$$arch $(STAGE)/bin/; done
	@# The action plugin reads the digests here and need not compute them.
	@cd $(STAGE)/bin && sha256sum linux_*/hardened-docker > sha256sums

ifndef STAGED
.PHONY: stage-native
stage-native:
	@$(MAKE) --no-print-directory stage ARCHES=$(NATIVE)
endif

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

.PHONY: changelog
changelog: stage-native $(ECOSYSTEM)/.complete ## turn the fragments into CHANGELOG.rst, for the commit of a release
	@PATH=$(ECOSYSTEM)/bin:$$PATH tools/changelog --write

.PHONY: release
release: build $(ECOSYSTEM)/.complete ## build/release: tarball, binaries, SBOM and digests
	$(call say,Packing the release)
	@PATH=$(ECOSYSTEM)/bin:$$PATH tools/release

.PHONY: site
site: stage-native $(ECOSYSTEM)/.complete ## build/site: the documentation as a site, offline
	$(call say,Building the documentation)
	@PATH=$(ECOSYSTEM)/bin:$$PATH tools/site

.PHONY: library
library: $(BUILD)/bin/linux_$(NATIVE)/hardened-docker ## build/library/<module>: plain binary modules, without the collection
	@rm -rf $(BUILD)/library && mkdir -p $(BUILD)/library
	@for dir in modules/*/; do name=$$(basename $$dir); \
		test $$name = internal || cp $< $(BUILD)/library/$$name; done
	@ls $(BUILD)/library

# --- testing -----------------------------------------------------------------

.PHONY: test
test: setup stage-native lint size test-tools ecosystem site test-release ## all tests that fit this machine
	$(call say,Making the roots of the disposable hosts if they are not cached)
	@molecule/shared/host image bookworm trixie
	$(call say,Go tests and tests on hosts: two parts at a time)
	@tests/run
	$(call say,All tests passed)

.PHONY: test-go
test-go: $(VENV)/.complete stage-native ## Go tests with the race detector, house rules among them
	$(call say,Go tests with the race detector)
	@go test -race -timeout 30m ./modules/... ./tests/...

.PHONY: test-tools
test-tools: $(VENV)/.complete stage-native
	$(call say,The collection packed twice is the same, and failures are shown last)
	@$(VENV)/bin/python -m unittest discover -q -s tools -p '*_test.py'

.PHONY: test-hosts
test-hosts: setup ## boot, interrupt and remove disposable hosts
	$(call say,Making the roots of the disposable hosts if they are not cached)
	@molecule/shared/host image bookworm trixie
	$(call say,Disposable hosts: booting, interrupting, removing)
	@go test -timeout 30m ./molecule/...

.PHONY: test-engine
test-engine: setup stage-native ## compare the engine table with real dockerds, on two hosts
	$(call say,The engine table and what real engines say)
	@tests/engine/run

ROUNDS := 20
.PHONY: test-powercut
test-powercut: stage-native ## cut a host's power at ROUNDS (20) random moments of install.yml
	$(call say,Power cuts during install.yml)
	@tests/powercut/run $(ROUNDS)

.PHONY: test-delivery
test-delivery: setup stage-native ## deliver to hosts on the oldest and the newest ansible-core
	$(call say,Delivery to hosts on the oldest and the newest ansible-core)
	@tests/delivery/run

.PHONY: test-release
test-release: setup release ## try build/release: every architecture, another clone, two ansible-cores, hosts
	$(call say,The release as those who get it find it)
	@tests/release/run

EVERY := 15
.PHONY: test-faults
test-faults: tools ## let system calls of modules that write fail, and kill them there: each EVERY'th (15; 1 is all)
	$(call say,Faults in system calls: each $(EVERY)th)
	@tests/faults/run --every $(EVERY)

.PHONY: test-controllers
test-controllers: setup stage-native ## two controllers converge one host at the same time
	$(call say,Two controllers and one host)
	@tests/controllers/run

.PHONY: test-docker-driver
test-docker-driver: setup stage-native ## the example scenario of Molecule's docker driver, on a host with a Docker daemon
	$(call say,The example scenario of Molecule's docker driver)
	@tests/dockerdriver/run

.PHONY: test-report
test-report: $(VENV)/.complete $(BUILD)/bin/linux_$(NATIVE)/hardened-docker ## look at a report of 200 hosts in a real browser
	$(call say,The report of 200 hosts in a browser)
	@tests/report/run

.PHONY: ecosystem
ecosystem: collection $(ECOSYSTEM)/.complete ## ansible-test sanity, galaxy-importer, changelog and documentation lint
	$(call say,What Galaxy and its neighbours check)
	@PATH=$(ECOSYSTEM)/bin:$$PATH tools/ecosystem

.PHONY: lint
lint: $(VENV)/.complete stage-native ## gofmt, vet, staticcheck, govulncheck, shellcheck, yamllint, ansible-lint
	$(call say,Linting)
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { gofmt -l $$(git ls-files '*.go'); echo "invalid format: run gofmt -w on these files" >&2; exit 1; }
	@go vet ./...
	@go run $(STATICCHECK) ./...
	@tools/govulncheck $(GOVULNCHECK)
	@shellcheck -x $$(git ls-files | xargs awk 'FNR == 1 && /^#!.*(bash|\/sh)/ {print FILENAME} {nextfile}')
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

MUTATIONS := 1000000
LIMIT := 6s
SEED := $(shell date +%s)
.PHONY: fuzz-blind
fuzz-blind: ## run every fuzz target on MUTATIONS (1000000) of each seed, at most LIMIT (6s) a seed, without instrumentation
	@FUZZ_MUTATIONS=$(MUTATIONS) FUZZ_SEED=$(SEED) FUZZ_LIMIT=$(LIMIT) go test -v -timeout 2h -run '^Fuzz' \
		$$(git grep -l '^func Fuzz' -- '*_test.go' | xargs -n1 dirname | sort -u | sed 's,^,./,') | \
		awk '/^ *--- FAIL|^panic|^FAIL|_test.go:|with the input/ {print} /^(--- FAIL|panic|FAIL)/ {bad = 1} \
			/ executions$$/ {print "  " $$(NF - 2), $$(NF - 1); fflush(); sum += $$(NF - 1); targets++} \
			END {printf "%d executions of %d targets, SEED=$(SEED)\n", sum, targets; exit bad}'

SCENARIO := default
.PHONY: molecule
molecule: setup stage-native ## run one Molecule scenario: SCENARIO=default
	$(call say,Molecule scenario $(SCENARIO))
	@if grep -q 'kind: vm' molecule/$(SCENARIO)/molecule.yml && ! molecule/shared/vm-ready 'Molecule scenario $(SCENARIO)'; then exit 0; fi; \
		molecule test -s $(SCENARIO)

# --- seeing it work ----------------------------------------------------------

.PHONY: demo
demo: setup stage-native ## install and harden Docker on a disposable host, twice; HOST=vm: on a virtual machine
	@HOST=$(HOST) molecule/shared/demo up

.PHONY: demo-down
demo-down: ## remove the demo's host
	@molecule/shared/demo down

# PUBLISH=1 puts the figures into docs/performance.md.
PUBLISH :=
.PHONY: bench
bench: setup stage-native ## 30 tasks beside raw, ping, lineinfile, copy, on one host
	@rc=0; tests/bench/run || rc=$$?; $(if $(PUBLISH),tests/scale/publish;) exit $$rc

ROLES :=
.PHONY: bench-roles
bench-roles: setup stage-native ## the playbook beside ROLES="path ...": first run, nothing to do, Mitogen
	@$(HARDENED_DOCKER_PYTHON) tests/scale/roles.py $(ROLES)
	@$(if $(PUBLISH),tests/scale/publish)

.PHONY: bench-fleet
bench-fleet: setup stage-native ## the playbook with nothing to do on 1, 10, 50 and 200 hosts, beside raw and Python tasks
	@$(HARDENED_DOCKER_PYTHON) tests/scale/fleet.py
	@$(if $(PUBLISH),tests/scale/publish)

.PHONY: clean
clean: ## remove build/ (caches of set-up stay in $(CACHE))
	@rm -rf $(BUILD)
