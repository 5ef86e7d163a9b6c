/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * /dev/vmonly_bench: what the benchmark's program asks of its module. The same
 * for both sides.
 */
#ifndef VMONLY_BENCH_ABI_H
#define VMONLY_BENCH_ABI_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define VMONLY_BENCH_DEV "/dev/vmonly_bench"

enum {
	BENCH_DEVICES = 2,
	BENCH_PIN_MAX = 512,	/* pages */
	BENCH_RW_MAX = 4096,	/* bytes */
};

/* A device; @index counts those that the module drives. */
struct bench_device {
	__u32 index;
	__s32 fd;	/* BIND: of /dev/iommu */
	__u32 id;	/* BIND: out; ATTACH: the IOAS or HWPT, out the HWPT */
	__u32 __reserved;
};

/* What the device's page table says; 0: nothing. */
struct bench_phys {
	__u32 index;
	__u32 __reserved;
	__u64 iova;
	__u64 phys;
};

/* An in-kernel user; @ticks: of the clock, around iommufd's function alone. */
struct bench_access {
	__s32 fd;	/* ACCESS_OPEN: of /dev/iommu */
	__u32 ioas_id;	/* likewise */
	__u64 iova;
	__u64 length;
	__u64 ticks;
};

/* What the calling task is charged, in pages. */
struct bench_charges {
	__u64 locked_vm;	/* its user's */
	__u64 mm_locked_vm;
	__u64 mm_pinned_vm;
};

#define BENCH_BIND _IOWR('B', 0, struct bench_device)
#define BENCH_UNBIND _IOW('B', 1, struct bench_device)
#define BENCH_ATTACH _IOWR('B', 2, struct bench_device)
#define BENCH_DETACH _IOW('B', 3, struct bench_device)
#define BENCH_PHYS _IOWR('B', 4, struct bench_phys)
#define BENCH_ACCESS_OPEN _IOW('B', 5, struct bench_access)
#define BENCH_ACCESS_CLOSE _IO('B', 6)
#define BENCH_PIN _IOWR('B', 7, struct bench_access)
#define BENCH_UNPIN _IOWR('B', 8, struct bench_access)
#define BENCH_READ _IOWR('B', 9, struct bench_access)
#define BENCH_WRITE _IOWR('B', 10, struct bench_access)
#define BENCH_CHARGES _IOR('B', 11, struct bench_charges)

#endif
