// SPDX-License-Identifier: GPL-2.0-only
/*
 * Policies that must not be loaded. Each is a table of its own, and the test
 * loads one at a time. "fine" shows that it is not the rest that is refused.
 */
#include "vmlinux.h"
#include "iommufd_bpf.h"

char text[16];

SEC("?struct_ops/admit")
int BPF_PROG(p_fine, struct iommufd_pin_req *req)
{
	bpf_iommufd_deny_reason(req, IOMMUFD_DENY_SIZE, text, sizeof(text));
	return 0;
}

SEC("?struct_ops/admit")
int BPF_PROG(p_writes, struct iommufd_pin_req *req)
{
	req->npages = 0;
	return 0;
}

SEC("?struct_ops/charge")
int BPF_PROG(p_writes_charge, struct iommufd_pin_req *req)
{
	req->npages = 0;
	return 0;
}

SEC("?struct_ops/admit")
int BPF_PROG(p_overreads, struct iommufd_pin_req *req)
{
	return ((volatile __u8 *)req)[sizeof(*req) + 64];
}

SEC("?struct_ops.s/admit")
int BPF_PROG(p_sleepy_admit, struct iommufd_pin_req *req)
{
	return 0;
}

SEC("?struct_ops.s/charge")
int BPF_PROG(p_sleepy_charge, struct iommufd_pin_req *req)
{
	return 0;
}

SEC("?struct_ops.s/adopt")
int BPF_PROG(p_sleepy_adopt, struct iommufd_pin_req *req)
{
	return 0;
}

SEC("?struct_ops.s/uncharge")
int BPF_PROG(p_sleepy_uncharge, struct iommufd_pin_req *req)
{
	return 0;
}

/* A helper that sleeps, where sleeping is not allowed. */
SEC("?struct_ops/charge")
int BPF_PROG(p_sleeps, struct iommufd_pin_req *req)
{
	return bpf_copy_from_user(text, sizeof(text), (void *)req->va);
}

/* Not a request of the kernel's. */
SEC("?struct_ops/admit")
int BPF_PROG(p_forges, struct iommufd_pin_req *req)
{
	struct iommufd_pin_req mine = {};

	return bpf_iommufd_pin_set_chunk(&mine, IOMMUFD_CHUNK_MIN);
}

/* More text than there is. */
SEC("?struct_ops/admit")
int BPF_PROG(p_overtexts, struct iommufd_pin_req *req)
{
	return bpf_iommufd_deny_reason(req, 0, text, sizeof(text) + 1);
}

/* The setters are for policies only. */
SEC("?syscall")
int p_context(void *args)
{
	return bpf_iommufd_pin_set_chunk(args, IOMMUFD_CHUNK_MIN);
}

#define TABLE(x, member)						\
	SEC("?.struct_ops.link")					\
	struct iommufd_pin_ops t_##x = {				\
		.member = (void *)p_##x,				\
		.name = #x,						\
	}

TABLE(fine, admit);
TABLE(writes, admit);
TABLE(writes_charge, charge);
TABLE(overreads, admit);
TABLE(sleepy_admit, admit);
TABLE(sleepy_charge, charge);
TABLE(sleepy_adopt, adopt);
TABLE(sleepy_uncharge, uncharge);
TABLE(sleeps, charge);
TABLE(forges, admit);
TABLE(overtexts, admit);

SEC("?.struct_ops.link")
struct iommufd_pin_ops t_noname = {
	.admit = (void *)p_fine,
};

SEC("?.struct_ops.link")
struct iommufd_pin_ops t_badname = {
	.admit = (void *)p_fine,
	.name = "a b",
};

SEC("?.struct_ops.link")
struct iommufd_pin_ops t_flags = {
	.admit = (void *)p_fine,
	.flags = IOMMUFD_POLICY_F_ALL + 1,
	.name = "flags",
};

/* Without a link nothing would detach it when its loader dies. */
SEC("?.struct_ops")
struct iommufd_pin_ops t_nolink = {
	.admit = (void *)p_fine,
	.name = "nolink",
};

/* Of a later release: what this one does not have it does not need. */
struct iommufd_pin_ops___later {
	__s32 (*admit)(struct iommufd_pin_req *req);
	__s32 (*foresee)(struct iommufd_pin_req *req);
	__u64 horizon;
	char name[IOMMUFD_POLICY_NAME_LEN];
};

extern int bpf_iommufd_pin_foresee(struct iommufd_pin_req *req) __weak __ksym;

SEC("?struct_ops/admit")
int BPF_PROG(p_later, struct iommufd_pin_req *req)
{
	return bpf_ksym_exists(bpf_iommufd_pin_foresee) ?
		       bpf_iommufd_pin_foresee(req) : 0;
}

SEC("?.struct_ops.link")
struct iommufd_pin_ops___later t_later = {
	.admit = (void *)p_later,
	.name = "later",
};

/* It asks for something that this one cannot do. */
SEC("?.struct_ops.link")
struct iommufd_pin_ops___later t_horizon = {
	.admit = (void *)p_later,
	.horizon = 1,
	.name = "horizon",
};

char LICENSE[] SEC("license") = "GPL";
