// SPDX-License-Identifier: GPL-2.0-only
/*
 * A policy of the first release, compiled against its headers, which are beside
 * it: it has to load, and to work, for ever. old.bpf.o is what is tested; this
 * is what it was made of, by the command in README.
 *
 * It has every hook, calls every function that there was, walks all that there
 * was to walk, and refuses a mapping of more than a page.
 */
#include "iommufd_bpf.h"

__u64 max_bytes IOMMUFD_SETTING = 4096;
const volatile __u32 fixed = 1;
__u64 nr_pages;
__u64 nr_seen;

SEC("struct_ops/admit")
int BPF_PROG(old_admit, struct iommufd_pin_req *req)
{
	char why[] = "old: too long";

	bpf_iommufd_pin_set_chunk(req, IOMMUFD_CHUNK_MIN);
	bpf_iommufd_pin_set_workers(req, 1);
	if (req->op != IOMMUFD_OP_MAP || req->length <= max_bytes)
		return IOMMUFD_ALLOW;
	bpf_iommufd_deny_reason(req, IOMMUFD_DENY_SIZE, why, sizeof(why));
	return IOMMUFD_DENY_EDQUOT;
}

SEC("struct_ops/charge")
int BPF_PROG(old_charge, struct iommufd_pin_req *req)
{
	if (!bpf_iommufd_pin_ancestor(req, 0))
		return IOMMUFD_DENY_EPERM;
	__sync_fetch_and_add(&nr_pages, req->npages);
	return IOMMUFD_ALLOW;
}

SEC("struct_ops/adopt")
void BPF_PROG(old_adopt, struct iommufd_pin_req *req)
{
	__sync_fetch_and_add(&nr_pages, req->npages);
}

SEC("struct_ops/uncharge")
void BPF_PROG(old_uncharge, struct iommufd_pin_req *req)
{
	__sync_fetch_and_add(&nr_pages, -req->npages);
}

SEC("struct_ops.s/init")
int BPF_PROG(old_init, struct iommufd_policy_args *args)
{
	return args->cookie ? 0 : -1;
}

SEC("struct_ops.s/exit")
void BPF_PROG(old_exit, struct iommufd_exit_info *info)
{
	nr_seen = info->calls;
}

SEC(".struct_ops.link")
struct iommufd_pin_ops old_policy = {
	.admit = (void *)old_admit,
	.charge = (void *)old_charge,
	.adopt = (void *)old_adopt,
	.uncharge = (void *)old_uncharge,
	.init = (void *)old_init,
	.exit = (void *)old_exit,
	.flags = IOMMUFD_POLICY_F_FAIL_CLOSED,
	.priority = 1,
	.name = "old",
};

static __always_inline void walk_ctx(const struct iommufd_ctx_view *ctx)
{
	const struct iommufd_device_view *dev;
	const struct iommufd_ioas_view *ioas;
	const struct iommufd_area_view *area;

	bpf_for_each(iommufd_device, dev, ctx)
		nr_seen += dev->id;
	bpf_for_each(iommufd_ioas, ioas, ctx) {
		bpf_for_each(iommufd_area, area, ioas, 0)
			nr_seen += area->length;
	}
}

SEC("syscall")
int old_walk(void *unused)
{
	const struct iommufd_policy_view *policy;
	const struct iommufd_ctx_view *ctx;

	bpf_rcu_read_lock();
	bpf_for_each(iommufd_ctx, ctx)
		walk_ctx(ctx);
	bpf_for_each(iommufd_policy, policy)
		nr_seen += policy->calls;
	bpf_rcu_read_unlock();
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
