// SPDX-License-Identifier: GPL-2.0-only
/*
 * noiommu.c - tests of a device that is given to userspace without an IOMMU
 * (vfio.ko's enable_unsafe_noiommu_mode); see run-noiommu
 *
 * usage: noiommu BDF
 *
 * Owns: the command line. The device is held by vfio-pci, and does no DMA here.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/pci_regs.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "iommufd.h"
#include "pci.h"
#include "test.h"
#include "vfio.h"

#define PAGE 4096
#define TAINT_USER (1UL << 6)

static const char *bdf;

static const char *group_path(void)
{
	static char path[64];
	int nr = CHECK_FD(vfio_group_number(bdf));

	snprintf(path, sizeof(path), "/dev/vfio/noiommu-%d", nr);
	return path;
}

static int path_open(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static int group_open(void)
{
	return CHECK_FD(path_open(group_path()));
}

static void check_device(int group)
{
	int dev = CHECK_FD(vfio_group_get_device(group, bdf));
	__u16 vendor, id;

	CHECK_OK(pci_identity(bdf, &vendor, NULL, NULL));
	CHECK_OK(vfio_config_read(dev, PCI_VENDOR_ID, &id, sizeof(id)));
	CHECK_EQ(id, vendor);
	CHECK_RET(vfio_group_unset_container(group), -EBUSY);
	CHECK_RET(path_open(group_path()), -EBUSY);
	close(dev);
}

static void tainted(void)
{
	FILE *f = fopen("/proc/sys/kernel/tainted", "r");
	unsigned long taint = 0;

	CHECK(f);
	CHECK_EQ(fscanf(f, "%lu", &taint), 1);
	fclose(f);
	CHECK(taint & TAINT_USER);
}

/* Permission on the node is not enough. */
static void needs_rawio(void)
{
	pid_t pid;
	int status;

	CHECK_OK(chmod(group_path(), 0666));
	pid = fork();
	if (!pid) {
		const char *path = group_path();

		CHECK_OK(setgid(64001));
		CHECK_OK(setuid(64001));
		CHECK_RET(path_open(path), -EPERM);
		_exit(0);
	}
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK_OK(chmod(group_path(), 0600));
	CHECK_EQ(status, 0);
}

/* The right is asked for again where the group gets its container. */
static void needs_rawio_for_a_container(void)
{
	int g = group_open(), c = CHECK_FD(vfio_container_open());
	int i = CHECK_FD(iommufd_open()), status;
	pid_t pid = fork();

	if (!pid) {
		CHECK_OK(setgid(64001));
		CHECK_OK(setuid(64001));
		CHECK_RET(vfio_group_set_container(g, c), -EPERM);
		CHECK_RET(vfio_group_set_container(g, i), -EPERM);
		_exit(0);
	}
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK_EQ(status, 0);
	/* Neither has become a no-iommu container by that. */
	CHECK_EQ(ioctl(i, VFIO_CHECK_EXTENSION, VFIO_NOIOMMU_IOMMU), 0);
	CHECK_OK(vfio_group_set_container(g, c));
}

static void legacy_container(void)
{
	int g = group_open(), c = CHECK_FD(vfio_container_open());

	CHECK_EQ(ioctl(c, VFIO_CHECK_EXTENSION, VFIO_NOIOMMU_IOMMU), 1);
	CHECK_EQ(ioctl(c, VFIO_CHECK_EXTENSION, VFIO_TYPE1v2_IOMMU), 1);
	CHECK_OK(vfio_group_set_container(g, c));
	/* Now it is of one kind. */
	CHECK_EQ(ioctl(c, VFIO_CHECK_EXTENSION, VFIO_TYPE1v2_IOMMU), 0);
	CHECK_RET(vfio_container_set_iommu(c, VFIO_TYPE1v2_IOMMU), -ENODEV);
	CHECK_RET(vfio_group_get_device(g, bdf), -EINVAL);
	CHECK_OK(vfio_container_set_iommu(c, VFIO_NOIOMMU_IOMMU));
	CHECK_RET(vfio_type1_map(c, (void *)PAGE, PAGE, PAGE,
				 VFIO_DMA_MAP_FLAG_READ), -ENOTTY);
	check_device(g);
	CHECK_OK(vfio_group_unset_container(g));
	/* And without a group it may be any again. */
	CHECK_EQ(ioctl(c, VFIO_CHECK_EXTENSION, VFIO_TYPE1v2_IOMMU), 1);
}

