/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * mock.h - mock devices, by IOMMU_TEST_CMD of iommufd_mock.ko
 *
 * Owns: nothing; a mock device belongs to its context. Each function returns 0
 * or -errno.
 */
#ifndef SELFTESTS_LIB_MOCK_H
#define SELFTESTS_LIB_MOCK_H

#include <stdbool.h>

#include "iommufd.h"
#include "mock_abi.h"

/* Is iommufd_mock.ko loaded? */
bool mock_is_there(void);

/* Send @cmd, whose op and arguments are set. */
int mock_cmd(int fd, struct iommu_test_cmd *cmd);

/**
 * struct mock_device - a mock device in a context
 * @stdev: its id; DESTROY detaches and removes it
 * @idev: the id of the bound device
 * @hwpt: what it was attached to when it was made
 */
struct mock_device {
	__u32 stdev;
	__u32 idev;
	__u32 hwpt;
};

/* Make a device and attach it to @pt_id. @flags: MOCK_FLAGS_DEVICE_*. */
int mock_device_add(int fd, __u32 pt_id, __u32 flags, struct mock_device *m);
int mock_device_replace(int fd, __u32 stdev, __u32 pt_id);

/* Does a paging HWPT hold the memory at @va? -EINVAL if not. */
int mock_check_map(int fd, __u32 hwpt, __u64 iova, void *va, __u64 length);

#endif
