/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * mock_ops.h - IOMMU_TEST_CMD as programs see it: the numbers and layouts of
 * kernel/mock/mock_abi.h and of the operations that it is still to get
 */
#ifndef SELFTESTS_FUZZ_MOCK_OPS_H
#define SELFTESTS_FUZZ_MOCK_OPS_H

#include <linux/iommufd_ext.h>

#define MOCK_CMD	_IO(IOMMUFD_TYPE, IOMMUFD_CMD_BASE + 32)

enum mock_op {
	MOCK_ADD_RESERVED = 1,
	MOCK_DOMAIN = 2,
	MOCK_CHECK_MAP = 3,
	MOCK_CHECK_REFS = 4,
	MOCK_CREATE_ACCESS = 5,
	MOCK_DESTROY_PAGES = 6,
	MOCK_ACCESS_PAGES = 7,
	MOCK_ACCESS_RW = 8,
	MOCK_MEMORY_LIMIT = 9,
	MOCK_REPLACE = 10,
	MOCK_ACCESS_REPLACE = 11,
	MOCK_DOMAIN_FLAGS = 12,
	MOCK_DIRTY = 13,
	MOCK_CHECK_IOTLB = 14,
	MOCK_TRIGGER_IOPF = 15,
	MOCK_CHECK_CACHE = 16,
	MOCK_TRIGGER_VEVENT = 17,
	MOCK_PASID_ATTACH = 18,
	MOCK_PASID_REPLACE = 19,
	MOCK_PASID_DETACH = 20,
	MOCK_PASID_CHECK = 21,
	MOCK_DMABUF_GET = 22,
	MOCK_DMABUF_REVOKE = 23,
};

/* What the mock's virtual IOMMU is made with. */
struct mock_viommu {
	__u32 in;
	__u32 out;
	__aligned_u64 mmap_offset;
	__aligned_u64 mmap_length;
};

#define MOCK_VIOMMU		0xdeadbeef
#define MOCK_VEVENTQ		0xbeefbeef
#define MOCK_HW_QUEUE		0xdeadbeef
#define MOCK_VINVALIDATE	0xdeadbeef

/* As many words as the largest operation has; which is which depends on it. */
struct mock_cmd {
	__u32 size;
	__u32 op;
	__u32 id;
	__u32 reserved;
	union {
		__u32 word[12];
		__aligned_u64 wide[6];
	};
	__u32 last;
};

#endif
