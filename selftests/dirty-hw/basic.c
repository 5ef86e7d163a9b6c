// SPDX-License-Identifier: GPL-2.0-only
/*
 * basic.c - when tracking is refused, and what switching it does to the IOMMU
 *
 * Owns: absent_table, of an IOMMU as it is; basic_table, of one with dirty bits.
 */
#include <unistd.h>

#include "dirty-hw.h"
#include "vfio.h"

/* What an attached device says of its IOMMU, and whether a HWPT can track. */
static void expect_offer(bool capable, int alloc)
{
	struct iommu_hw_info info = { .size = sizeof(info) };
	struct dma d;
	__u32 hwpt;

	CHECK_OK(dma_open(&d, dut, DMA_IOMMUFD));
	info.dev_id = d.devid;
	CHECK_OK(xioctl(d.space, IOMMU_GET_HW_INFO, &info));
	CHECK_EQ(!!(info.out_capabilities & IOMMU_HW_CAP_DIRTY_TRACKING),
		 capable);
	CHECK_RET(iommufd_hwpt_alloc(d.space, d.devid, d.ioas,
				     IOMMU_HWPT_ALLOC_DIRTY_TRACKING, &hwpt),
		  alloc);
	dma_close(&d);
}

static void no_hardware(void)
{
	allow_tracking(false);
	expect_offer(false, -EOPNOTSUPP);
	allow_tracking(true);
	expect_offer(false, -EOPNOTSUPP);
	allow_tracking(false);
}

static void without_parameter(void)
{
	allow_tracking(false);
	expect_offer(false, -EOPNOTSUPP);
	allow_tracking(true);
	expect_offer(true, 0);
}

/* Does the IOMMU itself track for a device? */
static bool tracks(const char *bdf)
{
	struct vmonly_access access;

	CHECK_OK(device_access(bdf, BASE_IOVA, false, &access));
	return access.tracking;
}

static void on_and_off(void)
{
	struct tracked t = tracked_device();
	unsigned char bit = 0;
	int i;

	map_memory(&t, PAGE_SZ, MEM_PLAIN, BASE_IOVA);
	CHECK_RET(get_bitmap(&t, BASE_IOVA, PAGE_SZ, PAGE_SZ, &bit, 0),
		  -EINVAL);
	for (i = 0; i < 3; i++) {
		CHECK(!tracks(dut));
		device_writes(BASE_IOVA);
		CHECK(!leaf_at(BASE_IOVA).dirty);
		CHECK_OK(set_tracking(&t, true));
		CHECK(tracks(dut));
		CHECK_OK(set_tracking(&t, true));
		CHECK(tracks(dut));
		CHECK_OK(get_bitmap(&t, BASE_IOVA, PAGE_SZ, PAGE_SZ, &bit, 0));
		CHECK_EQ(bit, 0);
		CHECK_OK(set_tracking(&t, false));
		CHECK_OK(set_tracking(&t, false));
	}
	CHECK(!tracks(dut));
}

/* A domain that tracks already makes the IOMMU track for who comes later. */
static void on_before_attach(void)
{
	struct tracked t = tracked_device();
	unsigned char bit = 0;
	__u32 pt = t.d.ioas;

	map_memory(&t, PAGE_SZ, MEM_PLAIN, BASE_IOVA);
	CHECK_OK(vfio_attach(t.d.dev, &pt));
	CHECK(pt != t.hwpt);
	CHECK_OK(set_tracking(&t, true));
	CHECK(!tracks(dut));
	pt = t.hwpt;
	CHECK_OK(vfio_attach(t.d.dev, &pt));
	CHECK(tracks(dut));
	device_writes(BASE_IOVA);
	/* And the bit stays when the writer has gone. */
	CHECK_OK(vfio_detach(t.d.dev));
	CHECK_OK(get_bitmap(&t, BASE_IOVA, PAGE_SZ, PAGE_SZ, &bit, 0));
	CHECK_EQ(bit, 1);
}

