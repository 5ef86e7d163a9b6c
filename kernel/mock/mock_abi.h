/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * IOMMU_TEST_CMD: the ioctl by which tests drive the mock IOMMU. Numbers and
 * layouts are those of the kernel's own iommu selftests, which are built from
 * another header; what is not built here is left out.
 */
#ifndef MOCK_ABI_H
#define MOCK_ABI_H

#include <linux/types.h>
#ifdef __KERNEL__
#include <linux/bits.h>
#include <uapi/linux/iommufd.h>
#else
#include <linux/iommufd.h>
#define BIT(n) (1UL << (n))
#endif

#define IOMMU_TEST_CMD _IO(IOMMUFD_TYPE, IOMMUFD_CMD_BASE + 32)

/* What to do: struct iommu_test_cmd.op */
enum {
	IOMMU_TEST_OP_ADD_RESERVED = 1, /* keep IOVAs of an IOAS from use */
	IOMMU_TEST_OP_MOCK_DOMAIN = 2, /* make a mock device, attach it */
	IOMMU_TEST_OP_MD_CHECK_MAP = 3, /* does a HWPT hold these pages? */
	IOMMU_TEST_OP_MD_CHECK_REFS = 4, /* how often are pages pinned? */
	IOMMU_TEST_OP_CREATE_ACCESS = 5, /* an in-kernel user, as a file */
	IOMMU_TEST_OP_DESTROY_ACCESS_PAGES = 6,
	IOMMU_TEST_OP_ACCESS_PAGES = 7, /* it pins, and checks what it got */
	IOMMU_TEST_OP_ACCESS_RW = 8, /* it reads or writes */
	IOMMU_TEST_OP_SET_TEMP_MEMORY_LIMIT = 9,
	IOMMU_TEST_OP_MOCK_DOMAIN_REPLACE = 10,
	IOMMU_TEST_OP_ACCESS_REPLACE_IOAS = 11,
	IOMMU_TEST_OP_MOCK_DOMAIN_FLAGS = 12, /* MOCK_DOMAIN of a kind */
	IOMMU_TEST_OP_DIRTY = 13, /* a device writes to pages */
	IOMMU_TEST_OP_MD_CHECK_IOTLB = 14, /* what a nested HWPT caches */
	IOMMU_TEST_OP_TRIGGER_IOPF = 15, /* let a device fault */
	IOMMU_TEST_OP_DEV_CHECK_CACHE = 16,
	IOMMU_TEST_OP_TRIGGER_VEVENT = 17, /* let a device's vIOMMU report */
	IOMMU_TEST_OP_PASID_ATTACH = 18,
	IOMMU_TEST_OP_PASID_REPLACE = 19,
	IOMMU_TEST_OP_PASID_DETACH = 20,
	IOMMU_TEST_OP_PASID_CHECK_HWPT = 21, /* is this attached? */
	IOMMU_TEST_OP_DMABUF_GET = 22, /* a dmabuf of mock memory */
	IOMMU_TEST_OP_DMABUF_REVOKE = 23, /* take it back, or give it again */

	/* Those that the kernel's suite does not know. */
	MOCK_OP_COUNT_ANSWERS = 64, /* what a device's faults were answered */
	MOCK_OP_CHECK_ATTACHED = 65, /* does a device translate by this HWPT? */
};

/* The mock IOMMU's page table. */
#define MOCK_APERTURE_START BIT(24)
#define MOCK_APERTURE_LAST ((1UL << 31) - 1)
#define MOCK_WIDE_LAST ((1UL << 37) - 1)
#define MOCK_PAGE_SIZE 2048UL
#define MOCK_HUGE_PAGE_SIZE (512 * MOCK_PAGE_SIZE)

/* access_pages.flags */
#define MOCK_FLAGS_ACCESS_WRITE BIT(0)

/* access_rw.flags */
#define MOCK_ACCESS_RW_WRITE BIT(0)
#define MOCK_ACCESS_RW_SLOW_PATH BIT(2)

/* create_access.flags */
#define MOCK_FLAGS_ACCESS_CREATE_NEEDS_PIN_PAGES BIT(0)
/* Ours: it keeps its pins, as only a broken driver would. */
#define MOCK_FLAGS_ACCESS_CREATE_DEAF BIT(30)

