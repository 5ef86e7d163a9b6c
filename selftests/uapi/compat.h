/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * compat.h - what the files of the test of the VFIO container share
 *
 * compat.c runs the tables; each of the other files owns one.
 */
#ifndef SELFTESTS_UAPI_COMPAT_H
#define SELFTESTS_UAPI_COMPAT_H

#include "common.h"
#include "vfio.h"

extern const struct test_table args_table, info_table, cut_table, mock_table,
	device_table, cgroup_table;

/* The PCI device that vfio-pci holds, or NULL. */
extern const char *dut;

/* Both ways to map. */
#define DMA_RW (VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE)

/* Where tests map: in reach of the mock IOMMU, clear of the MSI window. */
#define BASE 0x1000000ULL

/* A context whose one IOAS serves the container; @type: VFIO_SET_IOMMU's, or 0. */
struct space new_container(int type);

/* Unmap [iova, iova + length); it must take away @want bytes. */
void expect_unmapped(const struct space *s, __u64 iova, __u64 length,
		     __u64 want);
/* Unmap all; it must take away @want bytes. */
void expect_all(const struct space *s, __u64 want);

#endif
