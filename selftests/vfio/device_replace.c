// SPDX-License-Identifier: GPL-2.0-only
/*
 * device_replace.c - a second ATTACH: the device moves to another page table
 *
 * Owns: replace_table. What counts is that DMA goes through the new one at
 * once and no longer through the old one, that the old one's memory is given
 * back, and that a replace that fails changes nothing.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "device.h"

#define DST_IOVA (TEST_IOVA + HUGE_SZ)

/* What a second IOAS holds so that the engine runs on in it. */
static __u32 other_ioas(const struct dma *d)
{
	__u32 ioas;

	CHECK_OK(iommufd_ioas_alloc(d->space, &ioas));
	return ioas;
}

/* The engine's own memory, at the same place in another IOAS. */
static void share_engine(const struct dma *d, __u32 ioas)
{
	__u64 iova = ENGINE_IOVA;

	/* edu has none. */
	if (dut_kind == ENGINE_NVME)
		CHECK_OK(iommufd_copy(d->space, ioas, d->ioas, iova,
				      NVME_MEM_SIZE, iova, MAP_RW));
}

static int attach_to(const struct dma *d, __u32 pt_id)
{
	return vfio_attach(d->dev, &pt_id);
}

/* The same address means another page from one copy to the next. */
static void takes_effect_at_once(void)
{
	char *va = get_memory(3 * PAGE_SZ, MEM_PLAIN);
	char *src = va, *first = va + PAGE_SZ, *second = va + 2 * PAGE_SZ;
	struct dma d;
	struct engine e = running_engine(&d);
	long base = dma_charged(&d);
	__u64 seed = pattern_seed();
	__u32 other = other_ioas(&d);

	share_engine(&d, other);
	CHECK_OK(dma_map_fixed(&d, src, PAGE_SZ, TEST_IOVA, MAP_R));
	CHECK_OK(dma_map_fixed(&d, first, PAGE_SZ, DST_IOVA, MAP_RW));
	CHECK_OK(iommufd_map_fixed(d.space, other, src, PAGE_SZ, TEST_IOVA,
				   MAP_R));
	CHECK_OK(iommufd_map_fixed(d.space, other, second, PAGE_SZ, DST_IOVA,
				   MAP_RW));
	CHECK_EQ(dma_charged(&d), base + 2 * PAGE_SZ);
	expect_copy(&e, src, TEST_IOVA, first, DST_IOVA);
	pattern_fill(first, PAGE_SZ, seed);

	CHECK_OK(attach_to(&d, other));
	expect_copy(&e, src, TEST_IOVA, second, DST_IOVA);
	CHECK_EQ(pattern_check(first, PAGE_SZ, seed), -1);
	/* Nothing holds the first IOAS's pages now. */
	CHECK_EQ(dma_charged(&d), base + 2 * PAGE_SZ);
	CHECK_OK(dma_unmap(&d, TEST_IOVA, PAGE_SZ));
	CHECK_OK(dma_unmap(&d, DST_IOVA, PAGE_SZ));
	CHECK_EQ(dma_charged(&d), base + 2 * PAGE_SZ);

	CHECK_OK(attach_to(&d, d.ioas));
	CHECK_EQ(dma_charged(&d), base);
	CHECK_OK(iommufd_destroy(d.space, other));
	engine_stop(&e);
}

/* Unmapped in the new page table: blocked, though the old one has it. */
static void old_mappings_are_gone(void)
{
	char *va = get_memory(2 * PAGE_SZ, MEM_PLAIN);
	char *src = va, *dst = va + PAGE_SZ;
	struct dma d;
	struct engine e = running_engine(&d);
	__u64 seed = pattern_seed();
	__u32 other = other_ioas(&d);

	share_engine(&d, other);
	CHECK_OK(dma_map_fixed(&d, src, PAGE_SZ, TEST_IOVA, MAP_R));
	CHECK_OK(dma_map_fixed(&d, dst, PAGE_SZ, DST_IOVA, MAP_RW));
	CHECK_OK(iommufd_map_fixed(d.space, other, src, PAGE_SZ, TEST_IOVA,
				   MAP_R));
	expect_copy(&e, src, TEST_IOVA, dst, DST_IOVA);
	pattern_fill(dst, PAGE_SZ, seed);

	CHECK_OK(attach_to(&d, other));
	CHECK_OK(engine_load(&e, 0, TEST_IOVA));
	/* The device may say that it is done; the page must say otherwise. */
	(void)engine_store(&e, 0, DST_IOVA);
	CHECK_EQ(pattern_check(dst, PAGE_SZ, seed), -1);
	engine_stop(&e);
}

