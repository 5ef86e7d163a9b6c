// SPDX-License-Identifier: GPL-2.0-only
/*
 * iommutop's BPF half: a walk over what exists, and counters of what happens.
 *
 * The walk is a syscall program that userspace runs; it reads the module's
 * views under the RCU read lock and copies them into an array that userspace
 * has mapped. The counters are kept by programs on the module's tracepoints,
 * keyed by the context's cookie, and only ever added to atomically.
 */
#include "vmlinux.h"
#include "iommufd_bpf.h"
#include "iommutop.h"

/*
 * The walk's cursor and result; userspace has it mapped. Nothing of it is kept
 * on the stack: a counter that the verifier can follow makes each turn of a
 * loop a new state to it.
 */
struct top_walk walk;
/* What the whole host did since this was loaded. */
struct top_stats total;
/* Events of contexts that found no room in ctx_stats; in total all the same. */
__u64 nr_uncounted;
/* Refusals so far; the last of them are in refusals[]. */
__u64 nr_refusals;

static const struct top_stats no_stats;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, TOP_RECS);
	__type(key, __u32);
	__type(value, struct top_rec);
} recs SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, TOP_REFUSALS);
	__type(key, __u32);
	__type(value, struct top_refusal);
} refusals SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, TOP_MAX_CTX);
	__type(key, __u64);
	__type(value, struct top_stats);
} ctx_stats SEC(".maps");

/* The walk */

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
	rec->area.prot = v->prot;
	rec->area.source = v->source;
	rec->area.tgid = v->tgid;
	rec->area.uid = v->uid;
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

/* The counters */

static __always_inline void add(__u64 *counter, __u64 n)
{
	__sync_fetch_and_add(counter, n);
}

static __always_inline struct top_stats *stats_of(__u64 cookie)
{
	struct top_stats *st = bpf_map_lookup_elem(&ctx_stats, &cookie);

	if (st)
		return st;
	bpf_map_update_elem(&ctx_stats, &cookie, &no_stats, BPF_NOEXIST);
	st = bpf_map_lookup_elem(&ctx_stats, &cookie);
	if (!st)
		add(&nr_uncounted, 1);
	return st;
}

static __always_inline __u32 log2_u64(__u64 v)
{
	__u32 r = 0;

	if (v >> 32) {
		v >>= 32;
		r += 32;
	}
	if (v >> 16) {
		v >>= 16;
		r += 16;
	}
	if (v >> 8) {
		v >>= 8;
		r += 8;
	}
	if (v >> 4) {
		v >>= 4;
		r += 4;
	}
	if (v >> 2) {
		v >>= 2;
		r += 2;
	}
	return r + (v >> 1);
}

static __always_inline void hist_add(struct top_hist *hist, __u64 ns)
{
	__u32 msb, slot;

	/* 0: it began before this tracepoint was enabled. */
	if (!ns)
		return;
	if (ns < (1 << TOP_HIST_MIN_SHIFT))
		ns = 1 << TOP_HIST_MIN_SHIFT;
	msb = log2_u64(ns);
	slot = (msb - TOP_HIST_MIN_SHIFT) << TOP_HIST_SUB_SHIFT;
	slot += (ns >> (msb - TOP_HIST_SUB_SHIFT)) & ((1 << TOP_HIST_SUB_SHIFT) - 1);
	if (slot >= TOP_HIST_SLOTS)
		slot = TOP_HIST_SLOTS - 1;
	__sync_fetch_and_add(&hist->slots[slot], 1);
}

static __always_inline void count_map(struct top_stats *st, const struct iommufd_map_event *ev)
{
	if (ev->ret) {
		add(&st->errors, 1);
		return;
	}
	add(&st->maps, 1);
	add(&st->map_bytes, ev->length);
	hist_add(&st->map_ns, ev->duration_ns);
}

SEC("tp_btf/iommufd_map")
int BPF_PROG(on_map, const struct iommufd_map_event *ev)
{
	struct top_stats *st;

	if (!ev)
		return 0;
	count_map(&total, ev);
	st = stats_of(ev->ctx_cookie);
	if (st)
		count_map(st, ev);
	return 0;
}

