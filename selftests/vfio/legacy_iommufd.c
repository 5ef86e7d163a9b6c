// SPDX-License-Identifier: GPL-2.0-only
/*
 * legacy_iommufd.c - a group whose container is a file of /dev/iommu
 *
 * Owns: legacy_iommufd_own: SET_CONTAINER and its errors, the compat IOAS, when
 * memory is pinned, who may close what first. That DMA arrives is the matter of
 * the device test (device -c), what a device does that of legacy_group.c.
 */
#include <sys/mman.h>
#include <unistd.h>

#include "legacy.h"
#include "mem.h"

#define MSI_IOVA 0xfee00000ULL

static unsigned int group_status(int g)
{
	struct vfio_group_status status = { .argsz = sizeof(status) };

	CHECK_OK(xioctl(g, VFIO_GROUP_GET_STATUS, &status));
	return status.flags;
}

static void expect_pinned(unsigned long bytes)
{
	CHECK_EQ(proc_status_bytes("VmPin"), bytes);
	CHECK_EQ(proc_status_bytes("VmLck"), 0);
}

/* The compat IOAS, or 0. */
static __u32 compat_ioas(int iommufd)
{
	__u32 id = 0;
	int ret = iommufd_vfio_ioas(iommufd, IOMMU_VFIO_IOAS_GET, &id);

	CHECK(!ret || ret == -ENODEV);
	return ret ? 0 : id;
}

static void test_iommufd_set_container(void)
{
	const unsigned int in = VFIO_GROUP_FLAGS_VIABLE |
				VFIO_GROUP_FLAGS_CONTAINER_SET;
	int i = CHECK_FD(iommufd_open()), c = container_open();
	int g = group_open();
	__u32 ioas;

	CHECK_EQ(compat_ioas(i), 0);
	CHECK_RET(vfio_container_set_iommu(i, VFIO_TYPE1v2_IOMMU), -ENODEV);
	CHECK_RET(vfio_group_set_container(g, g), -EBADFD);
	CHECK_EQ(group_status(g), VFIO_GROUP_FLAGS_VIABLE);
	CHECK_OK(vfio_group_set_container(g, i));
	CHECK_EQ(group_status(g), in);
	ioas = compat_ioas(i);
	CHECK(ioas);
	CHECK_OK(vfio_container_set_iommu(i, VFIO_TYPE1v2_IOMMU));

	/* One container, of whichever kind. */
	CHECK_RET(vfio_group_set_container(g, i), -EINVAL);
	CHECK_RET(vfio_group_set_container(g, c), -EINVAL);
	CHECK_RET(vfio_group_set_container(g, -1), -EBADF);
	CHECK_RET(vfio_group_set_container(g, file_open("/dev/null")), -EINVAL);
	CHECK_RET(vfio_container_set_iommu(c, VFIO_TYPE1v2_IOMMU), -EINVAL);

	CHECK_OK(vfio_group_unset_container(g));
	CHECK_RET(vfio_group_unset_container(g), -EINVAL);
	CHECK_EQ(group_status(g), VFIO_GROUP_FLAGS_VIABLE);
	CHECK_RET(vfio_group_get_device(g, bdf), -EINVAL);
	/* The IOAS is the context's, and is used again. */
	CHECK_OK(vfio_group_set_container(g, i));
	CHECK_EQ(compat_ioas(i), ioas);
	CHECK_OK(vfio_group_unset_container(g));

	CHECK_OK(vfio_group_set_container(g, c));
	CHECK_RET(vfio_group_set_container(g, i), -EINVAL);
	CHECK_OK(vfio_container_set_iommu(c, VFIO_TYPE1v2_IOMMU));
	CHECK_OK(map_dma(c, memory_get(), MAP_IOVA));
	CHECK_OK(vfio_group_unset_container(g));
}

/* One that user space has named is taken; the container's life is not its. */
static void test_iommufd_compat_ioas(void)
{
	int i = CHECK_FD(iommufd_open()), g = group_open(), dev;
	__u32 mine, id;

	CHECK_OK(iommufd_ioas_alloc(i, &mine));
	CHECK_OK(iommufd_vfio_ioas(i, IOMMU_VFIO_IOAS_SET, &mine));
	CHECK_OK(vfio_group_set_container(g, i));
	CHECK_EQ(compat_ioas(i), mine);
	dev = CHECK_FD(vfio_group_get_device(g, bdf));
	CHECK_OK(map_dma(i, memory_get(), MAP_IOVA));
	expect_pinned(MAP_BYTES);
	/* In use by the device. */
	CHECK_RET(iommufd_destroy(i, mine), -EBUSY);
	close(dev);
	expect_pinned(0);
	CHECK_OK(iommufd_destroy(i, mine));
	CHECK_EQ(compat_ioas(i), 0);
	/* None any more: the group has nothing to give to a device. */
	CHECK_RET(vfio_group_get_device(g, bdf), -ENODEV);
	CHECK_OK(iommufd_ioas_alloc(i, &id));
	CHECK_OK(iommufd_vfio_ioas(i, IOMMU_VFIO_IOAS_SET, &id));
	dev = CHECK_FD(vfio_group_get_device(g, bdf));
	check_config_space(dev);
}

