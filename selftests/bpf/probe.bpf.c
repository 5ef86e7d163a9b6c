// SPDX-License-Identifier: GPL-2.0-only
/*
 * probe: a policy that does what the test says, and keeps books.
 */
#include "vmlinux.h"
#include "iommufd_bpf.h"
#include "probe.h"

struct probe_state probe;

static void note(unsigned int hook, __u64 npages, int ret)
{
	__u64 i = __sync_fetch_and_add(&probe.nr_log, 1) & (PROBE_LOG - 1);

	probe.log[i].ns = bpf_ktime_get_ns();
	probe.log[i].hook = hook;
	probe.log[i].npages = npages;
	probe.log[i].ret = ret;
}

static void keep(struct iommufd_pin_req *to, const struct iommufd_pin_req *req)
{
	bpf_probe_read_kernel(to, sizeof(*to), req);
}

static bool concerned(const struct iommufd_pin_req *req)
{
	return !probe.ops || probe.ops & (1U << (req->op & 31));
}

static int round_of_work(__u32 i, void *unused)
{
	return 0;
}

SEC("struct_ops.s/init")
int BPF_PROG(probe_init, struct iommufd_policy_args *args)
{
	bpf_probe_read_kernel(&probe.args, sizeof(probe.args), args);
	__sync_fetch_and_add(&probe.nr_init, 1);
	note(IOMMUFD_HOOK_INIT, 0, probe.ret_init);
	return probe.ret_init;
}

SEC("struct_ops.s/exit")
void BPF_PROG(probe_exit, struct iommufd_exit_info *info)
{
	bpf_probe_read_kernel(&probe.exit, sizeof(probe.exit), info);
	note(IOMMUFD_HOOK_EXIT, 0, 0);
	__sync_fetch_and_add(&probe.nr_exit, 1);
}

SEC("struct_ops/admit")
int BPF_PROG(probe_admit, struct iommufd_pin_req *req)
{
	char why[] = "the test says so";
	int ret = concerned(req) ? probe.ret_admit : 0;

	keep(&probe.admit, req);
	__sync_fetch_and_add(&probe.nr_admit, 1);
	note(IOMMUFD_HOOK_ADMIT, req->npages, ret);
	if (probe.spin)
		bpf_loop(probe.spin, round_of_work, NULL, 0);
	if (probe.chunk)
		bpf_iommufd_pin_set_chunk(req, probe.chunk);
	if (probe.workers)
		bpf_iommufd_pin_set_workers(req, probe.workers);
	if (ret)
		bpf_iommufd_deny_reason(req, IOMMUFD_DENY_USER, why, sizeof(why));
	return ret;
}

static int answer(const struct iommufd_pin_req *req, __u64 nr, __s64 told)
{
	if (probe.limit && told > probe.limit)
		return IOMMUFD_DENY_EDQUOT;
	if (!probe.ret_charge || !concerned(req))
		return 0;
	return probe.every && nr % probe.every ? 0 : probe.ret_charge;
}

SEC("struct_ops/charge")
int BPF_PROG(probe_charge, struct iommufd_pin_req *req)
{
	__u64 nr = __sync_fetch_and_add(&probe.nr_charge, 1);
	__s64 n = req->npages;
	__s64 told = __sync_fetch_and_add(&probe.told, n) + n;
	int ret = answer(req, nr, told);

	keep(&probe.charge, req);
	if (n > probe.largest)
		probe.largest = n;
	note(IOMMUFD_HOOK_CHARGE, n, ret);
	/* Nonsense counts as yes, for one that is not fail-closed. */
	if (ret == IOMMUFD_DENY_EDQUOT || ret == IOMMUFD_DENY_EPERM ||
	    ret == IOMMUFD_DENY_ENOMEM)
		__sync_fetch_and_add(&probe.told, -n);
	else if (told > probe.most)
		probe.most = told;
	return ret;
}

SEC("struct_ops/adopt")
void BPF_PROG(probe_adopt, struct iommufd_pin_req *req)
{
	__sync_fetch_and_add(&probe.nr_adopt, 1);
	__sync_fetch_and_add(&probe.told, req->npages);
	__sync_fetch_and_add(&probe.adopted, req->npages);
	if (!req->npages || !probe.nr_init || probe.nr_exit)
		__sync_fetch_and_add(&probe.wrong, 1);
	note(IOMMUFD_HOOK_ADOPT, req->npages, 0);
}

SEC("struct_ops/uncharge")
void BPF_PROG(probe_uncharge, struct iommufd_pin_req *req)
{
	__s64 n = req->npages;

	keep(&probe.uncharge, req);
	__sync_fetch_and_add(&probe.nr_uncharge, 1);
	if (__sync_fetch_and_add(&probe.told, -n) < n || !n || probe.nr_exit)
		__sync_fetch_and_add(&probe.wrong, 1);
	note(IOMMUFD_HOOK_UNCHARGE, n, 0);
}

SEC(".struct_ops.link")
struct iommufd_pin_ops probe_ops = {
	.admit = (void *)probe_admit,
	.name = "probe",
	.init = (void *)probe_init,
	.exit = (void *)probe_exit,
	.charge = (void *)probe_charge,
	.adopt = (void *)probe_adopt,
	.uncharge = (void *)probe_uncharge,
};

char LICENSE[] SEC("license") = "GPL";