/* mock_domain_flags.dev_flags */
#define MOCK_FLAGS_DEVICE_NO_DIRTY BIT(0)
#define MOCK_FLAGS_DEVICE_PASID BIT(2)
/* Ours: all such devices are in one IOMMU group. */
#define MOCK_FLAGS_DEVICE_SHARED_GROUP BIT(30)

/* trigger_iopf.perm, ours: not the last fault of its group */
#define MOCK_IOPF_MORE BIT(31)

/* count_answers.out_nr[] */
enum mock_answer {
	MOCK_WAITING, /* without an answer so far */
	MOCK_SUCCESS,
	MOCK_INVALID,
	MOCK_FAILURE,
	MOCK_NR_ANSWERS,
};

/* A replace of what this PASID is attached to always fails: ENOMEM. */
#define IOMMU_TEST_PASID_RESERVED 1024

/* Bits of a PASID of a device with MOCK_FLAGS_DEVICE_PASID. */
#define MOCK_PASID_WIDTH 20

/* The mock device's caches: how many, and what is in them at first. */
#define MOCK_DEV_CACHE_NUM 4
#define IOMMU_TEST_DEV_CACHE_DEFAULT 0xbaddadU

/* A nested HWPT's IOTLB: how many entries, and what the tests put in. */
#define MOCK_NESTED_DOMAIN_IOTLB_NUM 4
#define IOMMU_TEST_IOTLB_DEFAULT 0xbadbeefU

/* IOMMU_GET_HW_INFO */
#define IOMMU_HW_INFO_TYPE_SELFTEST 0xfeedbeefU
#define IOMMU_HW_INFO_SELFTEST_REGVAL 0xdeadbeefU

struct iommu_test_hw_info {
	__u32 flags;
	__u32 test_reg;
};

/* IOMMU_HWPT_ALLOC's data */
#define IOMMU_HWPT_DATA_SELFTEST 0xdeadU

enum {
	/* MOCK_PAGE_SIZE; where writes are tracked, the CPU's page size too */
	MOCK_IOMMUPT_DEFAULT = 0,
	MOCK_IOMMUPT_HUGE = 1, /* MOCK_HUGE_PAGE_SIZE too */
	/* Ours: as HUGE, up to MOCK_WIDE_LAST: for a guest of many gibibytes. */
	MOCK_IOMMUPT_WIDE = 1000,
};

/**
 * struct iommu_hwpt_selftest - which page table, when a HWPT is made
 * @iotlb: what a nested HWPT's IOTLB holds at first
 * @pagetable_type: MOCK_IOMMUPT_*
 */
struct iommu_hwpt_selftest {
	__u32 iotlb;
	__u32 pagetable_type;
};

/* IOMMU_HWPT_INVALIDATE's entries */
#define IOMMU_HWPT_INVALIDATE_DATA_SELFTEST 0xdeadbeefU
#define IOMMU_TEST_INVALIDATE_FLAG_ALL BIT(0)

/**
 * struct iommu_hwpt_invalidate_selftest - empty entries of an IOTLB
 * @flags: IOMMU_TEST_INVALIDATE_FLAG_ALL: all of them, whatever @iotlb_id is
 * @iotlb_id: which one
 */
struct iommu_hwpt_invalidate_selftest {
	__u32 flags;
	__u32 iotlb_id;
};

/* IOMMU_VIOMMU_ALLOC's data: with VIOMMU=1 only, like all that follows */
#define IOMMU_VIOMMU_TYPE_SELFTEST 0xdeadbeefU

/**
 * struct iommu_viommu_selftest - what goes into a virtual IOMMU and comes out
 * @in_data: a number
 * @out_data: the same
 * @out_mmap_offset: for mmap() of /dev/iommu: @in_data is there
 * @out_mmap_length: bytes
 */
struct iommu_viommu_selftest {
	__u32 in_data;
	__u32 out_data;
	__aligned_u64 out_mmap_offset;
	__aligned_u64 out_mmap_length;
};

