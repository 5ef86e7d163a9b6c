// SPDX-License-Identifier: GPL-2.0-only
/*
 * compat_cut.c - unmapping parts of mappings, as VFIO_TYPE1_IOMMU may
 *
 * Owns: cut_table. Nothing is attached here; compat_mock.c and compat_device.c
 * look at what is pinned and translated meanwhile.
 */
#define _GNU_SOURCE

#include "compat.h"

#define PAGES 16

static struct space mapped(int type)
{
	struct space s = new_container(type);

	CHECK_OK(vfio_type1_map(s.fd, nowhere(PAGE_SZ), PAGES * PAGE_SZ, BASE,
				DMA_RW));
	return s;
}

/* Pages [first, first + n) of the mapping. */
static void unmap_pages(const struct space *s, int first, int n, int want)
{
	expect_unmapped(s, BASE + first * PAGE_SZ, n * PAGE_SZ, want * PAGE_SZ);
}

/* What is left is areas that begin and end there: natively, only whole ones go. */
static void expect_area(const struct space *s, int first, int n)
{
	__u64 iova = BASE + first * PAGE_SZ;
	int i;

	for (i = 1; i < n; i++) {
		CHECK_RET(iommufd_unmap(s->fd, s->ioas, iova, i * PAGE_SZ,
					NULL), -ENOENT);
		CHECK_RET(iommufd_unmap(s->fd, s->ioas, iova + i * PAGE_SZ,
					(n - i) * PAGE_SZ, NULL), -ENOENT);
	}
	CHECK_OK(iommufd_unmap(s->fd, s->ioas, iova, n * PAGE_SZ, NULL));
}

static void parts(void)
{
	static const struct { int first, n; } part[] = {
		{ 0, 1 }, { 0, 8 }, { 1, 1 }, { 7, 2 }, { 1, 14 }, { 15, 1 },
		{ 8, 8 }, { 0, 16 },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(part); i++) {
		struct space s = mapped(VFIO_TYPE1_IOMMU);
		int end = part[i].first + part[i].n;

		unmap_pages(&s, part[i].first, part[i].n, part[i].n);
		unmap_pages(&s, part[i].first, part[i].n, 0);
		if (part[i].first)
			expect_area(&s, 0, part[i].first);
		if (end < PAGES)
			expect_area(&s, end, PAGES - end);
		expect_all(&s, 0);
	}
}

static void across_several(void)
{
	struct space s = new_container(VFIO_TYPE1_IOMMU);
	int i;

	/* Four areas of four pages, a hole of one page after each. */
	for (i = 0; i < 4; i++)
		CHECK_OK(vfio_type1_map(s.fd, nowhere(PAGE_SZ), 4 * PAGE_SZ,
					BASE + i * 5 * PAGE_SZ, DMA_RW));
	/* The last two pages of the first, all of two, one of the last. */
	unmap_pages(&s, 2, 14, 2 + 4 + 4 + 1);
	expect_area(&s, 0, 2);
	expect_area(&s, 16, 3);
	/* Larger than all there is. */
	CHECK_OK(vfio_type1_map(s.fd, nowhere(PAGE_SZ), 4 * PAGE_SZ, BASE,
				DMA_RW));
	expect_unmapped(&s, 0, -PAGE_SZ, 4 * PAGE_SZ);
}

static void at_the_ends(void)
{
	struct space s = new_container(VFIO_TYPE1_IOMMU);
	__u64 end = -4 * PAGE_SZ;

	CHECK_OK(vfio_type1_map(s.fd, nowhere(PAGE_SZ), 4 * PAGE_SZ, 0,
				DMA_RW));
	CHECK_OK(vfio_type1_map(s.fd, nowhere(PAGE_SZ), 4 * PAGE_SZ, end,
				DMA_RW));
	expect_unmapped(&s, 0, PAGE_SZ, PAGE_SZ);
	expect_unmapped(&s, -PAGE_SZ, PAGE_SZ, PAGE_SZ);
	expect_unmapped(&s, end + PAGE_SZ, PAGE_SZ, PAGE_SZ);
	expect_all(&s, 5 * PAGE_SZ);
}

static void not_with_v2(void)
{
	struct space s = mapped(VFIO_TYPE1v2_IOMMU);
	int i;

	for (i = 1; i < PAGES; i++) {
		CHECK_RET(vfio_type1_unmap(s.fd, BASE, i * PAGE_SZ, NULL),
			  -ENOENT);
		CHECK_RET(vfio_type1_unmap(s.fd, BASE + i * PAGE_SZ,
					   PAGES * PAGE_SZ, NULL), -ENOENT);
	}
	expect_area(&s, 0, PAGES);
	/* Nor natively, whatever the container's type. */
	s = mapped(VFIO_TYPE1_IOMMU);
	expect_area(&s, 0, PAGES);
}

/* A copy is another area: cutting one does not cut the other. */
static void copies(void)
{
	struct space s = mapped(VFIO_TYPE1_IOMMU);
	struct iommu_ioas_copy copy = {
		.size = sizeof(copy),
		.flags = MAP_R | IOMMU_IOAS_MAP_FIXED_IOVA,
		.dst_ioas_id = s.ioas,
		.src_ioas_id = s.ioas,
		.length = PAGES * PAGE_SZ,
		.dst_iova = 2 * BASE,
		.src_iova = BASE,
	};

	CHECK_OK(xioctl(s.fd, IOMMU_IOAS_COPY, &copy));
	unmap_pages(&s, 4, 4, 4);
	CHECK_RET(iommufd_unmap(s.fd, s.ioas, 2 * BASE, 4 * PAGE_SZ, NULL),
		  -ENOENT);
	/* Copied over a cut it is as many areas as it was; over a hole, none. */
	copy.dst_iova = 3 * BASE;
	CHECK_RET(xioctl(s.fd, IOMMU_IOAS_COPY, &copy), -ENOENT);
	copy.length = 4 * PAGE_SZ;
	CHECK_OK(xioctl(s.fd, IOMMU_IOAS_COPY, &copy));
	expect_unmapped(&s, 3 * BASE, BASE, 4 * PAGE_SZ);
	expect_all(&s, (PAGES - 4 + PAGES) * PAGE_SZ);
}

static const struct test tests[] = {
	{ "cut.parts", parts, 0 },
	{ "cut.across_several", across_several, 0 },
	{ "cut.at_the_ends", at_the_ends, 0 },
	{ "cut.not_with_v2", not_with_v2, 0 },
	{ "cut.copies", copies, 0 },
};

const struct test_table cut_table = { tests, ARRAY_SIZE(tests) };
