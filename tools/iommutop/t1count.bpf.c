// SPDX-License-Identifier: GPL-2.0-only
/*
 * Counters of what happens in VFIO type1: programs at the entry and the exit
 * of its ioctl, and of the functions in which it pins and charges, keyed by
 * the container's address.
 *
 * What type1 spends in an operation beside pinning and charging is writing IO
 * page tables, so that needs no program of its own.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_core_read.h>
#include "shared.h"
#include "stats.bpf.h"
#include "type1.bpf.h"

/* <linux/vfio.h> */
#define VFIO_IOMMU_MAP_DMA 0x3b71
#define VFIO_IOMMU_UNMAP_DMA 0x3b72
#define FLAG_VADDR 4 /* of both: changes addresses, maps nothing */
#define ENOMEM 12

struct dma_args { /* struct vfio_iommu_type1_dma_map */
	__u32 argsz;
	__u32 flags;
	__u64 vaddr;
	__u64 iova;
	__u64 size;
};

struct dma_unmap_args {
	__u32 argsz;
	__u32 flags;
	__u64 iova;
	__u64 size;
};

struct top_stats total;
__u64 nr_uncounted;
__u64 nr_refusals;
struct top_refusal last_refusal;
/* For the walk: operations that change mappings. */
__u64 nr_begun;
__u64 nr_ended;

/* What a task is doing. */
struct doing {
	__u64 iommu;
	__u64 start_ns;
	__u64 part_ns; /* when the part began */
	__u64 pin_ns;
	__u64 account_ns;
	__u64 account_start_ns;
	__u32 cmd; /* 0: nothing */
	__u32 limited;
};

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct doing);
} tasks SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, TOP_MAX_CTX);
	__type(key, __u64);
	__type(value, struct top_stats);
} t1_stats SEC(".maps");

static __always_inline struct doing *doing_now(void)
{
	struct doing *d = bpf_task_storage_get(&tasks, bpf_get_current_task_btf(), NULL, 0);

	return d && d->cmd ? d : NULL;
}

static __always_inline struct top_stats *stats_of(__u64 cookie)
{
	return stats_at(&t1_stats, cookie, &nr_uncounted);
}

SEC("fentry/vfio_iommu_type1_ioctl")
int BPF_PROG(t1_begin, void *iommu, unsigned int cmd, unsigned long arg)
{
	struct doing *d;

	if (cmd != VFIO_IOMMU_MAP_DMA && cmd != VFIO_IOMMU_UNMAP_DMA)
		return 0;
	add(&nr_begun, 1);
	d = bpf_task_storage_get(&tasks, bpf_get_current_task_btf(), NULL,
				 BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!d)
		return 0;
	d->iommu = (__u64)iommu;
	d->cmd = cmd;
	d->limited = 0;
	d->pin_ns = 0;
	d->account_ns = 0;
	d->part_ns = 0;
	d->account_start_ns = 0;
	d->start_ns = bpf_ktime_get_ns();
	return 0;
}

/* A limit's refusal, with its numbers. */
static __always_inline void refused(struct vfio_dma *dma, __u64 npage, __u64 limit)
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

SEC("fentry/vfio_pin_pages_remote")
int BPF_PROG(t1_pin_begin)
{
	struct doing *d = doing_now();

	if (d)
		d->part_ns = bpf_ktime_get_ns();
	return 0;
}

SEC("fexit/vfio_pin_pages_remote")
int BPF_PROG(t1_pin_end, struct vfio_dma *dma, unsigned long vaddr, long npage,
	     unsigned long *pfn_base, unsigned long limit, void *batch, long ret)
{
	struct doing *d = doing_now();

	if (!d || !d->part_ns)
		return 0;
	d->pin_ns += bpf_ktime_get_ns() - d->part_ns;
	d->part_ns = 0;
	if (ret == -ENOMEM && !d->limited && !BPF_CORE_READ(dma, lock_cap) &&
	    BPF_CORE_READ(dma, mm, locked_vm) + npage > limit) {
		d->limited = 1;
		refused(dma, npage, limit);
	}
	return 0;
}

