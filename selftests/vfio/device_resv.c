// SPDX-License-Identifier: GPL-2.0-only
/*
 * device_resv.c - reserved regions: what an attached device forbids
 *
 * Owns: resv_table. The MSI window of x86 is the region that every device has;
 * the others are read from sysfs.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "device.h"

#define MAX_RANGES 32

struct ranges {
	struct iommu_iova_range r[MAX_RANGES];
	__u32 count;
};

static struct ranges get_ranges(const struct dma *d)
{
	struct ranges ranges = { .count = MAX_RANGES };
	__u64 align = 0;

	CHECK_OK(iommufd_ranges(d->space, d->ioas, ranges.r, &ranges.count,
				&align));
	CHECK(align > 0 && align <= PAGE_SZ);
	return ranges;
}

/* Is any address of [first, last] in a usable range? */
static bool overlaps(const struct ranges *ranges, __u64 first, __u64 last)
{
	__u32 i;

	for (i = 0; i < ranges->count; i++)
		if (ranges->r[i].start <= last && first <= ranges->r[i].last)
			return true;
	return false;
}

static void expect_everything(const struct dma *d)
{
	struct ranges ranges = get_ranges(d);

	CHECK_EQ(ranges.count, 1);
	CHECK_EQ(ranges.r[0].start, 0);
	CHECK_EQ(ranges.r[0].last, ~0ULL);
}

static void ranges_narrow_and_widen(void)
{
	struct dma d = bound_device();
	struct ranges ranges;
	__u32 i, id, none = 0;
	int turn;

	expect_everything(&d);
	for (turn = 0; turn < 2; turn++) {
		id = d.ioas;
		CHECK_OK(vfio_attach(d.dev, &id));
		ranges = get_ranges(&d);
		CHECK(ranges.count >= 2);
		CHECK(!overlaps(&ranges, MSI_FIRST, MSI_LAST));
		/* Right up to it on both sides, though. */
		CHECK(overlaps(&ranges, MSI_FIRST - 1, MSI_FIRST - 1));
		CHECK(overlaps(&ranges, MSI_LAST + 1, MSI_LAST + 1));
		/* In order, and with holes between. */
		for (i = 0; i < ranges.count; i++) {
			CHECK(ranges.r[i].start <= ranges.r[i].last);
			if (i)
				CHECK(ranges.r[i].start >
				      ranges.r[i - 1].last + 1);
		}
		CHECK_RET(iommufd_ranges(d.space, d.ioas, NULL, &none, NULL),
			  -EMSGSIZE);
		CHECK_EQ(none, ranges.count);
		none = 0;
		CHECK_OK(vfio_detach(d.dev));
		expect_everything(&d);
	}
}

/* All that sysfs says about the group must be out of the ranges. */
static void all_regions_of_sysfs(void)
{
	struct dma d = attached_device();
	struct ranges ranges = get_ranges(&d);
	unsigned long long first, last;
	char path[128], type[64];
	int seen = 0;
	FILE *f;

	snprintf(path, sizeof(path),
		 "/sys/bus/pci/devices/%s/iommu_group/reserved_regions", dut);
	f = fopen(path, "r");
	CHECK(f);
	while (fscanf(f, "%llx %llx %63s", &first, &last, type) == 3) {
		seen++;
		/* Firmware asks for these, and leaves them to an assigned device. */
		if (!strcmp(type, "direct-relaxable"))
			continue;
		if (overlaps(&ranges, first, last))
			FAIL("%#llx-%#llx (%s) is usable", first, last, type);
	}
	fclose(f);
	CHECK(seen > 0);
	test_note("%d reserved regions, %u usable ranges up to %#llx", seen,
		  ranges.count, ranges.r[ranges.count - 1].last);
}

