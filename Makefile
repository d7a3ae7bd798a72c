# The commands of the project. Each installs what it needs first (tools/setup) and then does only what changed.
MODEL ?= qwen2.5-coder-1.5b
QUESTIONS ?= 5
PREFIX ?= /usr/local
RECKON := build/release/reckon

.PHONY: help setup build test demo bench check install clean
help:
	@echo "make setup    install what is missing and build llama.cpp once"
	@echo "make build    the optimised command, $(RECKON)"
	@echo "make test     all tests: sanitizers, threads, the command itself"
	@echo "make demo     solve real questions; MODEL=$(MODEL) QUESTIONS=$(QUESTIONS)"
	@echo "make bench    measure; results go to bench/results"
	@echo "make check    format, lint, layers, licences"
	@echo "make install  headers, libraries, the command; PREFIX=$(PREFIX)"
	@echo "make clean    remove build/"

setup:
	@tools/setup
	@tools/build-llama > /dev/null

build:
	@tools/build release reckon

test:
	@tools/test

demo: build
	@tools/demo "$(MODEL)" "$(QUESTIONS)"

bench:
	@tools/build release reckon engine_bench
	@bench/run

check:
	@tools/setup
	@tools/check

install:
	@tools/build release reckon reckon_bundle
	@cmake --install build/release --prefix "$(PREFIX)"

clean:
	rm -rf build
