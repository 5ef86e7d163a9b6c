# SPDX-License-Identifier: GPL-2.0-only
#
# The programs trace (trace_*.c: events) and iter (iter_*.c: iterators, views),
# for the Makefile beside this, which has the rules for %.o and %.bpf.o. Gives
# $(VIEW_ALL), what is to be made.

VIEW_PROGRAMS := trace iter
VIEW_BPF := $(patsubst $(DIR)/%.bpf.c,%,$(wildcard $(DIR)/trace_*.bpf.c $(DIR)/iter_*.bpf.c))
VIEW_SKELS := $(VIEW_BPF:%=$(OUT)/%.skel.h)
# What the tests of policies have, too.
iter-also := $(OUT)/rig.o $(OUT)/dirty_rig.o
trace-also := $(OUT)/rig.o
VIEW_SHARED := $(OUT)/uapi_common.o $(OUT)/uapi_mock_rig.o $(OUT)/uapi_mock_fault_lib.o
VIEW_SCRIPTS := $(OUT)/run-view $(OUT)/trace_abi
VIEW_ALL := $(VIEW_PROGRAMS:%=$(OUT)/%) $(VIEW_SCRIPTS)

$(OUT)/%.skel.h: $(OUT)/%.bpf.o
	@echo '  SKEL    $(patsubst $(BUILD)/%,%,$@)'
	@$(BPFTOOL) gen skeleton $< name $* >$@

define view_program
$(1)-objs := $$(patsubst $(DIR)/%.c,$(OUT)/%.o,$$(filter-out %.bpf.c,$$(wildcard $(DIR)/$(1)_*.c)))
$$($(1)-objs): $(VIEW_SKELS)
$(OUT)/$(1): $$($(1)-objs) $$($(1)-also) $(VIEW_SHARED) $(TEST_LIB)
	@echo '  LD      $$(patsubst $(BUILD)/%,%,$$@)'
	@$(CC) $(CFLAGS) -o $$@ $$^ -lbpf
-include $$($(1)-objs:.o=.d)
endef
$(foreach p,$(VIEW_PROGRAMS),$(eval $(call view_program,$(p))))

$(VIEW_SCRIPTS): $(OUT)/%: $(DIR)/%
	@mkdir -p $(@D)
	@install -m 755 $< $@

-include $(VIEW_BPF:%=$(OUT)/%.bpf.d) $(VIEW_SHARED:.o=.d)
