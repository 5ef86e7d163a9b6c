/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * VFIO's own containers: by the tracepoints of our vfio.ko, or, with nothing of
 * ours loaded, by what type1 does. Either these programs are loaded or those.
 */
#ifndef TYPE1_BPF_H
#define TYPE1_BPF_H

#include "t1device.bpf.h"
#include "type1op.bpf.h"

static __always_inline int send_dma(void *ctx, __u32 id, const struct trace_vfio_dma *v,
				    const char *device)
{
	struct facts f = {
		.op = id, .ret = v->ret, .ns = v->duration_ns, .iova = v->iova,
		.length = v->length, .has_iova = true, .has_length = true, .container = true,
		.all = v->length == ~0ULL, .device = device,
	};
	struct trace_op *op;

	if (f.all)
		f.length = v->unmapped_bytes;
	op = begin(ctx, &f, sizeof(*v));
	if (!op)
		return 0;
	__builtin_memcpy(op + 1, v, sizeof(*v));
	done(op, sizeof(*v));
	return 0;
}

/* Of our vfio.ko */

static __always_inline int send_dma_event(void *ctx, __u32 id,
					  const struct iommufd_vfio_dma_event *ev)
{
	struct trace_vfio_dma v = {
		.container = ev->container, .iova = ev->iova, .va = ev->va,
		.length = ev->length, .unmapped_bytes = ev->unmapped_bytes,
		.duration_ns = ev->duration_ns, .prot = ev->prot, .flags = ev->flags,
		.ret = ev->ret,
	};

	return send_dma(ctx, id, &v, NULL);
}

SEC("tp_btf/vfio:vfio_dma_map")
int BPF_PROG(on_vfio_dma_map, const struct iommufd_vfio_dma_event *ev)
{
	return ev ? send_dma_event(ctx, TRACE_VFIO_MAP, ev) : 0;
}

SEC("tp_btf/vfio:vfio_dma_unmap")
int BPF_PROG(on_vfio_dma_unmap, const struct iommufd_vfio_dma_event *ev)
{
	return ev ? send_dma_event(ctx, TRACE_VFIO_UNMAP, ev) : 0;
}

/* Of type1 */

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

/*
 * The container, by the descriptor that the system call was given: from type1's
 * own structures nothing leads there. 0: it was closed meanwhile.
 */
static __always_inline __u64 find_container(__u64 iommu)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct pt_regs *regs = (void *)bpf_task_pt_regs(task);
	struct fdtable *fdt = BPF_CORE_READ(task, files, fdt);
	__u32 fd = PT_REGS_PARM1_CORE(regs);
	struct vfio_container *container;
	struct file *file = NULL;

	if (fd >= BPF_CORE_READ(fdt, max_fds))
		return 0;
	bpf_probe_read_kernel(&file, sizeof(file), BPF_CORE_READ(fdt, fd) + fd);
	container = BPF_CORE_READ(file, private_data);
	return (__u64)BPF_CORE_READ(container, iommu_data) == iommu ? (__u64)container : 0;
}

static __always_inline bool t1_device(void *arg, struct vfio_device *vdev, __u32 group)
{
	struct name is = {};
	const char **name = arg;

	*name = t1_device_name(vdev);
	if (!by_device)
		return true;
	bpf_probe_read_kernel_str(is.s, sizeof(is.s), *name);
	return !bpf_strncmp(is.s, sizeof(is.s), (const char *)want_device);
}

/* One of the container's, that which is asked for if it has it: its name, in the kernel. */
static __noinline const char *find_t1_device(__u64 iommu)
{
	__u64 container = find_container(iommu);
	const char *name = NULL;

	if (container)
		t1_devices(&name, container);
	return name;
}

/* Userspace's structure has just been used, so it is there. */
static __always_inline void read_map(struct trace_vfio_dma *v, unsigned long arg)
{
	struct t1_map_args map = {};

	bpf_probe_read_user(&map, sizeof(map), (void *)arg);
	v->iova = map.iova;
	v->va = map.vaddr;
	v->length = map.size;
	v->prot = map.flags & 3;
	v->flags = map.flags;
}

static __always_inline void read_unmap(struct trace_vfio_dma *v, unsigned long arg)
{
	struct t1_unmap_args unmap = {};

	bpf_probe_read_user(&unmap, sizeof(unmap), (void *)arg);
	v->iova = unmap.iova;
	v->length = unmap.flags & T1_UNMAP_ALL ? ~0ULL : unmap.size;
	v->unmapped_bytes = v->ret ? 0 : unmap.size;
	v->flags = unmap.flags;
}

static __always_inline int t1_ended(void *ctx, struct t1_doing *d, unsigned long arg, long ret,
				    __u64 ns)
{
	struct trace_vfio_dma v = {
		.container = d->iommu, .ret = ret, .duration_ns = ns,
		.pin_ns = t1_less(d->pin_ns, d->account_ns), .account_ns = d->account_ns,
	};
	const char *device = with_device || by_device ? find_t1_device(d->iommu) : NULL;

	bool map = d->cmd == VFIO_IOMMU_MAP_DMA;

	if (map)
		read_map(&v, arg);
	else
		read_unmap(&v, arg);
	return send_dma(ctx, map ? TRACE_VFIO_MAP : TRACE_VFIO_UNMAP, &v, device);
}

#endif
