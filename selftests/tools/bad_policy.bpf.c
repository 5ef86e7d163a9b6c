// SPDX-License-Identifier: GPL-2.0-only
/*
 * Policies that are not as they should be, for the tests of iommupolicy: which
 * one, the build says.
 *
 *	BAD_NONSENSE	answers what nobody asked
 *	BAD_WRITES		writes to what is read-only: the verifier's
 *	BAD_NO_TABLE	is none
 *	BAD_FLAGS		has a flag that no module knows
 */
#include "vmlinux.h"
#include "iommufd_bpf.h"

#ifndef BAD_NO_TABLE
/* For the tests of settings: one of each kind. */
__s32 answer IOMMUFD_SETTING = 0;
bool flag IOMMUFD_SETTING;
char text[8] IOMMUFD_SETTING = "none";
const volatile __u32 fixed = 7;

SEC("struct_ops/admit")
int BPF_PROG(bad_admit, struct iommufd_pin_req *req)
{
#ifdef BAD_WRITES
	req->uid = 0;
#endif
	if (req->op != IOMMUFD_OP_MAP)
		return 0;
	return flag ? answer : 0;
}

SEC(".struct_ops.link")
struct iommufd_pin_ops bad = {
	.admit = (void *)bad_admit,
#ifdef BAD_FLAGS
	.flags = 1ULL << 40,
#else
	.flags = IOMMUFD_POLICY_F_FAIL_CLOSED,
#endif
	.name = "bad",
};
#endif

char LICENSE[] SEC("license") = "GPL";
