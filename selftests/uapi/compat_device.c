// SPDX-License-Identifier: GPL-2.0-only
/*
 * compat_device.c - the container on an IOAS that a real device is attached to
 *
 * Owns: device_table. The device is never started: it is there for its IOMMU.
 */
#define _GNU_SOURCE
#include <sys/ioctl.h>
#include <unistd.h>

#include "compat.h"
#include "dma.h"

#define PAGES 64
#define MSI_IOVA 0xfee00000ULL

/* The device, and its IOAS as the container's; @type: or 0. */
static struct space with_device(int type)
{
	struct dma d;
	struct space s;

	if (!dut)
		test_skip("no device with an IOMMU here");
	CHECK_OK(dma_open(&d, dut, DMA_IOMMUFD));
	s.fd = d.space;
	s.ioas = d.ioas;
	CHECK_OK(iommufd_vfio_ioas(s.fd, IOMMU_VFIO_IOAS_SET, &s.ioas));
	if (type)
		CHECK_OK(vfio_container_set_iommu(s.fd, type));
	return s;
}

static void expect_pinned(unsigned long npages)
{
	CHECK_EQ(proc_status_bytes("VmPin"), npages * PAGE_SZ);
	CHECK_EQ(pins_here(), npages);
}

#define MAX_RANGES 32

/* GET_INFO with room for all. */
struct info {
	struct vfio_iommu_type1_info info;
	struct vfio_iommu_type1_info_cap_iova_range ranges;
	struct vfio_iova_range range[MAX_RANGES];
	__u64 room[4];
};

static struct info get_info(int fd)
{
	struct info all = { .info.argsz = sizeof(all) };

	CHECK_OK(xioctl(fd, VFIO_IOMMU_GET_INFO, &all));
	CHECK(all.ranges.nr_iovas >= 1 && all.ranges.nr_iovas < MAX_RANGES);
	return all;
}

static __u64 last_usable(int fd)
{
	struct info all = get_info(fd);

	return all.range[all.ranges.nr_iovas - 1].end;
}

static void maps(void)
{
	struct space s = with_device(VFIO_TYPE1v2_IOMMU);
	char *va = get_pages(PAGES * PAGE_SZ);
	int end;

	CHECK_OK(vfio_type1_map(s.fd, va, PAGES * PAGE_SZ, BASE, DMA_RW));
	expect_pinned(PAGES);
	CHECK_RET(vfio_type1_map(s.fd, va, PAGE_SZ, MSI_IOVA, DMA_RW), -EINVAL);
	CHECK_RET(vfio_type1_map(s.fd, nowhere(PAGE_SZ), PAGE_SZ, 2 * BASE,
				 DMA_RW), -EFAULT);
	CHECK_RET(vfio_type1_unmap(s.fd, BASE, PAGE_SZ, NULL), -ENOENT);
	/* Not all IOMMUs translate so much. */
	end = last_usable(s.fd) == ~0ULL;
	CHECK_RET(vfio_type1_map(s.fd, va, PAGE_SZ, -PAGE_SZ, DMA_RW),
		  end ? 0 : -EINVAL);
	expect_pinned(PAGES + end);
	expect_unmapped(&s, -PAGE_SZ, PAGE_SZ, end * PAGE_SZ);
	expect_unmapped(&s, BASE, PAGES * PAGE_SZ, PAGES * PAGE_SZ);
	expect_pinned(0);
	CHECK_OK(vfio_type1_map(s.fd, va, PAGES * PAGE_SZ, BASE, DMA_RW));
	CHECK_OK(iommufd_map_fixed(s.fd, s.ioas, va, PAGE_SZ, 2 * BASE, MAP_R));
	expect_pinned(PAGES + 1);
	expect_all(&s, (PAGES + 1) * PAGE_SZ);
	expect_pinned(0);
}

