// SPDX-License-Identifier: GPL-2.0-only
/*
 * iter_walk.bpf.c - walks all there is, and holds on to it
 */
#include "vmlinux.h"
#include "iommufd_bpf.h"
#include "iter_shared.h"

#define EBUSY 16

char _license[] SEC("license") = "GPL";

/* What walk() looks for, by the process that opened it; what it found. */
__s32 want_tgid;
struct found found;

#define KEEP(array, nr, view) \
	do { \
		__u32 i_ = (nr)++; \
		if (i_ < FOUND) \
			bpf_probe_read_kernel(&(array)[i_], sizeof(*(view)), view); \
	} while (0)

static __always_inline void walk_areas(const struct iommufd_ioas_view *ioas)
{
	const struct iommufd_area_view *area;

	bpf_for_each(iommufd_area, area, ioas, 0) {
		if (found.nr_areas < FOUND)
			found.area_ioas[found.nr_areas] = ioas->cookie;
		KEEP(found.area, found.nr_areas, area);
	}
}

static __always_inline void walk_ctx(const struct iommufd_ctx_view *ctx)
{
	const struct iommufd_device_view *device;
	const struct iommufd_ioas_view *ioas;
	const struct iommufd_hwpt_view *hwpt;

	bpf_probe_read_kernel(&found.ctx, sizeof(*ctx), ctx);
	bpf_for_each(iommufd_ioas, ioas, ctx) {
		KEEP(found.ioas, found.nr_ioases, ioas);
		walk_areas(ioas);
	}
	bpf_for_each(iommufd_hwpt, hwpt, ctx)
		KEEP(found.hwpt, found.nr_hwpts, hwpt);
	bpf_for_each(iommufd_device, device, ctx)
		KEEP(found.device, found.nr_devices, device);
}

SEC("syscall")
int walk(void *unused)
{
	const struct iommufd_ctx_view *ctx;

	bpf_rcu_read_lock();
	bpf_for_each(iommufd_ctx, ctx) {
		found.nr_ctxs++;
		if (ctx->tgid == want_tgid)
			walk_ctx(ctx);
	}
	bpf_rcu_read_unlock();
	return 0;
}

/* The runs of one mapping, and what they come to. */
__u64 want_ioas, want_iova;
__s32 runs_ret, mix_ret;
__u32 nr_runs;
struct iommufd_run_view run_list[FOUND_RUNS];
struct iommufd_page_mix mix;

SEC("syscall")
int runs(void *unused)
{
	struct bpf_iter_iommufd_run it;
	struct iommufd_page_mix m = {};
	struct iommufd_run_view *run;

	nr_runs = 0;
	runs_ret = bpf_iter_iommufd_run_new(&it, want_ioas, want_iova);
	while ((run = bpf_iter_iommufd_run_next(&it))) {
		__u32 i = nr_runs++;

		if (i < FOUND_RUNS)
			bpf_probe_read_kernel(&run_list[i], sizeof(*run), run);
	}
	bpf_iter_iommufd_run_destroy(&it);
	mix_ret = bpf_iommufd_area_mix(want_ioas, want_iova, &m);
	mix = m;
	return 0;
}

/* Of how many mappings, from @want_iova and each @mix_step on, it is busy. */
__u64 mix_step;
__u32 nr_mixes, nr_busy;

SEC("syscall")
int mixes(void *unused)
{
	struct iommufd_page_mix m;
	__u32 i;

	nr_busy = 0;
	bpf_for(i, 0, nr_mixes)
		if (bpf_iommufd_area_mix(want_ioas, want_iova + i * mix_step, &m) == -EBUSY)
			nr_busy++;
	return 0;
}

/* What is charged. */
__u32 want_uid;
__s32 account_ret[3];
struct iommufd_account account[3];

SEC("syscall")
int accounts(void *unused)
{
	struct iommufd_account a = {};

	account_ret[0] = bpf_iommufd_account_ioas(want_ioas, &a);
	account[0] = a;
	account_ret[1] = bpf_iommufd_account_user(want_uid, &a);
	account[1] = a;
	account_ret[2] = bpf_iommufd_account_task(bpf_get_current_task_btf(), &a);
	account[2] = a;
	return 0;
}

/* Views that a map holds. */
struct held {
	struct iommufd_ctx_view __kptr *ctx;
	struct iommufd_ioas_view __kptr *ioas;
	struct iommufd_hwpt_view __kptr *hwpt;
	struct iommufd_device_view __kptr *device;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct held);
} held SEC(".maps");

