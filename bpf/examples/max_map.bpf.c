// SPDX-License-Identifier: GPL-2.0-only
/*
 * max_map: the smallest useful policy. It refuses a mapping that is too long.
 *
 * A policy is a table of functions, struct iommufd_pin_ops. The kernel calls
 * admit() for every request, in the task that makes it, before any lock is
 * taken and before a page is pinned: so a refusal costs nothing and leaves
 * nothing behind. Policies that are attached at the same time are all asked;
 * one refusal is enough.
 *
 * To write one of your own, copy this file beside it: `make bpf` builds all
 * *.bpf.c of this folder to build/bpf/. Anywhere else it takes clang, libbpf and
 * the headers in bpf/include: see bpf/template, which has a Makefile and a test.
 *
 * Try it, in `make shell`; docs/policy-guide.md goes on from there:
 *
 *	iommupolicy load max_map max_bytes=16M
 *	iommupolicy unload max_map
 */
#include "iommufd_bpf.h"

/*
 * What an administrator may set. A global variable is a parameter: the loader
 * sets it by name before the program is loaded.
 */
const volatile __u64 max_bytes = 1ULL << 30;

/*
 * The program. BPF_PROG unpacks the arguments; do not call one of them "ctx",
 * a name that BPF_PROG keeps for itself. The request is read-only.
 */
SEC("struct_ops/admit")
int BPF_PROG(max_map_admit, struct iommufd_pin_req *req)
{
	/* The text must be in memory that the program owns, such as its stack. */
	char why[] = "the mapping is longer than max_bytes";

	/* Attaching a device is asked about too: not our concern. */
	if (req->op != IOMMUFD_OP_MAP && req->op != IOMMUFD_OP_MAP_FILE)
		return IOMMUFD_ALLOW;
	if (req->length <= max_bytes)
		return IOMMUFD_ALLOW;

	/*
	 * Say why: a code for programs, words for people. iommutop and
	 * iommutrace show both. It is the return value that refuses; only
	 * -EPERM, -ENOMEM and -EDQUOT may be returned.
	 */
	bpf_iommufd_deny_reason(req, IOMMUFD_DENY_SIZE, why, sizeof(why));
	return IOMMUFD_DENY_EDQUOT;
}

/* The table. ".link" means: attached for as long as somebody holds the link. */
SEC(".struct_ops.link")
struct iommufd_pin_ops max_map = {
	.admit = (void *)max_map_admit,
	.name = "max_map",
};

/* The kernel's BPF functions are for GPL-compatible programs only. */
char LICENSE[] SEC("license") = "GPL";
