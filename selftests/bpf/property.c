#include "bpf_policy.h"
const struct test_table property_table = {};
