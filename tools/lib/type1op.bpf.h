/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Operations of VFIO type1 as they happen: programs at the entry and the exit
 * of its ioctl, and of the functions in which it pins and charges.
 *
 * What type1 spends in an operation beside pinning and charging is writing IO
 * page tables, so that needs no program of its own.
 *
 * Who includes it has defined, before:
 *	t1_begun()	an ioctl that changes mappings begins
 *	t1_limited()	a limit refuses, once an operation
 *	t1_passed()	such an ioctl ends, also one that began before
 *	t1_ended()	likewise, of which the rest is known
 */
#ifndef TOOL_TYPE1OP_BPF_H
#define TOOL_TYPE1OP_BPF_H

#include "type1.bpf.h"

/* <linux/vfio.h> */
#define VFIO_IOMMU_MAP_DMA 0x3b71
#define VFIO_IOMMU_UNMAP_DMA 0x3b72
#define T1_FLAG_VADDR 4 /* of both: changes addresses, maps nothing */
#define T1_UNMAP_ALL 2
#define T1_ENOMEM 12

struct t1_map_args { /* struct vfio_iommu_type1_dma_map */
	__u32 argsz;
	__u32 flags;
	__u64 vaddr;
	__u64 iova;
	__u64 size;
};

struct t1_unmap_args {
	__u32 argsz;
	__u32 flags;
	__u64 iova;
	__u64 size; /* on return: what was unmapped */
};

/* What a task is doing. */
struct t1_doing {
	__u64 iommu;
	__u64 start_ns;
	__u64 part_ns; /* when the part began */
	__u64 pin_ns; /* charging included */
	__u64 account_ns;
	__u64 account_start_ns;
	__u32 cmd; /* 0: nothing */
	__u32 limited;
};

static __always_inline void t1_begun(void);
static __always_inline void t1_limited(struct vfio_dma *dma, __u64 npage, __u64 limit);
static __always_inline void t1_passed(void);
static __always_inline int t1_ended(void *ctx, struct t1_doing *d, unsigned long arg, long ret,
				    __u64 ns);

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct t1_doing);
} tasks SEC(".maps");

static __always_inline struct t1_doing *t1_doing_now(void)
{
	struct t1_doing *d = bpf_task_storage_get(&tasks, bpf_get_current_task_btf(), NULL, 0);

	return d && d->cmd ? d : NULL;
}

static __always_inline bool t1_changes(unsigned int cmd)
{
	return cmd == VFIO_IOMMU_MAP_DMA || cmd == VFIO_IOMMU_UNMAP_DMA;
}

static __always_inline __u64 t1_less(__u64 a, __u64 b)
{
	return a > b ? a - b : 0;
}

SEC("fentry/vfio_iommu_type1:vfio_iommu_type1_ioctl")
int BPF_PROG(t1_begin, void *iommu, unsigned int cmd, unsigned long arg)
{
	struct t1_doing *d;

	if (!t1_changes(cmd))
		return 0;
	t1_begun();
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

static __always_inline int t1_part_begin(void)
{
	struct t1_doing *d = t1_doing_now();

	if (d)
		d->part_ns = bpf_ktime_get_ns();
	return 0;
}

static __always_inline struct t1_doing *t1_part_end(void)
{
	struct t1_doing *d = t1_doing_now();

	if (!d || !d->part_ns)
		return NULL;
	d->pin_ns += bpf_ktime_get_ns() - d->part_ns;
	d->part_ns = 0;
	return d;
}

SEC("fentry/vfio_iommu_type1:vfio_pin_pages_remote")
int BPF_PROG(t1_pin_begin)
{
	return t1_part_begin();
}

SEC("fexit/vfio_iommu_type1:vfio_pin_pages_remote")
int BPF_PROG(t1_pin_end, struct vfio_dma *dma, unsigned long vaddr, long npage,
	     unsigned long *pfn_base, unsigned long limit, void *batch, long ret)
{
	struct t1_doing *d = t1_part_end();

	if (d && ret == -T1_ENOMEM && !d->limited && !BPF_CORE_READ(dma, lock_cap) &&
	    BPF_CORE_READ(dma, mm, locked_vm) + npage > limit) {
		d->limited = 1;
		t1_limited(dma, npage, limit);
	}
	return 0;
}

SEC("fentry/vfio_iommu_type1:mm_lock_acct")
int BPF_PROG(t1_account_begin)
{
	struct t1_doing *d = t1_doing_now();

	if (d)
		d->account_start_ns = bpf_ktime_get_ns();
	return 0;
}

SEC("fexit/vfio_iommu_type1:mm_lock_acct")
int BPF_PROG(t1_account_end)
{
	struct t1_doing *d = t1_doing_now();

	if (!d || !d->account_start_ns)
		return 0;
	d->account_ns += bpf_ktime_get_ns() - d->account_start_ns;
	d->account_start_ns = 0;
	return 0;
}

SEC("fentry/vfio_iommu_type1:vfio_unpin_pages_remote")
int BPF_PROG(t1_unpin_begin)
{
	return t1_part_begin();
}

SEC("fexit/vfio_iommu_type1:vfio_unpin_pages_remote")
int BPF_PROG(t1_unpin_end)
{
	t1_part_end();
	return 0;
}

SEC("fexit/vfio_iommu_type1:vfio_iommu_type1_ioctl")
int BPF_PROG(t1_end, void *iommu, unsigned int cmd, unsigned long arg, long ret)
{
	__u64 now = bpf_ktime_get_ns();
	struct t1_doing *d;

	if (!t1_changes(cmd))
		return 0;
	t1_passed();
	d = t1_doing_now();
	/* Without: it began before this was attached. */
	if (!d || d->iommu != (__u64)iommu)
		return 0;
	t1_ended(ctx, d, arg, ret, now - d->start_ns);
	d->cmd = 0;
	return 0;
}

#endif
