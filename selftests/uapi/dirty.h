/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * dirty.h - what the files of the test of dirty tracking share
 *
 * dirty.c owns the mock IOMMU's device; dirty_oracle.c knows what a read must
 * say.
 */
#ifndef SELFTESTS_UAPI_DIRTY_H
#define SELFTESTS_UAPI_DIRTY_H

#include "common.h"
#include "mock.h"

extern const struct test_table dirty_errno_table, dirty_read_table,
	dirty_race_table;

#define MOCK_START ((__u64)MOCK_APERTURE_START)
#define MOCK_PAGE MOCK_PAGE_SIZE
#define MOCK_HUGE MOCK_HUGE_PAGE_SIZE
#define NO_CLEAR IOMMU_HWPT_GET_DIRTY_BITMAP_NO_CLEAR

/* A mock device, attached to an IOAS, and a HWPT over that IOAS that tracks. */
struct tracked {
	int fd;
	__u32 ioas;
	__u32 dev;
	__u32 hwpt;
};

/* @huge: the HWPT may have pages of MOCK_HUGE. Tracking is on. */
struct tracked tracked_space(bool huge);

/* A device writes to one page; how many took it. */
static inline int device_write(int fd, __u32 hwpt, __u64 iova)
{
	return mock_dirty_page(fd, hwpt, iova, MOCK_PAGE);
}

/*
 * dirty_oracle.c: which pages are dirty, and what a read must say. It knows how
 * large the IO pages of each area are, because the test has chosen memory and
 * IOVA so that the mock IOMMU has no choice.
 */
struct oracle;

struct oracle *oracle_new(void);
/* An area with IO pages of @leaf bytes each, all clean. */
void oracle_map(struct oracle *o, __u64 iova, __u64 length, __u64 leaf);
void oracle_unmap(struct oracle *o, __u64 iova, __u64 length);
/* False: nothing is mapped there. */
bool oracle_write(struct oracle *o, __u64 iova);
void oracle_clean(struct oracle *o);
/* OR into @bitmap what a read must report; forget what it clears. */
void oracle_read(struct oracle *o, __u64 iova, __u64 length, __u64 page_size,
		 unsigned char *bitmap, bool clear);

static inline bool bit_of(const unsigned char *bitmap, __u64 i)
{
	return bitmap[i / 8] >> (i % 8) & 1;
}

#endif
