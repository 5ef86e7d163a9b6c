#include "bpf_policy.h"
const struct test_table scope_table = {};
