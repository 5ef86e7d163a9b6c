// SPDX-License-Identifier: GPL-2.0-only
/*
 * legacy_group.c - containers, groups and the device files that groups give
 *
 * Owns: legacy_group_stock, and legacy_device_stock, which does not mind what
 * the container is.
 */
#include <linux/pci_regs.h>
#include <poll.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "legacy.h"

static void test_container(void)
{
	int c = container_open();

	CHECK_EQ(ioctl(c, VFIO_GET_API_VERSION), VFIO_API_VERSION);
	CHECK_EQ(ioctl(c, VFIO_CHECK_EXTENSION, VFIO_TYPE1_IOMMU), 1);
	CHECK_EQ(ioctl(c, VFIO_CHECK_EXTENSION, VFIO_TYPE1v2_IOMMU), 1);
	CHECK_EQ(ioctl(c, VFIO_CHECK_EXTENSION, VFIO_NOIOMMU_IOMMU), 0);
	CHECK_EQ(ioctl(c, VFIO_CHECK_EXTENSION, 12345), 0);

	/* Without a group it gives no right to anything. */
	CHECK_RET(vfio_container_set_iommu(c, VFIO_TYPE1v2_IOMMU), -EINVAL);
	CHECK_RET(map_dma(c, memory_get(), MAP_IOVA), -EINVAL);
}

static void test_group_alone(void)
{
	struct vfio_group_status status = { .argsz = sizeof(status) };
	int g = group_open();

	CHECK_RET(vfio_group_open(bdf), -EBUSY);
	CHECK_OK(xioctl(g, VFIO_GROUP_GET_STATUS, &status));
	CHECK_EQ(status.flags, VFIO_GROUP_FLAGS_VIABLE);
	status.argsz = sizeof(status) - 1;
	CHECK_RET(xioctl(g, VFIO_GROUP_GET_STATUS, &status), -EINVAL);
	CHECK_RET(xioctl(g, VFIO_GROUP_GET_STATUS, NULL), -EFAULT);

	CHECK_RET(vfio_group_get_device(g, bdf), -EINVAL);
	CHECK_RET(vfio_group_get_device(g, "ffff:ff:1f.7"), -ENODEV);
	CHECK_RET(vfio_group_get_device(g, NULL), -EFAULT);
	CHECK_RET(vfio_group_unset_container(g), -EINVAL);
	CHECK_RET(vfio_group_set_container(g, -1), -EBADF);
	CHECK_RET(vfio_group_set_container(g, CLOSED_FD), -EBADF);
	CHECK_RET(vfio_group_set_container(g, file_open("/dev/null")), -EBADFD);
	CHECK_RET(xioctl(g, VFIO_GROUP_SET_CONTAINER, NULL), -EFAULT);
	CHECK_RET(xioctl(g, VFIO_GET_API_VERSION, NULL), -ENOTTY);
}

static void test_group_in_container(void)
{
	struct vfio_group_status status = { .argsz = sizeof(status) };
	int c = container_open(), other = container_open(), g = group_open();

	CHECK_OK(vfio_group_set_container(g, c));
	CHECK_RET(vfio_group_set_container(g, c), -EINVAL);
	CHECK_RET(vfio_group_set_container(g, other), -EINVAL);
	CHECK_OK(xioctl(g, VFIO_GROUP_GET_STATUS, &status));
	CHECK_EQ(status.flags, VFIO_GROUP_FLAGS_VIABLE |
			       VFIO_GROUP_FLAGS_CONTAINER_SET);

	CHECK_RET(vfio_group_get_device(g, bdf), -EINVAL);
	CHECK_RET(vfio_container_set_iommu(c, 12345), -ENODEV);
	CHECK_RET(vfio_container_set_iommu(other, VFIO_TYPE1v2_IOMMU), -EINVAL);
	CHECK_OK(vfio_container_set_iommu(c, VFIO_TYPE1v2_IOMMU));
	CHECK_RET(vfio_container_set_iommu(c, VFIO_TYPE1v2_IOMMU), -EINVAL);

	/* Out and into another; the first one loses its backend. */
	CHECK_OK(map_dma(c, memory_get(), MAP_IOVA));
	CHECK_OK(vfio_group_unset_container(g));
	CHECK_RET(map_dma(c, memory_get(), MAP_IOVA), -EINVAL);
	CHECK_OK(vfio_group_set_container(g, other));
	CHECK_OK(vfio_container_set_iommu(other, VFIO_TYPE1_IOMMU));

	/* The container lives on in the group without its file. */
	close(other);
	close(g);
	close(group_open());
}

