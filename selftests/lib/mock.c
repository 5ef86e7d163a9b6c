// SPDX-License-Identifier: GPL-2.0-only
/* mock.c - mock devices; see mock.h */
#define _GNU_SOURCE
#include <stdint.h>
#include <unistd.h>

#include "mock.h"

bool mock_is_there(void)
{
	return !access("/sys/module/iommufd_mock", F_OK);
}

int mock_cmd(int fd, struct iommu_test_cmd *cmd)
{
	cmd->size = sizeof(*cmd);
	return xioctl(fd, IOMMU_TEST_CMD, cmd);
}

int mock_device_add(int fd, __u32 pt_id, __u32 flags, struct mock_device *m)
{
	struct iommu_test_cmd cmd = {
		.op = IOMMU_TEST_OP_MOCK_DOMAIN_FLAGS,
		.id = pt_id,
		.mock_domain_flags = { .dev_flags = flags },
	};
	int ret = mock_cmd(fd, &cmd);

	if (ret)
		return ret;
	m->stdev = cmd.mock_domain_flags.out_stdev_id;
	m->idev = cmd.mock_domain_flags.out_idev_id;
	m->hwpt = cmd.mock_domain_flags.out_hwpt_id;
	return 0;
}

int mock_device_replace(int fd, __u32 stdev, __u32 pt_id)
{
	struct iommu_test_cmd cmd = {
		.op = IOMMU_TEST_OP_MOCK_DOMAIN_REPLACE,
		.id = stdev,
		.mock_domain_replace = { .pt_id = pt_id },
	};

	return mock_cmd(fd, &cmd);
}

int mock_check_map(int fd, __u32 hwpt, __u64 iova, void *va, __u64 length)
{
	struct iommu_test_cmd cmd = {
		.op = IOMMU_TEST_OP_MD_CHECK_MAP,
		.id = hwpt,
		.check_map = {
			.iova = iova,
			.length = length,
			.uptr = (uintptr_t)va,
		},
	};

	return mock_cmd(fd, &cmd);
}
