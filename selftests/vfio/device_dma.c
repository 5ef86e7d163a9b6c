// SPDX-License-Identifier: GPL-2.0-only
/*
 * device_dma.c - DMA through mappings arrives, each page at its place
 *
 * Owns: dma_table: when a mapping is made (before, after the attach), of which
 * memory (scattered, huge, unaligned), and what is charged for it. The engine
 * copies pages; a pattern that differs from page to page shows where they go.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "device.h"

static void map_before_attach(void)
{
	char *va = get_memory(2 * PAGE_SZ, MEM_PLAIN);
	struct engine e;
	struct dma d;

	needs_iommufd();
	d = bound_device();
	CHECK_OK(dma_map_fixed(&d, va, PAGE_SZ, TEST_IOVA, MAP_R));
	CHECK_OK(dma_map_fixed(&d, va + PAGE_SZ, PAGE_SZ, TEST_IOVA + HUGE_SZ,
			       MAP_RW));
	/* No domain yet, so nothing is pinned or charged yet. */
	CHECK_EQ(dma_charged(&d), 0);
	d.hwpt = d.ioas;
	CHECK_OK(vfio_attach(d.dev, &d.hwpt));
	CHECK_EQ(dma_charged(&d), 2 * PAGE_SZ);
	CHECK_OK(engine_start(&e, dut_kind, &d));
	expect_copy(&e, va, TEST_IOVA, va + PAGE_SZ, TEST_IOVA + HUGE_SZ);
	engine_stop(&e);
	CHECK_OK(vfio_detach(d.dev));
	CHECK_EQ(dma_charged(&d), 0);
}

static void map_after_attach(void)
{
	char *va = get_memory(2 * PAGE_SZ, MEM_PLAIN);
	struct dma d;
	struct engine e = running_engine(&d);
	long base = dma_charged(&d);

	CHECK_OK(dma_map_fixed(&d, va, PAGE_SZ, TEST_IOVA, MAP_R));
	CHECK_OK(dma_map_fixed(&d, va + PAGE_SZ, PAGE_SZ, TEST_IOVA + HUGE_SZ,
			       MAP_RW));
	CHECK_EQ(dma_charged(&d), base + 2 * PAGE_SZ);
	expect_copy(&e, va, TEST_IOVA, va + PAGE_SZ, TEST_IOVA + HUGE_SZ);
	CHECK_OK(dma_unmap(&d, TEST_IOVA, PAGE_SZ));
	CHECK_EQ(dma_charged(&d), base + PAGE_SZ);
	CHECK_OK(dma_unmap(&d, TEST_IOVA + HUGE_SZ, PAGE_SZ));
	CHECK_EQ(dma_charged(&d), base);
	engine_stop(&e);
	CHECK_EQ(dma_charged(&d), 0);
}

static void automatic_iova(void)
{
	size_t len = 16 * PAGE_SZ;
	char *va = get_memory(2 * len, MEM_PLAIN);
	struct dma d;
	struct engine e = running_engine(&d);
	__u64 a, b;

	CHECK_OK(dma_map_auto(&d, va, len, &a, MAP_RW));
	CHECK_OK(dma_map_auto(&d, va + len, len, &b, MAP_RW));
	CHECK(a && b && a % PAGE_SZ == 0 && b % PAGE_SZ == 0);
	CHECK(a + len <= b || b + len <= a);
	if (a + len - 1 > e.iova_last || b + len - 1 > e.iova_last)
		test_skip("the device does not reach IOVA %#llx", a > b ? a : b);
	expect_copy(&e, va, a, va + len, b);
	expect_copy(&e, va + len - PAGE_SZ, a + len - PAGE_SZ,
		    va + 2 * len - PAGE_SZ, b + len - PAGE_SZ);
	engine_stop(&e);
}

/* The last page that the IOMMU can translate, for devices that reach it. */
static void highest_iova(void)
{
	char *va = get_memory(PAGE_SZ, MEM_PLAIN);
	struct iommu_iova_range r[32];
	__u32 count = ARRAY_SIZE(r);
	struct engine e;
	struct dma d;
	__u64 iova;

	needs_iommufd();
	e = running_engine(&d);
	CHECK_OK(iommufd_ranges(d.space, d.ioas, r, &count, NULL));
	iova = r[count - 1].last + 1 - PAGE_SZ;
	if (iova > e.iova_last)
		test_skip("the device reaches only %#llx", e.iova_last);
	CHECK_OK(dma_map_fixed(&d, va, PAGE_SZ, iova, MAP_RW));
	expect_copy(&e, va, iova, va, iova);
	CHECK_OK(dma_unmap(&d, iova, PAGE_SZ));
	engine_stop(&e);
}