static void test_type1(void)
{
	struct vfio_iommu_type1_info info = { .argsz = sizeof(info) };
	struct legacy l = legacy_open();
	void *memory = memory_get();
	__u64 unmapped;

	CHECK_OK(xioctl(l.container, VFIO_IOMMU_GET_INFO, &info));
	CHECK(info.flags & VFIO_IOMMU_INFO_PGSIZES);
	CHECK(info.iova_pgsizes & 4096);
	CHECK_OK(map_dma(l.container, memory, MAP_IOVA));
	CHECK_RET(map_dma(l.container, memory, MAP_IOVA), -EEXIST);
	CHECK_RET(map_dma(l.container, memory, MAP_IOVA + 1), -EINVAL);
	CHECK_OK(vfio_type1_unmap(l.container, MAP_IOVA, MAP_BYTES, &unmapped));
	CHECK_EQ(unmapped, MAP_BYTES);
	/* What is still mapped at the end goes with the container. */
	CHECK_OK(map_dma(l.container, memory, MAP_IOVA));
}

/* ---- the device's file ---- */

static void test_device(void)
{
	struct vfio_device_info info;
	struct legacy l = legacy_open();
	int second = CHECK_FD(vfio_group_get_device(l.group, bdf));

	CHECK_OK(vfio_device_info(l.device, &info));
	CHECK(info.flags & VFIO_DEVICE_FLAGS_PCI);
	CHECK(info.num_regions > VFIO_PCI_CONFIG_REGION_INDEX);
	info.argsz = 4;
	CHECK_RET(xioctl(l.device, VFIO_DEVICE_GET_INFO, &info), -EINVAL);

	check_config_space(l.device);
	check_config_space(second);
	check_bar(l.device);
	if (info.flags & VFIO_DEVICE_FLAGS_RESET)
		CHECK_OK(vfio_device_reset(l.device));

	CHECK_RET(vfio_group_unset_container(l.group), -EBUSY);
	close(second);
	CHECK_RET(vfio_group_unset_container(l.group), -EBUSY);

	/* The device keeps group and container, also without their files. */
	close(l.group);
	close(l.container);
	CHECK_RET(vfio_group_open(bdf), -EBUSY);
	check_config_space(l.device);
	close(l.device);
	close(group_open());
}

static void test_features(void)
{
	const __u32 get = VFIO_DEVICE_FEATURE_GET,
		    set = VFIO_DEVICE_FEATURE_SET,
		    probe = VFIO_DEVICE_FEATURE_PROBE;
	/* vfio-pci cannot migrate or log … */
	const __u32 missing[] = {
		probe | 0xffff,
		probe | VFIO_DEVICE_FEATURE_MIGRATION,
		get | VFIO_DEVICE_FEATURE_MIGRATION,
		get | VFIO_DEVICE_FEATURE_MIG_DEVICE_STATE,
		set | VFIO_DEVICE_FEATURE_MIG_DEVICE_STATE,
		get | VFIO_DEVICE_FEATURE_MIG_DATA_SIZE,
		set | VFIO_DEVICE_FEATURE_DMA_LOGGING_START,
		set | VFIO_DEVICE_FEATURE_DMA_LOGGING_STOP,
		get | VFIO_DEVICE_FEATURE_DMA_LOGGING_REPORT,
	};
	int device = legacy_open().device;
	size_t i;

	CHECK_RET(xioctl(device, VFIO_DEVICE_FEATURE, NULL), -EFAULT);
	CHECK_RET(feature(device, get, 7), -EINVAL);
	CHECK_RET(feature(device, get | 1U << 31, 32), -EINVAL);
	CHECK_RET(feature(device, get | set, 32), -EINVAL);
	for (i = 0; i < ARRAY_SIZE(missing); i++)
		CHECK_RET(feature(device, missing[i], 32), -ENOTTY);

	/* … but it can sleep. */
	CHECK_OK(feature(device,
			 probe | set | VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY, 8));
	CHECK_RET(feature(device, get | VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY, 8),
		  -EINVAL);
	CHECK_OK(feature(device, set | VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY, 8));
	CHECK_OK(feature(device, set | VFIO_DEVICE_FEATURE_LOW_POWER_EXIT, 8));
}

