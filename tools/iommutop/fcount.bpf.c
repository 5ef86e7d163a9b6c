// SPDX-License-Identifier: GPL-2.0-only
/*
 * Counters of what happens in an iommufd that a distribution ships: programs at
 * the entry and the exit of its commands, keyed by the context's address. How
 * long an operation took is known, but not in what parts.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_core_read.h>
#include "shared.h"
#include "stats.bpf.h"
#include "foreign.bpf.h"

/* What commands carry: <linux/iommufd.h>. */
struct cmd_map { /* IOAS_MAP and IOAS_MAP_FILE */
	__u32 head[4];
	__u64 from;
	__u64 length;
	__u64 iova;
};

struct cmd_copy {
	__u32 head[4];
	__u64 length;
};

struct cmd_unmap {
	__u32 head[2];
	__u64 iova;
	__u64 length;
};

/* What belongs to no context, or found no room. */
struct top_stats rest;
__u64 nr_uncounted;
/* For the walk: calls that change mappings. */
__u64 nr_begun;
__u64 nr_ended;

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, __u64);
} started SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, TOP_MAX_CTX);
	__type(key, __u64);
	__type(value, struct top_stats);
} f_stats SEC(".maps");

static __always_inline struct top_stats *stats_of(__u64 ctx)
{
	return stats_at(&f_stats, ctx, &nr_uncounted) ?: &rest;
}

static __always_inline int begin(void)
{
	__u64 *ns = bpf_task_storage_get(&started, bpf_get_current_task_btf(), NULL,
					 BPF_LOCAL_STORAGE_GET_F_CREATE);

	add(&nr_begun, 1);
	if (ns)
		*ns = bpf_ktime_get_ns();
	return 0;
}

/* How long it took; 0: it began before this program did. */
static __always_inline __u64 end(void)
{
	__u64 *ns = bpf_task_storage_get(&started, bpf_get_current_task_btf(), NULL, 0);
	__u64 took = ns && *ns ? bpf_ktime_get_ns() - *ns : 0;

	/* Of one that began before, the beginning is not missing. */
	if (took)
		add(&nr_ended, 1);
	if (ns)
		*ns = 0;
	return took;
}

static __always_inline int mapped(struct iommufd_ucmd *ucmd, __u64 length, int ret)
{
	struct top_stats *st = stats_of((__u64)BPF_CORE_READ(ucmd, ictx));
	__u64 took = end();

	if (ret) {
		add(&st->errors, 1);
		return 0;
	}
	add(&st->maps, 1);
	add(&st->map_bytes, length);
	hist_add(&st->lat[TOP_LAT_MAP], took);
	return 0;
}

SEC("fentry/iommufd:iommufd_ioas_map")
int BPF_PROG(map_begin)
{
	return begin();
}

SEC("fexit/iommufd:iommufd_ioas_map")
int BPF_PROG(map_end, struct iommufd_ucmd *ucmd, int ret)
{
	struct cmd_map cmd = {};

	bpf_probe_read_kernel(&cmd, sizeof(cmd), BPF_CORE_READ(ucmd, cmd));
	return mapped(ucmd, cmd.length, ret);
}

SEC("fentry/iommufd:iommufd_ioas_map_file")
int BPF_PROG(file_begin)
{
	return begin();
}

SEC("fexit/iommufd:iommufd_ioas_map_file")
int BPF_PROG(file_end, struct iommufd_ucmd *ucmd, int ret)
{
	struct cmd_map cmd = {};

	bpf_probe_read_kernel(&cmd, sizeof(cmd), BPF_CORE_READ(ucmd, cmd));
	return mapped(ucmd, cmd.length, ret);
}

SEC("fentry/iommufd:iommufd_ioas_copy")
int BPF_PROG(copy_begin)
{
	return begin();
}

SEC("fexit/iommufd:iommufd_ioas_copy")
int BPF_PROG(copy_end, struct iommufd_ucmd *ucmd, int ret)
{
	struct cmd_copy cmd = {};

	bpf_probe_read_kernel(&cmd, sizeof(cmd), BPF_CORE_READ(ucmd, cmd));
	return mapped(ucmd, cmd.length, ret);
}

SEC("fentry/iommufd:iommufd_ioas_unmap")
int BPF_PROG(unmap_begin)
{
	return begin();
}

SEC("fexit/iommufd:iommufd_ioas_unmap")
int BPF_PROG(unmap_end, struct iommufd_ucmd *ucmd, int ret)
{
	struct top_stats *st = stats_of((__u64)BPF_CORE_READ(ucmd, ictx));
	struct cmd_unmap cmd = {};
	__u64 took = end();

	if (ret) {
		add(&st->errors, 1);
		return 0;
	}
	/* It says there how much it was. */
	bpf_probe_read_kernel(&cmd, sizeof(cmd), BPF_CORE_READ(ucmd, cmd));
	add(&st->unmaps, 1);
	add(&st->unmap_bytes, cmd.length);
	hist_add(&st->lat[TOP_LAT_UNMAP], took);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
