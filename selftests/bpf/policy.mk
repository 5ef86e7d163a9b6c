# SPDX-License-Identifier: GPL-2.0-only
#
# The tests of policies: bpf_policy, what it loads, and run-bpf.

POLICY_BPF := probe bad bad_license dirty_probe dirty_bad dirty_count
POLICY_SRC := main rig hooks pages scope load eject live property property_device \
	dirty_rig dirty_hooks dirty_read dirty_model dirty_adapt
# What /dev/iommu's tests have, too.
POLICY_OBJS := $(POLICY_SRC:%=$(OUT)/%.o) $(OUT)/uapi_common.o $(OUT)/uapi_racers.o
POLICY_ALL := $(POLICY_BPF:%=$(OUT)/%.bpf.o) $(OUT)/bpf_policy $(OUT)/run-bpf

$(OUT)/bpf_policy: $(POLICY_OBJS) $(TEST_LIB)
	@echo '  LD      $(patsubst $(BUILD)/%,%,$@)'
	@$(CC) $(CFLAGS) -o $@ $^ -lbpf

$(OUT)/run-bpf: $(DIR)/run-bpf
	@mkdir -p $(@D)
	@install -m 755 $< $@

-include $(POLICY_BPF:%=$(OUT)/%.bpf.d) $(POLICY_OBJS:.o=.d)