/* INTx with an eventfd that unmasks it: that is a virqfd. */
static void test_virqfd(void)
{
	const __u32 data = VFIO_IRQ_SET_DATA_EVENTFD,
		    trigger = VFIO_IRQ_SET_ACTION_TRIGGER,
		    unmask = VFIO_IRQ_SET_ACTION_UNMASK | data,
		    intx = VFIO_PCI_INTX_IRQ_INDEX;
	struct legacy l = legacy_open();
	int irqfd = CHECK_FD(RET(eventfd(0, 0)));
	int unmaskfd = CHECK_FD(RET(eventfd(0, 0)));
	__u64 one = 1;

	/* What the core checks for the driver. */
	CHECK_RET(set_irq(l.device, 77, trigger | data, 1, irqfd), -EINVAL);
	CHECK_RET(set_irq(l.device, intx, trigger | data, 2, irqfd), -EINVAL);
	CHECK_RET(set_irq(l.device, intx, trigger | data, -1, irqfd), -EINVAL);
	CHECK_RET(set_irq(l.device, intx, trigger | data | 1U << 20, 1, irqfd),
		  -EINVAL);
	CHECK_RET(set_irq(l.device, intx, trigger | data |
			  VFIO_IRQ_SET_DATA_BOOL, 1, irqfd), -EINVAL);

	CHECK_OK(set_irq(l.device, intx, trigger | data, 1, irqfd));
	CHECK_RET(set_irq(l.device, intx, unmask, 1, CLOSED_FD), -EBADF);
	CHECK_RET(set_irq(l.device, intx, unmask, 1, l.group), -EINVAL);
	CHECK_OK(set_irq(l.device, intx, unmask, 1, unmaskfd));
	CHECK_RET(set_irq(l.device, intx, unmask, 1, unmaskfd), -EBUSY);
	CHECK_EQ(RET(write(unmaskfd, &one, 8)), 8);
	CHECK_OK(set_irq(l.device, intx, unmask, 1, -1));
	CHECK_OK(set_irq(l.device, intx, unmask, 1, unmaskfd));

	/* The user closes it first; then the place is free again. */
	close(unmaskfd);
	unmaskfd = CHECK_FD(RET(eventfd(1, 0)));
	CHECK_OK(set_irq(l.device, intx, unmask, 1, unmaskfd));
	CHECK_OK(set_irq(l.device, intx, trigger | VFIO_IRQ_SET_DATA_NONE, 0,
			 0));
}

static void test_hot_reset(void)
{
	struct {
		struct vfio_pci_hot_reset_info info;
		struct vfio_pci_dependent_device devices[64];
	} info = { .info.argsz = sizeof(info) };
	struct {
		struct vfio_pci_hot_reset reset;
		__s32 fd;
	} reset = { .reset.argsz = sizeof(reset), .fd = -1 };
	struct legacy l = legacy_open();
	const int cmd = VFIO_DEVICE_PCI_HOT_RESET;
	int ret;

	CHECK_RET(xioctl(l.device, cmd, &reset), -EINVAL);
	reset.reset.count = 1;
	ret = xioctl(l.device, VFIO_DEVICE_GET_PCI_HOT_RESET_INFO, &info);
	if (ret) {
		CHECK_EQ(ret, -ENODEV);
		CHECK_RET(xioctl(l.device, cmd, &reset), -ENODEV);
		test_skip("the device is on the root bus, which has no reset");
	}
	CHECK(info.info.count >= 1);
	CHECK_EQ(info.info.flags & VFIO_PCI_HOT_RESET_FLAG_DEV_ID, 0);

	/* Neither a device's file nor a container proves ownership. */
	CHECK_RET(xioctl(l.device, cmd, &reset), -EBADF);
	reset.fd = l.device;
	CHECK_RET(xioctl(l.device, cmd, &reset), -EINVAL);
	reset.fd = l.container;
	CHECK_RET(xioctl(l.device, cmd, &reset), -EINVAL);

	/* The group does; an emulated root port may then miss its link. */
	reset.fd = l.group;
	ret = xioctl(l.device, cmd, &reset);
	CHECK(info.info.count > 1 ? ret == -EINVAL : !ret || ret == -ENOTTY);
}

static const struct test group_stock_list[] = {
	TEST(container),
	TEST(group_alone),
	TEST(group_in_container),
};

const struct test_table legacy_group_stock = { group_stock_list, ARRAY_SIZE(group_stock_list) };

static const struct test device_stock_list[] = {
	TEST(type1),
	TEST(device),
	TEST(features),
	TEST(virqfd),
	TEST(hot_reset),
};

const struct test_table legacy_device_stock = { device_stock_list, ARRAY_SIZE(device_stock_list) };
