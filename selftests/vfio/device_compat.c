// SPDX-License-Identifier: GPL-2.0-only
/*
 * device_compat.c - DMA while parts of a mapping go, as the first version of
 * type1 has it, with /dev/iommu as the container
 *
 * Owns: compat_table.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>

#include "device.h"

#define PAGES 64

/* A device in a container of version 1, with a running engine. */
static struct engine running_v1(struct dma *d)
{
	struct engine e;

	*d = (struct dma){ .api = DMA_COMPAT };
	d->group = CHECK_FD(vfio_group_open(dut));
	d->space = CHECK_FD(iommufd_open());
	CHECK_OK(vfio_group_set_container(d->group, d->space));
	CHECK_OK(vfio_container_set_iommu(d->space, VFIO_TYPE1_IOMMU));
	d->dev = CHECK_FD(vfio_group_get_device(d->group, dut));
	CHECK_OK(engine_start(&e, dut_kind, d));
	return e;
}

/* A page that is not mapped any more is not written. */
static void expect_blocked(struct engine *e, char *page, __u64 iova)
{
	int ret;
	size_t i;

	memset(page, 0x5a, PAGE_SZ);
	ret = engine_store(e, 0, iova);
	for (i = 0; i < PAGE_SZ; i++)
		CHECK_EQ(page[i], 0x5a);
	/* A controller that lost its way starts anew. */
	if (ret)
		CHECK_OK(engine_restart(e));
}

static void parts(enum mem_shape shape, size_t pages)
{
	const __u64 iova = TEST_IOVA;
	size_t len = pages * PAGE_SZ, last = pages - 1;
	char *va = get_memory(len, shape);
	struct dma d;
	struct engine e = running_v1(&d);
	long base = dma_charged(&d);

	CHECK_OK(dma_map_fixed(&d, va, len, iova, MAP_RW));
	CHECK_EQ(dma_charged(&d), base + len);
	expect_copy(&e, va, iova, va + last * PAGE_SZ, iova + last * PAGE_SZ);

	/* Out of the middle: both ends go on working. */
	CHECK_OK(dma_unmap(&d, iova + pages / 4 * PAGE_SZ, len / 2));
	CHECK_EQ(dma_charged(&d), base + len / 2);
	expect_copy(&e, va, iova, va + last * PAGE_SZ, iova + last * PAGE_SZ);
	expect_copy(&e, va + last * PAGE_SZ, iova + last * PAGE_SZ,
		    va + (pages / 4 - 1) * PAGE_SZ,
		    iova + (pages / 4 - 1) * PAGE_SZ);
	expect_blocked(&e, va + pages / 4 * PAGE_SZ,
		       iova + pages / 4 * PAGE_SZ);

	/* Into the hole goes something else. */
	CHECK_OK(dma_map_fixed(&d, va, PAGE_SZ, iova + pages / 4 * PAGE_SZ,
			       MAP_RW));
	expect_copy(&e, va + last * PAGE_SZ, iova + last * PAGE_SZ, va,
		    iova + pages / 4 * PAGE_SZ);
	engine_stop(&e);
}

static void parts_of_scattered_memory(void)
{
	parts(MEM_SCATTERED, PAGES);
}

/* The memory is huge pages, the IO page table is not. */
static void parts_of_huge_memory(void)
{
	parts(MEM_THP, 2 * HUGE_SZ / PAGE_SZ);
}

static const struct test tests[] = {
	{ "compat.parts_of_scattered_memory", parts_of_scattered_memory, 0 },
	{ "compat.parts_of_huge_memory", parts_of_huge_memory, 0 },
};

const struct test_table compat_table = { tests, ARRAY_SIZE(tests) };