static void two_devices(void)
{
	struct tracked t = tracked_device();
	struct vmonly_access access;
	unsigned char bit = 0;
	__u32 devid, pt = t.hwpt;
	int dev;

	if (!dut2)
		test_skip("there is one device only");
	map_memory(&t, PAGE_SZ, MEM_PLAIN, BASE_IOVA);
	dev = CHECK_FD(vfio_cdev_open(dut2));
	CHECK_OK(vfio_bind(dev, t.d.space, &devid));
	CHECK_OK(vfio_attach(dev, &pt));
	CHECK(!tracks(dut2));
	CHECK_OK(set_tracking(&t, true));
	CHECK(tracks(dut) && tracks(dut2));
	CHECK_OK(device_access(dut2, BASE_IOVA, true, &access));
	CHECK_OK(get_bitmap(&t, BASE_IOVA, PAGE_SZ, PAGE_SZ, &bit, 0));
	CHECK_EQ(bit, 1);
	CHECK_OK(set_tracking(&t, false));
	CHECK(!tracks(dut) && !tracks(dut2));
	close(dev);
}

/* What was dirty and not read when tracking went off is not dirty after. */
static void starts_clean(void)
{
	struct tracked t = tracked_device();
	const __u64 huge = BASE_IOVA + HUGE_SZ;
	unsigned char bits[2 * HUGE_SZ / PAGE_SZ / 8] = { 0 };

	map_memory(&t, HUGE_SZ, MEM_SCATTERED, BASE_IOVA);
	map_memory(&t, HUGE_SZ, MEM_HUGETLB, huge);
	CHECK_OK(set_tracking(&t, true));
	device_writes(BASE_IOVA);
	device_writes(BASE_IOVA + 300 * PAGE_SZ);
	device_writes(huge + 5);
	CHECK(leaf_at(huge).dirty);
	CHECK_OK(set_tracking(&t, false));
	CHECK_OK(set_tracking(&t, true));
	CHECK(!leaf_at(BASE_IOVA).dirty);
	CHECK(!leaf_at(BASE_IOVA + 300 * PAGE_SZ).dirty);
	CHECK(!leaf_at(huge).dirty);
	CHECK_OK(get_bitmap(&t, BASE_IOVA, 2 * HUGE_SZ, PAGE_SZ, bits, 0));
	CHECK_EQ(count_bits(bits, 8 * sizeof(bits)), 0);
}

/* Memory that is mapped anew is clean, whatever was there before. */
static void unmapped_with_it(void)
{
	struct tracked t = tracked_device();
	unsigned char bit = 0;
	void *va = map_memory(&t, PAGE_SZ, MEM_PLAIN, BASE_IOVA);

	CHECK_OK(set_tracking(&t, true));
	device_writes(BASE_IOVA);
	CHECK_OK(iommufd_unmap(t.d.space, t.d.ioas, BASE_IOVA, PAGE_SZ, NULL));
	CHECK_OK(iommufd_map_fixed(t.d.space, t.d.ioas, va, PAGE_SZ, BASE_IOVA,
				   MAP_RW));
	CHECK_OK(get_bitmap(&t, BASE_IOVA, PAGE_SZ, PAGE_SZ, &bit, 0));
	CHECK_EQ(bit, 0);
}

/* The module that fakes: a device's write goes by the IOMMU's tables. */
static void writes_are_checked(void)
{
	struct tracked t = tracked_device();
	void *va = map_memory(&t, PAGE_SZ, MEM_PLAIN, BASE_IOVA);
	struct vmonly_access access;

	CHECK_OK(iommufd_map_fixed(t.d.space, t.d.ioas, va, PAGE_SZ,
				   BASE_IOVA + PAGE_SZ, MAP_R));
	CHECK_OK(set_tracking(&t, true));
	CHECK_RET(device_access(dut, BASE_IOVA + PAGE_SZ, true, &access),
		  -EACCES);
	CHECK_RET(device_access(dut, BASE_IOVA + 2 * PAGE_SZ, true, &access),
		  -EFAULT);
	CHECK_RET(device_access(dut, ~0ULL, true, &access), -EFAULT);
	CHECK(!leaf_at(BASE_IOVA + PAGE_SZ).dirty);
}

static const struct test absent_tests[] = {
	{ "no-hardware", no_hardware, 0 },
};

static const struct test basic_tests[] = {
	{ "without-parameter", without_parameter, 0 },
	{ "writes-are-checked", writes_are_checked, 0 },
	{ "on-and-off", on_and_off, 0 },
	{ "on-before-attach", on_before_attach, 0 },
	{ "two-devices", two_devices, 0 },
	{ "starts-clean", starts_clean, 0 },
	{ "unmapped-with-it", unmapped_with_it, 0 },
};

const struct test_table absent_table = {
	absent_tests, ARRAY_SIZE(absent_tests)
};

const struct test_table basic_table = { basic_tests, ARRAY_SIZE(basic_tests) };