/* IOMMU_HWPT_INVALIDATE's entries with a virtual IOMMU's id */
#define IOMMU_VIOMMU_INVALIDATE_DATA_SELFTEST 0xdeadbeefU

/**
 * struct iommu_viommu_invalidate_selftest - empty caches of a device
 * @flags: IOMMU_TEST_INVALIDATE_FLAG_ALL: all of them, whatever @cache_id is
 * @vdev_id: the virtual machine's name for the device
 * @cache_id: which one
 */
struct iommu_viommu_invalidate_selftest {
	__u32 flags;
	__u32 vdev_id;
	__u32 cache_id;
};

/* IOMMU_VEVENTQ_ALLOC */
#define IOMMU_VEVENTQ_TYPE_SELFTEST 0xbeefbeefU

/**
 * struct iommu_viommu_event_selftest - an event
 * @virt_id: the virtual machine's name for the device
 */
struct iommu_viommu_event_selftest {
	__u32 virt_id;
};

/* IOMMU_HW_QUEUE_ALLOC: how many; each needs the one before it */
#define IOMMU_HW_QUEUE_TYPE_SELFTEST 0xdeadbeefU
#define IOMMU_TEST_HW_QUEUE_MAX 2

/*
 * The argument of IOMMU_TEST_CMD. id says what it is about, for accesses by a
 * file descriptor; __reserved is 0; last only ends the first version of it.
 */
struct iommu_test_cmd {
	__u32 size;
	__u32 op;
	__u32 id;
	__u32 __reserved;
	union {
		struct {
			__aligned_u64 start;
			__aligned_u64 length;
		} add_reserved;
		struct {
			__u32 out_stdev_id; /* the mock device: DESTROY it */
			__u32 out_hwpt_id;
			__u32 out_idev_id; /* as bound to the context */
			__u32 dev_flags; /* MOCK_DOMAIN_FLAGS only */
		} mock_domain_flags;
		struct {
			__u32 pt_id;
		} mock_domain_replace;
		struct {
			__aligned_u64 iova;
			__aligned_u64 length;
			__aligned_u64 uptr;
		} check_map;
		struct {
			__aligned_u64 length;
			__aligned_u64 uptr;
			__u32 refs;
		} check_refs;
		struct {
			__u32 out_access_fd;
			__u32 flags;
		} create_access;
		struct {
			__u32 access_pages_id;
		} destroy_access_pages;
		struct {
			__u32 flags;
			__u32 out_access_pages_id;
			__aligned_u64 iova;
			__aligned_u64 length;
			__aligned_u64 uptr;
		} access_pages;
		struct {
			__aligned_u64 iova;
			__aligned_u64 length;
			__aligned_u64 uptr;
			__u32 flags;
		} access_rw;
		struct {
			__u32 limit;
		} memory_limit;
		struct {
			__u32 ioas_id;
		} access_replace_ioas;
		struct {
			__u32 flags;
			__aligned_u64 iova;
			__aligned_u64 length;
			__aligned_u64 page_size; /* of a bit at uptr */
			__aligned_u64 uptr; /* which of them to write to */
			__aligned_u64 out_nr_dirty;
		} dirty;
		struct {
			__u32 id;
			__u32 iotlb;
		} check_iotlb;
		struct {
			__u32 id;
			__u32 cache;
		} check_dev_cache;
		struct {
			__u32 dev_id;
			__u32 pasid;
			__u32 grpid;
			__u32 perm;
			__u64 addr;
		} trigger_iopf;
		struct {
			__u32 pasid;
			__u32 pt_id; /* not DETACH */
		} pasid_attach; /* and the other commands of PASIDs */
		struct {
			__u32 dev_id;
		} trigger_vevent;
		struct {
			__u32 out_nr[MOCK_NR_ANSWERS];
		} count_answers;
		struct {
			__u32 hwpt_id; /* 0: is it blocked? */
		} check_attached;
		struct {
			__u32 length;
			__u32 open_flags;
		} dmabuf_get;
		struct {
			__s32 dmabuf_fd;
			__u32 revoked;
		} dmabuf_revoke;
	};
	__u32 last;
};

#endif
