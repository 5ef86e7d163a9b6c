# SPDX-License-Identifier: GPL-2.0-only
#
# The only entry. On the host, every goal that compiles runs itself again in
# the Debian 13 sandbox (selftests/vm/enter), which is made on first use; VMs
# are booted from the host by selftests/vm/run. Everything made goes to build/.

SHELL := /bin/bash
.DELETE_ON_ERROR:
.SUFFIXES:
MAKEFLAGS += --no-print-directory --no-builtin-rules

TOP := $(patsubst %/,%,$(dir $(abspath $(lastword $(MAKEFILE_LIST)))))
BUILD := $(TOP)/build
VM := $(TOP)/selftests/vm

.DEFAULT_GOAL := all

# Goals that need Debian 13's tools, and so the sandbox.
INSIDE := all modules viommu bpf tools unit tests

ifeq ($(wildcard /etc/iommufd-bpf-sandbox),)
# ---------------------------------------------------------------- on the host
.PHONY: $(INSIDE) help demo demo-policy policy-test check check-debug check-install debug upstream peer bench bench-curves bench-scale bench-tools screens shell lint deb install uninstall clean distclean sandbox

JOBS ?= $(shell nproc)

all:	## build everything: modules, policies, tools, tests
modules:	## build iommufd.ko and vfio.ko, and check what they contain
viommu:	## build iommufd.ko with virtual IOMMUs, for tests, into build/kernel-viommu
bpf:	## build the bundled policies
tools:	## build iommutop, iommutrace and iommupolicy
unit:	## build and run the unit tests, under sanitizers
tests:	## build the test programs

$(INSIDE):
	@mkdir -p $(BUILD)
	@MAKEFLAGS= flock $(BUILD)/.lock $(VM)/enter -- make -j$(JOBS) -C $(TOP) $@ $(if $(V),V=$(V)) $(if $(W),W=$(W))

help:	## list what can be made
	@echo 'usage: make [GOAL]…'
	@echo
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1\t\2/p' $(TOP)/Makefile | sort | expand -t 14

demo: all	## a real device does DMA through /dev/iommu, in a VM, on your screen
	@$(TOP)/selftests/demo

demo-policy: all	## two tenants with quotas, real VMs: the one over its quota is refused
	@$(TOP)/selftests/demo-policy

policy-test: all	## run the test of a policy of yours in a VM: POLICY=its folder
	@$(TOP)/selftests/policy-test $(POLICY)

check: all viommu upstream peer	## run every test: on the host, then in VMs with VT-d and AMD-Vi
	@$(TOP)/selftests/check

check-debug: viommu upstream debug	## run the VMs' tests on a kernel with KASAN, lockdep, kmemleak…
	@$(TOP)/selftests/debug/check

debug: all viommu	## build that kernel (once: half an hour) and our modules for it
	@$(TOP)/selftests/debug/modules

screens: all	## take the screens in docs/ anew, from a terminal in a VM
	@mkdir -p $(BUILD)/screens
	@$(VM)/run --mem 2G --device nvme --device nvme --timeout 900 --share $(BUILD)/screens -- selftests/tools/screens /share
	@$(VM)/enter -- $(TOP)/selftests/tools/golden update $(BUILD)/screens $(TOP)/docs/iommutop.md
	@$(VM)/enter -- $(TOP)/selftests/tools/golden svg $(BUILD)/screens/proc.ansi $(TOP)/docs/iommutop.svg

upstream: modules	## fetch and build the kernel's own iommu and vfio selftests
	@$(TOP)/selftests/upstream/prepare

peer: modules	## fetch and build upstream's iommufd of this kernel, which tools are tested on
	@$(TOP)/selftests/bench/prepare-peer

shell: all	## a shell in the VM (SHELL_ARGS: options of selftests/vm/run)
	@$(VM)/run --tty --timeout 0 --device nvme --device e1000e $(SHELL_ARGS) -- bash --rcfile selftests/vm/shellrc -i

bench: all	## measure instructions against upstream's iommufd, in VMs
	@$(TOP)/selftests/bench/run $(BENCH_ARGS)

bench-curves: all	## measure many sizes, and make the charts of docs/performance.md anew
	@$(TOP)/selftests/bench/run -c

bench-scale: all	## measure 2 TiB of mappings on a mock IOMMU, in a VM
	@$(VM)/run --icount --iommu none --mem 5G --timeout 3600 -- selftests/bench/run-scale

bench-tools: all	## measure what iommutop and iommutrace cost, in VMs
	@$(TOP)/selftests/tools/bench

deb:	## build the Debian packages, into build/deb
	@$(TOP)/packaging/deb

install: bpf tools	## install on this Debian 13 host, for the running kernel (or DESTDIR=, KVER=)
	@$(MAKE) -C $(TOP)/packaging install BUILD=$(BUILD)

uninstall:	## take off what install has put there
	@$(MAKE) -C $(TOP)/packaging uninstall BUILD=$(BUILD)

check-install: all deb	## install, upgrade, rescue, purge in a VM that boots from disk
	@$(TOP)/selftests/packaging/check

