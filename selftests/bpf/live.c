#include "bpf_policy.h"
const struct test_table live_table = {};
