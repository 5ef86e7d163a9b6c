# SPDX-License-Identifier: GPL-2.0-only
#
# Include this to build with the library of the tests: gives the archive
# $(TEST_LIB) and its rules, and the flags to compile against it in
# $(TEST_CFLAGS). Expects BUILD, the absolute path of the build folder.

LIB_DIR := $(patsubst %/,%,$(dir $(abspath $(lastword $(MAKEFILE_LIST)))))
LIB_OUT := $(BUILD)/selftests/lib
TEST_LIB := $(LIB_OUT)/libtest.a
USER_CFLAGS ?= -std=gnu11 -O2 -g -Wall -Wextra -Werror
# Empty, as a file that defines it itself does.
TEST_CFLAGS := $(USER_CFLAGS) -D_GNU_SOURCE= -I$(LIB_DIR) \
	-I$(LIB_DIR)/../../kernel/include/uapi -I$(LIB_DIR)/../../kernel/mock
LIB_OBJS := $(patsubst $(LIB_DIR)/%.c,$(LIB_OUT)/%.o,$(wildcard $(LIB_DIR)/*.c))

$(LIB_OUT)/%.o: $(LIB_DIR)/%.c
	@mkdir -p $(@D)
	@echo '  CC      $(patsubst $(BUILD)/%,%,$@)'
	@$(CC) $(TEST_CFLAGS) -MMD -MP -c -o $@ $<

# Several folders build this; each makes it whole and puts it in place at once.
$(TEST_LIB): $(LIB_OBJS)
	@echo '  AR      $(patsubst $(BUILD)/%,%,$@)'
	@rm -f $@.tmp && $(AR) rcsD $@.tmp $^ && mv $@.tmp $@

-include $(LIB_OBJS:.o=.d)