/* A new mapping at an old address: no cache may remember the old one. */
static void remap_is_seen_at_once(void)
{
	char *va = get_memory(3 * PAGE_SZ, MEM_PLAIN);
	struct dma d;
	struct engine e = running_engine(&d);
	char *first = va, *second = va + PAGE_SZ, *src = va + 2 * PAGE_SZ;
	__u64 seed = pattern_seed();

	CHECK_OK(dma_map_fixed(&d, src, PAGE_SZ, TEST_IOVA + HUGE_SZ, MAP_R));
	CHECK_OK(dma_map_fixed(&d, first, PAGE_SZ, TEST_IOVA, MAP_RW));
	expect_copy(&e, src, TEST_IOVA + HUGE_SZ, first, TEST_IOVA);
	pattern_fill(first, PAGE_SZ, seed);

	CHECK_OK(dma_unmap(&d, TEST_IOVA, PAGE_SZ));
	CHECK_OK(dma_map_fixed(&d, second, PAGE_SZ, TEST_IOVA, MAP_RW));
	expect_copy(&e, src, TEST_IOVA + HUGE_SZ, second, TEST_IOVA);
	CHECK_EQ(pattern_check(first, PAGE_SZ, seed), -1);
	engine_stop(&e);
}

/* Two mappings of @n pages: pages go from one through the device to the other. */
struct pages {
	char *src, *dst;
	__u64 src_iova, dst_iova;
	size_t n;
	__u64 seed;	/* of the pattern over all of @src */
};

/* Pages [first, first + count): all out, then all in, then compare. */
static void copy_batch(struct engine *e, const struct pages *p, size_t first,
		       size_t count)
{
	size_t i;
	long at;

	for (i = 0; i < count; i++)
		CHECK_OK(engine_load(e, i,
				     p->src_iova + (first + i) * PAGE_SZ));
	for (i = 0; i < count; i++)
		CHECK_OK(engine_store(e, i,
				      p->dst_iova + (first + i) * PAGE_SZ));
	for (i = first; i < first + count; i++) {
		at = pattern_check(p->dst + i * PAGE_SZ, PAGE_SZ,
				   p->seed + i * (PAGE_SZ / sizeof(__u64)));
		if (at >= 0)
			FAIL("page %zu of %zu: byte %ld is wrong", i, p->n, at);
	}
}

/* Every page; with a slow device every eighth part of the way, and the last. */
static void check_pages(struct engine *e, struct pages *p)
{
	size_t i, count, done = 0;

	p->seed = pattern_seed();
	pattern_fill(p->src, p->n * PAGE_SZ, p->seed);
	memset(p->dst, 0, p->n * PAGE_SZ);
	for (i = 0; i < p->n; i += e->slow ? p->n / 8 : count) {
		count = p->n - i < e->slots ? p->n - i : e->slots;
		copy_batch(e, p, i, count);
		done += count;
	}
	if (e->slow) {
		copy_batch(e, p, p->n - 1, 1);
		done++;
	}
	test_note("%zu of %zu pages checked", done, p->n);
}

static void copy_between(enum mem_shape src_shape, enum mem_shape dst_shape,
			 size_t len, size_t skip)
{
	size_t used = len - skip;
	struct pages p = {
		.src = get_memory(len, src_shape) + skip,
		.dst = get_memory(len, dst_shape) + skip,
		.src_iova = TEST_IOVA,
		.dst_iova = TEST_IOVA + len + HUGE_SZ,
		.n = used / PAGE_SZ,
	};
	struct dma d;
	struct engine e = running_engine(&d);
	long base = dma_charged(&d);

	test_note("%zu pages in %ld runs to %ld runs", p.n,
		  mem_runs(p.src, used), mem_runs(p.dst, used));
	CHECK_OK(dma_map_fixed(&d, p.src, used, p.src_iova, MAP_R));
	CHECK_OK(dma_map_fixed(&d, p.dst, used, p.dst_iova, MAP_RW));
	CHECK_EQ(dma_charged(&d), base + 2 * used);
	check_pages(&e, &p);
	CHECK_OK(dma_unmap(&d, p.src_iova, used));
	CHECK_OK(dma_unmap(&d, p.dst_iova, used));
	CHECK_EQ(dma_charged(&d), base);
	engine_stop(&e);
}

