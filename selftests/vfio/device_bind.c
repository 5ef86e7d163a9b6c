// SPDX-License-Identifier: GPL-2.0-only
/*
 * device_bind.c - opening and binding: who gets the device, and who is told no
 *
 * Owns: bind_table. Nothing here does DMA; every refusal is followed by
 * something that succeeds, to show that the refusal left nothing behind.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "device.h"
#include "pci.h"

/* Every ioctl of a VFIO PCI device but BIND; the argument is a zeroed page. */
static const unsigned long device_ioctls[] = {
	VFIO_DEVICE_GET_INFO, VFIO_DEVICE_GET_REGION_INFO,
	VFIO_DEVICE_GET_IRQ_INFO, VFIO_DEVICE_SET_IRQS, VFIO_DEVICE_RESET,
	VFIO_DEVICE_GET_PCI_HOT_RESET_INFO, VFIO_DEVICE_PCI_HOT_RESET,
	VFIO_DEVICE_IOEVENTFD, VFIO_DEVICE_FEATURE,
	VFIO_DEVICE_ATTACH_IOMMUFD_PT, VFIO_DEVICE_DETACH_IOMMUFD_PT,
	_IO(VFIO_TYPE, VFIO_BASE + 99),
};

static void no_access_before_bind(void)
{
	int dev = CHECK_FD(vfio_cdev_open(dut));
	int iommufd = CHECK_FD(iommufd_open());
	char *page = get_memory(PAGE_SZ, MEM_PLAIN);
	struct vfio_device_info info;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(device_ioctls); i++) {
		int ret = xioctl(dev, device_ioctls[i], page);

		if (ret != -EINVAL)
			FAIL("ioctl %#lx before BIND: %s, not EINVAL",
			     device_ioctls[i], errno_name(ret));
	}
	CHECK_EQ(pread(dev, page, 4, 0), -1);
	CHECK_EQ(errno, EINVAL);
	CHECK_EQ(pwrite(dev, page, 4, 0), -1);
	CHECK_EQ(errno, EINVAL);
	CHECK(mmap(NULL, PAGE_SZ, PROT_READ, MAP_SHARED, dev, 0) == MAP_FAILED);
	CHECK_EQ(errno, EINVAL);

	CHECK_OK(vfio_bind(dev, iommufd, NULL));
	CHECK_OK(vfio_device_info(dev, &info));
	CHECK(info.flags & VFIO_DEVICE_FLAGS_PCI);
}

static int bind_raw(int dev, __u32 argsz, __u32 flags, int iommufd)
{
	struct vfio_device_bind_iommufd bind = {
		.argsz = argsz,
		.flags = flags,
		.iommufd = iommufd,
	};

	return xioctl(dev, VFIO_DEVICE_BIND_IOMMUFD, &bind);
}

static void bad_arguments(void)
{
	const __u32 good = sizeof(struct vfio_device_bind_iommufd);
	int dev = CHECK_FD(vfio_cdev_open(dut));
	int iommufd = CHECK_FD(iommufd_open());
	__u32 devid = 0;

	CHECK_RET(bind_raw(dev, 0, 0, iommufd), -EINVAL);
	CHECK_RET(bind_raw(dev, good - 1, 0, iommufd), -EINVAL);
	CHECK_RET(bind_raw(dev, good, 1, iommufd), -EINVAL);
	CHECK_RET(bind_raw(dev, good, 1U << 31, iommufd), -EINVAL);
	CHECK_RET(bind_raw(dev, good, 0, -1), -EINVAL);
	CHECK_RET(xioctl(dev, VFIO_DEVICE_BIND_IOMMUFD, NULL), -EFAULT);

	CHECK_OK(vfio_bind(dev, iommufd, &devid));
	CHECK(devid > 0);
}

