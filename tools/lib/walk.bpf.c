// SPDX-License-Identifier: GPL-2.0-only
/*
 * The walk over what exists in iommufd-bpf's module: a syscall program that
 * userspace runs. It reads the module's views under the RCU read lock and
 * copies them into an array that userspace has mapped.
 */
#include "vmlinux.h"
#include "iommufd_bpf.h"
#include "shared.h"

/*
 * The walk's cursor and result; userspace has it mapped. Nothing of it is kept
 * on the stack: a counter that the verifier can follow makes each turn of a
 * loop a new state to it.
 */
struct top_walk walk;
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, TOP_RECS);
	__type(key, __u32);
	__type(value, struct top_rec);
} recs SEC(".maps");

/* NULL: the records are used up. */
static __always_inline struct top_rec *new_rec(__u32 kind)
{
	__u32 i = walk.nr_recs;
	struct top_rec *rec = bpf_map_lookup_elem(&recs, &i);

	if (!rec)
		return NULL;
	rec->kind = kind;
	walk.nr_recs = i + 1;
	return rec;
}

static __always_inline bool put_ctx(const struct iommufd_ctx_view *v)
{
	struct top_rec *rec = new_rec(TOP_CTX);

	if (!rec)
		return false;
	rec->ctx.cookie = v->cookie;
	rec->ctx.cgroup_id = v->cgroup_id;
	rec->ctx.created_ns = v->created_ns;
	rec->ctx.tgid = v->tgid;
	rec->ctx.uid = v->uid;
	bpf_core_read_str(rec->ctx.comm, sizeof(rec->ctx.comm), &v->comm);
	return true;
}

static __always_inline bool put_device(const struct iommufd_device_view *v)
{
	struct top_rec *rec = new_rec(TOP_DEVICE);

	if (!rec)
		return false;
	rec->device.ctx_cookie = v->ctx_cookie;
	rec->device.ioas_cookie = v->ioas_cookie;
	rec->device.id = v->id;
	rec->device.hwpt_id = v->hwpt_id;
	rec->device.group_id = v->group_id;
	rec->device.nr_pasids = TOP_UNKNOWN32;
	rec->device.nr_faults = TOP_UNKNOWN;
	bpf_core_read_str(rec->device.name, sizeof(rec->device.name), &v->name);
	return true;
}

static __always_inline bool put_ioas(const struct iommufd_ioas_view *v)
{
	struct top_rec *rec = new_rec(TOP_IOAS);

	if (!rec)
		return false;
	rec->ioas.cookie = v->cookie;
	rec->ioas.ctx_cookie = v->ctx_cookie;
	rec->ioas.created_ns = v->created_ns;
	rec->ioas.mapped_bytes = v->mapped_bytes;
	rec->ioas.nr_areas = v->nr_areas;
	rec->ioas.nr_domains = v->nr_domains;
	rec->ioas.id = v->id;
	rec->ioas.pinned_pages = v->pinned_pages;
	rec->ioas.entries_left = TOP_UNKNOWN;
	rec->ioas.entries_max = TOP_UNKNOWN;
	rec->ioas.dirty = TOP_UNKNOWN32;
	return true;
}

static __always_inline bool put_area(const struct iommufd_area_view *v, __u64 ioas_cookie)
{
	struct top_rec *rec = new_rec(TOP_AREA);

	if (!rec)
		return false;
	rec->area.ioas_cookie = ioas_cookie;
	rec->area.iova = v->iova;
	rec->area.length = v->length;
	rec->area.va = v->va;
	rec->area.created_ns = v->created_ns;
	rec->area.pinned_pages = v->pinned_pages;
	rec->area.nr_runs = v->nr_runs;
	rec->area.bytes_4k = TOP_UNKNOWN;
	rec->area.prot = v->prot;
	rec->area.source = v->source;
	rec->area.tgid = v->tgid;
	rec->area.uid = v->uid;
	rec->area.access_pins = v->nr_access_pins;
	return true;
}

/*
 * One context's devices at or above walk.id. False: stopped, to be continued.
 * bpf_for_each destroys its iterator on every way out of the loop.
 */
static __always_inline bool walk_devices(const struct iommufd_ctx_view *ctx)
{
	const struct iommufd_device_view *dev;

	bpf_for_each(iommufd_device, dev, ctx) {
		if (dev->id < walk.id)
			continue;
		if (!put_device(dev))
			return false;
		walk.id = dev->id + 1;
	}
	return true;
}

/* One IOAS's areas from walk.iova on. */
static __always_inline bool walk_areas(const struct iommufd_ioas_view *ioas)
{
	const struct iommufd_area_view *area;
	__u64 cookie = ioas->cookie;

	bpf_for_each(iommufd_area, area, ioas, walk.iova) {
		__u64 next = area->iova + area->length;

		if (area->iova < walk.iova)
			continue;
		if (!put_area(area, cookie))
			return false;
		/* An area may end with the address space: then it is the last. */
		if (!next)
			break;
		walk.iova = next;
	}
	return true;
}

static __always_inline bool walk_ioases(const struct iommufd_ctx_view *ctx)
{
	const struct iommufd_ioas_view *ioas;

	bpf_for_each(iommufd_ioas, ioas, ctx) {
		if (ioas->id < walk.id)
			continue;
		/* The IOAS in which the last call stopped may be gone. */
		if (ioas->id > walk.id)
			walk.stage = TOP_AT_IOAS;
		walk.id = ioas->id;
		if (walk.stage == TOP_AT_IOAS) {
			if (!put_ioas(ioas))
				return false;
			walk.iova = 0;
			walk.stage = TOP_AT_AREA;
		}
		if (walk.want_areas && !walk_areas(ioas))
			return false;
		walk.id = ioas->id + 1;
		walk.stage = TOP_AT_IOAS;
	}
	return true;
}

static __always_inline bool walk_ctx(const struct iommufd_ctx_view *ctx)
{
	if (walk.stage == TOP_AT_CTX) {
		if (!put_ctx(ctx))
			return false;
		walk.stage = TOP_AT_DEVICE;
		walk.id = 0;
	}
	if (walk.stage == TOP_AT_DEVICE) {
		if (!walk_devices(ctx))
			return false;
		walk.stage = TOP_AT_IOAS;
		walk.id = 0;
	}
	return walk_ioases(ctx);
}

SEC("syscall")
int walk_objects(void *unused)
{
	const struct iommufd_ctx_view *ctx;
	bool stopped = false;

	walk.nr_recs = 0;
	walk.done = 0;
	bpf_rcu_read_lock();
	bpf_for_each(iommufd_ctx, ctx) {
		if (ctx->cookie < walk.ctx_cookie)
			continue;
		/* The context in which the last call stopped may be gone. */
		if (ctx->cookie > walk.ctx_cookie)
			walk.stage = TOP_AT_CTX;
		walk.ctx_cookie = ctx->cookie;
		if (!walk_ctx(ctx)) {
			stopped = true;
			break;
		}
		walk.ctx_cookie = ctx->cookie + 1;
		walk.stage = TOP_AT_CTX;
	}
	bpf_rcu_read_unlock();
	walk.done = !stopped;
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
