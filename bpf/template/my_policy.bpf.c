// SPDX-License-Identifier: GPL-2.0-only
/*
 * my_policy: a user may have so many bytes pinned. Make it yours.
 *
 *	make && sudo iommupolicy load ./my_policy.bpf.o max_pinned=1G
 */
#include "iommufd_bpf.h"

/* A setting: `iommupolicy set my_policy max_pinned=2G` while it is attached. */
__u64 max_pinned IOMMUFD_SETTING = 4ULL << 30;

/* What is counted, by user: 4096-byte pages. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, __u32);
	__type(value, __s64);
} pinned SEC(".maps");

static __s64 *pinned_by(__u32 uid)
{
	__s64 *pages = bpf_map_lookup_elem(&pinned, &uid), none = 0;

	if (pages)
		return pages;
	bpf_map_update_elem(&pinned, &uid, &none, BPF_NOEXIST);
	return bpf_map_lookup_elem(&pinned, &uid);
}

/* Pages are about to be pinned. Many CPUs may ask at once. */
SEC("struct_ops/charge")
int BPF_PROG(my_charge, struct iommufd_pin_req *req)
{
	char why[] = "the user has max_pinned bytes pinned already";
	__s64 *pages = pinned_by(req->uid);

	if (!pages)
		return IOMMUFD_DENY_ENOMEM;
	if ((__sync_fetch_and_add(pages, req->npages) + req->npages) * 4096 <= max_pinned)
		return IOMMUFD_ALLOW;
	/* What is refused is not pinned, and nobody will uncharge it. */
	__sync_fetch_and_add(pages, -req->npages);
	bpf_iommufd_deny_reason(req, IOMMUFD_DENY_QUOTA, why, sizeof(why));
	return IOMMUFD_DENY_EDQUOT;
}

/* They were pinned before the policy came. */
SEC("struct_ops/adopt")
void BPF_PROG(my_adopt, struct iommufd_pin_req *req)
{
	__s64 *pages = pinned_by(req->uid);

	if (pages)
		__sync_fetch_and_add(pages, req->npages);
}

/* They are not pinned any more. */
SEC("struct_ops/uncharge")
void BPF_PROG(my_uncharge, struct iommufd_pin_req *req)
{
	__s64 *pages = pinned_by(req->uid);

	if (pages)
		__sync_fetch_and_add(pages, -req->npages);
}

SEC(".struct_ops.link")
struct iommufd_pin_ops my_policy = {
	.charge = (void *)my_charge,
	.adopt = (void *)my_adopt,
	.uncharge = (void *)my_uncharge,
	.flags = IOMMUFD_POLICY_F_FAIL_CLOSED,
	.name = "my_policy",
};

char LICENSE[] SEC("license") = "GPL";