static void foreign_descriptors(void)
{
	int dev = CHECK_FD(vfio_cdev_open(dut));
	int iommufd = CHECK_FD(iommufd_open());
	int closed = CHECK_FD(dup(iommufd));
	int null = CHECK_FD(open("/dev/null", O_RDWR));
	int event = CHECK_FD(eventfd(0, 0));
	int container = CHECK_FD(vfio_container_open());
	int group;

	close(closed);
	CHECK_RET(vfio_bind(dev, closed, NULL), -EBADF);
	CHECK_RET(vfio_bind(dev, 1 << 20, NULL), -EBADF);
	CHECK_RET(vfio_bind(dev, null, NULL), -EBADFD);
	CHECK_RET(vfio_bind(dev, event, NULL), -EBADFD);
	CHECK_RET(vfio_bind(dev, container, NULL), -EBADFD);
	CHECK_RET(vfio_bind(dev, dev, NULL), -EBADFD);

	/* None of them blocks the group, as a bound cdev would. */
	group = CHECK_FD(vfio_group_open(dut));
	close(group);
	CHECK_OK(vfio_bind(dev, iommufd, NULL));
}

/* The result cannot be delivered: the bind must be undone. */
static void result_not_writable(void)
{
	int dev = CHECK_FD(vfio_cdev_open(dut));
	int iommufd = CHECK_FD(iommufd_open());
	struct vfio_device_bind_iommufd *bind;
	struct vfio_device_info info;
	__u32 devid = 0;

	bind = (void *)get_memory(PAGE_SZ, MEM_PLAIN);
	bind->argsz = sizeof(*bind);
	bind->iommufd = iommufd;
	CHECK_OK(mprotect(bind, PAGE_SZ, PROT_READ));
	CHECK_RET(xioctl(dev, VFIO_DEVICE_BIND_IOMMUFD, bind), -EFAULT);
	CHECK_RET(vfio_device_info(dev, &info), -EINVAL);
	CHECK_OK(vfio_bind(dev, iommufd, &devid));
	CHECK(devid > 0);
}

static void bind_twice(void)
{
	struct dma d = bound_device();
	int other = CHECK_FD(iommufd_open());

	CHECK_RET(vfio_bind(d.dev, d.space, NULL), -EINVAL);
	CHECK_RET(vfio_bind(d.dev, other, NULL), -EINVAL);
	/* It is bound already: that matters before the descriptor does. */
	CHECK_RET(vfio_bind(d.dev, 1 << 20, NULL), -EINVAL);
	/* And it goes on working. */
	CHECK_OK(vfio_attach(d.dev, &d.ioas));
}

static void second_open(void)
{
	struct dma d = bound_device();
	int other = CHECK_FD(iommufd_open());
	int second = CHECK_FD(vfio_cdev_open(dut));
	struct vfio_device_info info;

	CHECK_RET(vfio_bind(second, d.space, NULL), -EINVAL);
	CHECK_RET(vfio_bind(second, other, NULL), -EINVAL);
	CHECK_RET(vfio_device_info(second, &info), -EINVAL);
	CHECK_OK(vfio_device_info(d.dev, &info));

	close(d.dev);
	CHECK_OK(vfio_bind(second, other, NULL));
	CHECK_OK(vfio_device_info(second, &info));
}

static void bound_cdev_excludes_group(void)
{
	int dev = CHECK_FD(vfio_cdev_open(dut));
	int iommufd = CHECK_FD(iommufd_open());
	int group;

	/* Open is not in use. */
	group = CHECK_FD(vfio_group_open(dut));
	close(group);

	CHECK_OK(vfio_bind(dev, iommufd, NULL));
	CHECK_RET(vfio_group_open(dut), -EBUSY);
	/* The device file counts, not the context's. */
	close(iommufd);
	CHECK_RET(vfio_group_open(dut), -EBUSY);
	close(dev);
	group = CHECK_FD(vfio_group_open(dut));
	CHECK_RET(vfio_group_open(dut), -EBUSY);
}

static void open_group_excludes_cdev(void)
{
	int dev = CHECK_FD(vfio_cdev_open(dut));
	int iommufd = CHECK_FD(iommufd_open());
	int group = CHECK_FD(vfio_group_open(dut));
	struct dma legacy;

	CHECK_RET(vfio_bind(dev, iommufd, NULL), -EBUSY);
	close(group);
	CHECK_OK(dma_open(&legacy, dut, DMA_TYPE1));
	CHECK_RET(vfio_bind(dev, iommufd, NULL), -EBUSY);
	dma_close(&legacy);
	CHECK_OK(vfio_bind(dev, iommufd, NULL));
}

