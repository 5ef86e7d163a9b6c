/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * iter_shared.h - what iter_walk.bpf.c finds, for both sides
 */
#ifndef SELFTESTS_BPF_ITER_SHARED_H
#define SELFTESTS_BPF_ITER_SHARED_H

/* How many of a kind are kept. */
#define FOUND 16
#define FOUND_RUNS 1024

/* How many functions are walked from at a time. */
#define NR_FENTRY 64

/* Areas that begin from here on are walked over as well; tests map on both sides. */
#define FROM_IOVA 0x5000000

/* A walk over one context: everything in it. */
struct found {
	__u32 nr_ctxs; /* on the host */
	__u32 nr_ioases, nr_hwpts, nr_devices, nr_areas;
	__u32 pad;
	struct iommufd_ctx_view ctx;
	struct iommufd_ioas_view ioas[FOUND];
	struct iommufd_hwpt_view hwpt[FOUND];
	struct iommufd_device_view device[FOUND];
	struct iommufd_area_view area[FOUND]; /* of all IOASes */
	__u64 area_ioas[FOUND];
};

#endif