static void iommufd_container(void)
{
	int g = group_open(), i = CHECK_FD(iommufd_open());
	__u32 ioas, id;

	CHECK_EQ(ioctl(i, VFIO_CHECK_EXTENSION, VFIO_NOIOMMU_IOMMU), 0);
	CHECK_OK(vfio_group_set_container(g, i));
	CHECK_EQ(ioctl(i, VFIO_CHECK_EXTENSION, VFIO_NOIOMMU_IOMMU), 1);
	CHECK_EQ(ioctl(i, VFIO_CHECK_EXTENSION, VFIO_TYPE1v2_IOMMU), 0);
	CHECK_RET(vfio_container_set_iommu(i, VFIO_TYPE1v2_IOMMU), -EINVAL);
	CHECK_OK(vfio_container_set_iommu(i, VFIO_NOIOMMU_IOMMU));
	CHECK_RET(vfio_type1_map(i, (void *)PAGE, PAGE, PAGE,
				 VFIO_DMA_MAP_FLAG_READ), -ENODEV);
	check_device(g);

	/* It never has a compat IOAS any more. */
	CHECK_RET(iommufd_vfio_ioas(i, IOMMU_VFIO_IOAS_GET, &id), -ENODEV);
	CHECK_OK(iommufd_ioas_alloc(i, &ioas));
	CHECK_RET(iommufd_vfio_ioas(i, IOMMU_VFIO_IOAS_SET, &ioas), -EINVAL);
	CHECK_OK(vfio_group_unset_container(g));
	CHECK_RET(iommufd_vfio_ioas(i, IOMMU_VFIO_IOAS_SET, &ioas), -EINVAL);
	CHECK_OK(vfio_group_set_container(g, i));
}

/* The other way round. */
static void compat_ioas_excludes_it(void)
{
	int g = group_open(), i = CHECK_FD(iommufd_open());
	__u32 ioas;

	CHECK_OK(iommufd_ioas_alloc(i, &ioas));
	CHECK_OK(iommufd_vfio_ioas(i, IOMMU_VFIO_IOAS_SET, &ioas));
	CHECK_RET(vfio_group_set_container(g, i), -EINVAL);
	CHECK_EQ(ioctl(i, VFIO_CHECK_EXTENSION, VFIO_TYPE1v2_IOMMU), 1);
	CHECK_OK(iommufd_vfio_ioas(i, IOMMU_VFIO_IOAS_CLEAR, &ioas));
	CHECK_OK(vfio_group_set_container(g, i));
	check_device(g);
}

/* Binding is for devices whose DMA can be translated. */
static void cdev(void)
{
	int dev = CHECK_FD(vfio_cdev_open(bdf));

	CHECK_RET(vfio_bind(dev, CHECK_FD(iommufd_open()), NULL), -EINVAL);
	/* Nothing of it stays. */
	close(group_open());
}

int main(int argc, char **argv)
{
	static const struct test tests[] = {
		{ "tainted", tainted, 0 },
		{ "needs_rawio", needs_rawio, 0 },
		{ "needs_rawio_for_a_container", needs_rawio_for_a_container, 0 },
		{ "legacy_container", legacy_container, 0 },
		{ "iommufd_container", iommufd_container, 0 },
		{ "compat_ioas_excludes_it", compat_ioas_excludes_it, 0 },
		{ "cdev", cdev, 0 },
	};
	const struct test_suite suite = {
		.name = "noiommu", .tests = tests, .count = ARRAY_SIZE(tests),
	};

	if (argc != 2 || !pci_bdf_valid(argv[1])) {
		fputs("usage: noiommu BDF, for example noiommu 0000:01:00.0\n",
		      stderr);
		return 2;
	}
	bdf = argv[1];
	test_run(&suite, NULL);
	return test_summary();
}
