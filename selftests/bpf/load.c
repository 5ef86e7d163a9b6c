#include "bpf_policy.h"
const struct test_table load_table = {};
