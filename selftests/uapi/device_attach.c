// SPDX-License-Identifier: GPL-2.0-only
/*
 * device_attach.c - what an attach does to an IOAS that has areas
 *
 * Owns: attach_table: pinning by attach, unpinning by detach, what keeps an
 * IOAS from being attached to.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "device.h"

static void expect_attach(struct dma *d, int want)
{
	__u32 id = d->ioas;

	CHECK_RET(vfio_attach(d->dev, &id), want);
}

static void pins_what_is_mapped(void)
{
	struct dma d = bound_device();
	char *va = get_pages(1000 * PAGE_SZ);
	int turn;

	CHECK_OK(dma_map_fixed(&d, va, 600 * PAGE_SZ, TEST_IOVA, MAP_RW));
	CHECK_OK(dma_map_fixed(&d, va, PAGE_SZ, 0, MAP_R));
	expect_pinned(0);
	for (turn = 0; turn < 3; turn++) {
		attach_device(&d);
		expect_pinned(601);
		CHECK_OK(dma_map_fixed(&d, va + 600 * PAGE_SZ, 400 * PAGE_SZ,
				       TEST_IOVA + 600 * PAGE_SZ, MAP_RW));
		expect_pinned(1001);
		CHECK_OK(vfio_detach(d.dev));
		expect_pinned(0);
		/* Mapped all the same. */
		CHECK_OK(dma_unmap(&d, TEST_IOVA + 600 * PAGE_SZ,
				   400 * PAGE_SZ));
	}
	CHECK_OK(dma_unmap(&d, TEST_IOVA, 600 * PAGE_SZ));
	attach_device(&d);
	expect_pinned(1);
	CHECK_OK(dma_unmap(&d, 0, PAGE_SZ));
	expect_nothing(&d);
}

static void many_areas(void)
{
	struct dma d = bound_device();
	char *va = get_pages(2000 * PAGE_SZ);
	int i;

	for (i = 0; i < 2000; i++)
		CHECK_OK(dma_map_fixed(&d, va + i * PAGE_SZ, PAGE_SZ,
				       TEST_IOVA + 3 * i * PAGE_SZ, MAP_RW));
	attach_device(&d);
	expect_pinned(2000);
	/* Closed with everything in place. */
	CHECK_OK(close(d.dev));
	expect_pinned(0);
	CHECK_OK(close(d.space));
}

/* Bytes are fine without an IOMMU; with one, an attach must say no. */
static void misaligned_areas(void)
{
	static const struct { unsigned int va, len, iova; } bad[] = {
		{ 0, 0, 1 }, { 1, 0, 0 }, { 0, 1, 0 }, { 7, 0, 7 },
		{ 512, 0, 512 }, { 0, 512, 512 }, { 2048, 2048, 2048 },
	};
	struct dma d = bound_device();
	char *va = get_pages(300 * PAGE_SZ);
	size_t i;

	CHECK_OK(dma_map_fixed(&d, va, 200 * PAGE_SZ, TEST_IOVA, MAP_RW));
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		__u64 iova = 2 * TEST_IOVA + bad[i].iova;
		size_t len = 2 * PAGE_SZ + bad[i].len;

		CHECK_OK(dma_map_fixed(&d, va + bad[i].va, len, iova, MAP_RW));
		expect_attach(&d, -EADDRINUSE);
		expect_pinned(0);
		CHECK_OK(dma_unmap(&d, iova, len));
		attach_device(&d);
		expect_pinned(200);
		CHECK_OK(vfio_detach(d.dev));
	}
}

static void alignment_follows(void)
{
	struct dma d = bound_device();
	struct iommu_iova_range r[16];
	__u32 n;
	__u64 align;
	int turn;

	for (turn = 0; turn < 2; turn++) {
		n = ARRAY_SIZE(r);
		CHECK_OK(iommufd_ranges(d.space, d.ioas, r, &n, &align));
		CHECK_EQ(align, 1);
		attach_device(&d);
		n = ARRAY_SIZE(r);
		CHECK_OK(iommufd_ranges(d.space, d.ioas, r, &n, &align));
		CHECK_EQ(align, PAGE_SZ);
		CHECK_OK(vfio_detach(d.dev));
	}
}