static void no_map_into_the_window(void)
{
	struct dma d = attached_device();
	char *va = get_memory(MSI_SIZE + 2 * PAGE_SZ, MEM_PLAIN);
	__u64 iova;
	int i;

	CHECK_RET(dma_map_fixed(&d, va, MSI_SIZE, MSI_FIRST, MAP_RW), -EINVAL);
	CHECK_RET(dma_map_fixed(&d, va, PAGE_SZ, MSI_FIRST, MAP_RW), -EINVAL);
	CHECK_RET(dma_map_fixed(&d, va, PAGE_SZ, MSI_LAST + 1 - PAGE_SZ,
				MAP_RW), -EINVAL);
	/* Reaching in from below, from above, over it. */
	CHECK_RET(dma_map_fixed(&d, va, 2 * PAGE_SZ, MSI_FIRST - PAGE_SZ,
				MAP_RW), -EINVAL);
	CHECK_RET(dma_map_fixed(&d, va, 2 * PAGE_SZ, MSI_LAST + 1 - PAGE_SZ,
				MAP_RW), -EINVAL);
	CHECK_RET(dma_map_fixed(&d, va, MSI_SIZE + 2 * PAGE_SZ,
				MSI_FIRST - PAGE_SZ, MAP_RW), -EINVAL);
	/* The neighbours are free. */
	CHECK_OK(dma_map_fixed(&d, va, PAGE_SZ, MSI_FIRST - PAGE_SZ, MAP_RW));
	CHECK_OK(dma_map_fixed(&d, va, PAGE_SZ, MSI_LAST + 1, MAP_RW));
	for (i = 0; i < 64; i++) {
		CHECK_OK(dma_map_auto(&d, va, MSI_SIZE, &iova, MAP_RW));
		if (iova <= MSI_LAST && MSI_FIRST <= iova + MSI_SIZE - 1)
			FAIL("an automatic mapping fell on %#llx", iova);
		CHECK(iova > 0);
	}
	CHECK_EQ(proc_status_bytes("VmPin"), 64 * MSI_SIZE + 2 * PAGE_SZ);
}

static void attach_over_an_area(void)
{
	struct dma d = bound_device();
	char *va = get_memory(4 * PAGE_SZ, MEM_PLAIN);
	__u64 at = MSI_FIRST + 0x10000;
	__u32 id = d.ioas;

	CHECK_OK(dma_map_fixed(&d, va, PAGE_SZ, TEST_IOVA, MAP_RW));
	CHECK_OK(dma_map_fixed(&d, va, 4 * PAGE_SZ, at, MAP_RW));
	CHECK_RET(vfio_attach(d.dev, &id), -EADDRINUSE);
	CHECK_EQ(id, d.ioas);
	/* Nothing of the attempt is left: no region, no attachment, no pin. */
	expect_everything(&d);
	CHECK_EQ(proc_status_bytes("VmPin"), 0);
	CHECK_OK(dma_map_fixed(&d, va, PAGE_SZ, MSI_FIRST, MAP_RW));
	CHECK_OK(dma_unmap(&d, MSI_FIRST, PAGE_SZ));

	CHECK_OK(dma_unmap(&d, at, 4 * PAGE_SZ));
	CHECK_OK(vfio_attach(d.dev, &id));
	CHECK_EQ(proc_status_bytes("VmPin"), PAGE_SZ);
}

/* Beyond the last address that the IOMMU translates. */
static void no_map_beyond_the_aperture(void)
{
	struct dma d = attached_device();
	struct ranges ranges = get_ranges(&d);
	char *va = get_memory(2 * PAGE_SZ, MEM_PLAIN);
	__u64 last = ranges.r[ranges.count - 1].last;

	CHECK_EQ((last + 1) % PAGE_SZ, 0);
	/* AMD-Vi's tables reach to the end of 64 bits, VT-d's do not. */
	if (last != ~0ULL)
		CHECK_RET(dma_map_fixed(&d, va, PAGE_SZ, last + 1, MAP_RW),
			  -EINVAL);
	CHECK_RET(dma_map_fixed(&d, va, 2 * PAGE_SZ, last + 1 - PAGE_SZ,
				MAP_RW), last == ~0ULL ? -EOVERFLOW : -EINVAL);
	CHECK_OK(dma_map_fixed(&d, va, PAGE_SZ, last + 1 - PAGE_SZ, MAP_RW));
}

static const struct test tests[] = {
	{ "resv.ranges_narrow_and_widen", ranges_narrow_and_widen, 0 },
	{ "resv.all_regions_of_sysfs", all_regions_of_sysfs, 0 },
	{ "resv.no_map_into_msi_window", no_map_into_the_window, 0 },
	{ "resv.attach_over_an_area", attach_over_an_area, 0 },
	{ "resv.no_map_beyond_aperture", no_map_beyond_the_aperture, 0 },
};

const struct test_table resv_table = { tests, ARRAY_SIZE(tests) };
