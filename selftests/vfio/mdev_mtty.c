// SPDX-License-Identifier: GPL-2.0-only
/*
 * mdev_mtty.c - the kernel's sample driver mtty, an emulated serial card that
 * loops back: a driver written for the mainline kernel, built against our kAPI
 *
 * Owns: mdev_mtty.
 */
#include <linux/pci_regs.h>
#include <unistd.h>

#include "mdev.h"

#define CARD_ID		0x32534348u
#define REG_SCRATCH	7

static __u64 port_offset(int dev)
{
	struct vfio_region_info region;

	CHECK_OK(vfio_region_info(dev, VFIO_PCI_BAR0_REGION_INDEX, &region));
	CHECK(region.size);
	return region.offset;
}

/* What is sent comes back, in order. */
static void check_serial(int dev)
{
	static const char text[] = "hello, mtty";
	struct vfio_device_info info;
	__u64 port = port_offset(dev);
	__u32 id = 0;
	size_t i;
	char c;

	CHECK_OK(vfio_device_info(dev, &info));
	CHECK(info.flags & VFIO_DEVICE_FLAGS_PCI);
	CHECK_OK(vfio_config_read(dev, PCI_VENDOR_ID, &id, sizeof(id)));
	CHECK_EQ(id, CARD_ID);
	c = 0x5a;
	CHECK_EQ(pwrite(dev, &c, 1, port + REG_SCRATCH), 1);
	c = 0;
	CHECK_EQ(pread(dev, &c, 1, port + REG_SCRATCH), 1);
	CHECK_EQ(c, 0x5a);
	for (i = 0; i < sizeof(text); i++)
		CHECK_EQ(pwrite(dev, &text[i], 1, port), 1);
	for (i = 0; i < sizeof(text); i++) {
		CHECK_EQ(pread(dev, &c, 1, port), 1);
		CHECK_EQ(c, text[i]);
	}
}

static void test_cdev(void)
{
	struct mdev m = mdev_bound();
	__u64 *memory = mdev_memory_get(PAGE_SZ);
	__u32 ioas = mdev_attach_new(&m), pt;

	CHECK_OK(iommufd_map_fixed(m.iommufd, ioas, memory, PAGE_SZ, IOVA,
				   MAP_RW));
	check_serial(m.cdev);
	CHECK_OK(vfio_device_reset(m.cdev));
	CHECK_OK(iommufd_unmap(m.iommufd, ioas, IOVA, PAGE_SZ, NULL));
	CHECK_OK(iommufd_ioas_alloc(m.iommufd, &pt));
	CHECK_OK(vfio_attach(m.cdev, &pt));
	CHECK_OK(vfio_detach(m.cdev));
	check_serial(m.cdev);
}

static void test_group(void)
{
	int container = CHECK_FD(vfio_container_open());
	int group = mdev_group_open();

	CHECK_OK(vfio_group_set_container(group, container));
	CHECK_OK(vfio_container_set_iommu(container, VFIO_TYPE1v2_IOMMU));
	check_serial(CHECK_FD(vfio_group_get_device(group, UUID)));
}

/* It has a migration state machine, driven through vfio.ko. */
static void test_migration_feature(void)
{
	struct {
		struct vfio_device_feature head;
		struct vfio_device_feature_migration mig;
	} arg = {
		.head = {
			.argsz = sizeof(arg),
			.flags = VFIO_DEVICE_FEATURE_GET |
				 VFIO_DEVICE_FEATURE_MIGRATION,
		},
	};
	struct mdev m = mdev_bound();

	CHECK_OK(xioctl(m.cdev, VFIO_DEVICE_FEATURE, &arg));
	CHECK(arg.mig.flags & VFIO_MIGRATION_STOP_COPY);
}

static const struct test list[] = {
	TEST(cdev),
	TEST(group),
	TEST(migration_feature),
	TEST(cdev),
};

const struct test_table mdev_mtty = { list, ARRAY_SIZE(list) };
