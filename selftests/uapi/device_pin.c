// SPDX-License-Identifier: GPL-2.0-only
/*
 * device_pin.c - what a map pins and charges, and what a failed one leaves
 *
 * Owns: pin_table. The device is attached before anything is mapped.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "device.h"

/* Around every size at which pinning changes its ways. */
static const unsigned int counts[] = { 1, 2, 15, 16, 17, 32, 33, 511, 512, 513,
				       1025, 3000 };

static void exactly_the_pages(void)
{
	struct dma d = attached_device();
	size_t i;

	for (i = 0; i < ARRAY_SIZE(counts); i++) {
		size_t len = counts[i] * PAGE_SZ;
		char *va = get_pages(len);

		expect_nothing(&d);
		CHECK_OK(dma_map_fixed(&d, va, len, TEST_IOVA, MAP_RW));
		expect_pinned(counts[i]);
		CHECK_OK(dma_unmap(&d, TEST_IOVA, len));
		expect_nothing(&d);
		mem_free(va, len);
	}
}

/* Single frames, not one run: the list of runs is as long as it can be. */
static void scattered_memory(void)
{
	size_t len = 2000 * PAGE_SZ;
	struct dma d = attached_device();
	char *va = mem_alloc(len, MEM_SCATTERED);

	CHECK(va);
	test_note("%ld runs", mem_runs(va, len));
	CHECK_OK(dma_map_fixed(&d, va, len, TEST_IOVA, MAP_RW));
	expect_pinned(2000);
	CHECK_OK(dma_unmap(&d, TEST_IOVA, len));
	expect_nothing(&d);
}

