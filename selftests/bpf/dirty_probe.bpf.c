// SPDX-License-Identifier: GPL-2.0-only
/*
 * dirty_probe: a dirty policy that does what the test says, and keeps books.
 */
#include "vmlinux.h"
#include "iommufd_bpf.h"
#include "dirty_probe.h"

struct dirty_probe probe;

static void keep(struct iommufd_dirty_req *to, const struct iommufd_dirty_req *req)
{
	bpf_probe_read_kernel(to, sizeof(*to), req);
}

SEC("struct_ops.s/init")
int BPF_PROG(probe_init, struct iommufd_policy_args *args)
{
	__sync_fetch_and_add(&probe.nr_init, 1);
	if (!probe.ret_init)
		probe.cookie = args->cookie;
	return probe.ret_init;
}

SEC("struct_ops.s/exit")
void BPF_PROG(probe_exit, struct iommufd_exit_info *info)
{
	bpf_probe_read_kernel(&probe.exit, sizeof(probe.exit), info);
	__sync_fetch_and_add(&probe.nr_exit, 1);
	probe.ended = info->cookie;
}

SEC("struct_ops/start")
int BPF_PROG(probe_start, struct iommufd_dirty_req *req)
{
	char why[] = "the test says so";

	keep(&probe.start, req);
	__sync_fetch_and_add(&probe.nr_start, 1);
	if (probe.ret_start)
		bpf_iommufd_dirty_deny_reason(req, IOMMUFD_DENY_USER, why, sizeof(why));
	return probe.ret_start;
}

SEC("struct_ops/read_area")
__u32 BPF_PROG(probe_read_area, struct iommufd_dirty_req *req)
{
	keep(&probe.read, req);
	__sync_fetch_and_add(&probe.nr_read, 1);
	if (probe.verdict == DIRTY_ANY)
		return bpf_get_prandom_u32() % 3;
	return probe.verdict;
}

SEC("struct_ops/area_done")
void BPF_PROG(probe_area_done, struct iommufd_dirty_req *req, __u64 ndirty)
{
	__u64 i = __sync_fetch_and_add(&probe.nr_log, 1) & (DIRTY_LOG - 1);

	keep(&probe.done, req);
	if (__sync_fetch_and_add(&probe.nr_done, 1) >= probe.nr_read ||
	    probe.ended == probe.cookie)
		__sync_fetch_and_add(&probe.wrong, 1);
	probe.log[i].hwpt_cookie = req->hwpt_cookie;
	probe.log[i].iova = req->iova;
	probe.log[i].length = req->length;
	probe.log[i].ndirty = ndirty;
	probe.log[i].verdict = req->verdict;
	probe.log[i].flags = req->flags;
}

SEC("struct_ops/stop")
void BPF_PROG(probe_stop, struct iommufd_dirty_req *req)
{
	keep(&probe.stop, req);
	if (__sync_fetch_and_add(&probe.nr_stop, 1) >= probe.nr_start ||
	    probe.ended == probe.cookie)
		__sync_fetch_and_add(&probe.wrong, 1);
}

SEC(".struct_ops.link")
struct iommufd_dirty_ops probe_ops = {
	.init = (void *)probe_init,
	.exit = (void *)probe_exit,
	.start = (void *)probe_start,
	.read_area = (void *)probe_read_area,
	.area_done = (void *)probe_area_done,
	.stop = (void *)probe_stop,
	.name = "dirty_probe",
};

char LICENSE[] SEC("license") = "GPL";
