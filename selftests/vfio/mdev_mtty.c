// SPDX-License-Identifier: GPL-2.0-only
/*
 * mdev_mtty.c - the kernel's sample driver mtty, an emulated serial card that
 * loops back: a driver written for the mainline kernel, built against our kAPI
 *
 * Owns: mdev_mtty.
 */
#include <linux/pci_regs.h>
#include <sys/mman.h>
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

/* ---- its migration, driven through vfio.ko ---- */

struct state_arg {
	struct vfio_device_feature head;
	struct vfio_device_feature_mig_state mig;
};

static struct state_arg state_arg(__u32 op, __u32 state)
{
	return (struct state_arg){
		.head = {
			.argsz = sizeof(struct state_arg),
			.flags = op | VFIO_DEVICE_FEATURE_MIG_DEVICE_STATE,
		},
		.mig = { .device_state = state, .data_fd = -7 },
	};
}

/* The state's file, or -1 for one that has none. */
static int set_state(int dev, __u32 state)
{
	struct state_arg arg = state_arg(VFIO_DEVICE_FEATURE_SET, state);

	CHECK_OK(xioctl(dev, VFIO_DEVICE_FEATURE, &arg));
	CHECK(arg.mig.data_fd >= -1);
	return arg.mig.data_fd;
}

static __u32 get_state(int dev)
{
	struct state_arg arg = state_arg(VFIO_DEVICE_FEATURE_GET, 0);

	CHECK_OK(xioctl(dev, VFIO_DEVICE_FEATURE, &arg));
	CHECK_EQ(arg.mig.data_fd, -1);
	return arg.mig.device_state;
}

static char get_scratch(int dev)
{
	char c = 0;

	CHECK_EQ(pread(dev, &c, 1, port_offset(dev) + REG_SCRATCH), 1);
	return c;
}

static void set_scratch(int dev, char c)
{
	CHECK_EQ(pwrite(dev, &c, 1, port_offset(dev) + REG_SCRATCH), 1);
	CHECK_EQ(get_scratch(dev), c);
}

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
	CHECK_EQ(get_state(m.cdev), VFIO_DEVICE_STATE_RUNNING);
}

/* What is saved is what is restored. */
static void test_migrate(void)
{
	struct mdev m = mdev_bound();
	char data[4096];
	ssize_t n, bytes = 0;
	int fd;

	set_scratch(m.cdev, 0x5a);
	fd = set_state(m.cdev, VFIO_DEVICE_STATE_STOP_COPY);
	CHECK(fd >= 0);
	CHECK_EQ(get_state(m.cdev), VFIO_DEVICE_STATE_STOP_COPY);
	while ((n = read(fd, data + bytes, sizeof(data) - bytes)) > 0)
		bytes += n;
	CHECK_EQ(n, 0);
	CHECK(bytes > 0);
	close(fd);

	CHECK_EQ(set_state(m.cdev, VFIO_DEVICE_STATE_RUNNING), -1);
	set_scratch(m.cdev, 0x33);
	fd = set_state(m.cdev, VFIO_DEVICE_STATE_RESUMING);
	CHECK(fd >= 0);
	CHECK_EQ(write(fd, data, bytes), bytes);
	CHECK_EQ(set_state(m.cdev, VFIO_DEVICE_STATE_RUNNING), -1);
	CHECK_EQ(get_scratch(m.cdev), 0x5a);
	/* The transfer is over, whoever still has its file. */
	CHECK(write(fd, data, 1) < 0);
}

/* Who cannot be told of the file does not have it open. */
static void test_migrate_unanswered(void)
{
	struct mdev m = mdev_bound();
	struct state_arg *arg = mmap(NULL, PAGE_SZ, PROT_READ | PROT_WRITE,
				     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int next = CHECK_FD(dup(m.cdev));

	CHECK(arg != MAP_FAILED);
	close(next);
	*arg = state_arg(VFIO_DEVICE_FEATURE_SET, VFIO_DEVICE_STATE_STOP_COPY);
	CHECK_OK(mprotect(arg, PAGE_SZ, PROT_READ));
	CHECK_RET(xioctl(m.cdev, VFIO_DEVICE_FEATURE, arg), -EFAULT);
	CHECK_EQ(dup(m.cdev), next);
	CHECK_EQ(set_state(m.cdev, VFIO_DEVICE_STATE_RUNNING), -1);
	check_serial(m.cdev);
}

static const struct test list[] = {
	TEST(cdev),
	TEST(group),
	TEST(migration_feature),
	TEST(migrate),
	TEST(migrate_unanswered),
	TEST(cdev),
};

const struct test_table mdev_mtty = { list, ARRAY_SIZE(list) };
