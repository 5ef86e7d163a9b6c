#include "bpf_policy.h"
const struct test_table eject_table = {};
