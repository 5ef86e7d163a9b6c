// SPDX-License-Identifier: GPL-2.0-only
/*
 * legacy_life.c - a driver that is unbound, a user that is killed
 *
 * Owns: legacy_life_stock, legacy_life_own.
 */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "legacy.h"

/* The child's wait status, or -1 if it still runs after @ms milliseconds. */
static int wait_child(pid_t pid, int ms)
{
	int status;

	for (; ms > 0; ms -= 20) {
		if (waitpid(pid, &status, WNOHANG) == pid)
			return status;
		usleep(20000);
	}
	return -1;
}

static int remove_from_bus(const char *device)
{
	char path[128];
	int fd, ret;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/remove", device);
	fd = RET(open(path, O_WRONLY));
	if (fd < 0)
		return fd;
	ret = RET(write(fd, "1", 1)) == 1 ? 0 : -EIO;
	close(fd);
	return ret;
}

/*
 * Unbind the driver, or take the device from its bus, while a file is open: the
 * driver asks for the device by the request eventfd and waits, and nobody can
 * open the device meanwhile.
 */
static void check_leave_waits(int device, int group,
			      int (*leave)(const char *bdf))
{
	struct pollfd request = { .events = POLLIN };
	pid_t pid;

	request.fd = CHECK_FD(RET(eventfd(0, 0)));
	CHECK_OK(set_irq(device, VFIO_PCI_REQ_IRQ_INDEX,
			 VFIO_IRQ_SET_ACTION_TRIGGER |
			 VFIO_IRQ_SET_DATA_EVENTFD, 1, request.fd));
	pid = fork();
	if (!pid) {
		close(device);
		close(group);
		_exit(leave(bdf) ? 1 : 0);
	}
	CHECK_EQ(poll(&request, 1, WAIT_MS), 1);
	CHECK_EQ(wait_child(pid, 300), -1);
	CHECK_RET(vfio_cdev_open(bdf), -ENOENT);
	if (group >= 0)
		CHECK_RET(vfio_group_get_device(group, bdf), -ENODEV);
	check_config_space(device);
	close(device);
	CHECK_EQ(wait_child(pid, WAIT_MS), 0);
}

static void test_unbind_group(void)
{
	struct vfio_group_status status = { .argsz = sizeof(status) };
	struct legacy l = legacy_open();

	check_leave_waits(l.device, l.group, pci_release);

	/* The group's file outlives the group. */
	CHECK_RET(xioctl(l.group, VFIO_GROUP_GET_STATUS, &status), -ENODEV);
	CHECK_RET(vfio_group_get_device(l.group, bdf), -ENODEV);
	CHECK_RET(vfio_group_set_container(l.group, l.container), -ENODEV);
}

static void test_unbind_cdev(void)
{
	int cdev = CHECK_FD(vfio_cdev_open(bdf));

	CHECK_OK(vfio_bind(cdev, CHECK_FD(iommufd_open()), NULL));
	check_leave_waits(cdev, -1, pci_release);
}

/* The device attached, with mappings; then let the bus find it again. */
static void check_removed_attached(int (*leave)(const char *bdf))
{
	int cdev = CHECK_FD(vfio_cdev_open(bdf)), fd;
	int iommufd = CHECK_FD(iommufd_open());
	void *memory = memory_get();
	__u32 ioas, pt;

	CHECK_OK(vfio_bind(cdev, iommufd, NULL));
	CHECK_OK(iommufd_ioas_alloc(iommufd, &ioas));
	pt = ioas;
	CHECK_OK(vfio_attach(cdev, &pt));
	CHECK_OK(iommufd_map_fixed(iommufd, ioas, memory, MAP_BYTES, MAP_IOVA,
				   MAP_RW));
	check_leave_waits(cdev, -1, leave);

	/* The context is as good as before. */
	CHECK_OK(iommufd_unmap(iommufd, ioas, MAP_IOVA, MAP_BYTES, NULL));
	CHECK_OK(iommufd_destroy(iommufd, ioas));
	fd = CHECK_FD(RET(open("/sys/bus/pci/rescan", O_WRONLY)));
	CHECK_EQ(write(fd, "1", 1), 1);
	CHECK_OK(pci_bind_driver(bdf, "vfio-pci"));
	cdev = CHECK_FD(vfio_cdev_open(bdf));
	CHECK_OK(vfio_bind(cdev, iommufd, NULL));
	check_config_space(cdev);
}

static void test_unbind_attached(void)
{
	check_removed_attached(pci_release);
}

static void test_remove_attached(void)
{
	check_removed_attached(remove_from_bus);
}

/* A file that was opened before the unbind is of no use any more, but waits. */
static void test_unbind_unbound_file(void)
{
	int cdev = CHECK_FD(vfio_cdev_open(bdf)), i, ret = 0;
	int iommufd = CHECK_FD(iommufd_open());
	pid_t pid = fork();

	if (!pid) {
		close(cdev);
		_exit(pci_release(bdf) ? 1 : 0);
	}
	for (i = 0; i < WAIT_MS / 20 && ret != -ENOENT; i++) {
		usleep(20000);
		ret = vfio_cdev_open(bdf);
		if (ret >= 0)
			close(ret);
	}
	CHECK_RET(ret, -ENOENT);
	CHECK_RET(vfio_bind(cdev, iommufd, NULL), -ENODEV);
	CHECK_EQ(wait_child(pid, 300), -1);
	close(cdev);
	CHECK_EQ(wait_child(pid, WAIT_MS), 0);
}

/* For a child that is killed: use the device, tell the parent, hang. */
static void __attribute__((noreturn))
use_and_hang(bool with_cdev, int ready)
{
	if (with_cdev) {
		int cdev = CHECK_FD(vfio_cdev_open(bdf));

		CHECK_OK(vfio_bind(cdev, CHECK_FD(iommufd_open()), NULL));
	} else {
		struct legacy l = legacy_open();

		CHECK_OK(map_dma(l.container, memory_get(), MAP_IOVA));
	}
	if (write(ready, "r", 1) == 1)
		pause();
	_exit(1);
}

static void check_kill(bool with_cdev)
{
	long users = module_users("vfio_pci");
	int ready[2], status;
	char c;
	pid_t pid;

	CHECK_OK(RET(pipe(ready)));
	pid = fork();
	if (!pid)
		use_and_hang(with_cdev, ready[1]);
	close(ready[1]);
	CHECK_EQ(read(ready[0], &c, 1), 1);
	CHECK_RET(vfio_group_open(bdf), -EBUSY);
	CHECK(module_users("vfio_pci") > users);
	kill(pid, SIGKILL);
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK(WIFSIGNALED(status));
	close(group_open());
	CHECK_EQ(module_users("vfio_pci"), users);
}

static void test_kill_group(void)
{
	check_kill(false);
}

static void test_kill_cdev(void)
{
	check_kill(true);
}

static const struct test life_stock_list[] = {
	TEST(unbind_group),
	TEST(kill_group),
};

const struct test_table legacy_life_stock = { life_stock_list, ARRAY_SIZE(life_stock_list) };

static const struct test life_own_list[] = {
	TEST(unbind_cdev),
	TEST(unbind_attached),
	TEST(remove_attached),
	TEST(unbind_unbound_file),
	TEST(kill_cdev),
};

const struct test_table legacy_life_own = { life_own_list, ARRAY_SIZE(life_own_list) };
