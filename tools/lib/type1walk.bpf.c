// SPDX-License-Identifier: GPL-2.0-only
/*
 * VFIO type1 containers, on kernels with none of our modules too: every open
 * file of /dev/vfio/vfio that a task holds, its groups and devices, and the
 * tree of its mappings.
 *
 * The iterator holds a reference to the file, so the container and what hangs
 * from it cannot go. Its lock cannot be taken from here: every pointer is read
 * by a probe that fails instead of faulting, every loop is bounded, IOVAs must
 * rise, and a tree that changed meanwhile is reported as torn, so that
 * userspace walks it again.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_core_read.h>
#include "shared.h"
#include "t1device.bpf.h"
#include "filewalk.bpf.h"

#define MAX_DOMAINS 256
#define TYPE1_NAME "vfio-iommu-type1"

#define VFIO_RDEV (10U << 20 | 196) /* MKDEV(MISC_MAJOR, VFIO_MINOR) */

static __always_inline struct vfio_dma *dma_of(__u64 node)
{
	return (void *)(node - bpf_core_field_offset(struct vfio_dma, node));
}

static __always_inline __u64 iova_of(__u64 node)
{
	return BPF_CORE_READ(dma_of(node), iova);
}

static __always_inline bool put_area(__u64 cookie, struct vfio_dma *dma, __u64 iova)
{
	struct top_rec *rec = new_rec(TOP_AREA);
	struct task_struct *task;

	if (!rec)
		return false;
	task = BPF_CORE_READ(dma, task);
	rec->area.ioas_cookie = cookie;
	rec->area.iova = iova;
	rec->area.length = BPF_CORE_READ(dma, size);
	rec->area.va = BPF_CORE_READ(dma, vaddr);
	rec->area.created_ns = TOP_UNKNOWN;
	rec->area.pinned_pages = BPF_CORE_READ(dma, locked_vm);
	rec->area.nr_runs = TOP_UNKNOWN;
	rec->area.bytes_4k = TOP_UNKNOWN;
	rec->area.prot = BPF_CORE_READ(dma, prot) & 3;
	rec->area.source = 1;
	rec->area.access_pins = TOP_UNKNOWN32;
	rec->area.tgid = BPF_CORE_READ(task, tgid);
	rec->area.uid = BPF_CORE_READ(task, cred, uid.val);
	return true;
}

/* All mappings: their sums. */
static __always_inline void sum_up(struct vfio_iommu *iommu)
{
	struct vfio_dma *dma;
	__u64 iova;
	int i;

	at.mapped_bytes = 0;
	at.locked_pages = 0;
	at.nr_areas = 0;
	at.last_iova = 0;
	at.owner = 0;
	seek((__u64)BPF_CORE_READ(iommu, dma_list.rb_node), 0);
	if (at.node) {
		dma = dma_of(at.node);
		at.owner = (__u64)BPF_CORE_READ(dma, task);
	}
	bpf_for(i, 0, MAX_MAPPINGS) {
		if (!at.node)
			break;
		dma = dma_of(at.node);
		iova = BPF_CORE_READ(dma, iova);
		if (at.nr_areas && iova <= at.last_iova) {
			walk.torn++;
			break;
		}
		at.last_iova = iova;
		at.nr_areas++;
		at.mapped_bytes += BPF_CORE_READ(dma, size);
		at.locked_pages += BPF_CORE_READ(dma, locked_vm);
		step();
	}
}

/* The mappings from walk.iova on, as far as there is room. */
static __always_inline void show_areas(struct vfio_iommu *iommu)
{
	__u64 iova, avail = BPF_CORE_READ(iommu, dma_avail), begun = nr_begun;
	struct vfio_dma *dma;
	int i;

	if (begun != nr_ended)
		walk.torn++;
	seek((__u64)BPF_CORE_READ(iommu, dma_list.rb_node), walk.iova);
	bpf_for(i, 0, TOP_FILEWALK_RECS) {
		if (!at.node)
			break;
		dma = dma_of(at.node);
		iova = BPF_CORE_READ(dma, iova);
		if (iova < walk.iova) {
			walk.torn++;
			break;
		}
		if (!put_area((__u64)iommu, dma, iova))
			return;
		walk.iova = iova + 1;
		step();
	}
	/* Also when there was room for exactly all. */
	walk.done = !at.node;
	if (avail != BPF_CORE_READ(iommu, dma_avail) || begun != nr_begun)
		walk.torn++;
}

/* The rest of a container */

