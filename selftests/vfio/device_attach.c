// SPDX-License-Identifier: GPL-2.0-only
/*
 * device_attach.c - attaching a device to an address space, and taking it off
 *
 * Owns: attach_table: arguments, ids and lifetimes. That DMA then goes where
 * it should is for device_dma.c and device_fault.c.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "device.h"

static int attach_raw(int dev, __u32 argsz, __u32 flags, __u32 pt_id)
{
	struct vfio_device_attach_iommufd_pt attach = {
		.argsz = argsz,
		.flags = flags,
		.pt_id = pt_id,
	};

	return xioctl(dev, VFIO_DEVICE_ATTACH_IOMMUFD_PT, &attach);
}

static int detach_raw(int dev, __u32 argsz, __u32 flags)
{
	struct vfio_device_detach_iommufd_pt detach = {
		.argsz = argsz,
		.flags = flags,
	};

	return xioctl(dev, VFIO_DEVICE_DETACH_IOMMUFD_PT, &detach);
}

static void bad_arguments(void)
{
	const __u32 good = sizeof(struct vfio_device_attach_iommufd_pt);
	struct dma d = bound_device();

	CHECK_RET(attach_raw(d.dev, 0, 0, d.ioas), -EINVAL);
	CHECK_RET(attach_raw(d.dev, good - 1, 0, d.ioas), -EINVAL);
	CHECK_RET(attach_raw(d.dev, good, 1U << 31, d.ioas), -EINVAL);
	CHECK_RET(xioctl(d.dev, VFIO_DEVICE_ATTACH_IOMMUFD_PT, NULL), -EFAULT);
	/* Not attached by any of them. */
	CHECK_OK(iommufd_destroy(d.space, d.ioas));
}

static void bad_ids(void)
{
	struct dma d = bound_device();
	__u32 id;

	id = 0;
	CHECK_RET(vfio_attach(d.dev, &id), -ENOENT);
	id = 12345;
	CHECK_RET(vfio_attach(d.dev, &id), -ENOENT);
	id = ~0U;
	CHECK_RET(vfio_attach(d.dev, &id), -ENOENT);
	/* A device is no address space. */
	id = d.devid;
	CHECK_RET(vfio_attach(d.dev, &id), -EINVAL);
	id = d.ioas;
	CHECK_OK(iommufd_destroy(d.space, d.ioas));
	CHECK_RET(vfio_attach(d.dev, &id), -ENOENT);

	CHECK_OK(iommufd_ioas_alloc(d.space, &d.ioas));
	CHECK_OK(vfio_attach(d.dev, &d.ioas));
}

static void detach_arguments(void)
{
	const __u32 good = sizeof(struct vfio_device_detach_iommufd_pt);
	struct dma d = attached_device();

	CHECK_RET(detach_raw(d.dev, 0, 0), -EINVAL);
	CHECK_RET(detach_raw(d.dev, good - 1, 0), -EINVAL);
	CHECK_RET(detach_raw(d.dev, good, 1U << 31), -EINVAL);
	CHECK_RET(xioctl(d.dev, VFIO_DEVICE_DETACH_IOMMUFD_PT, NULL), -EFAULT);
	/* Still attached after all of them. */
	CHECK_RET(iommufd_destroy(d.space, d.ioas), -EBUSY);
	CHECK_OK(vfio_detach(d.dev));
	/* With nothing attached there is nothing to do, and no error. */
	CHECK_OK(vfio_detach(d.dev));
	CHECK_OK(iommufd_destroy(d.space, d.ioas));
}

static void hwpt_id(void)
{
	struct dma d = attached_device();

	CHECK(d.hwpt != d.ioas && d.hwpt != d.devid && d.hwpt > 0);
	CHECK_RET(iommufd_destroy(d.space, d.hwpt), -EBUSY);
	CHECK_RET(iommufd_destroy(d.space, d.ioas), -EBUSY);
	CHECK_RET(iommufd_destroy(d.space, d.devid), -EBUSY);
	CHECK_OK(vfio_detach(d.dev));
	/* It was made for the attachment, and is gone with it. */
	CHECK_RET(iommufd_destroy(d.space, d.hwpt), -ENOENT);
	CHECK_OK(iommufd_destroy(d.space, d.ioas));
}

/* The result cannot be delivered: all stays as it was. */
static void result_not_writable(void)
{
	struct vfio_device_attach_iommufd_pt *attach;
	struct dma d = bound_device();
	__u32 other;

	attach = (void *)get_memory(PAGE_SZ, MEM_PLAIN);
	attach->argsz = sizeof(*attach);
	attach->pt_id = d.ioas;
	CHECK_OK(mprotect(attach, PAGE_SZ, PROT_READ));
	CHECK_RET(xioctl(d.dev, VFIO_DEVICE_ATTACH_IOMMUFD_PT, attach),
		  -EFAULT);

	/* One that is attached has not moved. */
	CHECK_OK(iommufd_ioas_alloc(d.space, &other));
	d.hwpt = other;
	CHECK_OK(vfio_attach(d.dev, &d.hwpt));
	CHECK_RET(xioctl(d.dev, VFIO_DEVICE_ATTACH_IOMMUFD_PT, attach),
		  -EFAULT);
	CHECK_RET(iommufd_destroy(d.space, other), -EBUSY);
	CHECK_RET(iommufd_destroy(d.space, d.hwpt), -EBUSY);
	CHECK_OK(iommufd_destroy(d.space, d.ioas));
}

static void attach_and_detach_often(void)
{
	struct dma d = bound_device();
	char *va = get_memory(64 * PAGE_SZ, MEM_PLAIN);
	int i;

	CHECK_OK(dma_map_fixed(&d, va, 64 * PAGE_SZ, TEST_IOVA, MAP_RW));
	for (i = 0; i < 50; i++) {
		__u32 id = d.ioas;

		CHECK_OK(vfio_attach(d.dev, &id));
		CHECK_OK(vfio_detach(d.dev));
	}
	CHECK_OK(dma_unmap(&d, TEST_IOVA, 64 * PAGE_SZ));
	CHECK_OK(iommufd_destroy(d.space, d.ioas));
}

/* Closing the device takes it off: no explicit detach is needed. */
static void close_detaches(void)
{
	struct dma d = attached_device();

	CHECK_RET(iommufd_destroy(d.space, d.ioas), -EBUSY);
	close(d.dev);
	CHECK_RET(iommufd_destroy(d.space, d.hwpt), -ENOENT);
	CHECK_OK(iommufd_destroy(d.space, d.ioas));
}

static const struct test tests[] = {
	{ "attach.bad_arguments", bad_arguments, 0 },
	{ "attach.bad_ids", bad_ids, 0 },
	{ "attach.detach_arguments", detach_arguments, 0 },
	{ "attach.hwpt_id", hwpt_id, 0 },
	{ "attach.result_not_writable", result_not_writable, 0 },
	{ "attach.often", attach_and_detach_often, 0 },
	{ "attach.close_detaches", close_detaches, 0 },
};

const struct test_table attach_table = { tests, ARRAY_SIZE(tests) };