/* Emulated IOMMUs may lack it. */
static bool type1_says_coherent(void)
{
	struct dma d;
	int ret;

	if (!dut)
		test_skip("no device with an IOMMU here");
	CHECK_OK(dma_open(&d, dut, DMA_TYPE1));
	ret = ioctl(d.space, VFIO_CHECK_EXTENSION, VFIO_DMA_CC_IOMMU);
	test_note("type1's VFIO_DMA_CC_IOMMU: %d", ret);
	dma_close(&d);
	return ret;
}

/* An IOMMU's real page sizes, and a hole where interrupts go. */
static void info(void)
{
	bool coherent = type1_says_coherent();
	struct space s = with_device(VFIO_TYPE1v2_IOMMU);
	struct info all = get_info(s.fd);
	bool below = false, above = false;
	__u32 i;

	CHECK(all.info.iova_pgsizes & PAGE_SZ);
	CHECK_EQ(all.info.iova_pgsizes & (PAGE_SZ - 1), 0);
	CHECK(all.info.iova_pgsizes != -PAGE_SZ);
	CHECK(all.ranges.nr_iovas >= 2);
	for (i = 0; i < all.ranges.nr_iovas; i++) {
		CHECK(all.range[i].start < all.range[i].end);
		CHECK(!i || all.range[i].start > all.range[i - 1].end + 1);
		below |= all.range[i].end == MSI_IOVA - 1;
		above |= all.range[i].start == 0xfef00000ULL;
	}
	CHECK(below && above);
	CHECK_EQ(ioctl(s.fd, VFIO_CHECK_EXTENSION, VFIO_DMA_CC_IOMMU), coherent);
}

static void parts(void)
{
	char *va = get_pages(PAGES * PAGE_SZ);
	struct space s = with_device(VFIO_TYPE1_IOMMU);
	int i;

	CHECK_OK(vfio_type1_map(s.fd, va, PAGES * PAGE_SZ, BASE, DMA_RW));
	expect_pinned(PAGES);
	/* From the middle, then every other page, then the rest. */
	expect_unmapped(&s, BASE + 30 * PAGE_SZ, 4 * PAGE_SZ, 4 * PAGE_SZ);
	expect_pinned(PAGES - 4);
	for (i = 0; i < PAGES; i += 2)
		expect_unmapped(&s, BASE + i * PAGE_SZ, PAGE_SZ,
				i == 30 || i == 32 ? 0 : PAGE_SZ);
	expect_pinned(PAGES / 2 - 2);
	for (i = 0; i < PAGES; i += 2)
		CHECK_OK(vfio_type1_map(s.fd, va + i * PAGE_SZ, PAGE_SZ,
					BASE + i * PAGE_SZ, DMA_RW));
	expect_pinned(PAGES - 2);
	CHECK_OK(close(s.fd));
}

/* Huge pages of memory, cut through: none is a huge page of the IOMMU. */
static void huge_parts(void)
{
	struct space s = with_device(VFIO_TYPE1_IOMMU);
	char *va = mem_alloc(2 * HUGE_SZ, MEM_HUGETLB);
	int i;

	if (!va)
		test_skip("no huge pages in the pool");
	CHECK_OK(vfio_type1_map(s.fd, va, 2 * HUGE_SZ, 2 * BASE, DMA_RW));
	expect_pinned(2 * HUGE_SZ / PAGE_SZ);
	for (i = 0; i < 16; i++) {
		/* In an order that leaves holes: 0, 5, 10, 15, 4, … */
		int at = i * 5 % 16;

		expect_unmapped(&s, 2 * BASE + at * HUGE_SZ / 8, HUGE_SZ / 8,
				HUGE_SZ / 8);
		expect_pinned((15 - i) * HUGE_SZ / 8 / PAGE_SZ);
	}
}

static const struct test tests[] = {
	{ "device.maps", maps, 0 },
	{ "device.info", info, 0 },
	{ "device.parts", parts, 0 },
	{ "device.huge_parts", huge_parts, 0 },
};

const struct test_table device_table = { tests, ARRAY_SIZE(tests) };
