// SPDX-License-Identifier: GPL-2.0-only
/*
 * Dirty policies that must not be loaded. Each is a table of its own, and the
 * test loads one at a time. "fine" shows that it is not the rest that is refused.
 */
#include "vmlinux.h"
#include "iommufd_bpf.h"

char text[16];

SEC("?struct_ops/start")
int BPF_PROG(p_fine, struct iommufd_dirty_req *req)
{
	bpf_iommufd_dirty_deny_reason(req, IOMMUFD_DENY_SIZE, text, sizeof(text));
	return 0;
}

SEC("?struct_ops/read_area")
int BPF_PROG(p_writes, struct iommufd_dirty_req *req)
{
	req->flags = 0;
	return 0;
}

SEC("?struct_ops.s/start")
int BPF_PROG(p_sleepy_start, struct iommufd_dirty_req *req)
{
	return 0;
}

SEC("?struct_ops.s/read_area")
int BPF_PROG(p_sleepy_read_area, struct iommufd_dirty_req *req)
{
	return 0;
}

SEC("?struct_ops.s/area_done")
int BPF_PROG(p_sleepy_area_done, struct iommufd_dirty_req *req)
{
	return 0;
}

SEC("?struct_ops.s/stop")
int BPF_PROG(p_sleepy_stop, struct iommufd_dirty_req *req)
{
	return 0;
}

/* Not a request of the kernel's. */
SEC("?struct_ops/start")
int BPF_PROG(p_forges, struct iommufd_dirty_req *req)
{
	struct iommufd_dirty_req mine = {};

	return bpf_iommufd_dirty_deny_reason(&mine, 0, text, sizeof(text));
}

/* A request of the other kind. */
SEC("?struct_ops/start")
int BPF_PROG(p_mistakes, struct iommufd_dirty_req *req)
{
	return bpf_iommufd_pin_set_chunk((void *)req, IOMMUFD_CHUNK_MIN);
}

#define TABLE(x, member)						\
	SEC("?.struct_ops.link")					\
	struct iommufd_dirty_ops t_##x = {				\
		.member = (void *)p_##x,				\
		.name = #x,						\
	}

TABLE(fine, start);
TABLE(writes, read_area);
TABLE(sleepy_start, start);
TABLE(sleepy_read_area, read_area);
TABLE(sleepy_area_done, area_done);
TABLE(sleepy_stop, stop);
TABLE(forges, start);
TABLE(mistakes, start);

SEC("?.struct_ops.link")
struct iommufd_dirty_ops t_noname = {
	.start = (void *)p_fine,
};

SEC("?.struct_ops.link")
struct iommufd_dirty_ops t_flags = {
	.start = (void *)p_fine,
	.flags = IOMMUFD_POLICY_F_ALL + 1,
	.name = "flags",
};

char LICENSE[] SEC("license") = "GPL";
