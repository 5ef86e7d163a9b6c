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

/*
 * In-kernel users of an IOAS. A new one is a descriptor; @flags:
 * MOCK_FLAGS_ACCESS_CREATE_*.
 */
int mock_access_new(int fd, __u32 ioas, __u32 flags);
/*
 * Succeeds if the pages are those at @va. @flags: MOCK_FLAGS_ACCESS_*; @id, for
 * mock_access_unpin(), may be NULL.
 */
int mock_access_pin(int fd, int access, __u64 iova, const void *va,
		    __u64 length, __u32 flags, __u32 *id);
int mock_access_unpin(int fd, int access, __u32 id);
/* @flags: MOCK_ACCESS_RW_*; without WRITE it reads into @data. */
int mock_access_rw(int fd, int access, __u64 iova, void *data, __u64 length,
		   __u32 flags);
int mock_access_replace(int fd, int access, __u32 ioas);

/* A paging HWPT that tracks dirty pages. @type: MOCK_IOMMUPT_*. */
int mock_dirty_hwpt(int fd, __u32 dev, __u32 ioas, __u32 type, __u32 *hwpt);
/*
 * A device writes to those pages of a range whose bit is set. How many took
 * it, or -errno.
 */
int mock_dirty(int fd, __u32 hwpt, __u64 iova, __u64 length, __u64 page_size,
	       const void *bits);
/* Likewise to one page. */
static inline int mock_dirty_page(int fd, __u32 hwpt, __u64 iova,
				  __u64 page_size)
{
	const unsigned char bit = 1;

	return mock_dirty(fd, hwpt, iova, page_size, page_size, &bit);
}

/* Does a paging HWPT hold the memory at @va? -EINVAL if not. */
int mock_check_map(int fd, __u32 hwpt, __u64 iova, void *va, __u64 length);

#endif