__u64 want_cookie[4]; /* context, IOAS, HWPT, device */
__u32 acquired; /* a bit for each */
struct found kept;
__u32 nr_found_in_kept;

#define HOLD(nr, kind) \
	do { \
		struct iommufd_##kind##_view *view_ = \
			bpf_iommufd_##kind##_acquire(want_cookie[nr]); \
		if (!view_) \
			break; \
		acquired |= 1 << (nr); \
		view_ = bpf_kptr_xchg(&value->kind, view_); \
		if (view_) \
			bpf_iommufd_##kind##_release(view_); \
	} while (0)

SEC("syscall")
int hold(void *unused)
{
	__u32 zero = 0;
	struct held *value = bpf_map_lookup_elem(&held, &zero);

	acquired = 0;
	if (!value)
		return 0;
	HOLD(0, ctx);
	HOLD(1, ioas);
	HOLD(2, hwpt);
	HOLD(3, device);
	return 0;
}

/* Look at what is held, and into it; hold on. */
#define PEEK(kind, to) \
	do { \
		struct iommufd_##kind##_view *view_ = bpf_kptr_xchg(&value->kind, NULL); \
		if (!view_) \
			break; \
		bpf_probe_read_kernel(&(to), sizeof(to), view_); \
		view_ = bpf_kptr_xchg(&value->kind, view_); \
		if (view_) \
			bpf_iommufd_##kind##_release(view_); \
	} while (0)

SEC("syscall")
int peek(void *unused)
{
	const struct iommufd_area_view *area;
	struct iommufd_ioas_view *ioas;
	__u32 zero = 0;
	struct held *value = bpf_map_lookup_elem(&held, &zero);

	if (!value)
		return 0;
	PEEK(ctx, kept.ctx);
	PEEK(ioas, kept.ioas[0]);
	PEEK(hwpt, kept.hwpt[0]);
	PEEK(device, kept.device[0]);

	nr_found_in_kept = 0;
	ioas = bpf_kptr_xchg(&value->ioas, NULL);
	if (!ioas)
		return 0;
	bpf_rcu_read_lock();
	bpf_for_each(iommufd_area, area, ioas, 0)
		nr_found_in_kept++;
	bpf_rcu_read_unlock();
	bpf_iommufd_ioas_release(ioas);
	return 0;
}

/* Everything that is there, and nothing kept: for races. */
__u64 nr_walks, nr_views, nr_gone, nr_policies, nr_odd;

static __always_inline void count_policies(void)
{
	const struct iommufd_policy_view *policy;
	__u64 n = 0, odd = 0;

	bpf_for_each(iommufd_policy, policy) {
		n++;
		odd += !policy->cookie || !policy->name[0] || !policy->attached_ns;
	}
	__sync_fetch_and_add(&nr_policies, n);
	__sync_fetch_and_add(&nr_odd, odd);
}

static __always_inline void count_all(void)
{
	const struct iommufd_device_view *device;
	const struct iommufd_area_view *area;
	const struct iommufd_ioas_view *ioas;
	const struct iommufd_hwpt_view *hwpt;
	const struct iommufd_ctx_view *ctx;
	__u64 n = 0, gone = 0, low = 0;

	bpf_for_each(iommufd_ctx, ctx) {
		n += ctx->cookie != 0;
		bpf_for_each(iommufd_ioas, ioas, ctx) {
			gone += ioas->gone;
			bpf_for_each(iommufd_area, area, ioas, 0)
				n += area->length != 0;
			bpf_for_each(iommufd_area, area, ioas, FROM_IOVA)
				low += area->iova < FROM_IOVA;
		}
		bpf_for_each(iommufd_hwpt, hwpt, ctx)
			gone += hwpt->gone;
		bpf_for_each(iommufd_device, device, ctx)
			gone += device->gone;
	}
	__sync_fetch_and_add(&nr_views, n);
	__sync_fetch_and_add(&nr_gone, gone);
	__sync_fetch_and_add(&nr_odd, low);
	__sync_fetch_and_add(&nr_walks, 1);
}

SEC("syscall")
int walk_all(void *unused)
{
	bpf_rcu_read_lock();
	count_all();
	count_policies();
	bpf_rcu_read_unlock();
	return 0;
}
