// SPDX-License-Identifier: GPL-2.0-only
/*
 * An iommufd that a distribution ships: every open file of /dev/iommu that a
 * task holds, the objects of its context, and an IOAS's tree of mappings.
 *
 * As with type1 (type1.bpf.c) no lock can be taken: the iterator's reference to
 * the file keeps the context, every pointer is read by a probe that fails
 * instead of faulting, every loop is bounded, IOVAs must rise. An object that
 * goes while it is looked at, or a tree that changes, makes a walk torn, and
 * userspace walks again.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_core_read.h>
#include "shared.h"
#include "foreign.bpf.h"
#include "filewalk.bpf.h"

#define MAX_OBJECTS (1 << 16)
#define MAX_LEVELS 6 /* of an xarray with 31-bit indices */
#define MAX_DOMAINS 256
#define XA_SHIFT 6
#define ACCOUNT_MM 2 /* IOPT_PAGES_ACCOUNT_MM */

extern const void iommufd_fops __ksym __weak;

static __always_inline struct iopt_area *area_of(__u64 node)
{
	return (void *)(node - bpf_core_field_offset(struct iopt_area, node) -
			bpf_core_field_offset(struct interval_tree_node, rb));
}

static __always_inline __u64 iova_of(__u64 node)
{
	return BPF_CORE_READ(area_of(node), node.start);
}

/* Of an area: its pages that are pinned. */
static __always_inline __u64 pinned_of(struct iopt_area *area, struct iopt_pages *pages)
{
	__u64 first = BPF_CORE_READ(area, pages_node.start);
	__u64 all = BPF_CORE_READ(area, pages_node.last) - first + 1;
	__u64 pinned = BPF_CORE_READ(pages, npinned);

	return pinned < all ? pinned : all;
}

static __always_inline bool put_area(__u64 ioas, struct iopt_area *area, struct iopt_pages *pages)
{
	struct top_rec *rec = new_rec(TOP_AREA);
	__u64 iova = BPF_CORE_READ(area, node.start);

	if (!rec)
		return false;
	rec->area.ioas_cookie = ioas;
	rec->area.iova = iova;
	rec->area.length = BPF_CORE_READ(area, node.last) - iova + 1;
	rec->area.va = (BPF_CORE_READ(area, pages_node.start) << 12) +
		       BPF_CORE_READ(area, page_offset);
	rec->area.source = 1;
	if (bpf_core_field_exists(pages->uptr))
		rec->area.va += (__u64)BPF_CORE_READ(pages, uptr);
	if (bpf_core_field_exists(pages->type) && BPF_CORE_READ(pages, type))
		rec->area.source = 2;
	rec->area.created_ns = TOP_UNKNOWN;
	rec->area.pinned_pages = pinned_of(area, pages);
	rec->area.nr_runs = TOP_UNKNOWN;
	rec->area.bytes_4k = TOP_UNKNOWN;
	rec->area.access_pins = TOP_UNKNOWN32;
	rec->area.prot = BPF_CORE_READ(area, iommu_prot) & 3;
	rec->area.tgid = BPF_CORE_READ(pages, source_task, tgid);
	rec->area.uid = BPF_CORE_READ(pages, source_user, uid.val);
	return true;
}

/* All mappings: their sums. One without pages is just coming or going. */
static __always_inline void sum_up(struct iommufd_ioas *ioas)
{
	struct iopt_pages *pages;
	struct iopt_area *area;
	__u64 iova;
	int i;

	at.mapped_bytes = 0;
	at.locked_pages = 0;
	at.nr_areas = 0;
	at.last_iova = 0;
	seek((__u64)BPF_CORE_READ(ioas, iopt.area_itree.rb_root.rb_node), 0);
	bpf_for(i, 0, MAX_MAPPINGS) {
		if (!at.node)
			break;
		area = area_of(at.node);
		iova = BPF_CORE_READ(area, node.start);
		if (i && iova <= at.last_iova) {
			walk.torn++;
			break;
		}
		at.last_iova = iova;
		pages = BPF_CORE_READ(area, pages);
		if (pages) {
			at.nr_areas++;
			at.mapped_bytes += BPF_CORE_READ(area, node.last) - iova + 1;
			at.locked_pages += pinned_of(area, pages);
			if (!at.owner)
				at.owner = (__u64)BPF_CORE_READ(pages, source_task);
		}
		step();
	}
}

/* The mappings from walk.iova on, as far as there is room. */
static __always_inline void show_areas(struct iommufd_ioas *ioas)
{
	__u64 iova, begun = nr_begun;
	struct iopt_pages *pages;
	struct iopt_area *area;
	int i;

	if (begun != nr_ended)
		walk.torn++;
	seek((__u64)BPF_CORE_READ(ioas, iopt.area_itree.rb_root.rb_node), walk.iova);
	bpf_for(i, 0, TOP_FILEWALK_RECS + 1) {
		if (!at.node)
			break;
		area = area_of(at.node);
		iova = BPF_CORE_READ(area, node.start);
		if (iova < walk.iova) {
			walk.torn++;
			break;
		}
		pages = BPF_CORE_READ(area, pages);
		if (pages && !put_area((__u64)ioas, area, pages)) {
			walk.nr_lost = 0;
			return;
		}
		walk.iova = iova + 1;
		step();
	}
	walk.done = !at.node;
	if (begun != nr_begun)
		walk.torn++;
}

