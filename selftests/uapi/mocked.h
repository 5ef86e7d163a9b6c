/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * mocked.h - what the files of the test with the mock IOMMU share
 *
 * mocked.c runs the tables, mock_rig.c makes what they test; each of the other
 * files owns a table.
 */
#ifndef SELFTESTS_UAPI_MOCKED_H
#define SELFTESTS_UAPI_MOCKED_H

#include "common.h"
#include "dma.h"
#include "mock.h"
#include "vfio.h"

/* A PCI device that vfio-pci holds, or NULL. */
extern const char *dut;

extern const struct test_table hw_info_table, nest_table, invalidate_table,
	nest_race_table, pasid_table, fault_table, fault_race_table,
	mock_file_table, access_table;

/* In reach of the mock IOMMU. */
#define MOCK_IOVA (4 * MOCK_APERTURE_START)

/* A context with an IOAS and a mock device that is attached to it. */
struct rig {
	int fd;
	__u32 ioas;
	struct mock_device m;
};

struct rig new_rig(void);
/* The PCI device, bound to a context; skips the test if there is none. */
struct dma bound_device(int fd, __u32 ioas);

/* What every command that makes a HWPT for the rig's mock device begins as. */
struct iommu_hwpt_alloc hwpt_cmd(const struct rig *r, __u32 pt, __u32 flags);
/* The same with mock data for a nested one. */
struct iommu_hwpt_alloc nested_cmd(const struct rig *r, __u32 parent);
/* They succeed. */
__u32 new_hwpt(const struct rig *r, __u32 flags);
__u32 new_parent(const struct rig *r);
__u32 new_nested(const struct rig *r, __u32 parent);

/* Does an entry of a nested HWPT's IOTLB hold @want? -EINVAL if not. */
int check_iotlb(int fd, __u32 hwpt, __u32 id, __u32 want);

#endif
