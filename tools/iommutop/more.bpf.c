// SPDX-License-Identifier: GPL-2.0-only
/*
 * What newer modules tell: page tables, who is charged, faults, the mix of
 * page sizes, policies. On an older one these programs load, too, and say that
 * there is nothing of the kind.
 *
 * So this file includes no header of the module's: it declares the members
 * that it uses, which are looked for by name (what follows three underscores
 * is no part of it), and functions that may be missing.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include "shared.h"

#define CTX_CONTAINER 1
#define HWPT_NESTED 3

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct iommufd_ctx_view {
	__u64 cookie;
	__u32 flags;
	__u32 account_mode;
};

struct iommufd_hwpt_view {
	__u64 ioas_cookie;
	__u64 nr_faults;
	__u64 dirty_since_ns;
	__u64 dirty_bytes;
	__u32 id;
	__u32 type;
	__u32 nr_devices;
};

struct iommufd_device_view {
	__u64 nr_faults;
	__u32 id;
	__u32 nr_pasids;
};

struct iommufd_policy_view {
	__u64 ioas_cookie;
	__u64 cgroup_id;
	__u64 ended_ns;
	__u64 calls;
	__u64 denials;
	__u64 allowed;
	__u64 total_ns;
	char name[16];
	char message[64];
};

#pragma clang attribute pop

struct iommufd_page_mix {
	__u64 bytes_4k;
	__u64 bytes_2m;
	__u64 bytes_1g;
};

struct bpf_iter_iommufd_ctx {
	__u64 opaque[2];
} __attribute__((aligned(8)));

extern int bpf_iter_iommufd_ctx_new(struct bpf_iter_iommufd_ctx *it) __weak __ksym;
extern const struct iommufd_ctx_view *
bpf_iter_iommufd_ctx_next(struct bpf_iter_iommufd_ctx *it) __weak __ksym;
extern void bpf_iter_iommufd_ctx_destroy(struct bpf_iter_iommufd_ctx *it) __weak __ksym;

struct bpf_iter_iommufd_hwpt {
	__u64 opaque[2];
} __attribute__((aligned(8)));

extern int bpf_iter_iommufd_hwpt_new(struct bpf_iter_iommufd_hwpt *it,
				     const struct iommufd_ctx_view *ctx) __weak __ksym;
extern const struct iommufd_hwpt_view *
bpf_iter_iommufd_hwpt_next(struct bpf_iter_iommufd_hwpt *it) __weak __ksym;
extern void bpf_iter_iommufd_hwpt_destroy(struct bpf_iter_iommufd_hwpt *it) __weak __ksym;

struct bpf_iter_iommufd_device {
	__u64 opaque[2];
} __attribute__((aligned(8)));

extern int bpf_iter_iommufd_device_new(struct bpf_iter_iommufd_device *it,
				       const struct iommufd_ctx_view *ctx) __weak __ksym;
extern const struct iommufd_device_view *
bpf_iter_iommufd_device_next(struct bpf_iter_iommufd_device *it) __weak __ksym;
extern void bpf_iter_iommufd_device_destroy(struct bpf_iter_iommufd_device *it) __weak __ksym;

struct bpf_iter_iommufd_policy {
	__u64 opaque[2];
} __attribute__((aligned(8)));

extern int bpf_iter_iommufd_policy_new(struct bpf_iter_iommufd_policy *it) __weak __ksym;
extern const struct iommufd_policy_view *
bpf_iter_iommufd_policy_next(struct bpf_iter_iommufd_policy *it) __weak __ksym;
extern void bpf_iter_iommufd_policy_destroy(struct bpf_iter_iommufd_policy *it) __weak __ksym;

extern int bpf_iommufd_area_mix(__u64 ioas_cookie, __u64 iova,
				struct iommufd_page_mix *mix) __weak __ksym;
extern void bpf_rcu_read_lock(void) __weak __ksym;
extern void bpf_rcu_read_unlock(void) __weak __ksym;

__u32 nr_recs;
__u32 nr_lost; /* records that found no room */
__u32 has_hwpts;
__u32 has_policies;
__u32 has_mix;
__u32 nr_mixes;
__u32 nr_policies;

#define ARRAY(name_, type_, nr_)                       \
	struct {                                       \
		__uint(type, BPF_MAP_TYPE_ARRAY);      \
		__uint(map_flags, BPF_F_MMAPABLE);     \
		__uint(max_entries, nr_);              \
		__type(key, __u32);                    \
		__type(value, type_);                  \
	} name_ SEC(".maps")

ARRAY(recs, struct top_rec, TOP_MORE);
ARRAY(mixes, struct top_mix, TOP_MIXES);
ARRAY(policies, struct top_policy, TOP_MAX_POLICIES);

static __always_inline struct top_rec *new_rec(__u32 kind)
{
	__u32 i = nr_recs;
	struct top_rec *rec = bpf_map_lookup_elem(&recs, &i);

	if (!rec) {
		nr_lost++;
		return NULL;
	}
	rec->kind = kind;
	nr_recs = i + 1;
	return rec;
}