/* What the new IOAS maps lies where the device's interrupts are. */
static void failed_one_changes_nothing(void)
{
	char *va = get_memory(3 * PAGE_SZ, MEM_PLAIN);
	char *src = va, *dst = va + PAGE_SZ;
	struct dma d;
	struct engine e = running_engine(&d);
	struct iommu_iova_range before[32], now[32];
	__u32 nr_before = 32, nr_now = 32, other = other_ioas(&d);
	long charged;

	CHECK_OK(dma_map_fixed(&d, src, PAGE_SZ, TEST_IOVA, MAP_R));
	CHECK_OK(dma_map_fixed(&d, dst, PAGE_SZ, DST_IOVA, MAP_RW));
	CHECK_OK(iommufd_map_fixed(d.space, other, va + 2 * PAGE_SZ, PAGE_SZ,
				   MSI_FIRST, MAP_RW));
	charged = dma_charged(&d);
	CHECK_OK(iommufd_ranges(d.space, d.ioas, before, &nr_before, NULL));

	CHECK_RET(attach_to(&d, other), -EADDRINUSE);
	CHECK_RET(attach_to(&d, 12345), -ENOENT);
	CHECK_RET(attach_to(&d, d.devid), -EINVAL);

	CHECK_EQ(dma_charged(&d), charged);
	CHECK_OK(iommufd_ranges(d.space, d.ioas, now, &nr_now, NULL));
	CHECK_EQ(nr_now, nr_before);
	CHECK(!memcmp(now, before, nr_now * sizeof(*now)));
	/* Not even a reservation stayed in the other one. */
	nr_now = 32;
	CHECK_OK(iommufd_ranges(d.space, other, now, &nr_now, NULL));
	CHECK_EQ(nr_now, 1);
	CHECK_OK(iommufd_destroy(d.space, other));
	expect_copy(&e, src, TEST_IOVA, dst, DST_IOVA);
	engine_stop(&e);
}

/* To where it is already: nothing happens. */
static void by_the_same(void)
{
	char *va = get_memory(2 * PAGE_SZ, MEM_PLAIN);
	struct dma d;
	struct engine e = running_engine(&d);
	long charged;
	__u32 pt_id;

	CHECK_OK(dma_map_fixed(&d, va, PAGE_SZ, TEST_IOVA, MAP_R));
	CHECK_OK(dma_map_fixed(&d, va + PAGE_SZ, PAGE_SZ, DST_IOVA, MAP_RW));
	charged = dma_charged(&d);
	pt_id = d.ioas;
	CHECK_OK(vfio_attach(d.dev, &pt_id));
	CHECK_EQ(pt_id, d.hwpt);
	pt_id = d.hwpt;
	CHECK_OK(vfio_attach(d.dev, &pt_id));
	CHECK_EQ(dma_charged(&d), charged);
	expect_copy(&e, va, TEST_IOVA, va + PAGE_SZ, DST_IOVA);
	engine_stop(&e);
}

/* Between a HWPT of the user's own and the automatic one, often. */
static void own_page_table_and_back(void)
{
	char *va = get_memory(2 * PAGE_SZ, MEM_PLAIN);
	struct dma d;
	struct engine e = running_engine(&d);
	__u32 hwpt;
	int i;

	CHECK_OK(dma_map_fixed(&d, va, PAGE_SZ, TEST_IOVA, MAP_R));
	CHECK_OK(dma_map_fixed(&d, va + PAGE_SZ, PAGE_SZ, DST_IOVA, MAP_RW));
	CHECK_OK(iommufd_hwpt_alloc(d.space, d.devid, d.ioas, 0, &hwpt));
	for (i = 0; i < 10; i++) {
		CHECK_OK(attach_to(&d, hwpt));
		CHECK_RET(iommufd_destroy(d.space, hwpt), -EBUSY);
		expect_copy(&e, va, TEST_IOVA, va + PAGE_SZ, DST_IOVA);
		CHECK_OK(attach_to(&d, d.ioas));
		expect_copy(&e, va, TEST_IOVA, va + PAGE_SZ, DST_IOVA);
	}
	CHECK_OK(iommufd_destroy(d.space, hwpt));
	engine_stop(&e);
}

static const struct test tests[] = {
	{ "replace.takes_effect_at_once", takes_effect_at_once, 0 },
	{ "replace.old_mappings_are_gone", old_mappings_are_gone, 0 },
	{ "replace.failed_one_changes_nothing", failed_one_changes_nothing, 0 },
	{ "replace.by_the_same", by_the_same, 0 },
	{ "replace.own_page_table_and_back", own_page_table_and_back, 0 },
};

const struct test_table replace_table = { tests, ARRAY_SIZE(tests) };
