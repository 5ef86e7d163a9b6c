/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * VFIO's own containers: by the tracepoints of our vfio.ko, or, with nothing of
 * ours loaded, by what type1 does. Either these programs are loaded or those.
 */
#ifndef TYPE1_BPF_H
#define TYPE1_BPF_H

#include "type1op.bpf.h"

#define DMA_PROG(tp, id) \
SEC("tp_btf/" #tp) \
int BPF_PROG(on_##tp, const struct iommufd_vfio_dma_event *ev) \
{ \
	const __u32 size = sizeof(struct trace_vfio_dma); \
	struct trace_op *op; \
	\
	if (!ev) \
		return 0; \
	struct facts f = { \
		.op = id, .ret = ev->ret, .ns = ev->duration_ns, .iova = ev->iova, \
		.length = ev->length == ~0ULL ? ev->unmapped_bytes : ev->length, \
		.has_iova = true, .has_length = true, .container = true, \
		.all = ev->length == ~0ULL, \
	}; \
	op = begin(ctx, &f, size); \
	if (!op) \
		return 0; \
	__builtin_memset(op + 1, 0, size); \
	bpf_probe_read_kernel(op + 1, sizeof(*ev), ev); \
	done(op, size); \
	return 0; \
}

DMA_PROG(vfio_dma_map, TRACE_VFIO_MAP)
DMA_PROG(vfio_dma_unmap, TRACE_VFIO_UNMAP)

static __always_inline void t1_begun(void)
{
}

static __always_inline void t1_passed(void)
{
}

static __always_inline void t1_limited(struct vfio_dma *dma, __u64 npage, __u64 limit)
{
	struct task_struct *task = BPF_CORE_READ(dma, task);
	struct trace_refusal r = {};

	r.why = TRACE_REFUSED_LIMIT;
	r.charged_pages = BPF_CORE_READ(dma, mm, locked_vm);
	r.asked_pages = npage;
	r.limit_pages = limit;
	r.uid = BPF_CORE_READ(task, cred, uid.val);
	r.tgid = BPF_CORE_READ(task, tgid);
	r.mode = 1; /* type1 charges each process by itself */
	keep_refusal(&r);
}

/* Userspace's structure has just been used, so it is there. */
static __always_inline void t1_event(struct trace_vfio_dma *v, struct t1_doing *d,
				     unsigned long arg)
{
	struct t1_unmap_args unmap = {};
	struct t1_map_args map = {};

	v->ev.container = d->iommu;
	v->pin_ns = t1_less(d->pin_ns, d->account_ns);
	v->account_ns = d->account_ns;
	if (d->cmd == VFIO_IOMMU_MAP_DMA) {
		bpf_probe_read_user(&map, sizeof(map), (void *)arg);
		v->ev.iova = map.iova;
		v->ev.va = map.vaddr;
		v->ev.length = map.size;
		v->ev.prot = map.flags & 3;
		v->ev.flags = map.flags;
		return;
	}
	bpf_probe_read_user(&unmap, sizeof(unmap), (void *)arg);
	v->ev.iova = unmap.iova;
	v->ev.length = unmap.flags & T1_UNMAP_ALL ? ~0ULL : unmap.size;
	v->ev.unmapped_bytes = v->ev.ret ? 0 : unmap.size;
	v->ev.flags = unmap.flags;
}

static __always_inline int t1_ended(void *ctx, struct t1_doing *d, unsigned long arg, long ret,
				    __u64 ns)
{
	const __u32 size = sizeof(struct trace_vfio_dma);
	struct trace_vfio_dma v = { .ev = { .ret = ret, .duration_ns = ns } };
	struct facts f = {
		.op = d->cmd == VFIO_IOMMU_MAP_DMA ? TRACE_VFIO_MAP : TRACE_VFIO_UNMAP,
		.ret = ret, .ns = ns, .has_iova = true, .has_length = true, .container = true,
	};
	struct trace_op *op;

	t1_event(&v, d, arg);
	f.iova = v.ev.iova;
	f.all = v.ev.length == ~0ULL;
	f.length = f.all ? v.ev.unmapped_bytes : v.ev.length;
	op = begin(ctx, &f, size);
	if (!op)
		return 0;
	__builtin_memcpy(op + 1, &v, size);
	done(op, size);
	return 0;
}

#endif
