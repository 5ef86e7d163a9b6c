// SPDX-License-Identifier: GPL-2.0-only
/*
 * mdev.c - tests of emulated devices, which have no DMA: their driver reaches
 * the user's memory through vfio.ko, by an access object of iommufd or by a
 * container
 *
 * usage: mdev [mtty]
 *
 * Owns: the device under test, an instance of the mock mdev; of each of the
 * mock's types in turn; or, with mtty, one of the kernel's sample driver. And
 * what holds after every test: nothing is pinned, the group can be opened.
 */
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "mdev.h"

#define PARENTS "/sys/class/mdev_bus/"

static long pins_at_start;

int sysfs_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), ret;

	if (fd < 0)
		return -errno;
	ret = write(fd, text, strlen(text)) < 0 ? -errno : 0;
	close(fd);
	return ret;
}

int mdev_cdev_open(void)
{
	struct dirent *entry;
	char path[300] = "";
	DIR *d = opendir(DEVICE "/vfio-dev");

	CHECK(d);
	while ((entry = readdir(d))) {
		if (entry->d_name[0] != '.')
			snprintf(path, sizeof(path), "/dev/vfio/devices/%s",
				 entry->d_name);
	}
	closedir(d);
	return CHECK_FD(open(path, O_RDWR | O_CLOEXEC));
}

/* The number of the device's group, or -errno. */
static int group_number(void)
{
	char target[PATH_MAX];
	ssize_t n = readlink(DEVICE "/iommu_group", target, sizeof(target) - 1);

	if (n < 0)
		return -errno;
	target[n] = '\0';
	return atoi(strrchr(target, '/') + 1);
}

static int try_group_open(void)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/dev/vfio/%d", group_number());
	fd = open(path, O_RDWR | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int mdev_group_open(void)
{
	return CHECK_FD(try_group_open());
}

struct mdev mdev_bound(void)
{
	struct mdev m = { mdev_cdev_open(), CHECK_FD(iommufd_open()), 0 };

	CHECK_OK(vfio_bind(m.cdev, m.iommufd, &m.id));
	CHECK(m.id);
	return m;
}

__u32 mdev_attach_new(struct mdev *m)
{
	__u32 ioas, pt;

	CHECK_OK(iommufd_ioas_alloc(m->iommufd, &ioas));
	pt = ioas;
	CHECK_OK(vfio_attach(m->cdev, &pt));
	CHECK_EQ(pt, ioas);
	return ioas;
}

__u64 *mdev_memory_get(size_t bytes)
{
	__u64 *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	size_t i;

	CHECK(p != MAP_FAILED);
	for (i = 0; i < bytes / sizeof(*p); i++)
		p[i] = i;
	return p;
}

int mdev_cmd(int dev, struct mock_mdev_cmd *cmd)
{
	return xioctl(dev, MOCK_MDEV_CMD, cmd);
}

int mdev_pin(int dev, __u64 iova, __u64 npages, __u64 *value)
{
	struct mock_mdev_cmd cmd = {
		.op = MOCK_MDEV_PIN, .iova = iova, .length = npages,
	};
	int ret = mdev_cmd(dev, &cmd);

	if (value)
		*value = cmd.result;
	return ret;
}

int mdev_unpin(int dev, __u64 iova, __u64 npages)
{
	struct mock_mdev_cmd cmd = {
		.op = MOCK_MDEV_UNPIN, .iova = iova, .length = npages,
	};

	return mdev_cmd(dev, &cmd);
}

int mdev_read(int dev, __u64 iova, void *data, __u64 bytes)
{
	struct mock_mdev_cmd cmd = {
		.op = MOCK_MDEV_RW, .iova = iova, .length = bytes,
		.data = (uintptr_t)data,
	};

	return mdev_cmd(dev, &cmd);
}

int mdev_write(int dev, __u64 iova, const void *data, __u64 bytes)
{
	struct mock_mdev_cmd cmd = {
		.op = MOCK_MDEV_RW, .iova = iova, .length = bytes,
		.data = (uintptr_t)data, .flags = MOCK_MDEV_WRITE,
	};

	return mdev_cmd(dev, &cmd);
}

__u64 mdev_unmaps(int dev, __u64 *iova, __u64 *length)
{
	struct mock_mdev_cmd cmd = { .op = MOCK_MDEV_UNMAPS };

	CHECK_OK(mdev_cmd(dev, &cmd));
	if (iova)
		*iova = cmd.iova;
	if (length)
		*length = cmd.length;
	return cmd.result;
}

/* ---- around the tests ---- */

/* @type: the parent's name, a slash, the type's */
static const char *create(const char *type)
{
	static char why[256];
	char path[160];
	int ret;

	snprintf(path, sizeof(path), PARENTS "%.*s/mdev_supported_types%s/create",
		 (int)strcspn(type, "/"), type, strchr(type, '/'));
	ret = sysfs_write(path, UUID);
	if (!ret)
		return NULL;
	snprintf(why, sizeof(why), "%s: %s", path, errno_name(ret));
	return why;
}

static const char *after(void)
{
	int group;

	if (access(DEVICE, F_OK))
		return "the device is gone";
	if (pins_now() != pins_at_start)
		return "pages stay pinned";
	group = try_group_open();
	if (group < 0)
		return "the group cannot be opened any more";
	close(group);
	return NULL;
}

static void run_all(const char *name, const char *type,
		    const struct test_table *const *tables, size_t n)
{
	const struct test_suite suite = { .name = name, .after = after };
	const char *error = create(type);

	if (error) {
		printf("not ok %s - cannot create it: %s\n", name, error);
		exit(1);
	}
	pins_at_start = pins_now();
	test_run_tables(&suite, tables, n, NULL);
	sysfs_write(DEVICE "/remove", "1");
}

int main(int argc, char **argv)
{
	static const struct test_table *const mock[] = {
		&mdev_memory, &mdev_life,
	};
	static const struct test_table *const mtty[] = { &mdev_mtty };

	if (argc == 2 && !strcmp(argv[1], "mtty")) {
		run_all("mdev/mtty", "mtty/mtty-1", mtty, ARRAY_SIZE(mtty));
		return test_summary();
	}
	run_all("mdev/plain", "iommufd_mock_mdev/platform-plain", mock,
		ARRAY_SIZE(mock));
	run_all("mdev/own", "iommufd_mock_mdev/platform-own", mock,
		ARRAY_SIZE(mock));
	return test_summary();
}
