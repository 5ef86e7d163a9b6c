// SPDX-License-Identifier: GPL-2.0-only
/*
 * compat_info.c - VFIO_IOMMU_GET_INFO: every size that a caller may come with,
 * and what the chain of capabilities says
 *
 * Owns: info_table.
 */
#define _GNU_SOURCE
#include <stdlib.h>

#include "compat.h"

#define FIXED sizeof(struct vfio_iommu_type1_info)
#define MOST 4096

static struct vfio_iommu_type1_info *ask(int fd, __u32 argsz)
{
	/* Memory ends where the caller says that it does. */
	struct vfio_iommu_type1_info *info = (void *)guarded(argsz);

	memset(info, 0x55, argsz);
	info->argsz = argsz;
	CHECK_OK(xioctl(fd, VFIO_IOMMU_GET_INFO, info));
	CHECK_EQ(info->flags, VFIO_IOMMU_INFO_PGSIZES | VFIO_IOMMU_INFO_CAPS);
	return info;
}

/* Bytes from @from on are as ask() filled them. */
static void expect_not_written(const void *info, size_t from, size_t to)
{
	const unsigned char *p = info;

	for (; from < to; from++)
		CHECK_EQ(p[from], 0x55);
}

/* The capabilities, each once, the ranges first. */
static void check_chain(const void *info, __u32 argsz, __u32 nr_ranges)
{
	const struct vfio_iommu_type1_info_cap_iova_range *ranges;
	const struct vfio_iommu_type1_info_dma_avail *avail;
	__u32 at = ((const struct vfio_iommu_type1_info *)info)->cap_offset;

	CHECK_EQ(at, FIXED);
	ranges = (const void *)((const char *)info + at);
	CHECK_EQ(ranges->header.id, VFIO_IOMMU_TYPE1_INFO_CAP_IOVA_RANGE);
	CHECK_EQ(ranges->header.version, 1);
	CHECK_EQ(ranges->nr_iovas, nr_ranges);
	CHECK_EQ(ranges->reserved, 0);
	at += sizeof(*ranges) + nr_ranges * sizeof(ranges->iova_ranges[0]);
	CHECK_EQ(ranges->header.next, at);
	CHECK(at + sizeof(*avail) <= argsz);
	avail = (const void *)((const char *)info + at);
	CHECK_EQ(avail->header.id, VFIO_IOMMU_TYPE1_INFO_DMA_AVAIL);
	CHECK_EQ(avail->header.version, 1);
	CHECK_EQ(avail->header.next, 0);
	CHECK(avail->avail >= 65535);
}

static void sizes(void)
{
	struct space s = new_container(0);
	struct vfio_iommu_type1_info *info;
	__u32 need, argsz;

	info = ask(s.fd, FIXED);
	need = info->argsz;
	CHECK_EQ(info->cap_offset, 0);
	/* One range, from 0 to the end. */
	CHECK_EQ(need, FIXED + 16 + 16 + 12);
	for (argsz = 0; argsz < 16; argsz++) {
		struct vfio_iommu_type1_info bad = { .argsz = argsz };

		CHECK_RET(xioctl(s.fd, VFIO_IOMMU_GET_INFO, &bad), -EINVAL);
		CHECK_EQ(bad.argsz, argsz);
	}
	for (; argsz < need + 100; argsz++) {
		info = ask(s.fd, argsz);
		/* What it would take, or what there is. */
		CHECK_EQ(info->argsz, argsz < need ? need : argsz);
		CHECK_EQ(info->iova_pgsizes, -PAGE_SZ);
		if (argsz >= need) {
			check_chain(info, argsz, 1);
			expect_not_written(info, need, argsz);
		} else if (argsz >= FIXED) {
			CHECK_EQ(info->cap_offset, 0);
			expect_not_written(info, FIXED, argsz);
		}
	}
	/* The way clients do it: ask for the size, then again. */
	info = ask(s.fd, ask(s.fd, 16)->argsz);
	check_chain(info, need, 1);
}

static void whole_space(void)
{
	const struct vfio_iommu_type1_info_cap_iova_range *ranges;
	struct space s = new_container(0);

	ranges = (const void *)((const char *)ask(s.fd, MOST) + FIXED);
	CHECK_EQ(ranges->iova_ranges[0].start, 0);
	CHECK_EQ(ranges->iova_ranges[0].end, ~0ULL);
	/* What is mapped does not matter. */
	CHECK_OK(vfio_type1_map(s.fd, nowhere(PAGE_SZ), PAGE_SZ, BASE, DMA_RW));
	ranges = (const void *)((const char *)ask(s.fd, MOST) + FIXED);
	CHECK_EQ(ranges->nr_iovas, 1);
	CHECK_EQ(ranges->iova_ranges[0].end, ~0ULL);
}

/* The chain's memory goes away in the middle: no answer in half. */
static void no_room_for_the_chain(void)
{
	struct space s = new_container(0);
	struct vfio_iommu_type1_info *info = (void *)guarded(FIXED + 30);

	memset(info, 0x55, FIXED + 30);
	info->argsz = MOST;
	CHECK_RET(xioctl(s.fd, VFIO_IOMMU_GET_INFO, info), -EFAULT);
	CHECK_EQ(info->argsz, MOST);
	CHECK_EQ(info->flags, 0x55555555);
}

static const struct test tests[] = {
	{ "info.sizes", sizes, 0 },
	{ "info.whole_space", whole_space, 0 },
	{ "info.no_room_for_the_chain", no_room_for_the_chain, 0 },
};

const struct test_table info_table = { tests, ARRAY_SIZE(tests) };
