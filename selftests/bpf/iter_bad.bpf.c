// SPDX-License-Identifier: GPL-2.0-only
/*
 * iter_bad.bpf.c - programs that must not load: each alone, what is wrong with
 * it in its comment
 */
#include "vmlinux.h"
#include "iommufd_bpf.h"

char _license[] SEC("license") = "GPL";

/* Runs sleep: not for tracing programs. */
SEC("?fentry/iommufd_ctx_get")
int bad_runs_in_fentry(void *ctx)
{
	struct bpf_iter_iommufd_run it;

	bpf_iter_iommufd_run_new(&it, 1, 0);
	bpf_iter_iommufd_run_destroy(&it);
	return 0;
}

/* Nor for sleepable ones: they may hold the locks that runs take. */
SEC("?lsm.s/file_open")
int bad_runs_in_sleepable_lsm(void *ctx)
{
	struct bpf_iter_iommufd_run it;

	bpf_iter_iommufd_run_new(&it, 1, 0);
	bpf_iter_iommufd_run_destroy(&it);
	return 0;
}

SEC("?fentry/iommufd_ctx_get")
int bad_mix_in_fentry(void *ctx)
{
	struct iommufd_page_mix mix = {};

	return bpf_iommufd_area_mix(1, 0, &mix);
}

/* Runs sleep: not under the RCU read lock. */
SEC("?syscall")
int bad_runs_under_rcu(void *unused)
{
	struct iommufd_page_mix mix = {};

	bpf_rcu_read_lock();
	bpf_iommufd_area_mix(1, 0, &mix);
	bpf_rcu_read_unlock();
	return 0;
}

/* A sleepable program walks under the RCU read lock. */
SEC("?syscall")
int bad_walk_without_rcu(void *unused)
{
	const struct iommufd_ctx_view *ctx;
	int n = 0;

	bpf_for_each(iommufd_ctx, ctx)
		n++;
	return n;
}

/* A view is not to be used after the RCU read lock. */
SEC("?syscall")
int bad_view_after_rcu(void *unused)
{
	const struct iommufd_ctx_view *ctx, *last = NULL;
	const struct iommufd_ioas_view *ioas;
	int n = 0;

	bpf_rcu_read_lock();
	bpf_for_each(iommufd_ctx, ctx)
		last = ctx;
	bpf_rcu_read_unlock();
	bpf_rcu_read_lock();
	if (last)
		bpf_for_each(iommufd_ioas, ioas, last)
			n++;
	bpf_rcu_read_unlock();
	return n;
}

/* What is acquired must be released. */
SEC("?syscall")
int bad_leak(void *unused)
{
	return !bpf_iommufd_ioas_acquire(1);
}

/* What is not acquired cannot be. */
SEC("?syscall")
int bad_release(void *unused)
{
	const struct iommufd_ctx_view *ctx;

	bpf_rcu_read_lock();
	bpf_for_each(iommufd_ctx, ctx)
		bpf_iommufd_ctx_release((struct iommufd_ctx_view *)ctx);
	bpf_rcu_read_unlock();
	return 0;
}

/* Nor twice. */
SEC("?syscall")
int bad_release_twice(void *unused)
{
	struct iommufd_ioas_view *ioas = bpf_iommufd_ioas_acquire(1);

	if (!ioas)
		return 0;
	bpf_iommufd_ioas_release(ioas);
	bpf_iommufd_ioas_release(ioas);
	return 0;
}

/* NULL must be thought of. */
SEC("?syscall")
int bad_null(void *unused)
{
	struct iommufd_ioas_view *ioas = bpf_iommufd_ioas_acquire(1);
	int id = ioas->id;

	bpf_iommufd_ioas_release(ioas);
	return id;
}

/* Views are read-only. */
SEC("?syscall")
int bad_write(void *unused)
{
	struct iommufd_ioas_view *ioas = bpf_iommufd_ioas_acquire(1);

	if (!ioas)
		return 0;
	ioas->gone = 1;
	bpf_iommufd_ioas_release(ioas);
	return 0;
}

/* One that a program made up is none. */
SEC("?syscall")
int bad_forged_context(void *unused)
{
	struct iommufd_ctx_view forged = {};
	const struct iommufd_ioas_view *ioas;
	int n = 0;

	bpf_rcu_read_lock();
	bpf_for_each(iommufd_ioas, ioas, &forged)
		n++;
	bpf_rcu_read_unlock();
	return n;
}

SEC("?syscall")
int bad_forged_ioas(void *unused)
{
	struct iommufd_ioas_view forged = {};
	const struct iommufd_area_view *area;
	int n = 0;

	bpf_rcu_read_lock();
	bpf_for_each(iommufd_area, area, &forged, 0)
		n++;
	bpf_rcu_read_unlock();
	return n;
}

/* One kind is not another. */
SEC("?syscall")
int bad_kind(void *unused)
{
	struct iommufd_ioas_view *ioas = bpf_iommufd_ioas_acquire(1);

	if (!ioas)
		return 0;
	bpf_iommufd_hwpt_release((struct iommufd_hwpt_view *)ioas);
	return 0;
}

/* An iterator must be destroyed. */
SEC("?syscall")
int bad_iterator_leak(void *unused)
{
	struct bpf_iter_iommufd_run it;

	return bpf_iter_iommufd_run_new(&it, 1, 0);
}