lint: all	## checkpatch, sparse, W=1, shellcheck, cppcheck
	@$(TOP)/selftests/lint/run

sandbox:	## make the Debian 13 sandbox, or say where it is
	@$(VM)/sandbox

clean:	## remove build/
	rm -rf $(BUILD)

distclean: clean	## remove build/ and the sandbox's cache
	@echo 'removing $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/iommufd-bpf'
	@$(VM)/sandbox --remove

else
# -------------------------------------------------------------- in the sandbox
.PHONY: $(INSIDE)

export TOP BUILD
export KV := $(shell cat /etc/iommufd-bpf-sandbox)
# The kernel's modules, and what ours are built against. The debug kernel has
# its own: selftests/debug/modules.
export MODULES := /usr/lib/modules/$(KV)
export KDIR := $(MODULES)/build
export CC := gcc
export CLANG := clang-19
export LLVM_STRIP := llvm-strip-19
export BPFTOOL := bpftool
# vmlinux.h is here, and made before bpf/, tools/ and selftests/ are entered.
export BPF_INCLUDE := $(BUILD)/include
export USER_CFLAGS := -std=gnu11 -O2 -g -Wall -Wextra -Werror
export BPF_CFLAGS := -std=gnu11 -O2 -g -Wall -Werror -target bpf -mcpu=v3 -D__TARGET_ARCH_x86 -I$(BPF_INCLUDE)

all: modules bpf tools tests

modules: $(BUILD)/modules.stamp

# Folders count too: their time changes when a file goes.
KERNEL_FILES := $(shell find $(TOP)/kernel ! -name '.*' ! -name '*~')

# kernel_build FOLDER,VARIABLES
define kernel_build
	@mkdir -p $(1)
	@cp -rsf $(TOP)/kernel/. $(1)
	@find $(1) -xtype l -delete
	@$(MAKE) -C $(KDIR) M=$(1) $(2) $(if $(W),W=$(W)) $(if $(V),V=$(V)) modules
	@for ko in $$(find $(1) -name '*.ko'); do \
		readelf -SW $$ko | grep -q ' \.BTF ' || \
		{ echo "$$ko has no .BTF: BPF programs could not use it" >&2; exit 1; }; \
	done
endef

# No driver of this kernel has virtual IOMMUs, so what serves them is not in
# what is installed: a second iommufd.ko, with its mock, has it for the tests.
viommu: $(BUILD)/viommu.stamp

VIOMMU_SYMBOL := ' (cmd_|iommufd_)?(viommu|vdevice|veventq|hw_queue)_'

$(BUILD)/viommu.stamp: $(KERNEL_FILES)
	$(call kernel_build,$(BUILD)/kernel-viommu,VIOMMU=1)
	@nm $(BUILD)/kernel-viommu/iommufd/iommufd.ko | grep -qE $(VIOMMU_SYMBOL)
	@touch $@

$(BUILD)/modules.stamp: $(KERNEL_FILES) $(VM)/stage
	$(call kernel_build,$(BUILD)/kernel)
	@! nm $(BUILD)/kernel/iommufd/iommufd.ko | grep -E $(VIOMMU_SYMBOL) || \
		{ echo "iommufd.ko has virtual IOMMUs, which are for make viommu only" >&2; exit 1; }
	@if [ -e $(TOP)/kernel/vfio/Kbuild ]; then $(MAKE) gates; fi
	@$(VM)/stage
	@touch $@

# vfio.ko takes the place of the stock module under stock drivers: it must not
# be loaded unless it looks the same to them.
.PHONY: gates
gates:
	@$(TOP)/kernel/vfio/check-symvers $(BUILD)/kernel/Module.symvers $(KDIR)/Module.symvers
	@$(TOP)/kernel/vfio/check-layout $(BUILD)/kernel/vfio/vfio.ko \
		$(wildcard $(MODULES)/kernel/drivers/vfio/vfio.ko*) \
		$(wildcard $(MODULES)/kernel/drivers/vfio/pci/vfio-pci-core.ko*) \
		$(KDIR)/vmlinux

$(BPF_INCLUDE)/vmlinux.h: $(KDIR)/vmlinux
	@mkdir -p $(@D)
	@echo '  GEN     $@'
	@$(BPFTOOL) btf dump file $< format c >$@

# part NAME,FOLDER[,GOAL]: a folder that has a Makefile of its own
part = $(if $(wildcard $(TOP)/$(1)/Makefile),+@$(MAKE) -s -C $(TOP)/$(1) $(2),@:)

bpf: $(BPF_INCLUDE)/vmlinux.h
	$(call part,bpf)

tools: bpf
	$(call part,tools)

tests: tools
	$(call part,selftests/unit,all)
	$(call part,selftests/uapi,all)
	$(call part,selftests/vfio,all)
	$(call part,selftests/fuzz,all)
	$(call part,selftests/tools,all)
	$(call part,selftests/bpf,all)
	$(call part,selftests/dirty-hw,all)
	$(call part,selftests/bench,all)
	$(call part,selftests/vmm,all)
	$(call part,selftests/vm,all)

unit: $(BPF_INCLUDE)/vmlinux.h
	$(call part,selftests/unit,check)
endif