static void scattered_pages(void)
{
	copy_between(MEM_SCATTERED, MEM_SCATTERED, 4 * HUGE_SZ, 0);
}

static void transparent_huge_pages(void)
{
	copy_between(MEM_THP, MEM_SCATTERED, 4 * HUGE_SZ, 0);
}

static void into_huge_pages(void)
{
	copy_between(MEM_SCATTERED, MEM_THP, 4 * HUGE_SZ, 0);
}

/* The mapping starts and ends inside a huge page, out of step with the IOVA. */
static void part_of_huge_pages(void)
{
	copy_between(MEM_THP, MEM_THP, 2 * HUGE_SZ, 37 * PAGE_SZ);
}

static void hugetlb_pages(void)
{
	char *probe = mem_alloc(4 * HUGE_SZ, MEM_HUGETLB);

	if (!probe)
		test_skip("no pool of 2 MiB pages (vm.nr_hugepages)");
	mem_free(probe, 4 * HUGE_SZ);
	copy_between(MEM_HUGETLB, MEM_HUGETLB, 2 * HUGE_SZ, 0);
}

/* Data buffers whose pages are anywhere, in one command: NVMe's PRP lists. */
static void list_of_pages(void)
{
	enum { N = 64 };
	char *src = get_memory(N * PAGE_SZ, MEM_SCATTERED);
	char *dst = get_memory(N * PAGE_SZ, MEM_SCATTERED);
	__u64 seed = pattern_seed(), out[N], in[N];
	struct dma d;
	struct engine e = running_engine(&d);
	size_t i;
	long at;

	if (e.kind != ENGINE_NVME)
		test_skip("the device takes no lists");
	CHECK_OK(dma_map_fixed(&d, src, N * PAGE_SZ, TEST_IOVA, MAP_R));
	CHECK_OK(dma_map_fixed(&d, dst, N * PAGE_SZ, TEST_IOVA + HUGE_SZ,
			       MAP_RW));
	/* 37 and 64 have no common factor: every page once, in another order. */
	for (i = 0; i < N; i++) {
		out[i] = TEST_IOVA + i * 37 % N * PAGE_SZ;
		in[i] = TEST_IOVA + HUGE_SZ + i * PAGE_SZ;
	}
	pattern_fill(src, N * PAGE_SZ, seed);
	CHECK_OK(nvme_rw_pages(&e.nvme, true, 0, out, N));
	CHECK_OK(nvme_rw_pages(&e.nvme, false, 0, in, N));
	for (i = 0; i < N; i++) {
		at = pattern_check(dst + i * PAGE_SZ, PAGE_SZ,
				   seed + i * 37 % N * (PAGE_SZ / 8));
		if (at >= 0)
			FAIL("page %zu: byte %ld is wrong", i, at);
	}
	engine_stop(&e);
}

/* Many mappings, of which every second goes while the others work. */
static void many_mappings(void)
{
	enum { N = 256 };
	char *va = get_memory(N * PAGE_SZ, MEM_PLAIN);
	struct dma d;
	struct engine e = running_engine(&d);
	long base = dma_charged(&d);
	__u64 unmapped = 0;
	size_t i;

	for (i = 0; i < N; i++)
		CHECK_OK(dma_map_fixed(&d, va + i * PAGE_SZ, PAGE_SZ,
				       TEST_IOVA + 3 * i * PAGE_SZ, MAP_RW));
	for (i = 0; i < N; i += 2)
		CHECK_OK(dma_unmap(&d, TEST_IOVA + 3 * i * PAGE_SZ, PAGE_SZ));
	CHECK_EQ(dma_charged(&d), base + N / 2 * PAGE_SZ);
	for (i = 1; i + 2 < N; i += e.slow ? 100 : 2)
		expect_copy(&e, va + i * PAGE_SZ, TEST_IOVA + 3 * i * PAGE_SZ,
			    va + (i + 2) * PAGE_SZ,
			    TEST_IOVA + 3 * (i + 2) * PAGE_SZ);
	CHECK_OK(dma_unmap_within(&d, TEST_IOVA, 3 * N * PAGE_SZ,
				  &unmapped));
	CHECK_EQ(unmapped, N / 2 * PAGE_SZ);
	CHECK_EQ(dma_charged(&d), base);
	engine_stop(&e);
}

