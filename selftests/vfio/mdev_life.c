// SPDX-License-Identifier: GPL-2.0-only
/*
 * mdev_life.c - emulated devices: open, close, kill, remove; the legacy way
 *
 * Owns: mdev_life.
 */
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "mdev.h"

#define BYTES	(4 * PAGE_SZ)

static void test_gate_and_exclusion(void)
{
	int cdev = mdev_cdev_open(), other = mdev_cdev_open();
	int iommufd = CHECK_FD(iommufd_open()), group = mdev_group_open();
	struct vfio_device_info info;
	__u32 pt = 1;

	CHECK_RET(vfio_device_info(cdev, &info), -EINVAL);
	CHECK_RET(vfio_attach(cdev, &pt), -EINVAL);
	CHECK_RET(mdev_pin(cdev, IOVA, 1, NULL), -EINVAL);
	CHECK_RET(vfio_bind(cdev, iommufd, NULL), -EBUSY);
	close(group);

	CHECK_OK(vfio_bind(cdev, iommufd, NULL));
	CHECK_RET(vfio_bind(other, iommufd, NULL), -EINVAL);
	CHECK_OK(vfio_device_info(cdev, &info));
	CHECK_RET(vfio_device_info(other, &info), -EINVAL);
	/* The only command of PCI devices that vfio.ko itself knows. */
	CHECK_RET(xioctl(cdev, VFIO_DEVICE_PCI_HOT_RESET, NULL), -ENOTTY);
	close(cdev);
	CHECK_OK(vfio_bind(other, iommufd, NULL));
}

/*
 * A driver that unpins nothing when it is closed is asked for it afterwards,
 * and only for what it has: it is a matter of microseconds.
 */
static void test_forgotten_pins(void)
{
	struct mock_mdev_cmd forget = { .op = MOCK_MDEV_FORGET };
	struct mdev m = mdev_bound();
	__u64 *memory = mdev_memory_get(BYTES);
	__u32 ioas = mdev_attach_new(&m);

	CHECK_OK(iommufd_map_fixed(m.iommufd, ioas, memory, BYTES, IOVA,
				   MAP_RW));
	CHECK_EQ(mdev_pin(m.cdev, IOVA, 3, NULL), 3);
	CHECK_OK(mdev_cmd(m.cdev, &forget));
	CHECK_EQ(proc_status_bytes("VmPin"), 3 * PAGE_SZ);
	CHECK_OK(close(m.cdev));
	CHECK_EQ(proc_status_bytes("VmPin"), 0);
	CHECK_OK(iommufd_destroy(m.iommufd, ioas));
}

/* The context's descriptor goes first: the device keeps the context. */
static void test_context_closed_first(void)
{
	struct mdev m = mdev_bound();
	__u64 *memory = mdev_memory_get(BYTES), value = 0;
	__u32 ioas = mdev_attach_new(&m);

	CHECK_OK(iommufd_map_fixed(m.iommufd, ioas, memory, BYTES, IOVA,
				   MAP_RW));
	CHECK_OK(close(m.iommufd));
	CHECK_EQ(mdev_pin(m.cdev, IOVA + 8, 1, &value), 1);
	CHECK_EQ(value, 1);
	CHECK_OK(close(m.cdev));
	CHECK_EQ(proc_status_bytes("VmPin"), 0);
}

static void __attribute__((noreturn)) pin_until_killed(int ready)
{
	struct mdev m = mdev_bound();
	__u64 *memory = mdev_memory_get(BYTES);
	__u32 ioas = mdev_attach_new(&m);

	CHECK_OK(iommufd_map_fixed(m.iommufd, ioas, memory, BYTES, IOVA,
				   MAP_RW));
	CHECK_EQ(write(ready, "", 1), 1);
	for (;;) {
		CHECK_EQ(mdev_pin(m.cdev, IOVA, 4, NULL), 4);
		CHECK_OK(vfio_detach(m.cdev));
		CHECK_OK(vfio_attach(m.cdev, &ioas));
	}
}

static void test_killed(void)
{
	const struct timespec step = { .tv_nsec = 13000000 };
	int round, i, ready[2];
	char c;
	pid_t pid;

	for (round = 0; round < 6; round++) {
		CHECK_OK(pipe(ready));
		pid = fork();
		if (!pid)
			pin_until_killed(ready[1]);
		close(ready[1]);
		CHECK_EQ(read(ready[0], &c, 1), 1);
		close(ready[0]);
		for (i = 0; i < round; i++)
			nanosleep(&step, NULL);
		CHECK_OK(kill(pid, SIGKILL));
		CHECK_EQ(waitpid(pid, NULL, 0), pid);
		/* The next one starts at once. */
		close(mdev_bound().cdev);
	}
}

/*
 * Removing the device waits for its user, and refuses new ones. The test puts
 * a device of the same name back.
 */