/* The memory went away between the map and the attach. */
static void memory_has_gone(void)
{
	struct dma d = bound_device();
	char *va = get_pages(1200 * PAGE_SZ);

	CHECK_OK(dma_map_fixed(&d, va, 500 * PAGE_SZ, TEST_IOVA, MAP_RW));
	CHECK_OK(dma_map_fixed(&d, va + 500 * PAGE_SZ, 700 * PAGE_SZ,
			       4 * TEST_IOVA, MAP_RW));
	CHECK_OK(munmap(va + 900 * PAGE_SZ, PAGE_SZ));
	expect_attach(&d, -EFAULT);
	expect_pinned(0);
	CHECK_OK(iommufd_unmap(d.space, d.ioas, 4 * TEST_IOVA, 700 * PAGE_SZ,
			       NULL));
	attach_device(&d);
	expect_pinned(500);
	CHECK_OK(dma_unmap(&d, TEST_IOVA, 500 * PAGE_SZ));
	expect_nothing(&d);
}

/* It became read-only meanwhile. */
static void memory_changed(void)
{
	struct dma d = bound_device();
	char *va = get_pages(50 * PAGE_SZ);

	CHECK_OK(dma_map_fixed(&d, va, 50 * PAGE_SZ, TEST_IOVA, MAP_RW));
	CHECK_OK(mprotect(va, 50 * PAGE_SZ, PROT_READ));
	expect_attach(&d, -EFAULT);
	expect_pinned(0);
	CHECK_OK(mprotect(va, 50 * PAGE_SZ, PROT_READ | PROT_WRITE));
	attach_device(&d);
	expect_pinned(50);
}

/* The last IOVA that can be used while the device is attached. */
static __u64 last_in_reach(struct dma *d)
{
	struct iommu_iova_range r[16];
	__u32 n = ARRAY_SIZE(r);

	attach_device(d);
	CHECK_OK(iommufd_ranges(d->space, d->ioas, r, &n, NULL));
	CHECK_OK(vfio_detach(d->dev));
	return r[n - 1].last;
}

/* Never memory at all, in amounts that no machine has. */
static void nonsense(void)
{
	struct dma d = bound_device();
	const __u64 len = 1ULL << 38;
	__u64 last = last_in_reach(&d);

	CHECK_OK(dma_map_fixed(&d, nowhere(0xffff888000000000UL), PAGE_SZ,
			       TEST_IOVA, MAP_R));
	expect_attach(&d, -EFAULT);
	expect_pinned(0);
	CHECK_OK(dma_unmap(&d, TEST_IOVA, PAGE_SZ));
	/* As far as the narrowest IOMMU here reaches, of nothing. */
	CHECK_OK(dma_map_fixed(&d, nowhere(0), len, len, MAP_RW));
	expect_attach(&d, -EFAULT);
	expect_pinned(0);
	CHECK_OK(dma_unmap(&d, len, len));
	/* 2^62 bytes, most of them where VT-d does not reach. */
	CHECK_OK(dma_map_fixed(&d, nowhere(0), 1ULL << 62, 1ULL << 62, MAP_RW));
	expect_attach(&d, last < 1ULL << 63 ? -EADDRINUSE : -EFAULT);
	expect_pinned(0);
	CHECK_OK(dma_unmap(&d, 1ULL << 62, 1ULL << 62));
	attach_device(&d);
	expect_nothing(&d);
}

/* One device, one IOAS after the other. */
static void from_one_to_another(void)
{
	struct dma d = bound_device();
	char *va = get_pages(100 * PAGE_SZ);
	__u32 other, id;
	int turn;

	CHECK_OK(iommufd_ioas_alloc(d.space, &other));
	CHECK_OK(dma_map_fixed(&d, va, 60 * PAGE_SZ, TEST_IOVA, MAP_RW));
	CHECK_OK(iommufd_map_fixed(d.space, other, va, 40 * PAGE_SZ, TEST_IOVA,
				   MAP_RW));
	for (turn = 0; turn < 3; turn++) {
		attach_device(&d);
		expect_pinned(60);
		CHECK_OK(vfio_detach(d.dev));
		id = other;
		CHECK_OK(vfio_attach(d.dev, &id));
		expect_pinned(40);
		CHECK_OK(vfio_detach(d.dev));
		expect_pinned(0);
	}
}

static const struct test tests[] = {
	{ "attach.pins_what_is_mapped", pins_what_is_mapped, 0 },
	{ "attach.many_areas", many_areas, 0 },
	{ "attach.misaligned_areas", misaligned_areas, 0 },
	{ "attach.alignment_follows", alignment_follows, 0 },
	{ "attach.memory_has_gone", memory_has_gone, 0 },
	{ "attach.memory_changed", memory_changed, 0 },
	{ "attach.nonsense", nonsense, 0 },
	{ "attach.from_one_to_another", from_one_to_another, 0 },
};

const struct test_table attach_table = { tests, ARRAY_SIZE(tests) };
