// SPDX-License-Identifier: GPL-2.0-only
/*
 * iter_fentry.bpf.c - walks from inside of functions that the test chooses
 */
#include "vmlinux.h"
#include "iommufd_bpf.h"
#include "iter_shared.h"

char _license[] SEC("license") = "GPL";

__u64 ran[NR_FENTRY];
__u64 nr_views;
__u64 nr_low;
__u64 a_cookie;

/* Global: it is verified once, for all programs. */
__noinline int walk_here(void)
{
	const struct iommufd_device_view *device;
	const struct iommufd_policy_view *policy;
	const struct iommufd_area_view *area;
	const struct iommufd_ioas_view *ioas;
	const struct iommufd_hwpt_view *hwpt;
	const struct iommufd_ctx_view *ctx;
	struct iommufd_account account = {};
	struct iommufd_ioas_view *held;
	__u64 n = 0;

	bpf_for_each(iommufd_ctx, ctx) {
		n++;
		bpf_for_each(iommufd_ioas, ioas, ctx) {
			a_cookie = ioas->cookie;
			bpf_for_each(iommufd_area, area, ioas, 0)
				n += area->length != 0;
			bpf_for_each(iommufd_area, area, ioas, FROM_IOVA)
				nr_low += area->iova < FROM_IOVA;
		}
		bpf_for_each(iommufd_hwpt, hwpt, ctx)
			n += !hwpt->gone;
		bpf_for_each(iommufd_device, device, ctx)
			n += !device->gone;
	}
	bpf_for_each(iommufd_policy, policy)
		n += policy->cookie != 0;
	bpf_iommufd_account_task(bpf_get_current_task_btf(), &account);
	bpf_iommufd_account_user(0, &account);
	bpf_iommufd_account_ioas(a_cookie, &account);
	held = bpf_iommufd_ioas_acquire(a_cookie);
	if (held)
		bpf_iommufd_ioas_release(held);
	__sync_fetch_and_add(&nr_views, n);
	return 0;
}

/* The target is set before it is loaded. */
#define FROM(i) \
SEC("fentry") \
int from_##i(void *ctx) \
{ \
	__sync_fetch_and_add(&ran[i], 1); \
	walk_here(); \
	return 0; \
}

FROM(0)
FROM(1)
FROM(2)
FROM(3)
FROM(4)
FROM(5)
FROM(6)
FROM(7)
FROM(8)
FROM(9)
FROM(10)
FROM(11)
FROM(12)
FROM(13)
FROM(14)
FROM(15)
FROM(16)
FROM(17)
FROM(18)
FROM(19)
FROM(20)
FROM(21)
FROM(22)
FROM(23)
FROM(24)
FROM(25)
FROM(26)
FROM(27)
FROM(28)
FROM(29)
FROM(30)
FROM(31)
FROM(32)
FROM(33)
FROM(34)
FROM(35)
FROM(36)
FROM(37)
FROM(38)
FROM(39)
FROM(40)
FROM(41)
FROM(42)
FROM(43)
FROM(44)
FROM(45)
FROM(46)
FROM(47)
FROM(48)
FROM(49)
FROM(50)
FROM(51)
FROM(52)
FROM(53)
FROM(54)
FROM(55)
FROM(56)
FROM(57)
FROM(58)
FROM(59)
FROM(60)
FROM(61)
FROM(62)
FROM(63)