static __always_inline void count_unmap(struct top_stats *st,
					const struct iommufd_unmap_event *ev)
{
	/* One that failed midway did unmap something. */
	add(&st->unmap_bytes, ev->unmapped_bytes);
	if (ev->ret) {
		add(&st->errors, 1);
		return;
	}
	add(&st->unmaps, 1);
	hist_add(&st->unmap_ns, ev->duration_ns);
}

SEC("tp_btf/iommufd_unmap")
int BPF_PROG(on_unmap, const struct iommufd_unmap_event *ev)
{
	struct top_stats *st;

	if (!ev)
		return 0;
	count_unmap(&total, ev);
	st = stats_of(ev->ctx_cookie);
	if (st)
		count_unmap(st, ev);
	return 0;
}

SEC("tp_btf/iommufd_attach")
int BPF_PROG(on_attach, const struct iommufd_attach_event *ev)
{
	struct top_stats *st;

	if (!ev)
		return 0;
	add(ev->ret ? &total.errors : &total.attaches, 1);
	st = stats_of(ev->ctx_cookie);
	if (st)
		add(ev->ret ? &st->errors : &st->attaches, 1);
	return 0;
}

SEC("tp_btf/iommufd_detach")
int BPF_PROG(on_detach, const struct iommufd_attach_event *ev)
{
	struct top_stats *st;

	if (!ev)
		return 0;
	add(ev->ret ? &total.errors : &total.detaches, 1);
	st = stats_of(ev->ctx_cookie);
	if (st)
		add(ev->ret ? &st->errors : &st->detaches, 1);
	return 0;
}

/*
 * A reader that finds the sequence number it looked for, before and after it
 * read the record, has read a whole one.
 */
static __always_inline struct top_refusal *new_refusal(__u64 *seq)
{
	__u64 nr = __sync_fetch_and_add(&nr_refusals, 1);
	__u32 slot = nr % TOP_REFUSALS;
	struct top_refusal *ref = bpf_map_lookup_elem(&refusals, &slot);

	*seq = nr + 1;
	if (!ref)
		return NULL;
	ref->seq = 0;
	ref->boot_ns = bpf_ktime_get_boot_ns();
	ref->tgid = bpf_get_current_pid_tgid() >> 32;
	bpf_get_current_comm(ref->comm, sizeof(ref->comm));
	return ref;
}

SEC("tp_btf/iommufd_deny")
int BPF_PROG(on_deny, const struct iommufd_deny_event *ev)
{
	struct top_refusal *ref;
	struct top_stats *st;
	__u64 seq;

	if (!ev)
		return 0;
	add(&total.denies, 1);
	st = stats_of(ev->ctx_cookie);
	if (st)
		add(&st->denies, 1);
	ref = new_refusal(&seq);
	if (!ref)
		return 0;
	ref->kind = TOP_REFUSED_POLICY;
	ref->ctx_cookie = ev->ctx_cookie;
	ref->op = ev->op;
	ref->length = ev->length;
	ref->ret = ev->ret;
	ref->code = ev->code;
	ref->uid = bpf_get_current_uid_gid();
	bpf_core_read_str(ref->policy, sizeof(ref->policy), &ev->policy);
	bpf_core_read_str(ref->reason, sizeof(ref->reason), &ev->reason);
	ref->seq = seq;
	return 0;
}

SEC("tp_btf/iommufd_limit")
int BPF_PROG(on_limit, const struct iommufd_limit_event *ev)
{
	struct top_refusal *ref;
	__u64 seq;

	if (!ev)
		return 0;
	add(&total.limits, 1);
	ref = new_refusal(&seq);
	if (!ref)
		return 0;
	ref->kind = TOP_REFUSED_LIMIT;
	ref->ctx_cookie = 0;
	ref->op = 0;
	ref->length = 0;
	ref->ret = 0;
	ref->code = 0;
	ref->charged_pages = ev->charged_pages;
	ref->asked_pages = ev->asked_pages;
	ref->limit_pages = ev->limit_pages;
	ref->uid = ev->uid;
	ref->policy[0] = 0;
	ref->reason[0] = 0;
	ref->seq = seq;
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