static void test_removed_while_open(void)
{
	struct mdev m = mdev_bound();
	__u64 *memory = mdev_memory_get(BYTES);
	__u32 ioas = mdev_attach_new(&m);
	int other = mdev_cdev_open(), status, i;
	char type[256], path[300];
	ssize_t n;
	pid_t pid;

	n = readlink(DEVICE "/mdev_type", type, sizeof(type) - 1);
	CHECK(n > 0);
	type[n] = '\0';
	CHECK_OK(iommufd_map_fixed(m.iommufd, ioas, memory, BYTES, IOVA,
				   MAP_RW));
	CHECK_EQ(mdev_pin(m.cdev, IOVA, 2, NULL), 2);
	pid = fork();
	if (!pid) {
		close(m.cdev);
		close(other);
		_exit(sysfs_write(DEVICE "/remove", "1") ? 1 : 0);
	}
	/* It has begun when the file that is not bound cannot be any more. */
	close(m.iommufd);
	m.iommufd = CHECK_FD(iommufd_open());
	for (i = 0; i < 200 && !access(DEVICE "/vfio-dev", F_OK); i++)
		usleep(50000);
	CHECK_EQ(waitpid(pid, &status, WNOHANG), 0);
	CHECK_EQ(mdev_pin(m.cdev, IOVA + 2 * PAGE_SZ, 1, NULL), 1);
	close(m.cdev);
	CHECK_RET(vfio_bind(other, m.iommufd, NULL), -ENODEV);
	close(other);
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK_EQ(status, 0);

	snprintf(path, sizeof(path),
		 "/sys/class/mdev_bus/iommufd_mock_mdev/mdev_supported_types/%s/create",
		 strrchr(type, '/') + 1);
	CHECK_OK(sysfs_write(path, UUID));
}

/* Group and type1 go on as on the stock module. */
static void test_container(void)
{
	int container = CHECK_FD(vfio_container_open());
	int group = mdev_group_open(), dev;
	__u64 *memory = mdev_memory_get(BYTES), value = 0, iova, length;

	CHECK_OK(vfio_group_set_container(group, container));
	CHECK_OK(vfio_container_set_iommu(container, VFIO_TYPE1v2_IOMMU));
	dev = CHECK_FD(vfio_group_get_device(group, UUID));
	CHECK_OK(vfio_type1_map(container, memory, BYTES, IOVA,
				VFIO_DMA_MAP_FLAG_READ |
				VFIO_DMA_MAP_FLAG_WRITE));
	CHECK_OK(mdev_read(dev, IOVA + 24, &value, 8));
	CHECK_EQ(value, 3);
	value = 99;
	CHECK_OK(mdev_write(dev, IOVA + 32, &value, 8));
	CHECK_EQ(memory[4], 99);
	CHECK_EQ(mdev_pin(dev, IOVA + PAGE_SZ + 8, 2, &value), 2);
	CHECK_EQ(value, PAGE_SZ / 8 + 1);
	CHECK_OK(vfio_type1_unmap(container, IOVA, BYTES, NULL));
	CHECK_EQ(mdev_unmaps(dev, &iova, &length), 1);
	CHECK_EQ(iova, IOVA);
	CHECK_EQ(length, BYTES);
	CHECK_RET(vfio_bind(mdev_cdev_open(), CHECK_FD(iommufd_open()), NULL),
		  -EBUSY);
}

/* The group with an iommufd in the container's place. */
static void test_group_on_iommufd(void)
{
	int iommufd = CHECK_FD(iommufd_open()), group = mdev_group_open(), dev;
	__u64 *memory = mdev_memory_get(BYTES), value = 0;

	CHECK_OK(vfio_group_set_container(group, iommufd));
	CHECK_OK(vfio_container_set_iommu(iommufd, VFIO_TYPE1v2_IOMMU));
	dev = CHECK_FD(vfio_group_get_device(group, UUID));
	CHECK_OK(vfio_type1_map(iommufd, memory, BYTES, IOVA,
				VFIO_DMA_MAP_FLAG_READ |
				VFIO_DMA_MAP_FLAG_WRITE));
	CHECK_OK(mdev_read(dev, IOVA + 24, &value, 8));
	CHECK_EQ(value, 3);
	CHECK_EQ(mdev_pin(dev, IOVA + PAGE_SZ + 8, 2, &value), 2);
	CHECK_EQ(value, PAGE_SZ / 8 + 1);
	CHECK_OK(vfio_type1_unmap(iommufd, IOVA, BYTES, NULL));
	CHECK_EQ(mdev_unmaps(dev, NULL, NULL), 1);
	CHECK_EQ(proc_status_bytes("VmPin"), 0);
}

static const struct test list[] = {
	TEST(gate_and_exclusion),
	TEST(forgotten_pins),
	TEST(context_closed_first),
	TEST(killed),
	TEST(container),
	TEST(group_on_iommufd),
	TEST(removed_while_open),
};

const struct test_table mdev_life = { list, ARRAY_SIZE(list) };
