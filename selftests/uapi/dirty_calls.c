// SPDX-License-Identifier: GPL-2.0-only
/*
 * dirty_calls.c - the calls of dirty tracking as functions; see dirty.h
 */
#define _GNU_SOURCE
#include "dirty.h"

int dirty_hwpt(int fd, __u32 dev, __u32 ioas, bool huge, __u32 *hwpt)
{
	const struct iommu_hwpt_selftest data = {
		.pagetable_type = huge ? MOCK_IOMMUPT_HUGE :
					 MOCK_IOMMUPT_DEFAULT,
	};
	struct iommu_hwpt_alloc cmd = {
		.size = sizeof(cmd),
		.flags = IOMMU_HWPT_ALLOC_DIRTY_TRACKING,
		.dev_id = dev,
		.pt_id = ioas,
		.data_type = IOMMU_HWPT_DATA_SELFTEST,
		.data_len = sizeof(data),
		.data_uptr = (uintptr_t)&data,
	};
	int ret = xioctl(fd, IOMMU_HWPT_ALLOC, &cmd);

	*hwpt = cmd.out_hwpt_id;
	return ret;
}

int set_tracking(int fd, __u32 hwpt, bool enable)
{
	struct iommu_hwpt_set_dirty_tracking cmd = {
		.size = sizeof(cmd),
		.hwpt_id = hwpt,
		.flags = enable ? IOMMU_HWPT_DIRTY_TRACKING_ENABLE : 0,
	};

	return xioctl(fd, IOMMU_HWPT_SET_DIRTY_TRACKING, &cmd);
}

int get_bitmap(int fd, __u32 hwpt, __u64 iova, __u64 length, __u64 page_size,
	       void *bitmap, __u32 flags)
{
	struct iommu_hwpt_get_dirty_bitmap cmd = {
		.size = sizeof(cmd),
		.hwpt_id = hwpt,
		.flags = flags,
		.iova = iova,
		.length = length,
		.page_size = page_size,
		.data = (uintptr_t)bitmap,
	};

	return xioctl(fd, IOMMU_HWPT_GET_DIRTY_BITMAP, &cmd);
}

int device_write(int fd, __u32 hwpt, __u64 iova)
{
	unsigned char bit = 1;
	struct iommu_test_cmd cmd = {
		.op = IOMMU_TEST_OP_DIRTY,
		.id = hwpt,
		.dirty = {
			.iova = iova,
			.length = MOCK_PAGE,
			.page_size = MOCK_PAGE,
			.uptr = (uintptr_t)&bit,
		},
	};
	int ret = mock_cmd(fd, &cmd);

	return ret ?: (int)cmd.dirty.out_nr_dirty;
}