static __always_inline bool t1_device(void *arg, struct vfio_device *vdev, __u32 group)
{
	struct top_rec *rec = new_rec(TOP_DEVICE);
	__u64 cookie = *(__u64 *)arg;

	if (!rec)
		return true;
	rec->device.ctx_cookie = cookie;
	rec->device.ioas_cookie = cookie;
	rec->device.id = TOP_UNKNOWN32;
	rec->device.hwpt_id = TOP_UNKNOWN32;
	rec->device.group_id = group;
	rec->device.nr_pasids = TOP_UNKNOWN32;
	rec->device.nr_faults = TOP_UNKNOWN;
	rec->device.name[0] = 0;
	bpf_probe_read_kernel_str(rec->device.name, sizeof(rec->device.name),
				  t1_device_name(vdev));
	return false;
}

static __noinline __u32 count_domains(__u64 iommu)
{
	__u64 head = iommu + bpf_core_field_offset(struct vfio_iommu, domain_list);
	__u64 pos = (__u64)BPF_CORE_READ((struct list_head *)head, next);
	__u32 nr = 0;
	int i;

	bpf_for(i, 0, MAX_DOMAINS) {
		if (!pos || pos == head)
			break;
		nr = i + 1;
		pos = (__u64)BPF_CORE_READ((struct list_head *)pos, next);
	}
	return nr;
}

static __always_inline void fill_ioas(struct top_ioas *ioas, __u64 cookie,
				      struct vfio_iommu *iommu)
{
	ioas->cookie = cookie;
	ioas->ctx_cookie = cookie;
	ioas->created_ns = TOP_UNKNOWN;
	ioas->mapped_bytes = at.mapped_bytes;
	ioas->nr_areas = at.nr_areas;
	ioas->pinned_pages = at.locked_pages;
	ioas->nr_domains = count_domains((__u64)iommu);
	ioas->id = 0;
	ioas->entries_left = BPF_CORE_READ(iommu, dma_avail);
	ioas->entries_max = ioas->entries_left + at.nr_areas;
	ioas->dirty = BPF_CORE_READ(iommu, dirty_page_tracking);
}

static __always_inline void put_container(struct task_struct *task, __u64 container,
					  struct vfio_iommu *iommu, __u64 cookie)
{
	struct top_rec *rec = new_rec(TOP_CTX);
	__u64 avail, begun = nr_begun;

	at.owner = 0;
	if (iommu) {
		if (begun != nr_ended)
			walk.torn++;
		avail = BPF_CORE_READ(iommu, dma_avail);
		sum_up(iommu);
		if (avail != BPF_CORE_READ(iommu, dma_avail) || begun != nr_begun)
			walk.torn++;
	}
	if (!rec)
		return;
	fill_ctx(&rec->ctx, cookie, task);
	t1_devices(&cookie, container);
	if (!iommu)
		return;
	rec = new_rec(TOP_IOAS);
	if (rec)
		fill_ioas(&rec->ioas, cookie, iommu);
}

static __always_inline bool is_type1(struct vfio_container *container)
{
	const char *name = BPF_CORE_READ(container, iommu_driver, ops, name);
	char buf[sizeof(TYPE1_NAME)] = {};

	bpf_probe_read_kernel_str(buf, sizeof(buf), name);
	return !bpf_strncmp(buf, sizeof(buf) - 1, TYPE1_NAME);
}

/*
 * Is it vfio.ko's /dev/vfio/vfio? iommufd may be what serves it. By what the
 * file is, not by its operations' address: to find that, libbpf would read all
 * of /proc/kallsyms.
 */
static __always_inline bool is_container(struct file *file)
{
	struct module *owner;
	char name[5] = {};

	if (BPF_CORE_READ(file, f_inode, i_rdev) != VFIO_RDEV)
		return false;
	owner = BPF_CORE_READ(file, f_op, owner);
	/* Built in, there can be no other. */
	if (!owner)
		return true;
	BPF_CORE_READ_STR_INTO(&name, owner, name);
	return !bpf_strncmp(name, sizeof(name), "vfio");
}

SEC("iter/task_file")
int walk_containers(struct bpf_iter__task_file *ctx)
{
	struct task_struct *task = ctx->task;
	struct file *file = ctx->file;
	struct vfio_container *container;
	struct vfio_iommu *iommu = NULL;
	__u64 cookie;

	if (!task || !file)
		return 0;
	if (!is_container(file))
		return 0;
	container = file->private_data;
	if (!container)
		return 0;
	if (is_type1(container))
		iommu = BPF_CORE_READ(container, iommu_data);
	cookie = iommu ? (__u64)iommu : (__u64)container;
	if (walk.container && walk.container != cookie)
		return 0;
	if (!first_time(cookie))
		return 0;
	if (!walk.container)
		put_container(task, (__u64)container, iommu, cookie);
	else if (iommu)
		show_areas(iommu);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