static void untouched_memory(void)
{
	size_t len = 700 * PAGE_SZ;
	struct dma d = attached_device();
	char *va = mmap(NULL, len, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CHECK(va != MAP_FAILED);
	CHECK_OK(dma_map_fixed(&d, va, len, TEST_IOVA, MAP_R));
	expect_pinned(700);
	CHECK_OK(dma_unmap(&d, TEST_IOVA, len));
	CHECK_OK(dma_map_fixed(&d, va, len, TEST_IOVA, MAP_W));
	expect_pinned(700);
}

/* Each mapping pins and is charged for itself. */
static void same_memory_twice(void)
{
	size_t len = 40 * PAGE_SZ;
	struct dma d = attached_device();
	char *va = get_pages(len);

	CHECK_OK(dma_map_fixed(&d, va, len, TEST_IOVA, MAP_RW));
	CHECK_OK(dma_map_fixed(&d, va, len, TEST_IOVA + len, MAP_R));
	CHECK_OK(dma_map_fixed(&d, va + 8 * PAGE_SZ, len / 2,
			       TEST_IOVA + 2 * len, MAP_RW));
	expect_pinned(100);
	CHECK_OK(dma_unmap(&d, TEST_IOVA, len));
	expect_pinned(60);
	CHECK_OK(dma_unmap(&d, TEST_IOVA + 2 * len, len / 2));
	expect_pinned(40);
	CHECK_OK(dma_unmap(&d, TEST_IOVA + len, len));
	expect_nothing(&d);
}

static void unmap_of_many(void)
{
	struct dma d = attached_device();
	char *va = get_pages(300 * PAGE_SZ);
	__u64 done;
	int i;

	for (i = 0; i < 300; i++)
		CHECK_OK(dma_map_fixed(&d, va + i * PAGE_SZ, PAGE_SZ,
				       TEST_IOVA + 2 * i * PAGE_SZ, MAP_RW));
	expect_pinned(300);
	CHECK_OK(iommufd_unmap(d.space, d.ioas, TEST_IOVA,
			       200 * PAGE_SZ, &done));
	CHECK_EQ(done, 100 * PAGE_SZ);
	expect_pinned(200);
	CHECK_OK(iommufd_unmap(d.space, d.ioas, 0, ~0ULL, &done));
	CHECK_EQ(done, 200 * PAGE_SZ);
	expect_nothing(&d);
}

/* An IOMMU maps whole pages. */
static void misaligned(void)
{
	struct dma d = attached_device();
	char *va = get_pages(4 * PAGE_SZ);
	__u64 iova;

	CHECK_RET(dma_map_fixed(&d, va, 2 * PAGE_SZ, TEST_IOVA + 1, MAP_RW),
		  -EINVAL);
	CHECK_RET(dma_map_fixed(&d, va + 1, 2 * PAGE_SZ, TEST_IOVA, MAP_RW),
		  -EINVAL);
	CHECK_RET(dma_map_fixed(&d, va, 2 * PAGE_SZ - 1, TEST_IOVA, MAP_RW),
		  -EINVAL);
	CHECK_RET(dma_map_fixed(&d, va, 1, TEST_IOVA, MAP_RW), -EINVAL);
	CHECK_RET(dma_map_fixed(&d, va + 512, 512, TEST_IOVA + 512, MAP_RW),
		  -EINVAL);
	CHECK_RET(dma_map_auto(&d, va + 512, PAGE_SZ, &iova, MAP_RW), -EINVAL);
	CHECK_RET(dma_map_auto(&d, va, PAGE_SZ + 512, &iova, MAP_RW), -EINVAL);
	expect_nothing(&d);
}

/* 2^36 bytes from here are clear of the MSI window, and in any IOMMU's reach. */
#define FAR_IOVA (1ULL << 37)

/* A failed map: nothing pinned, and its IOVAs are free. */
static void expect_failure(struct dma *d, void *va, size_t len, __u32 prot)
{
	static _Alignas(PAGE_SZ) char good[PAGE_SZ];

	CHECK_RET(dma_map_fixed(d, va, len, FAR_IOVA, prot), -EFAULT);
	expect_nothing(d);
	CHECK_OK(dma_map_fixed(d, good, PAGE_SZ, FAR_IOVA, MAP_RW));
	CHECK_OK(dma_unmap(d, FAR_IOVA, PAGE_SZ));
}

static void no_memory_there(void)
{
	struct dma d = attached_device();
	char *va = get_pages(PAGE_SZ);

	CHECK_OK(munmap(va, PAGE_SZ));
	expect_failure(&d, va, PAGE_SZ, MAP_R);
	expect_failure(&d, va, PAGE_SZ, MAP_RW);
	expect_failure(&d, NULL, PAGE_SZ, MAP_R);
	/* The kernel's half, the hole between, and over the edge. */
	expect_failure(&d, nowhere(0xffff888000000000UL), PAGE_SZ, MAP_R);
	expect_failure(&d, nowhere(0xffffffff81000000UL), PAGE_SZ, MAP_RW);
	expect_failure(&d, nowhere(1UL << 62), PAGE_SZ, MAP_R);
	expect_failure(&d, nowhere(0x7fffffffe000UL), 2 * PAGE_SZ, MAP_R);
}

static void hole_anywhere(void)
{
	static const unsigned int sizes[] = { 3, 20, 600, 1500 };
	struct dma d = attached_device();
	unsigned int n, holes[4], k;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		n = sizes[i];
		holes[0] = 0;
		holes[1] = 1;
		holes[2] = n / 2;
		holes[3] = n - 1;
		for (k = 0; k < 4; k++) {
			char *va = get_pages(n * PAGE_SZ);

			CHECK_OK(munmap(va + holes[k] * PAGE_SZ, PAGE_SZ));
			expect_failure(&d, va, n * PAGE_SZ, MAP_RW);
			expect_failure(&d, va, n * PAGE_SZ, MAP_R);
			munmap(va, n * PAGE_SZ);
		}
	}
}

/* Huge, but the first page that is missing ends it. */
static void far_too_long(void)
{
	struct dma d = attached_device();
	char *va = guarded(PAGE_SZ);

	expect_failure(&d, va, 1UL << 36, MAP_RW);
	expect_failure(&d, nowhere(PAGE_SZ), 1UL << 36, MAP_RW);
}

