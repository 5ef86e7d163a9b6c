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

int mock_access_new(int fd, __u32 ioas, __u32 flags)
{
	struct iommu_test_cmd cmd = {
		.op = IOMMU_TEST_OP_CREATE_ACCESS,
		.id = ioas,
		.create_access = { .flags = flags },
	};
	int ret = mock_cmd(fd, &cmd);

	return ret ?: (int)cmd.create_access.out_access_fd;
}

int mock_access_pin(int fd, int access, __u64 iova, const void *va,
		    __u64 length, __u32 flags, __u32 *id)
{
	struct iommu_test_cmd cmd = {
		.op = IOMMU_TEST_OP_ACCESS_PAGES,
		.id = access,
		.access_pages = {
			.flags = flags,
			.iova = iova,
			.length = length,
			.uptr = (uintptr_t)va,
		},
	};
	int ret = mock_cmd(fd, &cmd);

	if (id)
		*id = cmd.access_pages.out_access_pages_id;
	return ret;
}

int mock_access_unpin(int fd, int access, __u32 id)
{
	struct iommu_test_cmd cmd = {
		.op = IOMMU_TEST_OP_DESTROY_ACCESS_PAGES,
		.id = access,
		.destroy_access_pages = { .access_pages_id = id },
	};

	return mock_cmd(fd, &cmd);
}

int mock_access_rw(int fd, int access, __u64 iova, void *data, __u64 length,
		   __u32 flags)
{
	struct iommu_test_cmd cmd = {
		.op = IOMMU_TEST_OP_ACCESS_RW,
		.id = access,
		.access_rw = {
			.iova = iova,
			.length = length,
			.uptr = (uintptr_t)data,
			.flags = flags,
		},
	};

	return mock_cmd(fd, &cmd);
}

int mock_access_replace(int fd, int access, __u32 ioas)
{
	struct iommu_test_cmd cmd = {
		.op = IOMMU_TEST_OP_ACCESS_REPLACE_IOAS,
		.id = access,
		.access_replace_ioas = { .ioas_id = ioas },
	};

	return mock_cmd(fd, &cmd);
}

int mock_dirty_hwpt(int fd, __u32 dev, __u32 ioas, __u32 type, __u32 *hwpt)
{
	const struct iommu_hwpt_selftest data = { .pagetable_type = type };
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

int mock_dirty(int fd, __u32 hwpt, __u64 iova, __u64 length, __u64 page_size,
	       const void *bits)
{
	struct iommu_test_cmd cmd = {
		.op = IOMMU_TEST_OP_DIRTY,
		.id = hwpt,
		.dirty = {
			.iova = iova,
			.length = length,
			.page_size = page_size,
			.uptr = (uintptr_t)bits,
		},
	};
	int ret = mock_cmd(fd, &cmd);

	return ret ?: (int)cmd.dirty.out_nr_dirty;
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