/* The pin keeps the page, whatever becomes of the process's own mapping. */
static void memory_unmapped_by_the_process(void)
{
	char *va = get_memory(2 * PAGE_SZ, MEM_PLAIN);
	__u64 seed = pattern_seed();
	struct dma d;
	struct engine e = running_engine(&d);

	CHECK_OK(dma_map_fixed(&d, va, PAGE_SZ, TEST_IOVA, MAP_R));
	CHECK_OK(dma_map_fixed(&d, va + PAGE_SZ, PAGE_SZ, TEST_IOVA + HUGE_SZ,
			       MAP_RW));
	pattern_fill(va, PAGE_SZ, seed);
	CHECK_OK(munmap(va, PAGE_SZ));
	CHECK_OK(engine_load(&e, 0, TEST_IOVA));
	CHECK_OK(engine_store(&e, 0, TEST_IOVA + HUGE_SZ));
	CHECK_EQ(pattern_check(va + PAGE_SZ, PAGE_SZ, seed), -1);
	CHECK_OK(dma_unmap(&d, TEST_IOVA, PAGE_SZ));
	engine_stop(&e);
}

/* One address, two address spaces: what it means follows the attachment. */
static void two_address_spaces(void)
{
	char *va = get_memory(2 * PAGE_SZ, MEM_PLAIN);
	struct dma d, other;
	struct engine e;
	__u32 id;

	needs_iommufd();
	d = bound_device();
	other = d;
	CHECK_OK(iommufd_ioas_alloc(d.space, &other.ioas));
	CHECK_OK(dma_map_fixed(&d, va, PAGE_SZ, TEST_IOVA, MAP_RW));
	CHECK_OK(dma_map_fixed(&other, va + PAGE_SZ, PAGE_SZ, TEST_IOVA,
			       MAP_RW));

	id = d.ioas;
	CHECK_OK(vfio_attach(d.dev, &id));
	CHECK_OK(engine_start(&e, dut_kind, &d));
	expect_copy(&e, va, TEST_IOVA, va, TEST_IOVA);
	engine_stop(&e);
	CHECK_OK(vfio_detach(d.dev));

	memset(va, 0x55, PAGE_SZ);
	id = other.ioas;
	CHECK_OK(vfio_attach(d.dev, &id));
	CHECK_OK(engine_start(&e, dut_kind, &other));
	expect_copy(&e, va + PAGE_SZ, TEST_IOVA, va + PAGE_SZ, TEST_IOVA);
	CHECK_EQ(va[0], 0x55);
	CHECK_EQ(memcmp(va, va + 1, PAGE_SZ - 1), 0);
	engine_stop(&e);
}

static const struct test tests[] = {
	{ "dma.map_before_attach", map_before_attach, 0 },
	{ "dma.map_after_attach", map_after_attach, 0 },
	{ "dma.automatic_iova", automatic_iova, 0 },
	{ "dma.highest_iova", highest_iova, 0 },
	{ "dma.remap_is_seen_at_once", remap_is_seen_at_once, 0 },
	{ "dma.scattered_pages", scattered_pages, 0 },
	{ "dma.transparent_huge_pages", transparent_huge_pages, 0 },
	{ "dma.into_huge_pages", into_huge_pages, 0 },
	{ "dma.part_of_huge_pages", part_of_huge_pages, 0 },
	{ "dma.hugetlb_pages", hugetlb_pages, 0 },
	{ "dma.list_of_pages", list_of_pages, 0 },
	{ "dma.many_mappings", many_mappings, 0 },
	{ "dma.memory_unmapped_by_process", memory_unmapped_by_the_process, 0 },
	{ "dma.two_address_spaces", two_address_spaces, 0 },
};

const struct test_table dma_table = { tests, ARRAY_SIZE(tests) };