static void permissions(void)
{
	const size_t len = 20 * PAGE_SZ;
	struct dma d = attached_device();
	char *va = get_pages(len);

	CHECK_OK(mprotect(va, len, PROT_READ));
	expect_failure(&d, va, len, MAP_W);
	expect_failure(&d, va, len, MAP_RW);
	CHECK_OK(dma_map_fixed(&d, va, len, TEST_IOVA, MAP_R));
	expect_pinned(20);
	CHECK_OK(dma_unmap(&d, TEST_IOVA, len));

	CHECK_OK(mprotect(va, len, PROT_NONE));
	expect_failure(&d, va, len, MAP_R);
	expect_failure(&d, va, len, MAP_RW);

	/* Only the last page may not be written. */
	CHECK_OK(mprotect(va, len, PROT_READ | PROT_WRITE));
	CHECK_OK(mprotect(va + len - PAGE_SZ, PAGE_SZ, PROT_READ));
	expect_failure(&d, va, len, MAP_RW);
	CHECK_OK(dma_map_fixed(&d, va, len, TEST_IOVA, MAP_R));
	expect_pinned(20);
}

/* Registers of a device are no memory. */
static void registers(void)
{
	struct dma d = attached_device();
	size_t size;
	char *bar = vfio_bar_map(d.dev, 0, &size);

	if (!bar)
		test_skip("BAR 0 cannot be mapped");
	expect_failure(&d, bar, PAGE_SZ, MAP_R);
	expect_failure(&d, bar, PAGE_SZ, MAP_RW);
}

/* A device is no IOAS. */
static void ids_of_other_things(void)
{
	struct dma d = attached_device();
	char *va = get_pages(PAGE_SZ);
	struct iommu_iova_range r[8];
	__u32 n = ARRAY_SIZE(r);
	__u32 ids[2] = { d.devid, d.hwpt };
	int i;

	for (i = 0; i < 2; i++) {
		CHECK_RET(iommufd_map_fixed(d.space, ids[i], va, PAGE_SZ,
					    TEST_IOVA, MAP_RW), -ENOENT);
		CHECK_RET(iommufd_unmap(d.space, ids[i], 0, ~0ULL, NULL),
			  -ENOENT);
		CHECK_RET(iommufd_ranges(d.space, ids[i], r, &n, NULL),
			  -ENOENT);
	}
	expect_nothing(&d);
}

static void against_a_model(void)
{
	struct dma d = attached_device();
	struct space s = { d.space, d.ioas };
	char *va = get_pages(MODEL_SLOTS * 5 * PAGE_SZ);

	model_run(&s, va, PAGE_SZ, TEST_IOVA, 1500, true);
	model_run(&s, va, 5 * PAGE_SZ, 0, 1500, true);
	expect_nothing(&d);
}

/* The answer cannot be written: what was pinned is given back. */
static void answer_not_writable(void)
{
	struct dma d = attached_device();
	char *va = get_pages(600 * PAGE_SZ);
	struct iommu_ioas_map *cmd = (void *)get_pages(PAGE_SZ);

	*cmd = (struct iommu_ioas_map){
		.size = sizeof(*cmd),
		.flags = MAP_RW,
		.ioas_id = d.ioas,
		.user_va = (uintptr_t)va,
		.length = 600 * PAGE_SZ,
	};
	CHECK_OK(mprotect(cmd, PAGE_SZ, PROT_READ));
	CHECK_RET(xioctl(d.space, IOMMU_IOAS_MAP, cmd), -EFAULT);
	expect_nothing(&d);
}

static const struct test tests[] = {
	{ "pin.exactly_the_pages", exactly_the_pages, 0 },
	{ "pin.scattered_memory", scattered_memory, 0 },
	{ "pin.untouched_memory", untouched_memory, 0 },
	{ "pin.same_memory_twice", same_memory_twice, 0 },
	{ "pin.unmap_of_many", unmap_of_many, 0 },
	{ "pin.misaligned", misaligned, 0 },
	{ "pin.no_memory_there", no_memory_there, 0 },
	{ "pin.hole_anywhere", hole_anywhere, 0 },
	{ "pin.far_too_long", far_too_long, 0 },
	{ "pin.permissions", permissions, 0 },
	{ "pin.registers", registers, 0 },
	{ "pin.ids_of_other_things", ids_of_other_things, 0 },
	{ "pin.against_a_model", against_a_model, 0 },
	{ "pin.answer_not_writable", answer_not_writable, 0 },
};

const struct test_table pin_table = { tests, ARRAY_SIZE(tests) };