/* The objects of a context: an xarray of pointers */

/* The entry at @index, or 0. */
static __noinline __u64 object_at(__u64 head, __u32 index)
{
	struct xa_node *node;
	__u64 entry = head, slot;
	__u8 shift;
	int i;

	bpf_for(i, 0, MAX_LEVELS) {
		/* Not an inner node: a value that is kept for later, or nothing. */
		if ((entry & 3) != 2 || entry < 4096)
			return 0;
		node = (void *)(entry - 2);
		shift = BPF_CORE_READ(node, shift);
		slot = (index >> (shift & 31)) & 63;
		if (bpf_probe_read_kernel(&entry, sizeof(entry),
					  (void *)((__u64)node +
						   bpf_core_field_offset(struct xa_node, slots) +
						   8 * slot)))
			return 0;
		if (!shift)
			return entry & 3 ? 0 : entry;
	}
	return 0;
}

/* Indices are below it. */
static __always_inline __u32 end_of(__u64 head)
{
	__u8 shift;

	if ((head & 3) != 2 || head < 4096)
		return 0;
	shift = BPF_CORE_READ((struct xa_node *)(head - 2), shift);
	return shift + XA_SHIFT > 16 ? MAX_OBJECTS : 1U << (shift + XA_SHIFT);
}

static __always_inline __u32 count_domains(struct iommufd_ioas *ioas)
{
	__u64 head = (__u64)ioas + bpf_core_field_offset(struct iommufd_ioas, hwpt_list);
	__u64 pos = (__u64)BPF_CORE_READ(ioas, hwpt_list.next);
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

static __noinline int put_ioas(__u64 ctx, __u64 addr)
{
	struct iommufd_ioas *ioas = (void *)addr;
	struct top_rec *rec;

	sum_up(ioas);
	rec = new_rec(TOP_IOAS);
	if (!rec)
		return 0;
	rec->ioas.cookie = addr;
	rec->ioas.ctx_cookie = ctx;
	rec->ioas.created_ns = TOP_UNKNOWN;
	rec->ioas.mapped_bytes = at.mapped_bytes;
	rec->ioas.nr_areas = at.nr_areas;
	rec->ioas.pinned_pages = at.locked_pages;
	rec->ioas.nr_domains = count_domains(ioas);
	rec->ioas.id = BPF_CORE_READ(ioas, obj.id);
	rec->ioas.entries_left = TOP_UNKNOWN;
	rec->ioas.entries_max = TOP_UNKNOWN;
	rec->ioas.dirty = TOP_UNKNOWN32;
	return 0;
}

static __always_inline bool is_type(__u32 type, __u32 which)
{
	switch (which) {
	case IOMMUFD_OBJ_IOAS:
		return type == bpf_core_enum_value(enum iommufd_object_type, IOMMUFD_OBJ_IOAS);
	case IOMMUFD_OBJ_DEVICE:
		return type == bpf_core_enum_value(enum iommufd_object_type, IOMMUFD_OBJ_DEVICE);
	case IOMMUFD_OBJ_HWPT_PAGING:
		return bpf_core_enum_value_exists(enum iommufd_object_type,
						  IOMMUFD_OBJ_HWPT_PAGING) &&
		       type == bpf_core_enum_value(enum iommufd_object_type,
						   IOMMUFD_OBJ_HWPT_PAGING);
	default:
		return bpf_core_enum_value_exists(enum iommufd_object_type,
						  IOMMUFD_OBJ_HWPT_NESTED) &&
		       type == bpf_core_enum_value(enum iommufd_object_type,
						   IOMMUFD_OBJ_HWPT_NESTED);
	}
}

/* The IOAS whose mappings a HWPT holds. */
static __always_inline __u64 ioas_of(struct iommufd_hw_pagetable *hwpt)
{
	struct iommufd_hwpt_nested *nested = (void *)hwpt;
	struct iommufd_hwpt_paging *paging = (void *)hwpt;
	__u32 type = BPF_CORE_READ_BITFIELD_PROBED(hwpt, obj.type);

	if (is_type(type, IOMMUFD_OBJ_HWPT_NESTED))
		paging = BPF_CORE_READ(nested, parent);
	return (__u64)BPF_CORE_READ(paging, ioas);
}

static __always_inline void put_hwpt(__u64 ctx, __u64 addr, __u32 kind)
{
	struct iommufd_hw_pagetable *hwpt = (void *)addr;
	struct top_rec *rec = new_rec(TOP_HWPT);

	if (!rec)
		return;
	rec->hwpt.ctx_cookie = ctx;
	rec->hwpt.ioas_cookie = ioas_of(hwpt);
	rec->hwpt.id = BPF_CORE_READ(hwpt, obj.id);
	rec->hwpt.kind = kind;
	rec->hwpt.dirty = TOP_UNKNOWN32;
	rec->hwpt.nr_devices = TOP_UNKNOWN32;
	rec->hwpt.dirty_bytes = TOP_UNKNOWN;
	rec->hwpt.nr_faults = TOP_UNKNOWN;
}

static __always_inline void put_device(__u64 ctx, __u64 addr)
{
	struct iommufd_device *dev = (void *)addr;
	struct iommufd_hw_pagetable *hwpt = NULL;
	struct top_rec *rec = new_rec(TOP_DEVICE);
	struct iommufd_group *group;
	const char *name;

	if (!rec)
		return;
	group = BPF_CORE_READ(dev, igroup);
	rec->device.ctx_cookie = ctx;
	rec->device.ioas_cookie = 0;
	rec->device.id = BPF_CORE_READ(dev, obj.id);
	rec->device.hwpt_id = TOP_UNKNOWN32;
	rec->device.group_id = BPF_CORE_READ(group, group, id);
	rec->device.nr_pasids = TOP_UNKNOWN32;
	rec->device.nr_faults = TOP_UNKNOWN;
	if (bpf_core_field_exists(group->hwpt)) {
		hwpt = BPF_CORE_READ(group, hwpt);
		rec->device.hwpt_id = 0;
	}
	if (hwpt) {
		rec->device.hwpt_id = BPF_CORE_READ(hwpt, obj.id);
		rec->device.ioas_cookie = ioas_of(hwpt);
	}
	name = BPF_CORE_READ(dev, dev, init_name);
	if (!name)
		name = BPF_CORE_READ(dev, dev, kobj.name);
	rec->device.name[0] = 0;
	bpf_probe_read_kernel_str(rec->device.name, sizeof(rec->device.name), name);
}

static __noinline int put_object(__u64 ctx, __u64 addr)
{
	struct iommufd_object *obj = (void *)addr;
	__u32 type = BPF_CORE_READ_BITFIELD_PROBED(obj, type);

	if (is_type(type, IOMMUFD_OBJ_DEVICE))
		put_device(ctx, addr);
	else if (is_type(type, IOMMUFD_OBJ_HWPT_PAGING))
		put_hwpt(ctx, addr, TOP_HWPT_PAGING);
	else if (is_type(type, IOMMUFD_OBJ_HWPT_NESTED))
		put_hwpt(ctx, addr, TOP_HWPT_NESTED);
	else if (is_type(type, IOMMUFD_OBJ_IOAS))
		put_ioas(ctx, addr);
	return 0;
}

/* Its record stands before those of its objects; whose it is, is known after. */
static __always_inline void put_ctx(struct task_struct *task, struct iommufd_ctx *ctx)
{
	__u64 head = (__u64)BPF_CORE_READ(ctx, objects.xa_head), begun = nr_begun, obj;
	struct top_rec *rec = new_rec(TOP_CTX), *mode;
	__u32 i, end = end_of(head);

	if (!rec)
		return;
	if (begun != nr_ended)
		walk.torn++;
	at.owner = 0;
	bpf_for(i, 1, end) {
		obj = object_at(head, i);
		if (obj)
			put_object((__u64)ctx, obj);
	}
	if (begun != nr_begun)
		walk.torn++;
	fill_ctx(&rec->ctx, (__u64)ctx, task);
	mode = new_rec(TOP_MODE);
	if (mode) {
		mode->mode.ctx_cookie = (__u64)ctx;
		mode->mode.mm = BPF_CORE_READ(ctx, account_mode) == ACCOUNT_MM;
		mode->mode.container = 0;
	}
}

SEC("iter/task_file")
int walk_foreign(struct bpf_iter__task_file *iter)
{
	struct task_struct *task = iter->task;
	struct file *file = iter->file;
	__u64 ctx;

	if (!task || !file || file->f_op != &iommufd_fops)
		return 0;
	ctx = (__u64)file->private_data;
	if (!ctx)
		return 0;
	if (first_time(ctx))
		put_ctx(task, (void *)ctx);
	return 0;
}

/* One IOAS's mappings: only while its context is open, which is seen first. */
SEC("iter/task_file")
int walk_foreign_areas(struct bpf_iter__task_file *iter)
{
	struct file *file = iter->file;
	__u64 ctx, head, obj;
	__u32 i, end;

	if (!iter->task || !file || file->f_op != &iommufd_fops || walk.nr_recs || walk.done)
		return 0;
	ctx = (__u64)file->private_data;
	if (!ctx)
		return 0;
	head = (__u64)BPF_CORE_READ((struct iommufd_ctx *)ctx, objects.xa_head);
	end = end_of(head);
	bpf_for(i, 1, end) {
		obj = object_at(head, i);
		if (obj && obj == walk.container) {
			show_areas((void *)obj);
			break;
		}
	}
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