/* A device file that came from a group is none of a cdev's business. */
static void group_device_has_no_cdev_ioctls(void)
{
	int iommufd = CHECK_FD(iommufd_open());
	struct vfio_device_info info;
	struct dma legacy;
	__u32 ioas;

	CHECK_OK(iommufd_ioas_alloc(iommufd, &ioas));
	CHECK_OK(dma_open(&legacy, dut, DMA_TYPE1));
	CHECK_RET(vfio_bind(legacy.dev, iommufd, NULL), -EINVAL);
	CHECK_RET(vfio_attach(legacy.dev, &ioas), -ENOTTY);
	CHECK_RET(vfio_detach(legacy.dev), -ENOTTY);
	CHECK_OK(vfio_device_info(legacy.dev, &info));
}

static void in_use_by_another_process(void)
{
	int tell[2], go[2];
	int iommufd, dev;
	char c = 0;
	pid_t pid;

	CHECK_OK(pipe(tell));
	CHECK_OK(pipe(go));
	pid = fork();
	if (!pid) {
		/* Ends with the parent, at the latest: go[0] sees the end. */
		close(go[1]);
		bound_device();
		if (write(tell[1], &c, 1) != 1 || read(go[0], &c, 1) < 0)
			_exit(1);
		_exit(0);
	}
	close(tell[1]);
	CHECK_EQ(read(tell[0], &c, 1), 1);
	iommufd = CHECK_FD(iommufd_open());
	dev = CHECK_FD(vfio_cdev_open(dut));
	CHECK_RET(vfio_bind(dev, iommufd, NULL), -EINVAL);
	CHECK_RET(vfio_group_open(dut), -EBUSY);
	close(go[1]);
	CHECK_EQ(waitpid(pid, NULL, 0), pid);
	/* At once: the other has closed it by ending. */
	CHECK_OK(vfio_bind(dev, iommufd, NULL));
}

static void device_id(void)
{
	struct dma d = bound_device();

	CHECK(d.devid > 0);
	CHECK(d.devid != d.ioas);
	/* VFIO holds it: it goes with the device file only. */
	CHECK_RET(iommufd_destroy(d.space, d.devid), -EBUSY);
	close(d.dev);
	CHECK_RET(iommufd_destroy(d.space, d.devid), -ENOENT);
	/* The context is as good as before. */
	d.dev = CHECK_FD(vfio_cdev_open(dut));
	CHECK_OK(vfio_bind(d.dev, d.space, &d.devid));
	CHECK_OK(vfio_attach(d.dev, &d.ioas));
}

static void unknown_ioctl(void)
{
	struct dma d = bound_device();

	CHECK_RET(xioctl(d.dev, _IO(VFIO_TYPE, VFIO_BASE + 99), NULL), -ENOTTY);
}

static void registers_are_reachable(void)
{
	struct dma d = bound_device();
	struct vfio_device_info info;
	__u16 vendor, want;
	size_t size;
	void *bar;

	CHECK_OK(pci_identity(dut, &want, NULL, NULL));
	CHECK_OK(vfio_config_read(d.dev, 0, &vendor, sizeof(vendor)));
	CHECK_EQ(vendor, want);
	bar = vfio_bar_map(d.dev, 0, &size);
	CHECK(bar);
	CHECK(*(volatile __u32 *)bar != ~0U);
	CHECK_OK(vfio_device_info(d.dev, &info));
	CHECK_RET(vfio_device_reset(d.dev),
		  info.flags & VFIO_DEVICE_FLAGS_RESET ? 0 : -EINVAL);
}

static const struct test tests[] = {
	{ "bind.no_access_before", no_access_before_bind, 0 },
	{ "bind.bad_arguments", bad_arguments, 0 },
	{ "bind.foreign_descriptors", foreign_descriptors, 0 },
	{ "bind.result_not_writable", result_not_writable, 0 },
	{ "bind.twice", bind_twice, 0 },
	{ "bind.second_open", second_open, 0 },
	{ "bind.excludes_group", bound_cdev_excludes_group, 0 },
	{ "bind.excluded_by_group", open_group_excludes_cdev, 0 },
	{ "bind.not_for_group_devices", group_device_has_no_cdev_ioctls, 0 },
	{ "bind.in_use_by_another_process", in_use_by_another_process, 0 },
	{ "bind.device_id", device_id, 0 },
	{ "bind.unknown_ioctl", unknown_ioctl, 0 },
	{ "bind.registers_are_reachable", registers_are_reachable, 0 },
};

const struct test_table bind_table = { tests, ARRAY_SIZE(tests) };
