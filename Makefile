# The front door: `make help`. CMake presets do the work; PRESET=debug|asan|tsan picks another than release.
PRESET ?= release
BIN := build/$(PRESET)/bin
SHELL := /bin/bash
.DEFAULT_GOAL := help
-include Makefile.local

.PHONY: help
help:  ## this list
	@awk 'BEGIN {FS = ":.*## "} /^[a-zA-Z_-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# Programs and console side by side: npm mostly waits for its registry, the compiler never waits.
.PHONY: demo
demo: packages  ## simulator and scanner on embedded stores; prints the address; Ctrl-C stops both
	@$(MAKE) --no-print-directory -j2 programs panel
	@scripts/demo.sh $(BIN)

.PHONY: run
run: packages programs panel  ## the scanner against the real exchange (HTX), embedded stores; settings from .env
	@SCANNER_LOG_FORMAT=$${SCANNER_LOG_FORMAT:-text} $(BIN)/market-scanner serve

.PHONY: test
test: packages test-packages build  ## installs what is missing, builds, runs every test
	@scripts/test.sh $(PRESET)

.PHONY: unit
unit: build  ## only the tests that need nothing but the processor (seconds)
	@ctest --preset $(PRESET) -L unit -j2

.PHONY: seed
seed: packages programs  ## one scan cycle now: prints the top contracts and warms the stores
	@$(BIN)/market-scanner collect-once

.PHONY: up
up:  ## docker compose: the whole stack, detached; COMPOSE_PROFILES=demo for the simulator. Prints the console's address
	@scripts/compose.sh up

.PHONY: down
down:  ## docker compose: stop the stack (volumes stay)
	@scripts/compose.sh down

.PHONY: build
build: packages panel  ## both programs, the tests and the panel
	@scripts/build.sh $(PRESET)

.PHONY: programs
programs: packages  ## both programs, without the tests
	@scripts/build.sh $(PRESET) market-scanner htx-simulator

.PHONY: panel
panel: packages  ## build the operator console (npm), when it has changed
	@scripts/build-panel.sh

.PHONY: packages
packages:  ## install what building needs (Debian 12 and 13)
	@scripts/install-packages.sh build

.PHONY: test-packages
test-packages:
	@scripts/install-packages.sh test

.PHONY: fmt
fmt:  ## format the C++ sources
	@scripts/install-packages.sh lint
	@git ls-files '*.cpp' '*.hpp' | xargs clang-format-19 -i

.PHONY: lint
lint: packages  ## formatting, room boundaries and clang-tidy; LINT_ALL=1 for every file, else what changed
	@scripts/install-packages.sh lint
	@scripts/lint.sh $(PRESET)

.PHONY: docs
docs: programs  ## rewrite the generated reference pages
	@scripts/renew-settings-docs $(BIN)/market-scanner

.PHONY: api-examples
api-examples: programs  ## record the examples of /openapi.json anew, from the scanner on the simulator
	@scripts/renew-api-examples $(BIN)

.PHONY: bench-cycle
bench-cycle: build  ## a scan cycle beside a ccxt scanner and the network-bound ideal (npm)
	@bench/cycle.sh $(BIN)

.PHONY: bench-panel
bench-panel: programs panel test-packages  ## the console against its limits: size, first rows, main thread, heap (npm, Chromium)
	@scripts/bench-panel.sh $(BIN)

.PHONY: bench
bench: packages build  ## every measurement of bench/RESULTS.md, half an hour on an idle machine
	@scripts/install-packages.sh bench test
	@cmake --preset $(PRESET) -DSCANNER_BUILD_BENCH=ON >/dev/null
	@cmake --build --preset $(PRESET)
	@bench/all.sh $(BIN)

.PHONY: detector
detector: programs  ## grade the detectors: labelled tapes, where ../shared/signals has them, and the simulator's scenarios (minutes)
	@scripts/install-packages.sh bench
	@cmake --preset $(PRESET) -DSCANNER_BUILD_BENCH=ON >/dev/null
	@cmake --build --preset $(PRESET) --target detector-study tape-alerts
	@bench/detector/grade.sh $(BIN)
	@bench/detector/tape-alerts.sh $(BIN)
	@bench/detector/study.sh $(BIN)

.PHONY: fuzz
fuzz: packages  ## libFuzzer over everything that reads hostile bytes; FUZZ_RUNS=10000000 inputs a target
	@scripts/fuzz.sh

.PHONY: chaos
chaos: packages test-packages programs  ## faults of every kind for 30 minutes, every promise checked; SHORT=1: a minute and a half, the feed's among them
	@scripts/chaos.sh $(BIN)

.PHONY: chaos-feed
chaos-feed: packages test-packages programs  ## faults of the exchange's WebSockets for 30 minutes, every live book compared with the truth
	@scripts/chaos-feed.sh $(BIN)

.PHONY: replay-check
replay-check: packages programs  ## records 30 minutes under faults, replays them from everywhere, compares; REPLAY_SECONDS, OTHER=BIN_DIR of another build
	@scripts/replay-check.sh $(BIN)

.PHONY: failover
failover: packages test-packages programs  ## several machines: scanners killed 50 times, stopped, cut off; 10 minutes. SHORT=1: less than one
	@scripts/failover.sh $(BIN)

.PHONY: soak
soak: packages test-packages programs  ## the same watch without faults: memory, descriptors, cycles; SOAK_MINUTES=360
	@scripts/soak.sh $(BIN)

.PHONY: debian13
debian13:  ## install, build and unit tests in a Debian 13 chroot made by debootstrap (root, ~1 GB, 15 min)
	@scripts/debian13-check.sh

PREFIX ?= /usr/local
.PHONY: install
install: programs panel  ## install programs, console, settings, systemd unit; PREFIX=/usr/local DESTDIR=
	@cmake -S . -B build/$(PRESET) -DCMAKE_INSTALL_PREFIX=$(PREFIX) >/dev/null
	@DESTDIR=$(DESTDIR) cmake --install build/$(PRESET) --strip

.PHONY: deb
deb: programs panel  ## the Debian package, into build/
	@scripts/install-packages.sh package
	@cmake -S . -B build/$(PRESET) -DCMAKE_INSTALL_PREFIX=/usr >/dev/null
	@cd build/$(PRESET) && cpack -B ..

.PHONY: image-check
image-check:  ## build the image without Docker (buildah, root, 20 min), run it on real Postgres and Redis
	@scripts/image-check.sh

.PHONY: clean
clean:  ## remove the build
	rm -rf build
