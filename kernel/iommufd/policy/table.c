// SPDX-License-Identifier: GPL-2.0-only
/*
 * What struct_ops of every type of table tell the BPF core alike.
 */
#include <linux/bpf.h>
#include <linux/bpf_verifier.h>
#include <linux/btf.h>

#include "policy/attach.h"

static const struct bpf_func_proto *
table_func_proto(enum bpf_func_id func_id, const struct bpf_prog *prog)
{
	return bpf_base_func_proto(func_id, prog);
}

/* Without btf_struct_access programs can read a request, not write to it. */
const struct bpf_verifier_ops policy_verifier_ops = {
	.get_func_proto = table_func_proto,
	.is_valid_access = btf_ctx_access,
};

/**
 * policy_table_init() - bpf_struct_ops.init: there is nothing to look up
 * @btf: the module's
 *
 * Return: 0.
 */
int policy_table_init(struct btf *btf)
{
	return 0;
}

/**
 * policy_stub_init() - stands in for init() in a table that leaves it out; its
 *	type is checked
 * @args: see there
 *
 * Return: 0.
 */
s32 policy_stub_init(struct iommufd_policy_args *args)
{
	return 0;
}

/**
 * policy_stub_exit() - likewise for exit()
 * @info: see there
 */
void policy_stub_exit(struct iommufd_exit_info *info)
{
}
