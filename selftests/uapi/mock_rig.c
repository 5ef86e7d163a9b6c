// SPDX-License-Identifier: GPL-2.0-only
/*
 * mock_rig.c - a mock device with an IOAS, and HWPTs for it; see mocked.h
 *
 * Owns: nothing; for any program that uses mock devices.
 */
#define _GNU_SOURCE
#include "mocked.h"

struct rig new_rig(void)
{
	struct space s = new_space();
	struct rig r = { .fd = s.fd, .ioas = s.ioas };

	CHECK_OK(mock_device_add(r.fd, r.ioas, 0, &r.m));
	return r;
}

struct iommu_hwpt_alloc hwpt_cmd(const struct rig *r, __u32 pt, __u32 flags)
{
	return (struct iommu_hwpt_alloc){
		.size = sizeof(struct iommu_hwpt_alloc),
		.flags = flags,
		.dev_id = r->m.idev,
		.pt_id = pt,
	};
}

struct iommu_hwpt_alloc nested_cmd(const struct rig *r, __u32 parent)
{
	static const struct iommu_hwpt_selftest data = {
		.iotlb = IOMMU_TEST_IOTLB_DEFAULT,
	};
	struct iommu_hwpt_alloc cmd = hwpt_cmd(r, parent, 0);

	cmd.data_type = IOMMU_HWPT_DATA_SELFTEST;
	cmd.data_len = sizeof(data);
	cmd.data_uptr = (uintptr_t)&data;
	return cmd;
}

__u32 new_hwpt(const struct rig *r, __u32 flags)
{
	struct iommu_hwpt_alloc cmd = hwpt_cmd(r, r->ioas, flags);

	CHECK_OK(xioctl(r->fd, IOMMU_HWPT_ALLOC, &cmd));
	return cmd.out_hwpt_id;
}

__u32 new_parent(const struct rig *r)
{
	return new_hwpt(r, IOMMU_HWPT_ALLOC_NEST_PARENT);
}

__u32 new_nested(const struct rig *r, __u32 parent)
{
	struct iommu_hwpt_alloc cmd = nested_cmd(r, parent);

	CHECK_OK(xioctl(r->fd, IOMMU_HWPT_ALLOC, &cmd));
	return cmd.out_hwpt_id;
}

int check_iotlb(int fd, __u32 hwpt, __u32 id, __u32 want)
{
	struct iommu_test_cmd cmd = {
		.op = IOMMU_TEST_OP_MD_CHECK_IOTLB,
		.id = hwpt,
		.check_iotlb = { .id = id, .iotlb = want },
	};

	return mock_cmd(fd, &cmd);
}
