// SPDX-License-Identifier: GPL-2.0-only
/*
 * dirty_small: the smallest dirty policy. It does not look at small mappings.
 *
 * While a guest migrates, its VMM asks again and again which pages devices have
 * written to. The kernel then walks the IO page table, mapping by mapping. For
 * a small mapping, a ring of a network card say, that is hardly worth it: it is
 * written all the time, and copying it once more costs little.
 *
 * A dirty policy is a table of functions, struct iommufd_dirty_ops. The kernel
 * calls read_area() for each mapping (an *area*) before its dirty bits are read,
 * and does as it says:
 *
 *	IOMMUFD_DIRTY_SCAN	as if there were no policy
 *	IOMMUFD_DIRTY_KEEP	look, but leave the bits set
 *	IOMMUFD_DIRTY_ASSUME	do not look: all of it is dirty
 *
 * None of them can lose a page. And after IOMMUFD_DIRTY_MAX_ASSUMES in a row the
 * kernel looks, whatever the policy says: so a guest that has gone idle is seen
 * to be clean in the end, and the migration too comes to one.
 *
 * Of several dirty policies only the nearest is asked: that of the IOAS, else
 * of the innermost cgroup, else the global one, as this is.
 *
 * Try it, in `make shell`; max_map.bpf.c says how to build one of your own:
 *
 *	iommupolicy load build/bpf/dirty_small.bpf.o small_bytes=1048576
 */
#include "vmlinux.h"
#include "iommufd_bpf.h"

/* What an administrator may set. */
const volatile __u64 small_bytes = 64 << 10;

SEC("struct_ops/read_area")
__u32 BPF_PROG(dirty_small_read_area, struct iommufd_dirty_req *req)
{
	/* Who asks for the bits to be kept wants to know them. */
	if (req->flags & IOMMUFD_DIRTY_REQ_NO_CLEAR)
		return IOMMUFD_DIRTY_SCAN;
	return req->area_length <= small_bytes ? IOMMUFD_DIRTY_ASSUME : IOMMUFD_DIRTY_SCAN;
}

/* The table. Programs that are left out are as if they agreed to everything. */
SEC(".struct_ops.link")
struct iommufd_dirty_ops dirty_small = {
	.read_area = (void *)dirty_small_read_area,
	.name = "dirty_small",
};

char LICENSE[] SEC("license") = "GPL";