/* Pinned from the first device file to the last. */
static void test_iommufd_pins(void)
{
	int i = CHECK_FD(iommufd_open()), g = group_open(), dev, second;
	void *memory = memory_get();

	CHECK_OK(vfio_group_set_container(g, i));
	CHECK_OK(vfio_container_set_iommu(i, VFIO_TYPE1v2_IOMMU));
	CHECK_OK(map_dma(i, memory, MAP_IOVA));
	expect_pinned(0);
	dev = CHECK_FD(vfio_group_get_device(g, bdf));
	expect_pinned(MAP_BYTES);
	second = CHECK_FD(vfio_group_get_device(g, bdf));
	CHECK_OK(map_dma(i, memory, 2 * MAP_IOVA));
	expect_pinned(2 * MAP_BYTES);
	CHECK_RET(vfio_group_unset_container(g), -EBUSY);
	close(dev);
	CHECK_RET(vfio_group_unset_container(g), -EBUSY);
	check_config_space(second);
	check_bar(second);
	expect_pinned(2 * MAP_BYTES);
	close(second);
	expect_pinned(0);
	/* Mapped still; a device that comes back finds it. */
	dev = CHECK_FD(vfio_group_get_device(g, bdf));
	expect_pinned(2 * MAP_BYTES);
	CHECK_OK(vfio_type1_unmap(i, MAP_IOVA, MAP_BYTES, NULL));
	expect_pinned(MAP_BYTES);
	close(dev);
	CHECK_OK(vfio_group_unset_container(g));
	close(g);
	close(i);
	expect_pinned(0);
}

/* What was mapped does not suit the device: no device, and nothing is left. */
static void test_iommufd_attach_fails(void)
{
	int i = CHECK_FD(iommufd_open()), g = group_open(), dev;
	void *gone = memory_get();

	CHECK_OK(vfio_group_set_container(g, i));
	CHECK_OK(map_dma(i, memory_get(), MSI_IOVA));
	CHECK_RET(vfio_group_get_device(g, bdf), -EADDRINUSE);
	expect_pinned(0);
	CHECK_OK(vfio_type1_unmap(i, MSI_IOVA, MAP_BYTES, NULL));
	/* The memory has gone before it was pinned. */
	CHECK_OK(map_dma(i, gone, MAP_IOVA));
	CHECK_OK(munmap(gone, MAP_BYTES));
	CHECK_RET(vfio_group_get_device(g, bdf), -EFAULT);
	expect_pinned(0);
	CHECK_OK(vfio_type1_unmap(i, MAP_IOVA, MAP_BYTES, NULL));
	/* The group is as free as before. */
	dev = CHECK_FD(vfio_group_get_device(g, bdf));
	check_config_space(dev);
	close(dev);
	CHECK_OK(vfio_group_unset_container(g));
}

/* The device keeps the group and the context; each goes with its last file. */
static void test_iommufd_close_orders(void)
{
	static const char order[6][4] = { "dgi", "dig", "gdi", "gid", "idg",
					  "igd" };
	size_t n, k;

	for (n = 0; n < ARRAY_SIZE(order); n++) {
		int i = CHECK_FD(iommufd_open()), g = group_open(), dev;

		CHECK_OK(vfio_group_set_container(g, i));
		CHECK_OK(map_dma(i, memory_get(), MAP_IOVA));
		dev = CHECK_FD(vfio_group_get_device(g, bdf));
		expect_pinned(MAP_BYTES);
		for (k = 0; k < 3; k++) {
			close(order[n][k] == 'd' ? dev :
			      order[n][k] == 'g' ? g : i);
			if (!memchr(order[n], 'd', k + 1)) {
				CHECK_RET(vfio_group_open(bdf), -EBUSY);
				check_config_space(dev);
				expect_pinned(MAP_BYTES);
			}
		}
		expect_pinned(0);
	}
}

/* The cdev stays shut while the group is open, and the group's calls are its. */
static void test_iommufd_and_cdev(void)
{
	int i = CHECK_FD(iommufd_open()), g = group_open();
	int cdev = CHECK_FD(vfio_cdev_open(bdf)), dev;
	__u32 id;

	CHECK_OK(vfio_group_set_container(g, i));
	CHECK_RET(vfio_bind(cdev, i, NULL), -EBUSY);
	dev = CHECK_FD(vfio_group_get_device(g, bdf));
	CHECK_RET(vfio_bind(cdev, i, NULL), -EBUSY);
	CHECK_RET(vfio_bind(dev, i, NULL), -EINVAL);
	/* Attaching is not its user's business. */
	id = compat_ioas(i);
	CHECK_RET(vfio_attach(dev, &id), -ENOTTY);
	CHECK_RET(vfio_detach(dev), -ENOTTY);
	close(dev);
	CHECK_RET(vfio_bind(cdev, i, NULL), -EBUSY);
	close(g);
	CHECK_OK(vfio_bind(cdev, i, NULL));
	CHECK_OK(vfio_attach(cdev, &id));
	CHECK_RET(vfio_group_open(bdf), -EBUSY);
}

/* Type1's first version through a group: parts of what the device reaches. */
static void test_iommufd_type1_v1(void)
{
	int i = CHECK_FD(iommufd_open()), g = group_open();
	__u64 done;

	CHECK_OK(vfio_group_set_container(g, i));
	CHECK_OK(vfio_container_set_iommu(i, VFIO_TYPE1_IOMMU));
	CHECK_OK(map_dma(i, memory_get(), MAP_IOVA));
	CHECK_FD(vfio_group_get_device(g, bdf));
	expect_pinned(MAP_BYTES);
	CHECK_OK(vfio_type1_unmap(i, MAP_IOVA + PAGE_SZ, PAGE_SZ, &done));
	CHECK_EQ(done, PAGE_SZ);
	expect_pinned(MAP_BYTES - PAGE_SZ);
}

static const struct test iommufd_own_list[] = {
	TEST(iommufd_set_container),
	TEST(iommufd_compat_ioas),
	TEST(iommufd_pins),
	TEST(iommufd_attach_fails),
	TEST(iommufd_close_orders),
	TEST(iommufd_and_cdev),
	TEST(iommufd_type1_v1),
};

const struct test_table legacy_iommufd_own = { iommufd_own_list, ARRAY_SIZE(iommufd_own_list) };
