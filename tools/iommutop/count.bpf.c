// SPDX-License-Identifier: GPL-2.0-only
/*
 * Counters of what happens in iommufd-bpf's module: programs on its
 * tracepoints, keyed by the context's cookie, only ever added to atomically.
 */
#include "vmlinux.h"
#include "iommufd_bpf.h"
#include "shared.h"
#include "stats.bpf.h"

/*
 * Each event is added up once, in its context's counters: userspace makes the
 * host's sum of them. Here is what belongs to no context, or found no room.
 */
struct top_stats rest;
/* Events of contexts that found no room in ctx_stats. */
__u64 nr_uncounted;
/* Refusals so far; the last of them are in refusals[]. */
__u64 nr_refusals;

static const struct top_denials no_denials;

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

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, TOP_MAX_POLICIES);
	__type(key, char[TOP_POLICY_LEN]);
	__type(value, struct top_denials);
} denials SEC(".maps");

static __always_inline struct top_stats *stats_of(__u64 cookie)
{
	return stats_at(&ctx_stats, cookie, &nr_uncounted) ?: &rest;
}

static __always_inline void count_map(struct top_stats *st, const struct iommufd_map_event *ev)
{
	if (ev->ret) {
		add(&st->errors, 1);
		return;
	}
	add(&st->maps, 1);
	add(&st->map_bytes, ev->length);
	hist_add(&st->lat[TOP_LAT_MAP], ev->duration_ns);
	hist_add(&st->lat[TOP_LAT_MAP_PIN], ev->pin_ns);
	hist_add(&st->lat[TOP_LAT_MAP_FILL], ev->fill_ns);
	hist_add(&st->lat[TOP_LAT_MAP_ACCOUNT], ev->account_ns);
	hist_add(&st->lat[TOP_LAT_MAP_POLICY], ev->policy_ns);
}

SEC("tp_btf/iommufd:iommufd_map")
int BPF_PROG(on_map, const struct iommufd_map_event *ev)
{
	if (ev)
		count_map(stats_of(ev->ctx_cookie), ev);
	return 0;
}

/* A copy maps, too. */
SEC("tp_btf/iommufd:iommufd_copy")
int BPF_PROG(on_copy, const struct iommufd_map_event *ev)
{
	if (ev)
		count_map(stats_of(ev->ctx_cookie), ev);
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
	hist_add(&st->lat[TOP_LAT_UNMAP], ev->duration_ns);
	hist_add(&st->lat[TOP_LAT_UNMAP_CLEAR], ev->clear_ns);
	hist_add(&st->lat[TOP_LAT_UNMAP_UNPIN], ev->unpin_ns);
}

SEC("tp_btf/iommufd:iommufd_unmap")
int BPF_PROG(on_unmap, const struct iommufd_unmap_event *ev)
{
	if (ev)
		count_unmap(stats_of(ev->ctx_cookie), ev);
	return 0;
}

static __always_inline void count_attach(struct top_stats *st,
					 const struct iommufd_attach_event *ev)
{
	if (ev->ret) {
		add(&st->errors, 1);
		return;
	}
	add(&st->attaches, 1);
	hist_add(&st->lat[TOP_LAT_ATTACH], ev->duration_ns);
}

SEC("tp_btf/iommufd:iommufd_attach")
int BPF_PROG(on_attach, const struct iommufd_attach_event *ev)
{
	if (ev)
		count_attach(stats_of(ev->ctx_cookie), ev);
	return 0;
}

/* One that takes another's place, likewise. */
SEC("tp_btf/iommufd:iommufd_replace")
int BPF_PROG(on_replace, const struct iommufd_attach_event *ev)
{
	if (ev)
		count_attach(stats_of(ev->ctx_cookie), ev);
	return 0;
}

SEC("tp_btf/iommufd:iommufd_detach")
int BPF_PROG(on_detach, const struct iommufd_attach_event *ev)
{
	struct top_stats *st;

	if (!ev)
		return 0;
	st = stats_of(ev->ctx_cookie);
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

/* The policy's own line, for the view of policies. */
static __always_inline void count_denial(const struct iommufd_deny_event *ev)
{
	char name[TOP_POLICY_LEN] = {};
	struct top_denials *den;

	bpf_core_read_str(name, sizeof(name), &ev->policy);
	den = bpf_map_lookup_elem(&denials, name);
	if (!den) {
		bpf_map_update_elem(&denials, name, &no_denials, BPF_NOEXIST);
		den = bpf_map_lookup_elem(&denials, name);
		if (!den)
			return;
	}
	add(&den->refused, 1);
	den->boot_ns = bpf_ktime_get_boot_ns();
	den->tgid = bpf_get_current_pid_tgid() >> 32;
	den->op = ev->op;
	den->ret = ev->ret;
	den->code = ev->code;
	bpf_core_read_str(den->reason, sizeof(den->reason), &ev->reason);
}

SEC("tp_btf/iommufd:iommufd_deny")
int BPF_PROG(on_deny, const struct iommufd_deny_event *ev)
{
	struct top_refusal *ref;
	__u64 seq;

	if (!ev)
		return 0;
	count_denial(ev);
	add(&stats_of(ev->ctx_cookie)->denies, 1);
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

SEC("tp_btf/iommufd:iommufd_limit")
int BPF_PROG(on_limit, const struct iommufd_limit_event *ev)
{
	struct top_refusal *ref;
	__u64 seq;

	if (!ev)
		return 0;
	add(&rest.limits, 1);
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