static __always_inline void put_hwpt(__u64 ctx_cookie, const struct iommufd_hwpt_view *v)
{
	struct top_rec *rec = new_rec(TOP_HWPT);

	if (!rec)
		return;
	rec->hwpt.ctx_cookie = ctx_cookie;
	rec->hwpt.ioas_cookie = v->ioas_cookie;
	rec->hwpt.id = v->id;
	rec->hwpt.kind = v->type == HWPT_NESTED ? TOP_HWPT_NESTED : TOP_HWPT_PAGING;
	rec->hwpt.dirty = v->dirty_since_ns != 0;
	rec->hwpt.nr_devices = v->nr_devices;
	rec->hwpt.dirty_bytes = v->dirty_bytes;
	rec->hwpt.nr_faults = v->nr_faults;
}

static __always_inline void put_devices(const struct iommufd_ctx_view *ctx, __u64 cookie)
{
	const struct iommufd_device_view *dev;
	struct top_rec *rec;

	if (!bpf_core_field_exists(struct iommufd_device_view, nr_faults))
		return;
	bpf_for_each(iommufd_device, dev, ctx) {
		rec = new_rec(TOP_DEVICE_MORE);
		if (!rec)
			break;
		rec->more.ctx_cookie = cookie;
		rec->more.id = dev->id;
		rec->more.nr_faults = dev->nr_faults;
		rec->more.nr_pasids = dev->nr_pasids;
	}
}

static __always_inline void put_mode(const struct iommufd_ctx_view *ctx, __u64 cookie)
{
	struct top_rec *rec;

	if (!bpf_core_field_exists(struct iommufd_ctx_view, account_mode))
		return;
	rec = new_rec(TOP_MODE);
	if (!rec)
		return;
	rec->mode.ctx_cookie = cookie;
	rec->mode.mm = ctx->account_mode;
	rec->mode.container = ctx->flags & CTX_CONTAINER;
}

SEC("syscall")
int walk_more(void *unused)
{
	const struct iommufd_hwpt_view *hwpt;
	const struct iommufd_ctx_view *ctx;
	__u64 cookie;

	nr_recs = 0;
	nr_lost = 0;
	has_hwpts = bpf_ksym_exists(bpf_iter_iommufd_hwpt_new);
	bpf_rcu_read_lock();
	bpf_for_each(iommufd_ctx, ctx) {
		cookie = ctx->cookie;
		put_mode(ctx, cookie);
		put_devices(ctx, cookie);
		if (!bpf_ksym_exists(bpf_iter_iommufd_hwpt_new))
			continue;
		bpf_for_each(iommufd_hwpt, hwpt, ctx)
			put_hwpt(cookie, hwpt);
	}
	bpf_rcu_read_unlock();
	return 0;
}

SEC("syscall")
int ask_mixes(void *unused)
{
	struct iommufd_page_mix mix = {};
	struct top_mix *m;
	__u32 key;
	int i;

	has_mix = bpf_ksym_exists(bpf_iommufd_area_mix);
	if (!bpf_ksym_exists(bpf_iommufd_area_mix))
		return 0;
	bpf_for(i, 0, TOP_MIXES) {
		if (i >= nr_mixes)
			break;
		key = i;
		m = bpf_map_lookup_elem(&mixes, &key);
		if (!m)
			break;
		if (bpf_iommufd_area_mix(m->ioas_cookie, m->iova, &mix)) {
			m->ioas_cookie = 0;
			continue;
		}
		m->bytes_4k = mix.bytes_4k;
		m->bytes_2m = mix.bytes_2m;
		m->bytes_1g = mix.bytes_1g;
	}
	return 0;
}

SEC("syscall")
int walk_policies(void *unused)
{
	const struct iommufd_policy_view *v;
	struct top_policy *pol;
	__u32 key;

	nr_policies = 0;
	has_policies = bpf_ksym_exists(bpf_iter_iommufd_policy_new);
	if (!bpf_ksym_exists(bpf_iter_iommufd_policy_new))
		return 0;
	bpf_rcu_read_lock();
	bpf_for_each(iommufd_policy, v) {
		key = nr_policies;
		pol = bpf_map_lookup_elem(&policies, &key);
		if (!pol)
			break;
		pol->ioas_cookie = v->ioas_cookie;
		pol->cgroup_id = v->cgroup_id;
		pol->calls = v->calls;
		pol->denials = v->denials;
		pol->allowed = TOP_UNKNOWN;
		pol->total_ns = TOP_UNKNOWN;
		if (bpf_core_field_exists(struct iommufd_policy_view, allowed)) {
			pol->allowed = v->allowed;
			pol->total_ns = v->total_ns;
		}
		pol->ended_ns = v->ended_ns;
		bpf_core_read_str(pol->name, sizeof(pol->name), &v->name);
		bpf_core_read_str(pol->message, sizeof(pol->message), &v->message);
		nr_policies = key + 1;
	}
	bpf_rcu_read_unlock();
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