SEC("fentry/mm_lock_acct")
int BPF_PROG(t1_account_begin)
{
	struct doing *d = doing_now();

	if (d)
		d->account_start_ns = bpf_ktime_get_ns();
	return 0;
}

SEC("fexit/mm_lock_acct")
int BPF_PROG(t1_account_end)
{
	struct doing *d = doing_now();

	if (!d || !d->account_start_ns)
		return 0;
	d->account_ns += bpf_ktime_get_ns() - d->account_start_ns;
	d->account_start_ns = 0;
	return 0;
}

SEC("fentry/vfio_unpin_pages_remote")
int BPF_PROG(t1_unpin_begin)
{
	struct doing *d = doing_now();

	if (d)
		d->part_ns = bpf_ktime_get_ns();
	return 0;
}

SEC("fexit/vfio_unpin_pages_remote")
int BPF_PROG(t1_unpin_end)
{
	struct doing *d = doing_now();

	if (!d || !d->part_ns)
		return 0;
	d->pin_ns += bpf_ktime_get_ns() - d->part_ns;
	d->part_ns = 0;
	return 0;
}

static __always_inline __u64 less(__u64 a, __u64 b)
{
	return a > b ? a - b : 0;
}

static __always_inline void count_map(struct top_stats *st, struct doing *d, __u64 ns,
				      __u64 bytes)
{
	/* Charging happens while pinning. */
	add(&st->maps, 1);
	add(&st->map_bytes, bytes);
	hist_add(&st->lat[TOP_LAT_MAP], ns);
	hist_add(&st->lat[TOP_LAT_MAP_PIN], less(d->pin_ns, d->account_ns));
	hist_add(&st->lat[TOP_LAT_MAP_ACCOUNT], d->account_ns);
	hist_add(&st->lat[TOP_LAT_MAP_FILL], less(ns, d->pin_ns));
}

static __always_inline void count_unmap(struct top_stats *st, struct doing *d, __u64 ns,
					__u64 bytes)
{
	add(&st->unmaps, 1);
	add(&st->unmap_bytes, bytes);
	hist_add(&st->lat[TOP_LAT_UNMAP], ns);
	hist_add(&st->lat[TOP_LAT_UNMAP_UNPIN], d->pin_ns);
	hist_add(&st->lat[TOP_LAT_UNMAP_CLEAR], less(less(ns, d->pin_ns), d->account_ns));
}

static __always_inline void count_op(struct doing *d, unsigned long arg, __u64 ns)
{
	struct top_stats *st = stats_of(d->iommu);
	struct dma_unmap_args unmap = {};
	struct dma_args map = {};

	/* The kernel has just used it, so it is there. */
	if (d->cmd == VFIO_IOMMU_MAP_DMA) {
		bpf_probe_read_user(&map, sizeof(map), (void *)arg);
		if (map.flags & FLAG_VADDR)
			return;
		count_map(&total, d, ns, map.size);
		if (st)
			count_map(st, d, ns, map.size);
		return;
	}
	bpf_probe_read_user(&unmap, sizeof(unmap), (void *)arg);
	if (unmap.flags & FLAG_VADDR)
		return;
	count_unmap(&total, d, ns, unmap.size);
	if (st)
		count_unmap(st, d, ns, unmap.size);
}

SEC("fexit/vfio_iommu_type1_ioctl")
int BPF_PROG(t1_end, void *iommu, unsigned int cmd, unsigned long arg, long ret)
{
	__u64 now = bpf_ktime_get_ns();
	struct top_stats *st;
	struct doing *d;

	if (cmd != VFIO_IOMMU_MAP_DMA && cmd != VFIO_IOMMU_UNMAP_DMA)
		return 0;
	add(&nr_ended, 1);
	d = doing_now();
	/* Without: it began before this was attached. */
	if (!d || d->iommu != (__u64)iommu)
		return 0;
	if (ret) {
		add(&total.errors, 1);
		st = stats_of((__u64)iommu);
		if (st)
			add(&st->errors, 1);
	} else {
		count_op(d, arg, now - d->start_ns);
	}
	d->cmd = 0;
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
