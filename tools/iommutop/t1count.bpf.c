// SPDX-License-Identifier: GPL-2.0-only
/*
 * Counters of what happens in VFIO type1, keyed by the container's address.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_core_read.h>
#include "shared.h"
#include "stats.bpf.h"
#include "type1op.bpf.h"

struct top_stats total;
__u64 nr_uncounted;
__u64 nr_refusals;
struct top_refusal last_refusal;
/* For the walk: operations that change mappings. */
__u64 nr_begun;
__u64 nr_ended;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, TOP_MAX_CTX);
	__type(key, __u64);
	__type(value, struct top_stats);
} t1_stats SEC(".maps");

static __always_inline struct top_stats *stats_of(__u64 cookie)
{
	return stats_at(&t1_stats, cookie, &nr_uncounted);
}

/* A limit's refusal, with its numbers. */
static __always_inline void t1_limited(struct vfio_dma *dma, __u64 npage, __u64 limit)
{
	struct task_struct *task = BPF_CORE_READ(dma, task);

	add(&total.limits, 1);
	last_refusal.seq = 0;
	last_refusal.boot_ns = bpf_ktime_get_boot_ns();
	last_refusal.kind = TOP_REFUSED_LIMIT;
	last_refusal.charged_pages = BPF_CORE_READ(dma, mm, locked_vm);
	last_refusal.asked_pages = npage;
	last_refusal.limit_pages = limit;
	last_refusal.tgid = bpf_get_current_pid_tgid() >> 32;
	last_refusal.uid = BPF_CORE_READ(task, cred, uid.val);
	bpf_get_current_comm(last_refusal.comm, sizeof(last_refusal.comm));
	last_refusal.seq = __sync_fetch_and_add(&nr_refusals, 1) + 1;
}

static __always_inline void count_map(struct top_stats *st, struct t1_doing *d, __u64 ns,
				      __u64 bytes)
{
	/* Charging happens while pinning. */
	add(&st->maps, 1);
	add(&st->map_bytes, bytes);
	hist_add(&st->lat[TOP_LAT_MAP], ns);
	hist_add(&st->lat[TOP_LAT_MAP_PIN], t1_less(d->pin_ns, d->account_ns));
	hist_add(&st->lat[TOP_LAT_MAP_ACCOUNT], d->account_ns);
	hist_add(&st->lat[TOP_LAT_MAP_FILL], t1_less(ns, d->pin_ns));
}

static __always_inline void count_unmap(struct top_stats *st, struct t1_doing *d, __u64 ns,
					__u64 bytes)
{
	add(&st->unmaps, 1);
	add(&st->unmap_bytes, bytes);
	hist_add(&st->lat[TOP_LAT_UNMAP], ns);
	hist_add(&st->lat[TOP_LAT_UNMAP_UNPIN], d->pin_ns);
	hist_add(&st->lat[TOP_LAT_UNMAP_CLEAR], t1_less(t1_less(ns, d->pin_ns), d->account_ns));
}

static __always_inline void t1_begun(void)
{
	add(&nr_begun, 1);
}

static __always_inline void t1_passed(void)
{
	add(&nr_ended, 1);
}

static __always_inline void count_op(struct t1_doing *d, unsigned long arg, __u64 ns)
{
	struct top_stats *st = stats_of(d->iommu);
	struct t1_unmap_args unmap = {};
	struct t1_map_args map = {};

	/* The kernel has just used it, so it is there. */
	if (d->cmd == VFIO_IOMMU_MAP_DMA) {
		bpf_probe_read_user(&map, sizeof(map), (void *)arg);
		if (map.flags & T1_FLAG_VADDR)
			return;
		count_map(&total, d, ns, map.size);
		if (st)
			count_map(st, d, ns, map.size);
		return;
	}
	bpf_probe_read_user(&unmap, sizeof(unmap), (void *)arg);
	if (unmap.flags & T1_FLAG_VADDR)
		return;
	count_unmap(&total, d, ns, unmap.size);
	if (st)
		count_unmap(st, d, ns, unmap.size);
}

static __always_inline int t1_ended(void *ctx, struct t1_doing *d, unsigned long arg, long ret,
				    __u64 ns)
{
	struct top_stats *st;

	if (!ret) {
		count_op(d, arg, ns);
		return 0;
	}
	add(&total.errors, 1);
	st = stats_of(d->iommu);
	if (st)
		add(&st->errors, 1);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
